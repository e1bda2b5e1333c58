//! Which verification profile judges a task, and that no agent chooses it.

use crate::processes::lacks;
use crate::sandbox::{Sandbox, queue, task};
use serde_json::{Value, json};

/// Each profile records its name and the task, and passes.
const CONFIG: &str = r#"
[agents.default]
run = "true"
[agents.writer]
run = "true"
verify = ["of_agent"]
[types]
bug = { verify = "of_type" }
[[verify]]
run = "echo default $WORKLOOP_TASK_ID >>judged"
[[verify]]
profile = "of_agent"
run = "echo of_agent $WORKLOOP_TASK_ID >>judged"
[[verify]]
profile = "of_type"
run = "echo of_type $WORKLOOP_TASK_ID >>judged"
[[verify]]
profile = "of_phase"
run = "echo of_phase $WORKLOOP_TASK_ID >>judged"
[limits]
untouched = false
"#;

fn judged(sandbox: &Sandbox) -> Vec<String> {
    let text = String::from_utf8(sandbox.bytes("judged")).expect("text");
    text.lines().map(str::to_owned).collect()
}

#[test]
fn type_agent_and_phase_choose_how_a_task_is_judged() {
    let list = json!({
        "phases": [{"phase": 1, "verify": "of_phase"}, {"phase": 2}],
        "tasks": [
            {"id": "TYPE", "title": "t", "status": "pending", "type": "bug", "agent": "writer", "phase": 1},
            {"id": "AGENT", "title": "a", "status": "pending", "agent": "Writer", "phase": 1},
            {"id": "PHASE", "title": "p", "status": "pending", "phase": 1},
            {"id": "GATE", "title": "g", "status": "pending", "type": "gate", "phase": 1},
            {"id": "PLAIN", "title": "d", "status": "pending", "phase": 2},
        ]
    });
    let sandbox = Sandbox::new().config(CONFIG).queue("q.json", &list);
    sandbox.run(["check", "q.json"]).exits(0);
    sandbox.run(["run", "q.json"]).exits(0);
    let expected =
        ["of_type TYPE", "of_agent AGENT", "of_phase PHASE", "of_phase GATE", "default PLAIN"];
    assert_eq!(judged(&sandbox), expected);
    // Verbs use the same profiles, whoever works.
    sandbox.run(["reset", "PHASE", "q.json"]).exits(0);
    sandbox.run(["done", "PHASE", "--verify", "q.json"]).exits(0);
    sandbox.run(["reset", "AGENT", "q.json"]).exits(0);
    sandbox.run(["run", "--agent", "true", "q.json"]).exits(0);
    assert_eq!(judged(&sandbox)[5..], ["of_phase PHASE", "of_agent AGENT"]);
}

#[test]
fn a_phase_with_an_unknown_profile_blocks_its_own_tasks() {
    let text = r#"{
  "phases": [
    {"phase": 1, "verify": ["of_phase", "of_phsae"]},
    {"phase": 2, "gate": "of_typ"}
  ],
  "tasks": [
    {"id": "A", "title": "a", "status": "pending", "phase": 1},
    {"id": "B", "title": "b", "status": "pending"}
  ]
}
"#;
    let sandbox = Sandbox::new().config(CONFIG).file("q.json", text);
    let check = sandbox.run(["check", "q.json"]).exits(3);
    let of_phase = "q.json:3:41: error[unknown-profile]: A: unknown profile of_phsae of phase 1 (did you \
                    mean of_phase?)";
    assert!(check.stdout.contains(of_phase), "{check}");
    let of_gate = "q.json:4:26: error[unknown-profile]: the gate of phase 2: unknown profile of_typ (did you \
                   mean of_type?)";
    assert!(check.stdout.contains(of_gate), "{check}");
    sandbox.run(["run", "q.json"]).exits(5).says("unknown profile of_phsae of phase 1");
    let after = sandbox.read("q.json");
    assert_eq!(task(&after, "A")["status"], "blocked");
    assert_eq!(task(&after, "B")["status"], "complete");
    let status = sandbox.run(["status", "q.json", "--json"]).json();
    assert_eq!(status["queues"][0]["tasks"][0]["reason_code"], "unknown_profile");
}

/// Runs an agent that makes an edit of the queue, and returns the queue afterwards.
fn edited(phases: Option<Value>, profile: &str, edit: &str) -> Value {
    let config = format!(
        "[agents.default]\nrun = '''jq '{edit}' q.json >t && mv t q.json'''\n[[verify]]\n\
         run = \"false\"\nprofile = \"{profile}\"\n[[verify]]\nrun = \"true\"\nprofile = \"weak\"\n\
         [limits]\nattempts = 1\nuntouched = false\n{}",
        if profile == "default" { "" } else { "[[verify]]\nrun = \"true\"\n" }
    );
    let mut list = queue(&[("A", &[]), ("B", &[])]);
    for task in list["tasks"].as_array_mut().expect("a list") {
        task["phase"] = json!(1);
    }
    if let Some(phases) = phases {
        list["phases"] = phases;
    }
    let sandbox = Sandbox::new().config(&config).queue("q.json", &list);
    sandbox.run(["run", "q.json"]).exits(5);
    sandbox.read("q.json")
}

#[test]
fn no_agent_weakens_its_judgement_by_the_phases() {
    if lacks("jq") {
        return;
    }
    let strict = json!([{"phase": 1, "verify": "strict"}]);
    for edit in [
        ".phases[0].verify=\"weak\"",
        "del(.phases[0].verify)",
        "del(.phases)",
        ".phases[0].phase=2",
        ".phases=[{phase:1,verify:\"weak\"}]+.phases",
        // A list has no place for phases.
        ".tasks",
    ] {
        let after = edited(Some(strict.clone()), "strict", edit);
        assert_eq!(after["phases"], strict, "{edit}");
        for id in ["A", "B"] {
            assert_eq!(task(&after, id)["status"], "blocked", "{edit}: {id}");
        }
    }
    let after = edited(None, "default", ".phases=[{phase:1,verify:\"weak\",name:\"n\"}]");
    assert_eq!(after["phases"], json!([{"phase": 1, "name": "n"}]));
    assert_eq!(task(&after, "B")["status"], "blocked");
}
