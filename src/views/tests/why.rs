//! `why`: the sentences about a task in each state, its questions, and its data.

use super::{fits, sample, with};
use crate::domain::{Liveness, Typed};
use crate::plan::{Conditions, Node};
use crate::views::flaky::FlakyView;
use crate::views::known::{Known, LiveView, Phase, Traces};
use crate::views::sample::{Beside, joined, seen, seen_beside, shown, task};
use crate::views::style::Look;
use crate::views::why::{self, WhyView};
use serde_json::{Value, json};

const SINCE: &str = "2026-01-19T14:35:45Z";

/// Returns the view of the first of these tasks.
fn view_of(tasks: &Value, conditions: &dyn Fn(&mut Conditions)) -> WhyView {
    let beside = Beside { conditions: Some(conditions), ..Beside::default() };
    let queue = json!({"tasks": tasks});
    seen_beside(&[("q.json", &queue)], &beside, |sources| sources.why(Node(0), Vec::new(), None))
}

/// Returns the text about the first of these tasks, without the two lines that end it, unless other tasks wait for it.
fn told(tasks: &Value) -> String {
    told_in(tasks, &|_| ())
}

fn told_in(tasks: &Value, conditions: &dyn Fn(&mut Conditions)) -> String {
    let text = why::text(&view_of(tasks, conditions), Look::PLAIN);
    let (text, _) = text.split_once("There ").expect("its attempts");
    let text = text.strip_suffix("It holds up nothing.\n").unwrap_or(text);
    text.strip_prefix("A  a\n").unwrap_or_else(|| panic!("{text}")).to_owned()
}

fn running(more: Value) -> Value {
    let claim = json!({"worker": "host:1:0badcafe", "attempt": 2, "since": SINCE});
    task(joined(json!({"status": "in_progress", "attempts": 2, "claim": claim}), more))
}

#[test]
fn each_state_is_a_sentence_with_what_is_known() {
    let done = |more: Value| task(joined(json!({"status": "complete"}), more));
    let by = json!({"completed_by": "anna", "completed_at": SINCE, "completion_note": "by\nhand"});
    let by_hand =
        format!("It is complete in q.json: anna completed it at {}: by hand.\n", shown(SINCE));
    let blocked = |error: &str| task(json!({"status": "blocked", "error": error}));
    let parked = |error: Value| task(json!({"status": "parked", "error": error}));
    let claimed = format!(
        "It is in progress in q.json: worker host:1:0badcafe has it for attempt 2 since {SINCE}.\n"
    );
    for (case, wanted) in [
        (task(json!({})), "It is ready in q.json: nothing is in its way.\n"),
        (running(json!({})), &claimed),
        (
            task(json!({"status": "in_progress"})),
            "It is in progress in q.json: a person does it.\n",
        ),
        (done(json!({})), "It is complete in q.json.\n"),
        (
            done(json!({"landed_commit": "c".repeat(12)})),
            "It is complete in q.json: it landed as cccccccccccc.\n",
        ),
        (done(by), &by_hand),
        (
            done(json!({"completed_by": "anna", "completed_at": "soon"})),
            "It is complete in q.json: anna completed it.\n",
        ),
        (parked(json!(null)), "It is parked in q.json, not to be run.\n"),
        (
            parked(json!("cancelled: s3cret-word")),
            "It is parked in q.json, not to be run: cancelled: [masked].\n",
        ),
        (blocked(" "), "It is blocked in q.json and needs a person.\n"),
        (
            blocked("step t: exit status 1"),
            "It is blocked in q.json and needs a person: step t: exit status 1.\n",
        ),
        (blocked("question: which port?"), "It asks a question in q.json: which port?\n"),
        (blocked("question: choose a port"), "It asks a question in q.json: choose a port.\n"),
        (blocked("question: Stop!"), "It asks a question in q.json: Stop!\n"),
        (
            blocked("impossible: no hinges"),
            "It asks a question in q.json: impossible: no hinges.\n",
        ),
    ] {
        assert_eq!(told(&json!([case])), wanted, "{case}");
    }
}

#[test]
fn work_that_waits_for_a_review_has_both_commands() {
    let task = task(json!({"status": "blocked", "error": "review: see the diff."}));
    assert_eq!(
        told(&json!([task])),
        "It is in review in q.json: see the diff.\n\
         \x20 workloop approve A, or workloop answer A TEXT sends it back\n"
    );
}

#[test]
fn a_change_that_passed_is_told_with_its_worker() {
    let change = |waits: &str, obstacle: Value| {
        let (commit, base) = ("c".repeat(40), "b".repeat(40));
        let change = json!({"commit": commit, "base": base, "verdict": "PASS", "waits": waits, "obstacle": obstacle});
        json!([running(json!({"change": change}))])
    };
    let gone = |conditions: &mut Conditions| {
        let dead = Liveness::Dead { strays: false };
        conditions.claims = [(Node(0), dead)].into();
        conditions.typed = Typed::naming(" --work-queue q.json".to_owned());
    };
    let passed = "its change cccccccccc on bbbbbbbbbb passed and";
    let lands = "Worker host:1:0badcafe lands it.";
    let alive: &dyn Fn(&mut Conditions) = &|_| ();
    for (waits, obstacle, conditions, wanted) in [
        (
            "landing",
            json!(null),
            alive,
            format!("It is landing in q.json: {passed} waits for its turn to land. {lands}\n"),
        ),
        (
            "checkout",
            json!("stash a, s3cret-word"),
            alive,
            format!("It is landing in q.json: {passed} needs you: stash a, [masked]. {lands}\n"),
        ),
        (
            "checkout",
            json!(null),
            alive,
            format!(
                "It is landing in q.json: {passed} needs you: something is in the way in a checkout of the target. {lands}\n"
            ),
        ),
        (
            "landing",
            json!(null),
            &gone,
            format!(
                "It is landing in q.json: {passed} waits for its turn to land. Worker host:1:0badcafe is gone: workloop land now --work-queue q.json lands it, as does the next run.\n"
            ),
        ),
        (
            "review",
            json!(null),
            alive,
            format!(
                "It is in review in q.json: {passed} waits for a person's review.\n  workloop approve A, or workloop answer A TEXT sends it back\n"
            ),
        ),
    ] {
        assert_eq!(told_in(&change(waits, obstacle), conditions), wanted, "{waits}");
    }
}

#[test]
fn a_task_whose_worker_is_gone_is_ready_again() {
    let gone = |conditions: &mut Conditions| {
        conditions.claims = [(Node(0), Liveness::Dead { strays: false })].into();
    };
    assert_eq!(
        told_in(&json!([running(json!({}))]), &gone),
        "It is ready in q.json: its worker is gone, so that it will be picked up again.\n"
    );
}

/// Every kind of thing that a task may wait for has its sentence.
#[test]
fn each_reason_to_wait_is_a_sentence() {
    let waits = |task: &Value, others: &[Value]| {
        let tasks: Vec<Value> = [task.clone()].into_iter().chain(others.iter().cloned()).collect();
        told(&json!(tasks))
    };
    let other = |id: &str, more: Value| joined(json!({"id": id, "title": id}), more);
    let depends = |on: &str| task(json!({"dependencies": [on]}));
    let later = task(json!({"not_before": "2026-01-20T08:00:00Z"}));
    let scoped = |id: &str, more: Value| {
        other(
            id,
            json!({"scope": ["src/a.rs"], "status": "in_progress", "attempts": 1, "claim": more}),
        )
    };
    let claim = json!({"worker": "w-9", "attempt": 1, "since": SINCE});
    let epic = task(json!({"child_tasks": ["B"]}));
    for (task, others, wanted) in [
        (depends("B"), vec![other("B", json!({"status": "blocked"}))], "it depends on B (blocked)"),
        (
            task(json!({"requires_approval": true})),
            vec![],
            "a person must approve it: workloop approve A",
        ),
        (
            task(json!({"scope": ["src"]})),
            vec![scoped("B", claim)],
            "another task has its files: src, held by B (w-9)",
        ),
        (later, vec![], "it must not start before 2026-01-20T08:00:00Z"),
        (depends("A"), vec![], "it waits for itself in a cycle: A -> A"),
        (
            depends("nobody"),
            vec![],
            "it depends on a task that does not exist: nobody: no loaded queue has such a task",
        ),
        (epic, vec![other("B", json!({}))], "it completes with its children: B (ready)"),
        (
            task(json!({"status": "someday"})),
            vec![],
            "it cannot be run as it is: its status is an unknown word",
        ),
        (
            task(json!({"agent": "manual"})),
            vec![],
            "a person does it; workloop done A completes it",
        ),
        (
            task(json!({"attempts": 1, "max_iterations": 1})),
            vec![],
            "its budget is used up (1 of 1 attempt); workloop retry A gives a new one",
        ),
    ] {
        let text = waits(&task, &others);
        assert_eq!(text, format!("It is waiting in q.json:\n  - {wanted}\n"), "{task}");
    }
}

#[test]
fn a_paused_queue_and_a_foreign_claim_are_reasons_too() {
    let paused = |conditions: &mut Conditions| {
        conditions.paused = [crate::domain::QueueIx::FIRST].into();
    };
    assert_eq!(
        told_in(&json!([task(json!({}))]), &paused),
        "It is waiting in q.json:\n  - it is paused: queue q.json is paused\n"
    );
}

/// One line says what a short question asks. Several lines, and a question to another task, are
/// shown below it.
#[test]
fn a_question_is_told_in_full_with_its_evidence_and_its_command() {
    let asked = |question: Value| {
        let code = question["code"].as_str().expect("a code").to_owned();
        let fields = json!({"status": "blocked", "error": format!("{code}: in short"), "open_question": question});
        told(&json!([task(fields)]))
    };
    let head = "It asks a question in q.json: in short.\n";
    assert_eq!(
        asked(json!({"code": "question", "text": "in short"})),
        format!("{head}  workloop answer A TEXT\n")
    );
    assert_eq!(
        asked(json!({"code": "question", "text": "\nfirst\nsecond s3cret-word\n", "to": "B"})),
        format!("{head}  asked of task B:\n  first\n  second [masked]\n  workloop answer A TEXT\n")
    );
    let evidence: Vec<String> = (1..=21).map(|n| format!("line {n}")).collect();
    let text = asked(
        json!({"code": "impossible", "text": "x", "evidence": ["a\nb", evidence.join("\n")]}),
    );
    let lines: Vec<&str> = text.lines().filter(|line| line.contains("evidence: ")).collect();
    assert_eq!((lines.len(), lines[0], lines[1]), (20, "  evidence: a", "  evidence: b"));
    assert_eq!(lines[19], "  evidence: line 18", "JSON has all of it");
    assert!(text.ends_with("  workloop answer A TEXT\n"), "{text}");
}

#[test]
fn an_attempt_that_runs_an_escalation_a_rank_and_flaky_tests_are_told() {
    let live = LiveView {
        phase: Phase::Verifying,
        since: Some(SINCE.to_owned()),
        running_s: Some(750),
        last_output: Some("ok\u{1b}[0m 3".to_owned()),
        last_output_at: None,
        silent_s: Some(60),
    };
    let known = |_: Node| Known { live: Some(live.clone()), traces: Traces::default() };
    let beside = Beside { known: Some(&known), ..Beside::default() };
    let held = |n: usize| json!({"id": format!("T{n}"), "title": "t", "dependencies": ["A"]});
    let tasks: Vec<Value> =
        [running(json!({"escalated_to": "big"}))].into_iter().chain((1..=12).map(held)).collect();
    let text = seen_beside(&[("q.json", &json!({"tasks": tasks}))], &beside, |sources| {
        let flaky = |item: Option<&str>, times| FlakyView {
            which: crate::domain::FlakyItem {
                step: "test".to_owned(),
                item: item.map(str::to_owned),
            },
            times,
            last_at: String::new(),
        };
        let mut view = sources.why(Node(0), Vec::new(), Some("priority 1".to_owned()));
        view.flaky = vec![flaky(Some("a.py::one"), 2), flaky(None, 1)];
        why::text(&view, Look::PLAIN)
    });
    let (_, rest) = text.split_once("since 2026-01-19T14:35:45Z.\n").expect("the state");
    assert_eq!(
        rest,
        "Now: attempt 2, verifying, 12:30, silent for 1 min: ok␛[0m 3.\n\
         Escalated: its attempts are given to agent big.\n\
         Its rank: priority 1.\n\
         It holds up 12 tasks: T1, T2, T3, T4, T5, T6, T7, T8, T9, T10 and 2 more.\n\
         Flaky: step test: a.py::one passed only when it ran again, in 2 attempts.\n\
         Flaky: step test passed only when it ran again, in 1 attempt.\n\
         There were 2 attempts, but none has a folder any more.\n"
    );
}

#[test]
fn the_data_has_null_for_what_is_missing_and_no_key_for_what_is_unknown() {
    let queue = json!({"tasks": [
        task(json!({"priority": 3})),
        {"id": "B", "title": "b", "status": "blocked", "attempts": 2, "error": "step t: exit status 1",
            "cost_usd": 1.5, "tokens": 900, "escalated_to": "big", "started_at": SINCE},
    ]});
    let (first, second) = seen(&[("q.json", &queue)], |sources| {
        let of = |node| sources.why(Node(node), Vec::new(), None).json();
        (of(0), of(1))
    });
    assert_eq!(
        first,
        json!({"schema_version": 1, "id": "A", "queue": "q.json", "title": "a", "status": "pending",
            "state": "ready", "priority": 3, "worker": null, "error": null, "open_question": null,
            "completed_by": null, "completed_at": null, "completion_note": null, "change": null,
            "landed_commit": null, "conflicts": 0, "rank": null, "started_at": null,
            "ended_at": null, "duration_s": null, "live": null, "waiting_for": [], "holds_up": [],
            "started": 0, "attempts": []})
    );
    for (key, value) in [
        ("cost_usd", json!(1.5)),
        ("tokens", json!(900)),
        ("escalated_to", json!("big")),
        ("started", json!(2)),
        ("started_at", json!(SINCE)),
        ("error", json!("step t: exit status 1")),
    ] {
        assert_eq!(second[key], value, "{key}");
    }
}

#[test]
fn why_reads_like_sentences() {
    let view = with(&[sample()], &[], |sources, _| sources.why(Node(4), Vec::new(), None));
    fits("why", &view.json());
    assert_eq!(
        why::text(&view, Look::PLAIN),
        "E  Paint\n\
         It is waiting in q.json for 3 things:\n\
         \x20 - it depends on D (blocked)\n\
         \x20 - it depends on C (waiting)\n\
         \x20 - a person must approve it: workloop approve E\n\
         It holds up nothing.\n\
         There has been no attempt yet.\n"
    );
}

#[test]
fn what_is_held_up_is_followed_to_the_end() {
    let held = |node| {
        with(&[sample()], &[], |sources, _| sources.why(Node(node), Vec::new(), None).holds_up)
    };
    assert_eq!(held(1), ["C", "E"]);
    assert_eq!(held(3), ["E"]);
    assert!(held(0).is_empty() && held(6).is_empty());
}
