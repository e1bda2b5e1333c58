//! What the verbs of people write.

use super::*;

#[test]
fn an_accepted_task_is_complete_or_its_change_lands() {
    let at = format!("approved_at = {NOW}");
    let completed = format!("completed_at = {NOW}");
    let complete = |passes: &'static str| {
        let by = "approved_by = \"ann\"";
        [by, &at, "status = complete", &completed, passes, "error = ~"].map(str::to_owned)
    };
    let accept = of("accept and complete");
    writes(&task_in("in review"), &accept, &complete("passes = true"));
    let mut skipped = task_in("in review");
    skipped.verdict = Some(Verdict::Skipped);
    writes(&skipped, &accept, &complete("passes = false"));
    let mut task = task_in("to review");
    let obstacle = Some("dirty".to_owned());
    task.set(Detail::Change(Box::new(Change { obstacle, ..change(Waits::Review) })));
    let lands = r#"change = {"commit":"c0","base":"b0","verdict":"PASS","waits":"landing"}"#;
    writes(&task, &of("accept and land"), &["approved_by = \"ann\"", &at, lands]);
    writes(&task_in("unapproved"), &of("approve"), &["approved_by = \"ann\"", &at]);
}

#[test]
fn a_person_moves_a_task() {
    let claimed = task_in("claimed");
    let last = ["budget_used = 0", "-claim"];
    for (kind, first) in [
        ("cancel", &["status = parked", "error = \"cancelled\""][..]),
        ("block", &["status = blocked", "error = \"later\""]),
        ("park", &["status = parked"]),
    ] {
        writes(&claimed, &of(kind), &[first, &last].concat());
    }
    writes(&task_in("parked"), &of("unpark"), &["status = pending", "error = ~"]);
}

#[test]
fn a_person_completes_a_task() {
    let at = format!("completed_at = {NOW}");
    let done = |note, passes, verdict| {
        let first = ["status = complete", &at, "completed_by = \"ann\"", note, passes, verdict];
        [&first[..], &["error = ~", "-open_question", "-claim"]].concat().join("\n")
    };
    let found = |transition: &Transition| {
        shown(&apply(&task_in("blocked"), transition, noon()).expect("legal")).join("\n")
    };
    let skipped = "verification_verdict = \"SKIPPED\"";
    assert_eq!(found(&of("done")), done("-completion_note", "passes = false", skipped));
    let verified = Transition::Done {
        by: "ann".to_owned(),
        note: Some("by hand".to_owned()),
        verdict: Verdict::Pass,
    };
    let passed = "verification_verdict = \"PASS\"";
    assert_eq!(found(&verified), done("completion_note = \"by hand\"", "passes = true", passed));
}

#[test]
fn another_try_has_a_new_budget() {
    let first = ["status = pending", "error = ~"];
    let zero = ["budget_used = 0"];
    let last = ["-open_question", "-claim"];
    let retried = [&first[..], &zero, &last, &["-escalated_to"]].concat();
    writes(&task_in("blocked"), &of("retry"), &retried);
    writes(&task_in("charged"), &of("retry"), &retried);
    // Nothing was used, so there is nothing to write.
    let unused = [&first[..], &last, &["-escalated_to"]].concat();
    writes(&task_in("vetoed"), &of("retry"), &unused);
    // The counter of earlier attempts that cost nothing is written, too.
    let mut free = task_in("blocked");
    free.set(Detail::Count(Field::BudgetUsed, 0));
    writes(&free, &of("retry"), &retried);
}

#[test]
fn an_answer_is_added_to_the_earlier_ones() {
    let answer = |by: Option<&str>, matches: Option<&str>| Transition::Answer {
        question: None,
        earlier: vec![json!({"answer": "red"})],
        text: "blue".to_owned(),
        by: by.map(str::to_owned),
        matches: matches.map(str::to_owned),
    };
    let last = |transition: &Transition| {
        let changes = apply(&task_in("blocked"), transition, noon()).expect("legal");
        assert_eq!(
            shown(&changes)[..5],
            ["status = pending", "error = ~", "budget_used = 0", "-open_question", "-claim"]
        );
        changes.last().cloned()
    };
    let answers = |more: serde_json::Value| {
        let mut one = json!({"question": null, "answer": "blue", "at": "2026-01-19T12:00:00Z"});
        let all = one.as_object_mut().expect("an object");
        all.extend(more.as_object().cloned().expect("an object"));
        Some((Field::Answers, Write::Set(json!([{"answer": "red"}, one]))))
    };
    assert_eq!(last(&answer(None, None)), answers(json!({})));
    assert_eq!(
        last(&answer(Some("B"), Some("E\\d+"))),
        answers(json!({"by": "B", "match": "E\\d+"}))
    );
}

#[test]
fn a_reset_removes_every_trace_of_a_run() {
    let mut task = task_in("blocked");
    task.set(Detail::Change(Box::new(change(Waits::Landing))));
    let expected = [
        "status = pending",
        "attempts != 0",
        "passes != false",
        "last_attempt = ~",
        "started_at = ~",
        "completed_at = ~",
        "verification_verdict = ~",
        "files_actually_changed = ~",
        "error = ~",
        "-completed_by",
        "-completion_note",
        "-budget_used",
        "-claim",
        "-progress",
        "-artifacts",
        "-result_summary",
        "-notes_for",
        "-open_question",
        "-answers",
        "-files_ambiguous",
        "-verification_warnings",
        "-conflict_paths",
        "-escalated_to",
        "-landed_commit",
        "-landed_tree",
        "-cost_usd",
        "-tokens",
        "-change",
    ];
    writes(&task, &Transition::Reset, &expected);
    // Each field that a run writes is among them.
    let changes = apply(&task, &Transition::Reset, noon()).expect("legal");
    for field in Field::all().filter(|field| field.is_runtime()) {
        assert!(changes.iter().any(|(changed, _)| *changed == field), "{field:?}");
    }
}
