//! Work that passed and waits to land, each guarantee with its broken twin.

use crate::processes::lacks;
use crate::sandbox::{Sandbox, queue, task, wait_until};
use crate::twins::{holds, unless};
use rustix::process::Signal;

const TOML: &str = "[isolation]\nmode = \"private\"\n[workspaces]\ndir = \"../trees\"\n\
    [agents.default]\nrun = 'echo ran >>../../../ran; echo mine >a'\n[[verify]]\nrun = \"true\"\n\
    [limits]\nuntouched = false\n";

/// Creates one task whose change conflicts with edits of the person.
fn obstructed(sandbox: Sandbox) -> Sandbox {
    let sandbox = sandbox.config(TOML).queue("q.json", &queue(&[("A", &[])]));
    let init = "git init -q -b main && git config user.email t@example.org && \
                git config user.name t && echo 1 >a && git add -A && git commit -qm start && echo 2 >a";
    assert!(sandbox.shell(init));
    sandbox
}

/// The change of a dead loop is landed by the next one: no agent makes it again.
#[test]
fn a_change_is_made_once() {
    if lacks("git") {
        return;
    }
    holds("change-forgotten", |sandbox| {
        let sandbox = obstructed(sandbox);
        let waits = sandbox.spawn(["run", "q.json", "--when-empty", "wait"]);
        wait_until("it waits", || {
            task(&sandbox.read("q.json"), "A")["change"]["obstacle"] != serde_json::Value::Null
        });
        waits.signal(Signal::KILL);
        drop(waits.ends());
        assert!(sandbox.shell("git checkout -q a"));
        drop(sandbox.run(["run", "q.json"]));
        let ran = sandbox.bytes("../ran").len() / 4;
        let mut broken = unless(ran == 1, &format!("the agent ran {ran} times"));
        let complete = task(&sandbox.read("q.json"), "A")["status"] == "complete";
        broken.extend(unless(complete, "it did not land"));
        broken
    });
}

/// While a person is in the way, the work is on no branch, and its task is not complete.
#[test]
fn complete_is_what_landed() {
    if lacks("git") {
        return;
    }
    holds("complete-unlanded", |sandbox| {
        let sandbox = obstructed(sandbox);
        drop(sandbox.run(["run", "q.json"]));
        let complete = task(&sandbox.read("q.json"), "A")["status"] == "complete";
        let landed = sandbox.shell("git show HEAD:a | grep -q mine");
        unless(complete == landed, "a task is complete whose work is on no branch")
    });
}
