//! Honest stops: what an agent reports instead of finishing, and how people decide about it.

use crate::fake_agent::CONFIG;
use crate::sandbox::{Sandbox, queue, task};
use serde_json::json;

/// An honest stop costs no attempt, gives a reason with evidence, and an answer makes the task
/// ready again.
#[test]
fn an_honest_stop_is_a_question_with_evidence() {
    let stop = r#"result {"status": "impossible", "summary": "no such API\nin v2", "evidence": ["a.rs:3", "grep: 0 hits"]}"#;
    let against = r#"result {"status": "contradiction", "summary": "the test wants 3", "evidence": "b.rs:9"}"#;
    let sandbox = Sandbox::new()
        .queue("q.json", &queue(&[("A", &[]), ("B", &[]), ("C", &[])]))
        .script("A", stop)
        .script("B", against);
    let last = "2 questions wait: workloop answer A TEXT";
    sandbox.run(["run", "q.json"]).exits(7).says("impossible: no such API").closes_with(&[last]);
    let done = sandbox.read("q.json");
    let stopped = task(&done, "A");
    assert_eq!(stopped["error"], "impossible: no such API");
    assert_eq!((&stopped["status"], &stopped["budget_used"]), (&json!("blocked"), &json!(0)));
    assert_eq!(stopped["open_question"]["text"], "no such API\nin v2");
    let why = sandbox.run(["why", "A", "q.json", "--json"]).exits(0).json();
    assert_eq!(why["attempts"][0]["reason_code"], "impossible");
    assert_eq!(why["attempts"][0]["evidence"], json!(["a.rs:3", "grep: 0 hits"]));
    sandbox
        .run(["why", "B", "q.json"])
        .exits(0)
        .says("It asks a question in q.json: contradiction: the test wants 3.")
        .says("evidence: b.rs:9");
    let status = sandbox.run(["status", "q.json", "--json"]).exits(0).json();
    let needs = status["needs_you"].as_array().expect("a list");
    assert_eq!(needs.len(), 2, "{status}");
    assert_eq!(needs[0]["command"], "workloop answer A TEXT --work-queue q.json");
    assert_eq!(needs[0]["reason_code"], "impossible");
    sandbox.run(["answer", "A", "use v1", "q.json"]).exits(0);
    sandbox.rescript("A", "keep-prompt");
    sandbox.run(["run", "q.json"]).exits(7);
    let done = sandbox.read("q.json");
    assert_eq!(task(&done, "A")["status"], "complete");
    assert_eq!(task(&done, "A").get("open_question"), None);
    let prompt = String::from_utf8(sandbox.bytes("prompts/A.2")).expect("text");
    assert!(prompt.contains("Question: no such API\nin v2\n\nAnswer: use v1"), "{prompt}");
    assert!(prompt.contains("that is a good outcome, uses up no attempt"), "{prompt}");
}

/// A task asks another task, and a person only if that task can no longer answer.
#[test]
fn a_question_to_another_task_comes_back_with_its_answer() {
    let ask = r#"result {"status": "needs_input", "question": "which port?", "to": "B"}"#;
    let sandbox = Sandbox::new()
        .queue("q.json", &queue(&[("A", &[]), ("B", &[]), ("C", &["A"])]))
        .script("A", ask)
        .script("B", "keep-prompt\nresult {\"answers\": {\"A\": \"8080\", \"C\": \"x\"}}");
    sandbox.run(["run", "q.json", "--max-iterations", "1"]).exits(6);
    let status = sandbox.run(["status", "q.json", "--json"]).exits(0).json();
    assert_eq!(status["needs_you"], json!([]), "B may still answer");
    sandbox.rescript("A", "keep-prompt");
    sandbox.run(["run", "q.json"]).exits(0);
    let prompt = |name: &str| String::from_utf8(sandbox.bytes(name)).expect("text");
    assert!(prompt("prompts/B.1").contains("A asks: which port?"));
    assert!(prompt("prompts/A.2").contains("Question: which port?\n\nAnswer: 8080"));
    let done = sandbox.read("q.json");
    assert_eq!(task(&done, "A")["answers"][0]["by"], "B");
    assert_eq!(task(&done, "C").get("answers"), None, "it had asked nothing");
    // No task is left that could answer.
    sandbox.run(["reset", "A", "q.json"]).exits(0);
    sandbox.rescript("A", ask);
    sandbox.run(["run", "q.json"]).exits(7);
    let status = sandbox.run(["status", "q.json", "--json"]).exits(0).json();
    assert_eq!(status["needs_you"][0]["command"], "workloop answer A TEXT --work-queue q.json");
}

/// In the project itself, work that passed is not complete before a person approves it, and a
/// refusal is in the next prompt.
#[test]
fn what_passed_in_the_project_waits_for_approval() {
    let mut list = queue(&[("A", &[]), ("B", &["A"]), ("C", &[])]);
    list["tasks"][0]["review"] = json!(true);
    let sandbox = Sandbox::new().queue("q.json", &list).script("A", "keep-prompt");
    let waits = "waiting for a person (A): workloop approve A";
    sandbox.run(["run", "q.json"]).exits(7).says("waits for your review").says(waits);
    assert_eq!((sandbox.status("A"), sandbox.status("B")), ("blocked".into(), "pending".into()));
    let status = sandbox.run(["status", "q.json", "--json"]).exits(0).json();
    assert_eq!(status["queues"][0]["tasks"][0]["state"], "review");
    assert_eq!(status["needs_you"][0]["command"], "workloop approve A --work-queue q.json");
    assert_eq!(status["needs_you"][0]["need"], "review");
    let why = sandbox.run(["why", "A", "q.json"]).exits(0);
    why.says("It is in review in q.json: its work passed and waits for a person's review.");
    sandbox.run(["answer", "A", "name it well", "q.json"]).exits(0);
    sandbox.run(["run", "q.json"]).exits(7);
    let prompt = String::from_utf8(sandbox.bytes("prompts/A.2")).expect("text");
    assert!(prompt.contains("sent back\n\nAnswer: name it well"), "{prompt}");
    let approved = sandbox.run(["approve", "A", "q.json", "--by", "me"]).exits(0);
    approved.says("PASS of attempt 2").says("A: approved, complete");
    let done = sandbox.read("q.json");
    let task = task(&done, "A");
    assert_eq!((&task["passes"], &task["approved_by"]), (&json!(true), &json!("me")));
    sandbox.run(["approve", "A", "q.json"]).exits(2);
    sandbox.run(["run", "q.json"]).exits(0);
}

/// A person's explanation of a failure reaches the next prompt.
#[test]
fn a_reason_to_try_again_is_in_the_next_prompt() {
    let fails = "keep-prompt\nfail 1";
    let sandbox = Sandbox::new()
        .queue("q.json", &queue(&[("A", &[]), ("B", &["A"])]))
        .script("A", fails)
        .script("B", fails);
    sandbox.run(["run", "q.json", "--max-iterations", "1"]).exits(6);
    sandbox.run(["block", "A", "q.json", "--because", "wait"]).exits(0);
    let retry = |known| {
        sandbox.run(["retry", "A", "q.json", "--because", "use the cache", "--known", known])
    };
    retry("(").exits(2).says("--known is not a regular expression");
    retry("x*").exits(2).says("--known matches every text");
    retry("^never").exits(2).says("--known matches nothing that the last attempt printed");
    retry("^nothing was").exits(0);
    sandbox.run(["run", "q.json"]).exits(0);
    let prompt = |name| String::from_utf8(sandbox.bytes(name)).expect("text");
    assert!(prompt("prompts/A.2").contains("Answer: use the cache"));
    let told = prompt("prompts/B.2");
    assert!(told.contains("- what helps: use the cache (from task A)"), "{told}");
}

/// Known errors are in feedback and `why`; `verify` judges again and writes nothing.
#[test]
fn known_errors_and_a_second_verdict() {
    let config = format!(
        "{}\n[[known_errors]]\nmatch = \"^nothing was\"\ncause = \"it is lazy\"\nfix = \"work\"\n",
        crate::fake_agent::CONFIG
    );
    let sandbox = Sandbox::new()
        .config(&config)
        .queue("q.json", &queue(&[("A", &[])]))
        .script("A", "keep-prompt\nfail 1");
    sandbox.run(["run", "q.json"]).exits(0);
    let prompt = String::from_utf8(sandbox.bytes("prompts/A.2")).expect("text");
    assert!(prompt.contains("- it is lazy; what helps: work"), "{prompt}");
    sandbox.run(["why", "A", "q.json"]).exits(0).says("known: it is lazy; what helps: work");
    let before = sandbox.bytes("q.json");
    sandbox.run(["verify", "A", "q.json"]).exits(0).says("A: passes");
    assert!(sandbox.shell("rm made/A"));
    sandbox.run(["verify", "A", "q.json"]).exits(5).says("A: fails: step made");
    assert_eq!(sandbox.bytes("q.json"), before);
    let bad = format!("{config}[[known_errors]]\nmatch = \"(\"\n");
    let sandbox = sandbox.config(&bad);
    sandbox.run(["run", "q.json"]).exits(2).says("match is not a regular expression");
}

/// On a terminal the summary comes before the questions, so that a person first sees what happened.
/// An override is a person's completion with a reason.
#[test]
fn a_terminal_shows_the_summary_and_asks_about_what_is_blocked() {
    if crate::processes::lacks("script") {
        return;
    }
    let config = format!("{CONFIG}\n[limits]\nattempts = 1\n");
    let ask = r#"result {"status": "needs_input", "question": "which port?"}"#;
    let sandbox = Sandbox::new()
        .config(&config)
        .queue("q.json", &queue(&[("A", &[]), ("B", &[]), ("C", &[]), ("D", &["A"])]))
        .script("A", "fail 1")
        .script("B", ask);
    let program = sandbox.program.display();
    let typed = format!(
        "printf 'x\\no\\nI looked at it\\n' | env -u CI script -qec \
         '{program} run q.json --color never' /dev/null >shown; true"
    );
    assert!(sandbox.shell(&typed));
    let shown = String::from_utf8_lossy(&sandbox.bytes("shown")).replace("\r\n", "\n");
    let at = |text: &str| shown.find(text).unwrap_or_else(|| panic!("no {text:?} in {shown}"));
    let order = [
        "1 of 4 complete, 3 attempts",
        "A is blocked: step made",
        "[K/o]",
        "Reason for the override",
        "2 of 4 complete; 1 can continue: the same command starts them",
    ];
    let order = order.map(at);
    assert!(order.is_sorted(), "{shown}");
    assert_eq!(shown.matches("[K/o]").count(), 2, "x is not an answer: {shown}");
    // The row of a question contains the command once.
    let rows: Vec<&str> = shown.lines().filter(|line| line.starts_with("  B  ")).collect();
    assert_eq!(rows.len(), 1, "{shown}");
    assert_eq!(rows[0].matches("workloop answer B TEXT").count(), 1, "{shown}");
    let done = sandbox.read("q.json");
    let a = task(&done, "A");
    assert_eq!((&a["status"], &a["passes"]), (&json!("complete"), &json!(false)), "{a}");
    assert_eq!(a["completion_note"], "I looked at it", "{a}");
}
