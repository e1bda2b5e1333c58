//! The way out: what an agent says instead of finishing, and what people make of it.

use crate::sandbox::{Sandbox, queue, task};
use serde_json::json;

/// An honest stop costs nothing, says why with its evidence, and is put back by an answer.
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
    sandbox.run(["why", "B", "q.json"]).exits(0).says("question").says("evidence: b.rs:9");
    let status = sandbox.run(["status", "q.json", "--json"]).exits(0).json();
    let needs = status["needs_you"].as_array().expect("a list");
    assert_eq!(needs.len(), 2, "{status}");
    assert_eq!(needs[0]["command"], "workloop answer A TEXT");
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

/// A task asks another one, and a person only where that one cannot answer any more.
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
    // Nobody is left who could answer.
    sandbox.run(["reset", "A", "q.json"]).exits(0);
    sandbox.rescript("A", ask);
    sandbox.run(["run", "q.json"]).exits(7);
    let status = sandbox.run(["status", "q.json", "--json"]).exits(0).json();
    assert_eq!(status["needs_you"][0]["command"], "workloop answer A TEXT");
}
