//! What verbs do to private trees and to waiting changes: they leave what a loop uses alone, and
//! start nothing that only a run may start.

use crate::processes::lacks;
use crate::sandbox::{Sandbox, wait_until};
use crate::twins::{holds, unless};

/// Creates a project in private mode in which `agent` works.
fn private(sandbox: Sandbox, agent: &str) -> Sandbox {
    let config = format!(
        "[isolation]\nmode = \"private\"\n[workspaces]\ndir = \"../trees\"\n[agents.default]\n\
         run = '''{agent}'''\n[[verify]]\nname = \"test\"\nrun = \"true\"\n[limits]\nuntouched = false\n"
    );
    let sandbox = sandbox.config(&config);
    let init = "git init -q -b main && git config user.email t@example.org && \
                git config user.name t && echo 1 >a && git add a && git commit -qm start";
    assert!(sandbox.shell(init));
    sandbox
}

/// The tree of a working agent stays, even if a person prunes meanwhile.
#[test]
fn pruning_takes_no_tree_from_a_loop() {
    if lacks("git") {
        return;
    }
    holds("prune-blind", |sandbox| {
        let agent = "touch ../../../begun; until test -e ../../../go; do sleep 0.02; done; \
                     echo \"$WORKLOOP_TASK_ID\" >made";
        let sandbox = private(sandbox, agent);
        let running = sandbox.spawn(["run", "q.json", "--task-id", "T001"]);
        wait_until("an agent works", || sandbox.path("../begun").exists());
        let pruned = sandbox.run(["workspace", "prune", "q.json"]);
        assert!(sandbox.shell("touch ../go"));
        let ended = running.ends();
        let made = sandbox.shell("test \"$(cat made)\" = T001");
        let mut broken = unless(made, &format!("what an agent made was lost: {ended}"));
        broken.extend(unless(pruned.stdout.contains("kept ws-1"), "a tree at work was removed"));
        broken
    });
}

/// `land now` lands what waits, and starts no agent for ready tasks.
#[test]
fn land_now_begins_no_attempt() {
    if lacks("git") {
        return;
    }
    holds("land-now-claims", |sandbox| {
        let sandbox = private(sandbox, "echo \"$WORKLOOP_TASK_ID\" >>a");
        assert!(sandbox.shell("echo mine >>a"));
        sandbox.run(["run", "q.json", "--task-id", "T001"]).exits(7);
        assert!(sandbox.shell("git checkout -q a"));
        let landed = sandbox.run(["land", "now", "q.json"]);
        let (first, second) = (sandbox.status("T001"), sandbox.status("T002"));
        let mut broken = unless(first == "complete", &format!("it did not land: {landed}"));
        broken.extend(unless(second == "pending", &format!("T002 is {second}")));
        broken
    });
}
