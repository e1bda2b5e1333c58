//! `answer`, `approve` and `retry`: what becomes of a task that waits for a person.

use super::*;

const PASSED: &str = "its work passed and waits for a person's review";

fn asking(id: &str, more: &Value) -> Value {
    let asked = json!({"verification_verdict": "BLOCKED", "attempts": 1, "budget_used": 0});
    in_state(id, "blocked", &with(asked, more))
}

fn in_review(id: &str) -> Value {
    let error = format!("review: {PASSED}");
    in_state(
        id,
        "blocked",
        &json!({"verification_verdict": "PASS", "passes": false, "attempts": 3, "error": error}),
    )
}

/// Returns a task whose change passed and waits for what `waits` says.
fn with_change(id: &str, waits: &str) -> Value {
    let change = json!({"commit": "c0", "base": "b0", "verdict": "PASS", "waits": waits});
    let mut task = abandoned(id);
    task["change"] = change;
    task
}

#[test]
fn an_answer_is_recorded_with_the_whole_question() {
    let question = json!({"code": "question", "text": "Which door?\nThe left one?"});
    let short = json!({"error": "question: Which door?…", "open_question": question});
    let mut sample = Sample::of(json!([asking("A", &short)]));
    let made =
        answer(&mut sample.project, "q:A", ("left", Some("door .* missing"))).expect("answered");
    assert_eq!(made, ["A"]);
    let wanted = json!({"id": "A", "title": "A", "status": "pending",
        "verification_verdict": "BLOCKED", "attempts": 1, "budget_used": 0, "error": null,
        "answers": [{"question": "Which door?\nThe left one?", "answer": "left", "at": NOW,
            "match": "door .* missing"}]});
    assert_eq!(sample.task("A"), wanted);
    assert_eq!(sample.events(), [event("answered", "A")]);
}

#[test]
fn an_answer_follows_the_earlier_ones() {
    let old = json!([{"question": "q", "answer": "a"}, "by hand"]);
    for (answers, count) in [(old.clone(), 3), (json!("by hand"), 1), (json!(null), 1)] {
        let more = json!({"error": "question: Which?", "answers": answers});
        let mut sample = Sample::of(json!([asking("A", &more)]));
        answer(&mut sample.project, "A", ("this", None)).expect("answered");
        let all = sample.task("A")["answers"].as_array().cloned().expect("answers");
        let new = json!({"question": "Which?", "answer": "this", "at": NOW});
        assert_eq!((all.len(), all.last()), (count, Some(&new)), "{answers}");
    }
}

#[test]
fn an_answer_says_what_it_is_about() {
    let damaged = json!({"error": "impossible: no such file", "open_question": {"code": "no"}});
    for (task, question) in [
        (
            asking("A", &json!({"error": "step test: exit status 1"})),
            json!("step test: exit status 1"),
        ),
        (asking("A", &json!({"error": "contradiction: a: b"})), json!("a: b")),
        // A question that cannot be read is replaced by its line.
        (asking("A", &damaged), json!("no such file")),
        (asking("A", &json!({})), json!(null)),
        (in_review("A"), json!("review of attempt 3, which passed and is sent back")),
        (with_change("A", "review"), json!("review of attempt 2, which passed and is sent back")),
    ] {
        let mut sample = Sample::of(json!([task]));
        answer(&mut sample.project, "A", ("do", None)).expect("answered");
        let after = sample.task("A");
        assert_eq!(after["answers"][0]["question"], question, "{task}");
        assert_eq!((&after["status"], after.get("change")), (&json!("pending"), None), "{task}");
    }
}

#[test]
fn only_a_task_that_waits_is_answered() {
    let mut sample = Sample::of(json!([task("A", &json!({})), with_change("B", "landing")]));
    for (id, wanted) in [
        (
            "A",
            "task A is pending: only a blocked task has a question; legal now: run, done, block, park, cancel, reset",
        ),
        (
            "B",
            "task B is in_progress: only a blocked task has a question; legal now: cancel, block, park, release, progress",
        ),
        ("no-such", "there is no task `no-such` in q.json"),
    ] {
        refuses(&mut sample, |sample| answer(&mut sample.project, id, ("x", None)), wanted);
    }
}

#[test]
fn an_approval_lets_a_task_start_or_its_work_count_or_land() {
    let needed = json!({"requires_approval": true});
    let tasks = json!([task("start", &needed), in_review("work"), with_change("change", "review")]);
    let mut sample = Sample::of(tasks);
    let ids = words(&["work", "start", "change"]);
    let made = approve(&mut sample.project, &ids, "Ada").expect("approved");
    let wanted = [
        ("work", Approved::Complete),
        ("start", Approved::MayStart),
        ("change", Approved::MayLand),
    ];
    assert_eq!(made, wanted.map(|(id, came_to)| (id.to_owned(), came_to)));
    for id in &ids {
        let task = sample.task(id);
        assert_eq!(
            (&task["approved_by"], &task["approved_at"]),
            (&json!("Ada"), &json!(NOW)),
            "{id}"
        );
    }
    let work = sample.task("work");
    assert_eq!(
        (&work["status"], &work["passes"], &work["error"]),
        (&json!("complete"), &json!(true), &json!(null))
    );
    assert_eq!(sample.task("start")["status"], "pending");
    assert_eq!(sample.task("change")["change"]["waits"], "landing");
    assert_eq!(
        sample.events(),
        [event("completed", "work"), event("approved", "start"), event("approved", "change")]
    );
    assert_eq!(sample.last_data()["by"], "Ada");
}

#[test]
fn what_waits_for_no_approval_is_not_approved() {
    let needed = json!({"requires_approval": true});
    let tasks =
        json!([task("A", &needed), task("B", &json!({})), in_state("D", "complete", &needed)]);
    let mut sample = Sample::of(tasks);
    let open = "run, done, block, park, cancel, reset";
    for (id, wanted) in [
        ("B", format!("task B is pending: it does not wait for an approval; legal now: {open}")),
        ("D", "task D is complete: it does not wait for an approval; legal now: reset".to_owned()),
    ] {
        // Nothing is approved for A either.
        let ids = words(&["A", id]);
        refuses(&mut sample, |sample| approve(&mut sample.project, &ids, "Ada"), &wanted);
    }
    assert_eq!(approve(&mut sample.project, &[], "Ada").expect("nothing"), []);
}

#[test]
fn a_retry_has_a_new_budget_and_names_the_agents_to_try_again() {
    let config = "[agents.default]\nrun = \"true\"\n[agents.other]\nrun = \"true\"\n";
    let failed = json!({"attempts": 5, "error": "tests_failed", "escalated_to": "other"});
    let named = json!({"attempts": 5, "error": "tests_failed", "agent": "other"});
    let tasks = json!([in_state("A", "blocked", &failed), in_state("B", "blocked", &named)]);
    let mut sample = Sample::with(config, tasks);
    let details =
        |queue: QueueIx, id: &str| Map::from_iter([(format!("of {id}"), json!(queue.index()))]);
    let (made, agents) =
        retry(&mut sample.project, &words(&["A", "B"]), None, &details).expect("retried");
    assert_eq!(made, ["A", "B"]);
    let root = sample.dir.path().canonicalize().expect("a folder");
    assert_eq!(agents.into_iter().collect::<Vec<_>>(), [(root, "other".to_owned())]);
    let wanted = json!({"id": "A", "title": "A", "status": "pending", "attempts": 5, "error": null, "budget_used": 0});
    assert_eq!(sample.task("A"), wanted, "the next attempt has the agent of the task again");
    assert_eq!(sample.last_data()["of B"], 0);
    assert_eq!(sample.events(), [event("retried", "A"), event("retried", "B")]);
}

#[test]
fn the_text_of_a_retry_is_an_answer() {
    let failed = json!({"attempts": 2, "error": "step test: exit status 1"});
    let mut sample = Sample::of(json!([in_state("A", "blocked", &failed)]));
    let none = |_: QueueIx, _: &str| Map::new();
    let because = Some(("use the left door", Some("exit status 1")));
    retry(&mut sample.project, &words(&["A"]), because, &none).expect("retried");
    let wanted = json!([{"question": "step test: exit status 1", "answer": "use the left door",
        "at": NOW, "match": "exit status 1"}]);
    assert_eq!(sample.task("A")["answers"], wanted);
    assert_eq!(sample.events(), [event("answered", "A")]);
}

#[test]
fn every_blocked_task_is_retried_at_once() {
    let blocked = |id: &str| in_state(id, "blocked", &json!({"attempts": 1}));
    let first = json!({"tasks": [blocked("A"), task("B", &json!({"attempts": 1})), blocked("C")]});
    let served = [("q", first), ("second", json!({"tasks": [blocked("D")]}))];
    let mut sample = Sample::new("", &served, &[]);
    let places = super::super::blocked(sample.project.queues(), 2);
    assert_eq!(places.len(), 3);
    assert_eq!(super::super::blocked(sample.project.queues(), 1).len(), 2);
    assert_eq!(retry_blocked(&mut sample.project).expect("retried").0, ["A", "C", "D"]);
    assert_eq!(sample.events(), [event("retried", "A"), event("retried", "C")]);
    assert_eq!(retry_blocked(&mut sample.project).expect("nothing").0, [] as [&str; 0]);
}

#[test]
fn an_approval_that_is_made_again_reports_what_it_came_to_last() {
    let tasks = json!([in_review("A"), task("B", &json!({"requires_approval": true}))]);
    let mut sample = Sample::of(tasks);
    // The project was read before the first task was sent back.
    let sent_back = json!([
        task("A", &json!({"requires_approval": true})),
        task("B", &json!({"requires_approval": true}))
    ]);
    sample.put("q", &json!({ "tasks": sent_back }));
    let made = approve(&mut sample.project, &words(&["A", "B"]), "Ada").expect("approved");
    assert_eq!(made, ["A", "B"].map(|id| (id.to_owned(), Approved::MayStart)));
}
