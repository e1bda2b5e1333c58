//! Attempts, verification, feedback, budgets, and the results in the queue.

use crate::fake_agent::CONFIG;
use crate::processes::lacks;
use crate::sandbox::{Sandbox, flat_queue, queue, task};
use serde_json::{Value, json};

#[test]
fn a_failure_is_in_the_next_prompt_and_its_repair_passes() {
    // The command itself is in every prompt; its output only after a failure.
    let leaking = CONFIG.replace("nothing was made", "the roof leaks at $((6 * 7))");
    let sandbox = Sandbox::new()
        .config(&leaking)
        .queue("q.json", &queue(&[("A", &[])]))
        .script("A", "keep-prompt\nfail 1");
    sandbox.run(["run", "q.json"]).exits(0);
    let prompt =
        |n: u32| String::from_utf8_lossy(&sandbox.bytes(&format!("prompts/A.{n}"))).into_owned();
    assert!(!prompt(1).contains("the roof leaks at 42"), "{}", prompt(1));
    assert!(prompt(2).contains("the roof leaks at 42"), "{}", prompt(2));
    assert!(prompt(2).contains("made"), "the step is named: {}", prompt(2));
    let queue = sandbox.read("q.json");
    let task = task(&queue, "A");
    assert_eq!(task["attempts"], 2);
    assert_eq!(task["verification_verdict"], "PASS");
    assert_eq!(task["passes"], true);
    assert!(task["error"].is_null() && task["claim"].is_null(), "{task}");
    assert!(task["completed_at"].as_str().is_some_and(|at| at.ends_with('Z')), "{task}");
    assert_eq!(queue["summary"]["complete"], 1);
}

#[test]
fn results_of_dependencies_are_in_the_prompt() {
    let sandbox = Sandbox::new()
        .queue("q.json", &queue(&[("A", &[]), ("B", &["A"])]))
        .script(
            "A",
            r#"result {"status": "done", "summary": "chose oak", "artifacts": ["beam-7"]}"#,
        )
        .script("B", "keep-prompt");
    sandbox.run(["run", "q.json"]).exits(0);
    let prompt = String::from_utf8_lossy(&sandbox.bytes("prompts/B.1")).into_owned();
    assert!(prompt.contains("chose oak") && prompt.contains("beam-7"), "{prompt}");
}

#[test]
fn a_used_up_budget_blocks_and_dependants_never_start() {
    let mut list = queue(&[("A", &[]), ("B", &["A"]), ("C", &["B"]), ("free", &[])]);
    list["tasks"][0]["max_iterations"] = json!(2);
    let sandbox = Sandbox::new().queue("q.json", &list).script("A", "nothing");
    sandbox.run(["run", "q.json"]).exits(5).closes_with(&["A"]);
    let oracle = sandbox.oracle();
    assert_eq!([oracle.starts("A"), oracle.starts("B"), oracle.starts("C")], [2, 0, 0]);
    assert_eq!(oracle.starts("free"), 1);
    let queue = sandbox.read("q.json");
    let blocked = task(&queue, "A");
    assert_eq!(blocked["status"], "blocked");
    assert_eq!(blocked["verification_verdict"], "FAIL");
    assert_ne!(blocked["passes"], true);
    let error = blocked["error"].as_str().unwrap_or_default();
    assert!(error.contains("made") && error.lines().count() == 1, "{error}");
    assert_eq!(task(&queue, "B")["status"], "pending");
    assert_eq!(queue["summary"]["blocked"], 1);
    assert_eq!(queue["summary"]["pending"], 2);
}

#[test]
fn the_configured_budget_holds_where_the_task_has_none() {
    let sandbox = Sandbox::new()
        .config(&format!("{CONFIG}\n[limits]\nattempts = 3\n"))
        .queue("q.json", &queue(&[("A", &[])]))
        .script("A", "nothing");
    sandbox.run(["run", "q.json"]).exits(5);
    assert_eq!(sandbox.oracle().starts("A"), 3);
}

/// `git checkout` and editors can restore a state, but no used budget.
#[test]
fn an_edit_does_not_renew_a_budget() {
    let mut list = queue(&[("A", &[])]);
    list["tasks"][0]["max_iterations"] = json!(1);
    let sandbox = Sandbox::new().queue("q.json", &list).script("A", "nothing");
    sandbox.run(["run", "q.json"]).exits(5);
    let mut edited = sandbox.read("q.json");
    edited["tasks"][0]["status"] = json!("pending");
    let sandbox = sandbox.queue("q.json", &edited);
    sandbox.run(["run", "q.json"]).exits(5).closes_with(&["A"]);
    assert_eq!(sandbox.oracle().starts("A"), 1);
    let why = sandbox.run(["why", "A", "--work-queue", "q.json"]);
    let used = "its budget is used up (1 of 1 attempt)";
    let retry = "workloop retry A --work-queue q.json";
    why.exits(0).says(&format!("{used}; {retry} gives a new one"));
    let check = sandbox.run(["check", "q.json"]);
    check.exits(0).says("[budget-used]: the task is open, but ").says(used).says(retry);
    let status = sandbox.run(["status", "q.json"]).exits(0);
    assert_eq!(status.stdout.matches("budget is used up").count(), 1, "{status}");
    sandbox.run(["run", "q.json"]).exits(5).closes_with(&[retry]);
    sandbox.run(["retry", "A", "--work-queue", "q.json"]).exits(0);
    // An attempt has the same number in every view.
    let second = "attempt 2, budget 1 of 1";
    sandbox.run(["run", "q.json"]).exits(5).says(&format!(" s, {second})"));
    assert_eq!(sandbox.oracle().starts("A"), 2);
    let error = task(&sandbox.read("q.json"), "A")["error"].clone();
    assert_eq!(error, format!("step made: exit status 1 ({second})"));
    let state = String::from_utf8(sandbox.bytes(".workloop/state.md")).expect("text");
    assert!(state.contains(&format!("A Make A: {second}: step made")), "{state}");
    sandbox.run(["log", "A", "--work-queue", "q.json"]).exits(0).says("==> attempt 2, ");
    let why = sandbox.run(["why", "A", "--work-queue", "q.json", "--json"]).exits(0).json();
    assert_eq!((&why["attempts"][1]["attempt"], &why["attempts"][2]), (&json!(2), &Value::Null));
    // Durations are shown in tenths of a second, so whole seconds are not enough.
    let began = why["attempts"][1]["started_at"].as_str().unwrap_or_default();
    assert_eq!((began.len(), began.ends_with('Z')), ("2026-01-19T14:35:45.000Z".len(), true));
    let status = sandbox.run(["status", "q.json", "--json"]).exits(0).json();
    assert_eq!(status["queues"][0]["tasks"][0]["attempts"], 2);
}

#[test]
fn exactly_so_many_attempts_and_then_so_many_more() {
    if lacks("flock") {
        return;
    }
    let (list, ids) = flat_queue(12);
    let sandbox = Sandbox::new().queue("q.json", &list);
    for (started, status) in [(5, 6), (10, 6), (12, 0)] {
        sandbox.run(["run", "q.json", "--max-iterations", "5"]).exits(status);
        assert_eq!(sandbox.oracle().started().len(), started);
        assert_eq!(sandbox.read("q.json")["summary"]["complete"], started);
    }
    sandbox.oracle().each_exactly_once(&ids);
}

#[test]
fn failed_attempts_count_for_the_limit_of_the_run() {
    let sandbox = Sandbox::new().queue("q.json", &queue(&[("A", &[])])).script("A", "fail 2");
    sandbox.run(["run", "q.json", "--max-iterations", "2"]).exits(6);
    assert_eq!(sandbox.oracle().starts("A"), 2);
    assert_eq!(sandbox.status("A"), "pending");
    sandbox.run(["run", "q.json", "--max-iterations", "2"]).exits(0);
    assert_eq!(sandbox.oracle().starts("A"), 3);
}

#[test]
fn without_verification_nothing_starts() {
    let agent_only = CONFIG.split("[[verify]]").next().unwrap_or_default();
    let sandbox = Sandbox::new().config(agent_only).queue("q.json", &queue(&[("A", &[])]));
    let before = sandbox.bytes("q.json");
    sandbox.run(["run", "q.json"]).exits(2).says("[[verify]]").says("--no-verify");
    assert_eq!(sandbox.bytes("q.json"), before);
    assert!(sandbox.oracle().entries.is_empty());
}

#[test]
fn switched_off_verification_is_written_down_as_skipped() {
    let sandbox = Sandbox::new().queue("q.json", &queue(&[("A", &[])])).script("A", "nothing");
    sandbox.run(["run", "q.json", "--no-verify"]).exits(0);
    let queue = sandbox.read("q.json");
    let task = task(&queue, "A");
    assert_eq!(task["status"], "complete");
    assert_eq!(task["verification_verdict"], "SKIPPED");
    assert_eq!(task["passes"], false);
}

#[test]
fn commands_from_flags_replace_those_of_the_configuration() {
    let sandbox = Sandbox::new().queue("q.json", &queue(&[("A", &[])]));
    let agent = "echo flag >by-flag";
    sandbox.run(["run", "q.json", "--agent", agent, "--verify", "grep -q flag by-flag"]).exits(0);
    assert_eq!(sandbox.status("A"), "complete");
    assert!(sandbox.oracle().entries.is_empty());
}

#[test]
fn a_failing_agent_is_a_failed_step_and_is_not_verified() {
    let mut list = queue(&[("A", &[])]);
    list["tasks"][0]["max_iterations"] = json!(1);
    let sandbox = Sandbox::new().queue("q.json", &list).script("A", "say the pencil broke\nexit 3");
    sandbox.run(["run", "q.json"]).exits(5);
    let queue = sandbox.read("q.json");
    let error = task(&queue, "A")["error"].as_str().unwrap_or_default().to_owned();
    assert!(error.contains("agent"), "{error}");
    sandbox.run(["log", "A", "--work-queue", "q.json"]).exits(0).says("the pencil broke");
}

#[test]
fn a_missing_agent_stops_the_run_and_blames_no_task() {
    for run in [r#"run = ["no-such-command-here"]"#, r#"run = "no-such-command-here""#] {
        let config = CONFIG.replace(r#"run = ["sh", "fake-agent.sh"]"#, run);
        let sandbox =
            Sandbox::new().config(&config).queue("q.json", &queue(&[("A", &[]), ("B", &[])]));
        sandbox.run(["run", "q.json"]).exits(2).says("no-such-command-here");
        let queue = sandbox.read("q.json");
        for id in ["A", "B"] {
            assert_eq!(task(&queue, id)["status"], "pending");
            assert!(task(&queue, id)["verification_verdict"].is_null());
        }
        let used = task(&queue, "A")["budget_used"].as_u64();
        assert!(task(&queue, "A")["attempts"].as_u64().unwrap_or(0) == 0 || used == Some(0));
        sandbox.nothing_left();
    }
}

#[test]
fn a_question_blocks_and_its_answer_is_in_the_next_prompt() {
    let ask = r#"result {"status": "needs_input", "question": "oak or ash?"}"#;
    let sandbox = Sandbox::new().queue("q.json", &queue(&[("A", &[])])).script("A", ask);
    sandbox.run(["run", "q.json"]).exits(7);
    let queue = sandbox.read("q.json");
    assert_eq!(task(&queue, "A")["status"], "blocked");
    assert_eq!(task(&queue, "A")["verification_verdict"], "BLOCKED");
    assert!(task(&queue, "A")["error"].as_str().is_some_and(|error| error.contains("oak or ash?")));
    sandbox.run(["answer", "A", "take ash", "--work-queue", "q.json"]).exits(0);
    assert_eq!(sandbox.status("A"), "pending");
    sandbox.rescript("A", "keep-prompt");
    sandbox.run(["run", "q.json"]).exits(0);
    let prompt = String::from_utf8_lossy(&sandbox.bytes("prompts/A.2")).into_owned();
    assert!(prompt.contains("oak or ash?") && prompt.contains("take ash"), "{prompt}");
}

#[test]
fn many_blocked_in_a_row_end_the_run() {
    let (list, _) = flat_queue(10);
    let limits = "\n[limits]\nattempts = 1\nconsecutive_failures = 3\n";
    let sandbox = Sandbox::new()
        .config(&format!("{CONFIG}{limits}"))
        .queue("q.json", &list)
        .script("default", "nothing");
    let ran = sandbox.run(["run", "q.json"]);
    assert_ne!(ran.status, 0, "{ran}");
    assert_eq!(sandbox.oracle().started().len(), 3, "{ran}");
}

#[test]
fn the_journal_records_each_step_of_an_attempt() {
    let sandbox = Sandbox::new().queue("q.json", &queue(&[("A", &[])])).script("A", "fail 1");
    sandbox.run(["run", "q.json"]).exits(0);
    let ran = sandbox.run(["events", "--json", "q.json"]).exits(0);
    let events: Vec<serde_json::Value> = ran
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).expect("an event a line"))
        .collect();
    let names: Vec<&str> = events.iter().filter_map(|event| event["event"].as_str()).collect();
    for name in ["claimed", "attempt_started", "agent_finished", "verified", "completed"] {
        assert!(names.contains(&name), "{name} is missing in {names:?}");
    }
    let numbers: Vec<u64> = events.iter().filter_map(|event| event["seq"].as_u64()).collect();
    assert!(numbers.windows(2).all(|pair| pair[0] < pair[1]), "{numbers:?}");
}

#[test]
fn a_step_named_agent_is_not_the_agent() {
    let toml = "[agents.default]\nrun = 'true'\n[[verify]]\nname = \"agent\"\nrun = \"false\"\n";
    let tasks = json!({"tasks": [{"id": "A", "title": "a", "max_iterations": 2}]});
    let sandbox = Sandbox::new().config(toml).queue("q.json", &tasks);
    sandbox.run(["run", "q.json"]).exits(5);
    let queue = sandbox.read("q.json");
    let error = task(&queue, "A")["error"].as_str().unwrap_or_default().to_owned();
    assert!(error.contains("step agent: exit status 1"), "{error}");
    let why = sandbox.run(["why", "A", "--json", "--work-queue", "q.json"]).json();
    assert_eq!(why["attempts"][0]["reason_code"], "tests_failed", "{why}");
    sandbox.run(["retry", "A", "--work-queue", "q.json"]).exits(0);
    let prompt = sandbox.run(["prompt", "A", "--work-queue", "q.json"]).exits(0).stdout;
    assert!(prompt.contains("Attempt 2 failed: step agent: exit status 1; it"), "{prompt}");
}
