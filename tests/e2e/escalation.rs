//! A task that failed goes to another agent, or to a person at once.

use crate::sandbox::{Sandbox, queue, task};
use serde_json::json;

const CONFIG: &str = r#"
[agents.default]
run = '''case $WORKLOOP_TASK_ID in ASK) echo '{"status": "needs_input", "question": "which?"}' >"$WORKLOOP_RESULT_FILE";; esac'''
[agents.strong]
run = "touch done.$WORKLOOP_TASK_ID; test $WORKLOOP_TASK_ID != LATE || rm done.LATE"
[[verify]]
name = "made"
run = "test -e done.$WORKLOOP_TASK_ID"
[types]
careful = { agent = "strong" }
[escalation]
tests_failed = "agent:strong"
question = "agent:strong"
agent_error = "person"
[limits]
attempts = 3
untouched = false
consecutive_failures = 50
"#;

#[test]
fn another_agent_continues_and_is_named() {
    let list = queue(&[("FAILS", &[]), ("ASK", &[]), ("LATE", &[])]);
    let sandbox = Sandbox::new().config(CONFIG).queue("q.json", &list);
    let first = sandbox.run(["run", "q.json", "--max-iterations", "1"]).exits(6);
    first.says("agent strong has it now");
    let status = sandbox.run(["status", "q.json", "--json"]).exits(0).json();
    assert_eq!(status["queues"][0]["tasks"][0]["escalated_to"], "strong");
    let why = sandbox.run(["why", "FAILS", "q.json"]).exits(0);
    why.says("Escalated: its attempts are given to agent strong.");
    let ran = sandbox.run(["run", "q.json"]).exits(5);
    let ran = ran.says("question: which?; agent strong has it now");
    let done = sandbox.read("q.json");
    for (id, attempts) in [("FAILS", 2), ("ASK", 2)] {
        let task = task(&done, id);
        assert_eq!(
            (&task["status"], &task["attempts"]),
            (&json!("complete"), &json!(attempts)),
            "{ran}"
        );
        assert_eq!(task.get("escalated_to"), None);
    }
    // The budget belongs to the task, whichever agent has it.
    let late = task(&done, "LATE");
    assert_eq!((&late["status"], &late["attempts"]), (&json!("blocked"), &json!(3)), "{ran}");
    assert_eq!(late["escalated_to"], "strong");
    let events = sandbox.run(["events", "q.json", "--json"]).exits(0);
    assert_eq!(
        events.stdout.matches("\"escalated_to\":\"strong\",\"fields\"").count(),
        3,
        "{events}"
    );
    // After a person's `retry`, the task begins with its own agent again.
    sandbox.run(["retry", "LATE", "q.json"]).exits(0);
    assert_eq!(task(&sandbox.read("q.json"), "LATE").get("escalated_to"), None);
}

#[test]
fn a_person_looks_at_once() {
    let config = CONFIG.replace("run = '''case", "run = '''exit 3; case");
    let sandbox = Sandbox::new().config(&config).queue("q.json", &queue(&[("A", &[])]));
    sandbox.run(["run", "q.json"]).exits(5);
    let error = task(&sandbox.read("q.json"), "A")["error"].clone();
    assert_eq!(error, "agent: exit status 3 (escalated to a person)");
}
