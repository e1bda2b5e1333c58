//! `status`: the row of a task in each state, counts, and the order of the list.

use crate::domain::Liveness;
use crate::plan::{Conditions, Node};
use crate::views::known::{Known, LiveView, Phase, Traces};
use crate::views::sample::{Beside, joined, seen, seen_beside, task};
use crate::views::style::Look;
use crate::views::text;
use crate::views::view::{Shown, StatusView, TaskView};
use serde_json::{Value, json};

pub(super) const SINCE: &str = "2026-01-19T14:35:45Z";

pub(super) fn status(tasks: &Value, beside: &Beside<'_>) -> StatusView {
    seen_beside(&[("q.json", &json!({"tasks": tasks}))], beside, |sources| {
        sources.status(&|_| true, false, Shown::All)
    })
}

pub(super) fn first(task: &Value, beside: &Beside<'_>) -> TaskView {
    status(&json!([task]), beside).queues.remove(0).tasks.remove(0)
}

fn detail(more: &Value) -> String {
    text::detail(&first(&task(more.clone()), &Beside::default()))
}

#[test]
fn the_detail_of_a_task_says_what_matters_in_its_state() {
    let claim = json!({"worker": "w-1", "attempt": 2, "since": SINCE});
    let runs = |progress: Value| json!({"status": "in_progress", "attempts": 2, "claim": claim, "progress": progress});
    let due = |status: &str| json!({"status": status, "deadline": "2026-01-19T12:00:00Z"});
    let late = "LATE, was due 2026-01-19T12:00:00Z";
    for (task, wanted) in [
        (json!({}), ""),
        (runs(json!({})), "attempt 2 by w-1"),
        (runs(json!({"percent": 40.9})), "40%; attempt 2 by w-1"),
        (
            runs(json!({"percent": 0, "next": "roof", "eta": "noon"})),
            "0%, next: roof, ETA noon; attempt 2 by w-1",
        ),
        (runs(json!({"percent": 101, "next": " "})), "attempt 2 by w-1"),
        (json!({"status": "in_progress"}), "by a person"),
        (json!({"status": "blocked", "error": "step t: s3cret-word"}), "step t: [masked]"),
        (json!({"status": "blocked", "error": "question: which?"}), "which?"),
        (json!({"status": "blocked", "error": "impossible: no port"}), "impossible: no port"),
        (json!({"status": "blocked"}), ""),
        (
            json!({"dependencies": ["x"], "requires_approval": true}),
            "x: no loaded queue has such a task; workloop approve A",
        ),
        (json!({"attempts": 1, "error": "exit status 1"}), "after 1 attempt: exit status 1"),
        (json!({"attempts": 2, "error": "exit status 1"}), "after 2 attempts: exit status 1"),
        (json!({"attempts": 2}), ""),
        (json!({"error": "never tried"}), ""),
        (json!({"status": "complete", "completed_by": "anna"}), "by anna"),
        (json!({"status": "complete", "verification_warnings": ["a"]}), "with 1 warning"),
        (json!({"status": "complete", "verification_warnings": ["a", "b", 3]}), "with 2 warnings"),
        (json!({"status": "complete"}), ""),
        (json!({"status": "parked", "error": "later"}), ""),
        (due("pending"), late),
        (due("in_progress"), "LATE, was due 2026-01-19T12:00:00Z; by a person"),
        (due("complete"), ""),
        (due("parked"), ""),
        (json!({"deadline": "2026-01-19T16:00:00Z"}), ""),
    ] {
        assert_eq!(detail(&task), wanted, "{task}");
    }
}

#[test]
fn a_running_attempt_shows_what_it_does_and_how_long_it_is_silent() {
    let live = |silent_s, last: Option<&str>, running_s| LiveView {
        phase: Phase::Landing,
        since: None,
        running_s,
        last_output: last.map(str::to_owned),
        last_output_at: None,
        silent_s,
    };
    for (live, wanted) in [
        (live(None, None, None), "attempt 3, landing"),
        (live(Some(59), None, Some(59)), "attempt 3, landing, 0:59"),
        (live(Some(60), None, Some(3_723)), "attempt 3, landing, 1:02:03, silent for 1 min"),
        (
            live(Some(7_200), Some("ok"), Some(7_300)),
            "attempt 3, landing, 2:01:40, silent for 2 h: ok",
        ),
        (live(Some(1), Some("ok"), None), "attempt 3, landing: ok"),
    ] {
        assert_eq!(text::at_work(3, &live), wanted);
    }
}

/// What the journal and the folders say is shown where the queue has nothing.
#[test]
fn times_windows_and_codes_come_from_the_journal_if_the_queue_lacks_them() {
    let live = LiveView {
        phase: Phase::Agent,
        since: None,
        running_s: Some(7),
        last_output: None,
        last_output_at: None,
        silent_s: None,
    };
    let ended = "2026-01-19T14:00:00.000Z";
    let known = |_: Node| {
        let (ended_at, reason_code) = (Some(ended.to_owned()), Some("tests_failed".to_owned()));
        let traces = Traces { ended_at, window: Some(2), reason_code };
        Known { traces, live: Some(live.clone()) }
    };
    let beside = Beside { known: Some(&known), ..Beside::default() };
    let (began, own) = ("2026-01-19T13:00:00Z", "2026-01-19T13:30:00Z");
    let of = |more: Value| {
        let view = first(&task(joined(json!({"started_at": began}), more)), &beside);
        assert_eq!(view.window, Some(2));
        let code = view.reason_code.unwrap_or_default();
        let took = view.duration_s.map_or_else(String::new, |seconds| format!("{seconds} s"));
        let ended_at = view.ended_at.unwrap_or_default();
        (view.started_at.is_some(), ended_at, took, code, view.live.is_some())
    };
    let status = |status: &str| json!({"status": status});
    let blocked = |error: &str| json!({"status": "blocked", "error": error});
    for (more, began, ended, took, code, live) in [
        (status("blocked"), true, ended, "3600 s", "tests_failed", false),
        (status("parked"), true, ended, "3600 s", "tests_failed", false),
        (json!({"status": "complete", "completed_at": own}), true, own, "1800 s", "", false),
        (status("complete"), true, ended, "3600 s", "", false),
        (status("in_progress"), true, "", "7200 s", "tests_failed", true),
        (json!({}), true, "", "", "tests_failed", false),
        (
            json!({"status": "blocked", "started_at": "soon"}),
            false,
            ended,
            "",
            "tests_failed",
            false,
        ),
        (blocked("contradiction: A or B"), true, ended, "3600 s", "contradiction", false),
        (blocked("review: look"), true, ended, "3600 s", "review", false),
        (json!({"attempts": 2, "max_iterations": 2}), true, "", "", "tests_failed", false),
    ] {
        let wanted = (began, ended.to_owned(), took.to_owned(), code.to_owned(), live);
        assert_eq!(of(more.clone()), wanted, "{more}");
    }
}

#[test]
fn a_code_that_the_journal_lacks_comes_from_what_the_task_needs() {
    for (more, code) in [
        (json!({"attempts": 2, "max_iterations": 2}), Some("budget")),
        (json!({"status": "blocked", "error": "question: which?"}), Some("question")),
        (json!({"status": "blocked", "error": "step t: exit status 1"}), None),
        (json!({"requires_approval": true}), None),
        (json!({"status": "complete", "error": "question: which?"}), None),
    ] {
        let view = first(&task(more.clone()), &Beside::default());
        assert_eq!(view.reason_code.as_deref(), code, "{more}");
    }
}

#[test]
fn a_question_and_a_review_have_their_own_words() {
    for (error, word, state) in [
        ("question: which?", "question", "blocked"),
        ("review: look", "review", "review"),
        ("step t: exit status 1", "blocked", "blocked"),
    ] {
        let task = json!({"id": "A", "title": "a", "status": "blocked", "error": error});
        let view = first(&task, &Beside::default());
        let value = serde_json::to_value(&view).expect("JSON");
        assert_eq!((view.shown_word(), &value["state"]), (word, &json!(state)), "{error}");
        assert_eq!(view.asks(), word != "blocked", "{error}");
    }
}

#[test]
fn a_change_is_told_in_the_row_of_its_task() {
    let dead = |conditions: &mut Conditions| {
        conditions.claims = [(Node(0), Liveness::Dead { strays: false })].into();
    };
    let (alive, gone) =
        (Beside::default(), Beside { conditions: Some(&dead), ..Beside::default() });
    let task = |waits: &str| {
        json!({"id": "A", "title": "a", "status": "in_progress", "attempts": 1,
            "claim": {"worker": "w-1", "attempt": 1, "since": SINCE},
            "change": {"commit": "s3cret-word", "base": "b", "verdict": "PASS", "waits": waits}})
    };
    for (waits, beside, word, wanted) in [
        ("landing", &alive, "landing", "waits for its turn to land"),
        ("landing", &gone, "landing", "waits for its turn to land; its worker is gone"),
        ("review", &gone, "review", "waits for a person's review"),
        (
            "checkout",
            &alive,
            "landing",
            "needs you: something is in the way in a checkout of the target",
        ),
    ] {
        let view = first(&task(waits), beside);
        assert_eq!((view.shown_word(), text::detail(&view).as_str()), (word, wanted), "{waits}");
        let value = serde_json::to_value(&view).expect("JSON");
        let change = json!({"commit": "[masked]", "base": "b", "verdict": "PASS", "waits": waits, "obstacle": null});
        assert_eq!(value["change"], change);
    }
    let mut complete = task("landing");
    complete["status"] = json!("complete");
    assert_eq!(first(&complete, &alive).change, None, "what landed does not wait");
}

#[test]
fn two_queues_are_apart_and_each_has_its_counts() {
    let one = json!({"project": "", "tasks": [{"id": "A", "title": "a"}]});
    let two = json!({"project": "dé\u{1b}mo", "tasks": [
        {"id": "B", "title": "b", "status": "complete"},
        {"id": "C", "title": "c", "progress": {"percent": 50}},
    ]});
    let none = json!({"tasks": []});
    let files = [("a.json", &one), ("b.json", &two), ("c.json", &none)];
    let text = seen(&files, |sources| {
        text::status(&sources.status(&|_| true, false, Shown::Open(200)), Look::PLAIN)
    });
    assert_eq!(
        text,
        "a.json: 1 task: 1 ready\n  ready        A  a\n\n\
         b.json (project dé␛mo): 2 tasks: 1 complete, 1 ready (75% of the work)\n\
         \x20 ready        C  c\n\n\
         c.json: 0 tasks\n"
    );
}

#[test]
fn one_hidden_task_is_told_as_one() {
    let tasks = json!([{"id": "A", "title": "a"}, {"id": "B", "title": "b"}]);
    let text = seen(&[("q.json", &json!({"tasks": tasks}))], |sources| {
        text::status(&sources.status(&|_| true, false, Shown::Open(1)), Look::PLAIN)
    });
    assert_eq!(
        text,
        "q.json: 2 tasks: 2 ready\n  ready        A  a\n  (1 more open task; --table shows all)\n"
    );
}

/// What runs comes first, then what is blocked, ready and waiting; among equals the file decides.
#[test]
fn the_most_interesting_tasks_are_listed_first() {
    let task = |id: &str, more: Value| joined(json!({"id": id, "title": id}), more);
    let tasks = json!([
        task("w", json!({"dependencies": ["r1"]})),
        task("r1", json!({})),
        task("b", json!({"status": "blocked"})),
        task("c", json!({"status": "complete"})),
        task("p", json!({"status": "parked"})),
        task("i", json!({"status": "in_progress"})),
        task("r2", json!({})),
    ]);
    let (view, all) = seen(&[("q.json", &json!({"tasks": tasks}))], |sources| {
        let of = |shown| sources.status(&|_| true, false, shown);
        (of(Shown::Open(9)), of(Shown::All))
    });
    let ids = |view: &StatusView| -> Vec<String> {
        view.queues[0].tasks.iter().map(|task| task.id.clone()).collect()
    };
    assert_eq!(ids(&view), ["i", "b", "r1", "r2", "w"]);
    assert_eq!(ids(&all), ["w", "r1", "b", "c", "p", "i", "r2"]);
    assert_eq!((view.queues[0].hidden, view.needs_more), (0, 0));
}

/// A task that reports 100 % is not complete, and all of the work is done only if every task is.
#[test]
fn a_hundred_percent_means_that_everything_is_complete() {
    let percent = |second: Value| {
        let task = joined(json!({"id": "B", "title": "b"}), second);
        let done = json!({"id": "A", "title": "a", "status": "complete"});
        let view = status(&json!([done, task]), &Beside::default()).queues.remove(0);
        (view.percent, view.partial)
    };
    for (what, task, wanted) in [
        ("complete", json!({"status": "complete"}), (Some(100), None)),
        ("parked", json!({"status": "parked"}), (Some(100), None)),
        ("said to be done", json!({"progress": {"percent": 100}}), (Some(99), Some(99))),
        (
            "with all steps done",
            json!({"steps": [{"name": "x", "done": true}]}),
            (Some(99), Some(99)),
        ),
        ("half done", json!({"progress": {"percent": 50}}), (Some(75), Some(75))),
        ("not begun", json!({}), (Some(50), None)),
    ] {
        assert_eq!(percent(task), wanted, "{what}");
    }
    assert_eq!(status(&json!([]), &Beside::default()).queues[0].percent, None, "there is no work");
}
