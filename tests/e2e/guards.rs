//! Guards: newer formats, tampering, secrets, a file that was set back.

use crate::fake_agent::CONFIG;
use crate::processes::lacks;
use crate::sandbox::{Sandbox, queue, task};
use serde_json::json;

#[test]
fn a_queue_of_a_newer_format_is_read_and_not_written() {
    let mut newer = queue(&[("A", &[])]);
    newer["workloop_format"] = json!(2);
    let sandbox = Sandbox::new().config(CONFIG).queue("q.json", &newer);
    let before = sandbox.bytes("q.json");
    sandbox.run(["status", "q.json"]).exits(0).says("1 task");
    sandbox.run(["check", "q.json"]).exits(0).says("newer-queue");
    sandbox.run(["run", "q.json"]).exits(2).says("workloop_format 2");
    sandbox.run(["park", "A", "--work-queue", "q.json"]).exits(2).says("read, not written");
    assert_eq!(sandbox.bytes("q.json"), before);
}

#[test]
fn an_agent_that_changes_what_judges_it_is_blocked() {
    let config = CONFIG
        .replace("run = ['", "run = '")
        .replace("run = [\"sh\", \"fake-agent.sh\"]", "run = \"echo exit 0 > judge.sh\"");
    let config = format!("{config}\n[[verify]]\nname = \"judge\"\nrun = \"sh judge.sh\"\n");
    let sandbox = Sandbox::new()
        .config(&config)
        .file("judge.sh", "exit 1\n")
        .queue("q.json", &queue(&[("A", &[])]));
    sandbox.run(["run", "q.json"]).exits(5).says("tampered");
    let queue = sandbox.read("q.json");
    let task = task(&queue, "A");
    assert_eq!(task["verification_verdict"], "BLOCKED");
    assert!(task["error"].as_str().is_some_and(|error| error.contains("judge.sh")), "{task}");
    assert!(String::from_utf8_lossy(&sandbox.bytes(".workloop/events.jsonl")).contains("tampered"));
}

#[test]
fn what_the_agent_says_holds_no_secret() {
    let secret = "canary-2a9c41d7";
    let agent = "run = \"\"\"printf '{\\\"summary\\\": \\\"used %s\\\", \\\"artifacts\\\": [\\\"%s\\\"]}' \
         \"$ANTHROPIC_API_KEY\" \"$ANTHROPIC_API_KEY\" > \"$WORKLOOP_RESULT_FILE\"\"\"\"";
    let config = CONFIG.replace("run = [\"sh\", \"fake-agent.sh\"]", agent);
    let sandbox = Sandbox::new().config(&config).queue("q.json", &queue(&[("A", &[])]));
    let exe = env!("CARGO_BIN_EXE_workloop");
    let run = format!("ANTHROPIC_API_KEY={secret} {exe} run q.json --verify true >out 2>&1");
    assert!(sandbox.shell(&run), "{}", String::from_utf8_lossy(&sandbox.bytes("out")));
    let summary = &sandbox.read("q.json")["tasks"][0]["result_summary"];
    assert_eq!(*summary, json!("used [masked]"));
    for file in ["q.json", ".workloop/events.jsonl", ".workloop/verification.log", "out"] {
        let text = String::from_utf8_lossy(&sandbox.bytes(file)).into_owned();
        assert!(!text.contains(secret), "{file} holds the secret");
    }
}

#[test]
fn finished_work_is_put_back_when_the_file_is_set_back() {
    let sandbox = Sandbox::new().config(CONFIG).queue("q.json", &queue(&[("A", &[]), ("B", &[])]));
    let before = sandbox.bytes("q.json");
    sandbox.run(["run", "q.json", "--task-id", "A"]).exits(0);
    let done = sandbox.read("q.json");
    let sandbox = sandbox.file("q.json", &before);
    sandbox.run(["run", "q.json"]).exits(0);
    let after = sandbox.read("q.json");
    assert_eq!(task(&after, "A"), task(&done, "A"), "A was restored, not done again");
    assert_eq!(sandbox.oracle().starts("A"), 1);
    let journal = String::from_utf8_lossy(&sandbox.bytes(".workloop/events.jsonl")).into_owned();
    assert!(journal.contains("\"restored\"") && journal.contains("\"external_edit\""));
}

#[test]
fn a_person_who_changes_only_the_status_is_respected() {
    if lacks("jq") {
        return;
    }
    let sandbox = Sandbox::new().config(CONFIG).queue("q.json", &queue(&[("A", &[])]));
    sandbox.run(["run", "q.json"]).exits(0);
    assert!(sandbox.shell("jq '.tasks[0].status = \"pending\"' q.json > t && mv t q.json"));
    sandbox.run(["run", "q.json"]).exits(0);
    assert_eq!(sandbox.oracle().starts("A"), 2);
}

#[test]
fn an_attempt_whose_supervisor_is_killed_is_lost_and_the_next_one_runs() {
    let agent = r#"run = '[ "$WORKLOOP_ATTEMPT" != 1 ] || { kill -9 "$PPID"; sleep 60; }; mkdir -p made; : > "made/$WORKLOOP_TASK_ID"'"#;
    let config = CONFIG.replace("run = [\"sh\", \"fake-agent.sh\"]", agent);
    let sandbox = Sandbox::new().config(&config).queue("q.json", &queue(&[("A", &[])]));
    sandbox.run(["run", "q.json"]).exits(0).says("its supervisor vanished");
    let queue = sandbox.read("q.json");
    assert_eq!(task(&queue, "A")["attempts"], 2);
    let journal = String::from_utf8_lossy(&sandbox.bytes(".workloop/events.jsonl")).into_owned();
    assert!(journal.contains("attempt_lost"), "{journal}");
    sandbox.nothing_left();
}

#[test]
fn three_attempts_lost_in_a_row_block_the_task() {
    let config =
        CONFIG.replace("run = [\"sh\", \"fake-agent.sh\"]", r#"run = 'kill -9 "$PPID"; sleep 60'"#);
    let sandbox = Sandbox::new().config(&config).queue("q.json", &queue(&[("A", &[])]));
    sandbox.run(["run", "q.json"]).exits(5).says("3 attempts lost in a row");
    assert_eq!(task(&sandbox.read("q.json"), "A")["attempts"], 3);
    sandbox.nothing_left();
}
