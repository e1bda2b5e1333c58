//! Private trees: each agent works in its own workspace, and what was judged lands on the branch.

use crate::processes::lacks;
use crate::sandbox::{Sandbox, program, queue, task, wait_until};
use rustix::process::Signal;
use serde_json::json;

const CONFIG: &str = "[isolation]\nmode = \"private\"\n[workspaces]\ndir = \"../trees\"\n\
     [agents.default]\nrun = '''{agent}'''\n[[verify]]\nname = \"test\"\nrun = '''{verify}'''\n\
     [limits]\nattempts = 2\nuntouched = false\n";

/// Creates a project whose agents work in private trees; `None` without git.
pub(crate) fn sandbox(agent: &str, verify: &str, ids: &[&str]) -> Option<Sandbox> {
    sandbox_with("", agent, verify, ids)
}

/// Like `sandbox`, with more keys under `[workspaces]`.
fn sandbox_with(more: &str, agent: &str, verify: &str, ids: &[&str]) -> Option<Sandbox> {
    if lacks("git") {
        return None;
    }
    let config = CONFIG.replace("{agent}", agent).replace("{verify}", verify);
    let config = config.replace("[workspaces]\n", &format!("[workspaces]\n{more}"));
    let tasks: Vec<(&str, &[&str])> = ids.iter().map(|id| (*id, &[][..])).collect();
    let sandbox = Sandbox::new().config(&config).queue("q.json", &queue(&tasks));
    let init = "git init -q -b main && git config user.email t@example.org && \
                git config user.name t && printf '1\\n2\\n3\\n' >a && git add -A && git commit -qm start";
    assert!(sandbox.shell(init));
    Some(sandbox)
}

/// Runs a script in the project and returns what it prints.
pub(crate) fn says(sandbox: &Sandbox, script: &str) -> String {
    let mut command = std::process::Command::new("sh");
    let done = command.args(["-c", script]).current_dir(sandbox.path("")).output();
    done.map(|done| String::from_utf8_lossy(&done.stdout).into_owned()).unwrap_or_default()
}

#[test]
fn what_was_judged_lands_as_one_commit_for_each_task() {
    let Some(sandbox) = sandbox(
        "test \"$PWD\" = \"$WORKLOOP_ROOT\" && pwd >>../../../log && \
         echo \"$WORKLOOP_TASK_ID\" >\"$WORKLOOP_TASK_ID.txt\"",
        "pwd >>../../../judged; test -f \"$WORKLOOP_TASK_ID.txt\"",
        &["A", "B"],
    ) else {
        return;
    };
    assert!(sandbox.shell("echo mine >note; echo 4 >>a"));
    let ran = sandbox.run(["run", "q.json"]).exits(0);
    let said = says(&sandbox, "git log --format=%s; git status --porcelain; cat A.txt B.txt");
    assert_eq!(said, "Make B\nMake A\nstart\n M a\n M q.json\n?? note\nA\nB\n", "{ran}");
    let trailers = says(&sandbox, "git log -1 --format='%(trailers:key=Workloop-Task,valueonly)'");
    assert_eq!(trailers.trim(), "B");
    for id in ["A", "B"] {
        let list = sandbox.read("q.json");
        let task = task(&list, id);
        assert_eq!(task["status"], "complete");
        assert_eq!(task["files_actually_changed"], json!([format!("{id}.txt")]));
    }
    // Neither the agent nor the verification was in the project.
    let log = says(&sandbox, "cat ../log ../judged");
    assert!(log.lines().all(|line| line.contains("/trees/")), "{log}");
    assert!(log.contains("/ws-1") && log.contains("/judge-1"), "{log}");
    assert_eq!(
        says(&sandbox, "git for-each-ref refs/workloop/landing; ls .git/workloop/landing"),
        ""
    );
}

#[test]
fn what_failed_or_was_not_judged_does_not_land() {
    let Some(sandbox) = sandbox("echo x >x; git add x; git commit -qm x", "false", &["A"]) else {
        return;
    };
    sandbox.run(["run", "q.json"]).exits(5);
    assert_eq!(says(&sandbox, "git log --format=%s; git status --porcelain"), "start\n M q.json\n");
    assert_eq!(task(&sandbox.read("q.json"), "A")["status"], "blocked");
    let kept = says(&sandbox, "git for-each-ref --format='%(refname)' refs/workloop/attempts");
    assert_eq!(kept, "refs/workloop/attempts/A/1\nrefs/workloop/attempts/A/2\n");
}

#[test]
fn setup_runs_once_in_each_place_and_again_where_it_is_due() {
    let Some(sandbox) = sandbox_with(
        "setup = [\"pwd >>../../../setup; mkdir -p made && echo m >made/m\", \"test ! -f broken\"]\n\
         setup_inputs = [\"broken\"]\nkeep = [\"made/\"]\n",
        "test -f made/m && echo x >>made/own && touch $WORKLOOP_TASK_ID && \
         if test $WORKLOOP_TASK_ID$WORKLOOP_ATTEMPT = C1; then touch broken; else rm -f broken; fi",
        "cat made/m && if test $WORKLOOP_TASK_ID = A; then echo changed >>made/m; else touch made/other; fi",
        &["A", "B", "C"],
    ) else {
        return;
    };
    // The tasks run one after the other, so each begins with what landed before.
    let list = queue(&[("A", &[]), ("B", &["A"]), ("C", &["B"])]);
    let sandbox = sandbox.queue("q.json", &list);
    assert!(sandbox.shell("echo made/ >.gitignore; git add .gitignore; git commit -qm ignore"));
    let ran = sandbox.run(["run", "q.json"]).exits(0);
    let said = ran.to_string();
    let changed = "A: the verification changed what workspaces.setup made in the judge tree";
    assert!(said.contains(changed) && !said.contains("B: the verification changed"), "{said}");
    for text in [
        "step setup: exit status 1",
        "C: on the work of its last attempt workspaces.setup failed in the workspace",
    ] {
        assert!(said.contains(text), "{text}: {said}");
    }
    // Setup runs in both places first; in the judge tree after A; for C in the judge tree with its
    // change, again because of that change, and in the workspace, whose agent repairs it.
    let places = says(&sandbox, "sed 's|.*/||' ../setup | tr '\\n' ' '");
    assert_eq!(places, "judge-1 ws-1 judge-1 judge-1 judge-1 ws-1 ", "{said}");
    assert_eq!(says(&sandbox, "git log --format=%s -3"), "Make C\nMake B\nMake A\n");
}

#[test]
fn a_setup_that_fails_on_the_target_ends_the_run_and_costs_nothing() {
    let Some(sandbox) = sandbox_with("setup = [\"echo no; exit 3\"]\n", "touch x", "true", &["A"])
    else {
        return;
    };
    let ran = sandbox.run(["run", "q.json"]).exits(2).to_string();
    let told = "workspaces.setup failed in the judge tree: echo no; exit 3: exit status 3; its output is in ";
    assert!(ran.contains(told) && ran.contains("setup-judge.out"), "{ran}");
    assert_eq!(says(&sandbox, "cat .workloop/attempts/*/1/setup-judge.out"), "no\n");
    let list = sandbox.read("q.json");
    assert_eq!(
        (&task(&list, "A")["status"], &task(&list, "A")["budget_used"]),
        (&json!("pending"), &json!(0))
    );
}

/// Uncommitted files of a person in the project do not count: neither before the first task, nor
/// for a gate, nor for work whose queue was set back.
#[test]
fn what_no_agent_works_on_is_judged_at_the_target() {
    let verify = "pwd >>../../../judged; test ! -f broken && echo $WORKLOOP_TREE_CHECK:$WORKLOOP_TASK_ID >>../../../seen";
    let Some(sandbox) = sandbox("echo 1 >$WORKLOOP_TASK_ID.txt", verify, &["A"]) else { return };
    assert!(sandbox.shell("sed -i s/untouched.*/untouched=true/ workloop.toml; touch broken"));
    let mut list = queue(&[("A", &[]), ("G", &["A"])]);
    list["tasks"][1]["type"] = json!("gate");
    let sandbox = sandbox.queue("q.json", &list);
    assert!(sandbox.shell("cp q.json ../before.json"));
    let ran = sandbox.run(["run", "q.json"]).exits(0).to_string();
    assert_eq!(says(&sandbox, "cat ../seen"), "1:\n:A\n:G\n", "{ran}");
    // The work is at the target, whatever the person has done to the files since.
    assert!(sandbox.shell("cp ../before.json q.json; echo mine >>A.txt"));
    let ran = sandbox.run(["run", "q.json"]).exits(0).to_string();
    assert!(ran.contains("set back with the queue: A"), "{ran}");
    let judged =
        says(&sandbox, "sort -u ../judged | sed 's|.*/||'; cat ../seen; git log --format=%s");
    assert_eq!(judged, "judge-1\n1:\n:A\n:G\n1:\nMake A\nstart\n", "{ran}");
}

/// A loop that serves several projects has its own trees and target for each of them.
#[test]
fn each_project_has_its_own_repository_and_without_one_the_run_is_refused() {
    if lacks("git") {
        return;
    }
    let projects = "[project.one]\nroot = \"../one\"\nqueues = { default = \"one.json\" }\n\
                    [project.two]\nroot = \"../two/sub\"\nqueues = { default = \"two.json\" }\n";
    let config =
        CONFIG.replace("{agent}", "echo 1 >$WORKLOOP_TASK_ID.txt").replace("{verify}", "true");
    let (one, two) = (queue(&[("A", &[])]), queue(&[("B", &[])]));
    let sandbox = Sandbox::new().config(&format!("{config}{projects}")).queue("one.json", &one);
    let sandbox = sandbox.queue("two.json", &two);
    assert!(sandbox.shell(
        "mkdir -p ../one ../two/sub; cd ../two && git init -q -b main && touch sub/x && git add . && \
         git -c user.name=t -c user.email=t commit -qm start"
    ));
    let ran = sandbox.run(["run", "one.json", "two.json"]).exits(2).to_string();
    let refused = "/one is not in a git work tree. Make one (git init, git add, git commit), or use mode = \"shared\".";
    assert!(ran.contains(refused), "{ran}");
    assert!(sandbox.shell("cp -r ../two/.git ../one/ && cd ../one && git reset -q --hard"));
    sandbox.run(["run", "one.json", "two.json"]).exits(0);
    let landed =
        says(&sandbox, "for p in one two; do git -C ../$p log -1 --format=%s --name-only; done");
    assert_eq!(landed, "Make A\n\nA.txt\nMake B\n\nsub/B.txt\n");
    let list = sandbox.read("two.json");
    assert_eq!(task(&list, "B")["files_actually_changed"], json!(["B.txt"]));
}

/// A change that passed is not made again. It waits for the person whose edits are in the way, with
/// its task in progress, and the next run lands it.
#[test]
fn what_passed_waits_for_a_person_and_lands_without_an_agent() {
    let agent = "echo ran >>../../../ran; echo \"$WORKLOOP_TASK_ID\" >>a";
    let Some(sandbox) = sandbox(agent, "grep -q \"$WORKLOOP_TASK_ID\" a", &["A"]) else { return };
    assert!(sandbox.shell("echo mine >>a"));
    let ran = sandbox.run(["run", "q.json"]).exits(7);
    assert!(ran.to_string().contains("has edits in a: commit or stash them"), "{ran}");
    let list = sandbox.read("q.json");
    let waits = task(&list, "A");
    assert_eq!(waits["status"], "in_progress");
    assert_eq!(waits["change"]["waits"], "checkout");
    assert_eq!(waits["change"]["verdict"], "PASS");
    assert_eq!(says(&sandbox, "cat a; git log --format=%s"), "1\n2\n3\nmine\nstart\n");
    assert!(sandbox.shell("git stash -q"));
    sandbox.run(["run", "q.json"]).exits(0);
    let list = sandbox.read("q.json");
    let done = task(&list, "A");
    assert_eq!(done["status"], "complete");
    assert!(done.get("change").is_none() && done.get("claim").is_none(), "{done}");
    let said = says(&sandbox, "git rev-parse HEAD 'HEAD^{tree}'; cat ../ran");
    let [commit, tree] = [&done["landed_commit"], &done["landed_tree"]].map(|oid| oid.as_str());
    assert_eq!(said, format!("{}\n{}\nran\n", commit.unwrap(), tree.unwrap()));
    let events = sandbox.run(["events", "q.json", "--json"]).exits(0).to_string();
    assert!(events.contains("\"event\":\"landed\""), "{events}");
}

/// Kept attempts are removed thirty days after the completion of their task, when a run begins.
#[test]
fn old_attempts_are_given_up_when_a_run_begins() {
    let Some(sandbox) =
        sandbox("echo \"$WORKLOOP_TASK_ID\" >\"$WORKLOOP_TASK_ID\"", "true", &["A", "B"])
    else {
        return;
    };
    sandbox.run(["run", "q.json"]).exits(0);
    let kept = "git for-each-ref --format='%(refname)' refs/workloop/attempts";
    assert!(sandbox.shell("git update-ref refs/workloop/attempts/other/1 HEAD"));
    let all =
        "refs/workloop/attempts/A/1\nrefs/workloop/attempts/B/1\nrefs/workloop/attempts/other/1\n";
    assert_eq!(says(&sandbox, kept), all);
    let text = String::from_utf8_lossy(&sandbox.bytes("q.json")).into_owned();
    let mut list: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    list["tasks"][0]["completed_at"] = json!("2020-01-01T00:00:00Z");
    let sandbox = sandbox.queue("q.json", &list);
    sandbox.run(["run", "q.json"]).exits(0);
    let left = "refs/workloop/attempts/B/1\nrefs/workloop/attempts/other/1\n";
    assert_eq!(says(&sandbox, kept), left);
}

/// `land now` also lands what waits, without starting an agent.
#[test]
fn land_now_lands_what_loops_left_and_begins_nothing() {
    // While the agent works, `workspace path` shows where.
    let agent = format!(
        "echo ran >>../../../ran; echo \"$WORKLOOP_TASK_ID\" >>a; \
         {} workspace path A --work-queue \"$WORKLOOP_QUEUE\" >../../../path; pwd >>../../../path",
        program().display()
    );
    let Some(sandbox) = sandbox(&agent, "grep -q \"$WORKLOOP_TASK_ID\" a", &["A", "B"]) else {
        return;
    };
    assert_eq!(sandbox.run(["land", "now", "q.json"]).exits(0).stdout, "nothing waits to land\n");
    assert!(sandbox.shell("echo mine >>a"));
    let ran = sandbox.run(["run", "q.json", "--task-id", "A"]).exits(7);
    ran.says("0 of 1 complete, 1 attempt, ");
    let path = says(&sandbox, "cat ../path");
    let lines: Vec<&str> = path.lines().collect();
    assert!(matches!(lines[..], [told, real] if told == real && real.ends_with("/ws-1")), "{path}");
    sandbox.run(["workspace", "path", "A", "q.json"]).exits(2);
    let status = sandbox.run(["land", "status", "q.json"]).exits(0).to_string();
    assert!(status.contains("1 change waits to land on main"), "{status}");
    assert!(status.contains("has edits in a: commit or stash them"), "{status}");
    assert!(status.contains(" (gone: workloop land now"), "{status}");
    let status = sandbox.run(["status", "q.json"]).exits(0).to_string();
    assert!(status.contains("landing") && status.contains("needs you: "), "{status}");
    let now = sandbox.run(["land", "now", "q.json"]).exits(7);
    assert!(now.stdout.starts_with("A: needs you: "), "{now}");
    assert!(sandbox.shell("git stash -q"));
    let now = sandbox.run(["land", "now", "q.json"]).exits(0);
    assert!(now.stdout.starts_with("A: landed as "), "{now}");
    let list = sandbox.read("q.json");
    let states = ["A", "B"].map(|id| task(&list, id)["status"].clone());
    assert_eq!(states, [json!("complete"), json!("pending")]);
    assert_eq!(says(&sandbox, "cat ../ran; git log --format=%s"), "ran\nMake A\nstart\n");
    let diff = sandbox.run(["diff", "A", "q.json"]).exits(0).stdout;
    assert!(diff.ends_with(" 3\n+A\n"), "{diff}");
    let events = sandbox.run(["events", "q.json", "--style", "log"]).exits(0).to_string();
    assert!(events.contains("SUBTASK A landed as "), "{events}");
}

/// A loop that is killed while its change waits leaves the change, and no attempt that counts.
#[test]
fn another_loop_lands_what_a_killed_one_left() {
    let agent = "echo ran >>../../../ran; echo x >x";
    let Some(sandbox) = sandbox(agent, "test -f x", &["A", "B"]) else { return };
    // B runs while A waits for the edits, so that the loop does not end.
    assert!(sandbox.shell("mkdir x && echo mine >x/y"));
    let started = sandbox.spawn(["run", "q.json", "--when-empty", "wait"]);
    wait_until("a change waits", || {
        let list = sandbox.read("q.json");
        task(&list, "A")["change"]["waits"] == "checkout"
    });
    started.signal(Signal::KILL);
    started.ends();
    assert!(sandbox.shell("rm -r x"));
    // Whatever the entry contains, only what was judged lands.
    let entry = ".git/workloop/landing/A-1.json";
    assert!(sandbox.shell(&format!(
        "sed -i 's/\"judged\": \\[/\"judged\": [\"'$(git write-tree)'\",/' {entry}"
    )));
    sandbox.run(["run", "q.json", "--task-id", "A"]).exits(0);
    let done = task(&sandbox.read("q.json"), "A").clone();
    assert_eq!((&done["status"], &done["attempts"]), (&json!("complete"), &json!(1)));
    let landed = says(&sandbox, "git log --format=%s; git show --format= --name-only HEAD");
    assert_eq!(landed, "Make A\nstart\nx\n");
}

/// Two changes of the same line do not merge: the second task gets both, and merges them.
#[test]
fn a_conflict_goes_back_to_the_agent() {
    // Both begin with the same base: each waits until the other one has begun.
    let agent = "touch ../../../began.$WORKLOOP_TASK_ID; \
        until test -f ../../../began.A && test -f ../../../began.B; do sleep 0.02; done; \
        if grep -q '<<<' a; then printf 'A B\\n2\\n3\\n' >a; else sed -i \"s/1/$WORKLOOP_TASK_ID/\" a; fi";
    let Some(sandbox) = sandbox(agent, "grep -q \"$WORKLOOP_TASK_ID\" a", &["A", "B"]) else {
        return;
    };
    let ran = sandbox.run(["run", "q.json", "--jobs", "2"]).exits(0);
    assert!(ran.to_string().contains("does not merge with what landed meanwhile, in a"), "{ran}");
    let list = sandbox.read("q.json");
    let attempts: Vec<_> =
        ["A", "B"].iter().map(|id| task(&list, id)["attempts"].as_u64().unwrap()).collect();
    assert!(attempts == [1, 2] || attempts == [2, 1], "{attempts:?}");
    assert_eq!(
        says(&sandbox, "git status --porcelain; head -1 a; git log --oneline | wc -l"),
        " M q.json\nA B\n3\n"
    );
}

/// Work that landed is complete exactly as long as its commit is on the target.
#[test]
fn a_queue_that_is_set_back_goes_by_the_commits() {
    let agent = "echo ran >>../../../ran; echo \"$WORKLOOP_TASK_ID\" >\"$WORKLOOP_TASK_ID\"";
    let Some(sandbox) = sandbox(agent, "true", &["A", "B"]) else { return };
    sandbox.run(["run", "q.json"]).exits(0);
    assert!(sandbox.shell("git checkout -q q.json"));
    let ran = sandbox.run(["run", "q.json"]).exits(0);
    assert!(ran.to_string().contains("their commits are on the target"), "{ran}");
    assert_eq!(says(&sandbox, "wc -l <../ran").trim(), "2");
    // The work of B is removed together with the state of its queue.
    assert!(sandbox.shell("git reset -q --hard HEAD~1"));
    let ran = sandbox.run(["run", "q.json"]).exits(0);
    assert!(ran.to_string().contains("so they are done again"), "{ran}");
    assert_eq!(
        says(&sandbox, "wc -l <../ran; git log --format=%s").trim(),
        "3\nMake B\nMake A\nstart"
    );
}

#[test]
fn a_further_attempt_continues_the_last_one_on_the_branch_as_it_is_now() {
    let agent = "case $WORKLOOP_ATTEMPT in \
         1) echo w >w; sed -i s/2/two/ a; cd ../../../work; sed -i s/2/zwei/ a; git commit -qm other a;; \
         2) cp $WORKLOOP_PROMPT_FILE ../../../prompt; cat a >>../../../prompt; \
            test -f w && printf '1\\nzwo\\n3\\n' >a && touch done;; esac";
    let Some(sandbox) = sandbox(agent, "test -f done", &["A"]) else { return };
    let ran = sandbox.run(["run", "q.json"]).exits(0).to_string();
    let prompt = says(&sandbox, "cat ../prompt");
    let markers = "1\n<<<<<<< ";
    for said in ["You continue the work of attempt 1", "conflict markers", "- a\n", markers] {
        assert!(prompt.contains(said), "{said}: {prompt}{ran}");
    }
    assert!(!prompt.contains("may\nstill be in the working directory"), "{prompt}");
    let landed = "git log --format=%s; git show --format= --name-only; cat a";
    assert_eq!(says(&sandbox, landed), "Make A\nother\nstart\na\ndone\nw\n1\nzwo\n3\n", "{ran}");
}

/// A missing object of a kept attempt does not end the run. If the work is still in the workspace,
/// it is captured again; otherwise the next attempt begins with the branch.
#[test]
fn what_is_kept_and_cannot_be_had_is_begun_anew() {
    for (clear, landed, is_anew) in
        [("true", "done\nw\n", false), ("rm -rf ../trees", "done\n", true)]
    {
        let agent = "if test $WORKLOOP_ATTEMPT = 1; then echo w >w; else touch done; fi";
        let Some(sandbox) = sandbox(agent, "test -f done", &["A"]) else { return };
        sandbox.run(["run", "q.json", "--max-iterations", "1"]);
        let lose = "w=$(git rev-parse refs/workloop/attempts/A/1:w); \
                    rm -f .git/objects/${w%${w#??}}/${w#??}; ! git cat-file -e $w 2>/dev/null";
        assert!(sandbox.shell(lose) && sandbox.shell(clear));
        let ran = sandbox.run(["run", "q.json"]).exits(0).to_string();
        let said = ran.contains("A: starts over, because attempt 1 cannot be read");
        assert_eq!(said, is_anew, "{ran}");
        assert_eq!(says(&sandbox, "git show --format= --name-only"), landed, "{ran}");
    }
}

/// After `retry --fresh` and after tampering, an attempt begins with the branch. Kept attempts
/// stay.
#[test]
fn an_attempt_begins_anew_when_a_person_says_so_or_the_last_one_tampered() {
    let verify = "if test $WORKLOOP_TASK_ID = T; then sh check.sh; else false; fi";
    let agent = "test $WORKLOOP_TASK_ID != T || echo true >check.sh; echo $WORKLOOP_ATTEMPT w[0-9] >>../../../$WORKLOOP_TASK_ID; \
                 echo x >w$WORKLOOP_ATTEMPT";
    let Some(sandbox) = sandbox(agent, verify, &["A", "T"]) else { return };
    assert!(sandbox.shell(
        "echo false >check.sh; git add check.sh; git commit -qm check
         printf '[guardrails]\\nprotect = [\"check.sh\"]\\n' >>workloop.toml"
    ));
    let continues = |id: &str| {
        let prompt = sandbox.run(["prompt", id, "q.json"]).exits(0).to_string();
        prompt.contains("You continue the work of attempt")
    };
    sandbox.run(["run", "q.json"]).exits(5);
    assert!(continues("A") && !continues("T"));
    sandbox.run(["retry", "A", "T", "q.json"]).exits(0);
    assert!(continues("A"));
    sandbox.run(["block", "A", "q.json", "--because", "x"]).exits(0);
    sandbox.run(["retry", "--fresh", "A", "q.json"]).exits(0);
    assert!(!continues("A"));
    sandbox.run(["run", "q.json"]).exits(5);
    let seen = says(&sandbox, "cat ../A ../T");
    assert_eq!(seen, "1 w[0-9]\n2 w1\n3 w[0-9]\n4 w3\n1 w[0-9]\n2 w[0-9]\n");
    sandbox.run(["reset", "A", "q.json"]).exits(0);
    assert!(!sandbox.run(["prompt", "A", "q.json"]).to_string().contains("You continue"));
    let kept = says(&sandbox, "git for-each-ref --format='%(refname)' refs/workloop/attempts/A");
    assert_eq!(kept.lines().count(), 4);
    let shared = Sandbox::new()
        .config("[agents.default]\nrun = \"true\"\n")
        .queue("q.json", &queue(&[("A", &[])]));
    shared.run(["block", "A", "q.json", "--because", "x"]).exits(0);
    let ran = shared.run(["retry", "--fresh", "A", "q.json"]).exits(2).to_string();
    assert!(ran.contains("--fresh needs private workspaces"), "{ran}");
}

/// Landing that is switched off does not happen, and keys without effect are named.
#[test]
fn without_landing_the_change_stays_kept_and_a_flag_decides_about_trees() {
    let Some(sandbox) = sandbox("echo x >x", "test -f x", &["A", "B"]) else { return };
    assert!(sandbox.shell("printf '[landing]\\nmode = \"off\"\\n' >>workloop.toml"));
    sandbox.run(["run", "q.json", "--task-id", "A"]).exits(0);
    let kept =
        "git log --format=%s; ls x; git show --format= --name-only refs/workloop/attempts/A/1";
    assert_eq!(says(&sandbox, kept), "start\nx\n");
    let ran = sandbox.run(["run", "q.json", "--isolation", "shared"]).exits(0).to_string();
    let idle =
        "workspaces.dir has no effect: it is for private trees, and isolation.mode is \"shared\"";
    assert!(ran.contains("workloop.toml line 4") && ran.contains(idle), "{ran}");
    assert_eq!(says(&sandbox, "ls x; git for-each-ref refs/workloop/attempts/B"), "x\n");
    assert!(sandbox.shell("sed -i s/private/shared/ workloop.toml"));
    let found = sandbox.run(["check", "q.json"]).exits(0).to_string();
    assert!(found.contains("workloop.toml:4:1: warning[no-effect]: workspaces.dir"), "{found}");
    assert!(sandbox.shell("printf 'commit = \"none\"\\n' >>workloop.toml"));
    let ran = sandbox.run(["run", "q.json", "--isolation", "private"]).exits(2).to_string();
    assert!(ran.contains("commit = \"none\" contradicts"), "{ran}");
}

/// Tasks of different queues with the same id, and ids that no ref can have, in a folder of the
/// repository.
#[test]
fn ids_and_folders_of_any_kind_have_attempts_of_their_own() {
    let odd = "a/b \u{e4}.lock";
    let agent = "echo \"$WORKLOOP_QUEUE\" >>own; test \"$PWD\" = \"$WORKLOOP_ROOT\"; ls >&2";
    let verify = "test \"$PWD\" = \"$WORKLOOP_ROOT\" && test \"$(cat $WORKLOOP_CHANGED_FILES)\" = own && false";
    let Some(sandbox) = sandbox(agent, verify, &[]) else { return };
    let sandbox = sandbox.queue("sub/one.json", &queue(&[("A", &[]), (odd, &[])]));
    let sandbox = sandbox.queue("sub/two.json", &queue(&[("A", &[])]));
    assert!(sandbox.shell(
        "mv workloop.toml sub; sed -i 's/attempts = 2/attempts = 1/; s|\\.\\./trees|../../trees|' sub/workloop.toml; \
         sed -i '1iqueues = [\"one.json\", \"two.json\"]' sub/workloop.toml"
    ));
    let ran = sandbox.run(["run", "sub/one.json", "sub/two.json"]).exits(5).to_string();
    let refs = "git for-each-ref --format='%(refname:lstrip=3)' refs/workloop/attempts";
    assert_eq!(says(&sandbox, refs), "A@one/1\nA@two/1\na%2Fb%20%C3%A4%2Elock/1\n", "{ran}");
    let held = says(&sandbox, "git show 'refs/workloop/attempts/A@two/1:sub/own'");
    assert!(held.ends_with("/sub/two.json\n") && held.lines().count() == 1, "{held}");
    for prompt in [["prompt", odd, "sub/one.json"], ["prompt", "two:A", "sub/one.json"]] {
        sandbox.run(prompt).exits(0).says("You continue the work of attempt 1");
    }
}

/// A blocked task leaves nothing in the tree that others begin with, so it is not blamed for a tree
/// that has become red since.
#[test]
fn a_blocked_task_is_not_blamed_for_what_a_person_committed() {
    let agent = "test $WORKLOOP_TASK_ID = B || { cd ../../../work; touch red; git add red; git commit -qm red; false; }";
    let Some(sandbox) = sandbox(
        agent,
        "echo $WORKLOOP_TREE_CHECK >>../../../seen; test ! -e red",
        &["A", "B", "C"],
    ) else {
        return;
    };
    assert!(sandbox.shell(
        "sed -i 's/untouched.*/untouched = true/; s/attempts = 2/attempts = 1/' workloop.toml"
    ));
    let ran =
        sandbox.run(["run", "q.json", "--task-id", "A", "--task-id", "B"]).exits(5).to_string();
    assert!(ran.contains("BLOCKED  B") || ran.contains("FAIL     B"), "{ran}");
    assert!(!ran.contains("red since"), "{ran}");
    // The tree that the person committed is judged before B begins.
    assert_eq!(says(&sandbox, "cat ../seen"), "1\n1\n\n", "{ran}");
}

/// Git may wait for a program that the person configured. A signal to the loop ends that wait.
#[test]
fn a_signal_ends_a_git_that_makes_a_tree() {
    let Some(sandbox) = sandbox("true", "true", &["A"]) else { return };
    let hangs = "touch ../../../hangs; sleep 300";
    let make = format!(
        "git config filter.w.smudge '{hangs}' && echo 'a filter=w' >.gitattributes && \
         git add .gitattributes && git commit -qm attributes"
    );
    assert!(sandbox.shell(&make));
    let running = sandbox.spawn(["run", "q.json"]);
    wait_until("git makes the workspace", || sandbox.path("../hangs").exists());
    running.signal(Signal::TERM);
    running.ends().exits(143);
    sandbox.nothing_left();
    assert_eq!(task(&sandbox.read("q.json"), "A")["status"], "pending");
}

/// A change in review lands after `approve`, by the loop that has it or by the next one. After
/// `answer` its agent continues with it.
#[test]
fn a_change_lands_after_a_yes() {
    let agent = "echo x >>\"$WORKLOOP_TASK_ID.txt\"";
    let Some(sandbox) = sandbox(agent, "test -f $WORKLOOP_TASK_ID.txt", &["A"]) else { return };
    let config = String::from_utf8(sandbox.bytes("workloop.toml")).expect("text");
    let sandbox = sandbox.config(&format!("{config}[types]\nfix = {{ review = true }}\n"));
    let mut list = sandbox.read("q.json");
    list["tasks"][0]["type"] = json!("fix");
    let sandbox = sandbox.queue("q.json", &list);
    assert!(sandbox.shell("git add -A; git commit -qm config"));
    sandbox.run(["run", "q.json"]).exits(7).says("workloop approve A");
    let log = "git log --format=%s; git show HEAD:A.txt";
    assert_eq!(says(&sandbox, "git log --format=%s"), "config\nstart\n");
    assert_eq!(task(&sandbox.read("q.json"), "A")["change"]["waits"], "review");
    sandbox.run(["why", "A", "q.json"]).exits(0).says("It is in review").says("workloop approve A");
    sandbox.run(["retry", "A", "q.json", "--because", "once more"]).exits(0);
    // This loop keeps running, and lands what is approved meanwhile.
    let mut running = sandbox.spawn(["run", "q.json", "--when-empty", "wait"]);
    wait_until("it waits", || task(&sandbox.read("q.json"), "A")["change"]["waits"] == "review");
    sandbox.run(["approve", "A", "q.json"]).exits(0).says("+x").says("A: approved");
    wait_until("it landed", || sandbox.status("A") == "complete");
    assert!(!running.has_ended());
    sandbox.run(["stop", "q.json"]).exits(0);
    running.ends();
    assert_eq!(says(&sandbox, log), "Make A\nconfig\nstart\nx\nx\n");
}

/// A person moves the target while a task is worked on: the tree is verified again before the next
/// one begins. After landings it is not.
#[test]
fn a_target_that_a_person_moved_is_verified_again() {
    // A landing may hold the index of the person's checkout at that moment.
    let agent = "if test $WORKLOOP_TASK_ID = B; then cd ../../../p* && echo x >>mine && \
                 until git add mine && git commit -qm mine; do :; done; \
                 else echo \"$WORKLOOP_TASK_ID\" >\"$WORKLOOP_TASK_ID.txt\"; fi";
    let verify = "echo \"${WORKLOOP_TREE_CHECK:-task}\" >>../../../judged";
    let Some(sandbox) = sandbox(agent, verify, &["A", "B", "C"]) else { return };
    // The tree is judged only while nothing runs, and not if a landing judged it.
    let list = queue(&[("A", &[]), ("B", &["A"]), ("C", &["B"])]);
    let sandbox = sandbox.queue("q.json", &list);
    let config = String::from_utf8_lossy(&sandbox.bytes("workloop.toml")).into_owned();
    let config = config.replace("untouched = false", "untouched = true");
    let project = sandbox.path("").file_name().map(|name| name.to_string_lossy().into_owned());
    let config = config.replace("p*", &project.unwrap_or_default());
    let sandbox = sandbox.file("workloop.toml", config);
    assert!(sandbox.shell("git commit -qam config"));
    let ran = sandbox.run(["run", "q.json", "--jobs", "1"]).exits(0);
    let judged = says(&sandbox, "grep -c 1 ../judged");
    assert_eq!(judged.trim(), "2", "{ran}");
}
