//! No change completes a task by modifying its judge; and the broken twins of these rules.

use crate::processes::lacks;
use crate::sandbox::{Sandbox, queue, task};
use crate::twins::holds;
use serde_json::Value;

const CONFIG: &str = "[isolation]\nmode = \"private\"\n[workspaces]\ndir = \"../trees\"\n[landing]\nmode = \"off\"\n\
     [agents.default]\nrun = '''AGENT'''\n[[verify]]\nname = \"test\"\nrun = \"sh check.sh\"\n\
     [limits]\nattempts = 1\nuntouched = false\n";

/// Returns what is wrong if the task of a project is complete after that agent.
fn completes(sandbox: Sandbox, agent: &str, fields: &[(&str, Value)]) -> Vec<String> {
    let mut list = queue(&[("A", &[])]);
    for (key, value) in fields {
        list["tasks"][0][*key] = value.clone();
    }
    let sandbox = sandbox
        .config(&CONFIG.replace("AGENT", agent))
        .queue("q.json", &list)
        .file("add.sh", "add() { echo $(($1 + $2)); }\n")
        .file("check.sh", "set -e\nfor t in tests/*_test.sh; do . ./add.sh; . $t; done\n")
        .file("tests/add_test.sh", "test $(add 2 2) = 4\n");
    let sandbox = sandbox.committed();
    drop(sandbox.run(["run", "q.json"]));
    let list = sandbox.read("q.json");
    let status = task(&list, "A")["status"].clone();
    if status == "complete" { vec![format!("{agent}: complete")] } else { Vec::new() }
}

#[test]
fn what_judges_is_judged_with_what_the_base_has() {
    if lacks("git") {
        return;
    }
    holds("judged-once", |sandbox| {
        let agent =
            "echo 'add() { echo 5; }' >add.sh; echo 'test $(add 2 2) = 5' >tests/add_test.sh";
        completes(sandbox, agent, &[])
    });
}

#[test]
fn a_task_changes_what_it_declares() {
    if lacks("git") {
        return;
    }
    holds("nothing-required", |sandbox| {
        completes(sandbox, "true", &[("files", serde_json::json!(["add.sh"]))])
    });
}

#[test]
fn what_no_change_may_add_is_found() {
    if lacks("git") {
        return;
    }
    holds("guardrails-down", |sandbox| {
        completes(
            sandbox,
            "echo 'check || true' >tests/more_test.sh; echo 'check() { :; }' >>add.sh",
            &[],
        )
    });
}

/// What a person's hook forbids does not start, and is not complete.
#[test]
fn what_a_hook_forbids_does_not_happen() {
    holds("hooks-ignored", |sandbox| {
        let config = "[agents.default]\nrun = \"touch ran\"\n[[verify]]\nrun = \"true\"\n\
             [hooks]\nbefore_task = \"echo closed; exit 1\"\n";
        let sandbox = sandbox.config(config);
        drop(sandbox.run(["run", "q.json"]));
        let began = sandbox.path("ran").exists();
        if began {
            vec!["an agent began a task that a hook forbids".to_owned()]
        } else {
            Vec::new()
        }
    });
}
