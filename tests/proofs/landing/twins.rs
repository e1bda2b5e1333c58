//! The rules that landing depends on, each with a twin that lacks it: loops with agents, in private
//! mode.

use crate::processes::lacks;
use crate::sandbox::{Sandbox, queue};
use crate::twins::{holds, unless};
use std::path::Path;

/// Creates a project with a commit, whose agents do `agent` and whose work is judged by `verify`.
fn project(sandbox: Sandbox, (agent, verify): (&str, &str), more: &str) -> Sandbox {
    let config = format!(
        "[isolation]\nmode = \"private\"\n{more}[workspaces]\ndir = \"../trees\"\n[agents.default]\nrun = 'sh ../../../agent.sh'\n\
         [[verify]]\nname = \"v\"\nrun = 'sh ../../../verify.sh'\n[limits]\nattempts = 1\nuntouched = false\n"
    );
    let list = queue(&[("A", &[]), ("B", &[])]);
    let sandbox = sandbox.config(&config).queue("q.json", &list);
    let sandbox = sandbox.file("../agent.sh", agent).file("../verify.sh", verify);
    let init = "git init -q -b main . && git config user.email t@example.org && git config user.name t && \
        echo '/script' >.gitignore && echo good >check && echo 'watched filter=w' >.gitattributes && echo w >watched && git add -A && git commit -qm start";
    assert!(sandbox.shell(init));
    sandbox
}

fn says(sandbox: &Sandbox, script: &str) -> String {
    super::sh(sandbox.path("").as_ref() as &Path, script)
}

/// Adds a filter of the person that runs `script` in the project when a landing first writes a file
/// there: the moment between the files and the branch.
fn at_the_checkout(sandbox: Sandbox, script: &str) -> Sandbox {
    let filter = "cat\ncase $PWD in */work) ;; *) exit 0;; esac\n[ ! -e ../seen ] || exit 0\ntouch ../seen\n\
        exec env -i PATH=\"$PATH\" sh ../moment.sh\n";
    let folder = sandbox.path("..").canonicalize().expect("a folder");
    let sandbox = sandbox.file("../filter.sh", filter).file("../moment.sh", script);
    let configure = format!("git config filter.w.smudge 'sh {}/filter.sh'", folder.display());
    assert!(sandbox.shell(&configure));
    sandbox
}

#[test]
fn a_target_that_somebody_moved_is_not_overwritten() {
    if lacks("git") {
        return;
    }
    holds("target-overwritten", |sandbox| {
        let sandbox = project(sandbox, ("echo x >>watched", "true"), "");
        let moves =
            "git update-ref refs/heads/main $(git commit-tree main^{tree} -p main -m theirs)";
        let sandbox = at_the_checkout(sandbox, moves);
        sandbox.run(["run", "q.json", "--task-id", "A"]);
        let log = says(&sandbox, "git log --format=%s main | tr '\\n' ' '");
        unless(log.trim() == "Make A theirs start", &format!("the branch is {log:?}"))
    });
}

#[test]
fn what_a_person_sees_moves_before_the_branch() {
    if lacks("git") {
        return;
    }
    holds("ref-first", |sandbox| {
        let sandbox = project(sandbox, ("echo x >>watched", "true"), "");
        let sandbox = at_the_checkout(sandbox, "git log -1 --format=%s main >../at");
        sandbox.run(["run", "q.json", "--task-id", "A"]);
        let at = says(&sandbox, "cat ../at; git log -1 --format=%s main");
        unless(at == "start\nMake A", &format!("the branch was and is at {at:?}"))
    });
}

#[test]
fn what_lands_is_what_was_judged() {
    if lacks("git") {
        return;
    }
    holds("unjudged-lands", |sandbox| {
        // Both start from the same commit; each is right alone, and both together are wrong.
        let agent = "touch ../../../in-$WORKLOOP_TASK_ID\n\
            until [ -e ../../../in-A ] && [ -e ../../../in-B ]; do sleep 0.01; done\necho x >only-$WORKLOOP_TASK_ID\n";
        let verify = "! { [ -e only-A ] && [ -e only-B ]; }";
        let sandbox = project(sandbox, (agent, verify), "");
        sandbox.run(["run", "q.json", "--jobs", "2"]);
        let files = says(&sandbox, "git ls-tree --name-only main | grep -c only");
        unless(files == "1", &format!("{files} of two that do not go together landed"))
    });
}

#[test]
fn what_lost_its_objects_does_not_land() {
    if lacks("git") {
        return;
    }
    holds("objects-believed", |sandbox| {
        let verify = "oid=$(git hash-object new)\nrm -f ../../../work/.git/objects/$(printf %.2s $oid)/${oid#??}\n";
        let sandbox = project(sandbox, ("echo brand new >new", verify), "target = \"main\"\n");
        // If nobody has the branch checked out, no other part of a landing reads objects.
        assert!(sandbox.shell("git checkout -q --detach"));
        sandbox.run(["run", "q.json", "--task-id", "A"]);
        let whole = sandbox.shell("git rev-list --objects main >/dev/null 2>&1");
        unless(whole, "the branch lacks objects")
    });
}

#[test]
fn what_is_judged_is_the_tree_and_not_what_an_index_says_of_it() {
    if lacks("git") {
        return;
    }
    holds("index-believed", |sandbox| {
        // B does something other than its task, and does it in the judge tree that A left there.
        let agent = "echo fine >fine-$WORKLOOP_TASK_ID\n[ $WORKLOOP_TASK_ID = B ] || exit 0\ncd ..\n\
            export GIT_DIR=$PWD/../../work/.git GIT_WORK_TREE=$PWD/judge-1 GIT_INDEX_FILE=$PWD/own/judge-1/index\n\
            cd judge-1 && echo better >check && git update-index --skip-worktree check\n";
        let verify = "[ $WORKLOOP_TASK_ID = A ] || grep -q better check";
        let sandbox = project(sandbox, (agent, verify), "");
        sandbox.run(["run", "q.json"]);
        let log = says(&sandbox, "git log --format=%s main | tr '\\n' ' '");
        unless(log.trim() == "Make A start", &format!("the branch is {log:?}"))
    });
}
