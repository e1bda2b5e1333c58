use super::sandbox::Sandbox;
use serde_json::json;

/// Returns a project in which A is blocked by a question of its first attempt.
fn asked() -> Sandbox {
    let tasks = json!([
        {"id": "A", "title": "Paint", "status": "blocked", "attempts": 1, "error": "Which colour?",
         "reason_code": "question"},
        {"id": "B", "title": "Roof"},
    ]);
    let agent = json!({"kind": "agent", "name": "agent", "outcome": {"kind": "exited", "code": 1},
                       "millis": 5, "log": "agent.out"});
    let report = json!({"verdict": "BLOCKED", "reason": "Which colour?", "steps": [agent]});
    let files = [("agent.out", "fatal\n"), ("agent.err", "error[E42]: no colour is given\n")];
    Sandbox::new(tasks).reported("A", 1, report).attempt("A", 1, &files)
}

#[test]
fn an_answer_makes_the_task_pending_and_is_part_of_it() {
    let sandbox = asked();
    assert_eq!(sandbox.run("answer A 'light grey \n\n'").printed(), "A: answered, pending again\n");
    let task = sandbox.task("A");
    assert_eq!((&task["status"], &task["attempts"]), (&json!("pending"), &json!(1)));
    let answer = &task["answers"][0];
    assert_eq!(
        (&answer["question"], &answer["answer"]),
        (&json!("Which colour?"), &json!("light grey"))
    );
    assert_eq!(sandbox.events()[0]["event"], "answered");
}

#[test]
fn an_empty_answer_and_a_task_without_a_question_are_refused() {
    let sandbox = asked();
    for (line, text) in [
        ("answer A ''", "error: the answer is empty\n"),
        ("answer A ' \n '", "error: the answer is empty\n"),
        (
            "answer B yes",
            "error: task B is pending: only a blocked task has a question; legal now: run, done, \
             block, park, cancel, reset\n",
        ),
        ("answer X yes", "error: there is no task `X` in queues/q.json\n"),
    ] {
        sandbox.refuses(line, 2, text);
    }
}

#[test]
fn knowledge_must_match_what_the_attempt_printed() {
    let sandbox = asked();
    let text = "error: --known matches nothing that the last attempt printed, nor its reason\n\
                hint: workloop log A shows the output\n";
    sandbox.refuses("answer A grey --known 'E43'", 2, text);
    let text = "error: --known is not a regular expression: unclosed group\n\
                hint: workloop log A shows the output\n";
    sandbox.refuses("answer A grey --known '('", 2, text);
    let text = "error: --known matches every text, so it identifies no error\n\
                hint: workloop log A shows the output\n";
    sandbox.refuses("answer A grey --known 'E*'", 2, text);
    assert_eq!(
        sandbox.run("answer A grey --known 'E\\d+'").printed(),
        "A: answered, pending again\n"
    );
    let event = sandbox.events().pop().expect("an event");
    assert_eq!(event["data"]["fields"]["answers"][0]["match"], "E\\d+", "{event}");
    assert_eq!(sandbox.task("A")["answers"][0]["match"], "E\\d+");
}
