//! Submodules in private trees: checked out, and their links land without undoing a person's moves.

use crate::apart::{sandbox, says};
use crate::sandbox::{queue, task};
use std::fs;

const WITH_LIB: &str = "export GIT_ALLOW_PROTOCOL=file; git init -q -b main ../lib && cd ../lib && \
     git config user.email t@example.org && git config user.name t && echo lib >f && git add . && \
     git commit -qm one && cd - >/dev/null && \
     git submodule --quiet add \"$PWD/../lib\" lib && git commit -qm lib";

#[test]
fn submodules_are_there_and_what_changes_in_them_does_not_land() {
    let agent = "cat lib/f >out; if test $WORKLOOP_TASK_ID = B; then echo x >>lib/f; fi";
    let Some(sandbox) = sandbox(agent, "grep -qx lib lib/f && test -f out", &["A", "B"]) else {
        return;
    };
    assert!(sandbox.shell(WITH_LIB));
    let ran = sandbox.run(["run", "q.json"]).exits(5);
    let list = sandbox.read("q.json");
    assert_eq!(task(&list, "A")["status"], "complete", "{ran}");
    assert_eq!(
        says(&sandbox, "git log -1 --format=%s; cat out; git -C lib status --short"),
        "Make A\nlib\n"
    );
    let blocked = task(&list, "B");
    assert_eq!(blocked["status"], "blocked", "{ran}");
    let error = blocked["error"].as_str().unwrap_or_default();
    assert!(error.contains("submodules") && error.contains("lib (kept in "), "{error}");
    let bundle = error.split("kept in ").nth(1).and_then(|rest| rest.split(')').next());
    let fetch = format!(
        "git -C lib fetch -q {} changed && git -C lib show FETCH_HEAD:f",
        bundle.unwrap_or_default()
    );
    assert_eq!(says(&sandbox, &fetch), "lib\nx\n");
    let why = sandbox.run(["why", "B", "--work-queue", "q.json", "--json"]).json();
    assert_eq!(why["attempts"][0]["reason_code"], "submodule_changed", "{why}");
    let restored = sandbox.run(["workspace", "restore", "B", "q.json"]).exits(0);
    assert_eq!(says(&sandbox, &format!("cat {}/lib/f", restored.stdout.trim())), "lib\n");
}

/// The library gets three more commits, whose names are beside the project.
const MORE: &str = "cd ../lib && for n in 2 3 4; do echo $n >>f && git commit -qam $n && \
     git rev-parse HEAD >../$n; done && cd - >/dev/null && git -C lib fetch -q";

/// The agent of all tasks. The person acts while the first attempts of A and C are under way.
const AGENT: &str = r#"set -e
up=../../..
case $WORKLOOP_TASK_ID$WORKLOOP_ATTEMPT in
A1) git -C lib checkout -q $(cat $up/2)
    (cd {project}; echo edit >>a; git -C lib checkout -q $(cat ../3); git add lib; git commit -qm moved) ;;
A2) git -C lib rev-parse HEAD >$up/begun ;;
B1) git -C lib checkout -q $(cat $up/4) ;;
C1) (cd {project}; git -C lib rev-parse HEAD; git status --short lib; cat lib/f) >$up/before
    (cd {project}; git rm -qf lib; git commit -qm removed) ;;
esac
echo "$WORKLOOP_TASK_ID" >"$WORKLOOP_TASK_ID.txt"
"#;

#[test]
fn a_link_that_moved_lands_and_a_person_s_moves_are_not_undone() {
    let Some(sandbox) = sandbox("sh ../../../agent.sh", "test -f $WORKLOOP_TASK_ID.txt", &[])
    else {
        return;
    };
    let sandbox = sandbox.queue("q.json", &queue(&[("A", &[]), ("B", &["A"]), ("C", &["B"])]));
    assert!(sandbox.shell(&format!("{WITH_LIB} && {MORE}")));
    let project = sandbox.path("").display().to_string();
    fs::write(sandbox.path("../agent.sh"), AGENT.replace("{project}", &project)).expect("written");
    let ran = sandbox.run(["run", "q.json"]).exits(0);
    let of = |number: &str| says(&sandbox, &format!("cat ../{number}")).trim().to_owned();
    let [two, three, four] = ["2", "3", "4"].map(of);
    // A link that both sides moved is the person's, in the attempt that resolves the conflict.
    assert_eq!(says(&sandbox, "cat ../begun").trim(), three, "{ran}");
    let subjects = "Make C\nremoved\nMake B\nMake A\nmoved\nlib\nstart\n";
    assert_eq!(says(&sandbox, "git log --format=%s"), subjects, "{ran}");
    let links = "for n in 0 1 2 3 4 5; do git rev-parse -q --verify main~$n:lib || echo none; done";
    let links = says(&sandbox, links);
    let links: Vec<&str> = links.lines().collect();
    assert_eq!(links[..5], ["none", "none", &four, &three, &three], "{two} {ran}");
    // A landing leaves the person's checkout of the submodule as it is.
    assert_eq!(says(&sandbox, "cat ../before"), format!("{three}\n M lib\nlib\n2\n3\n"), "{ran}");
    assert_eq!(says(&sandbox, "git status --short | grep -v q.json; git diff a | tail -1"), {
        " M a\n+edit\n"
    });
    let fresh = "git clone -q . ../fresh && cd ../fresh && git checkout -q main~2 && \
                 git -c protocol.file.allow=always submodule --quiet update --init && cat lib/f A.txt";
    assert_eq!(says(&sandbox, fresh), "lib\n2\n3\n4\nA\n");
}
