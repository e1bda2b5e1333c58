//! What needs a person: which tasks, in which order, with which words and commands.

use crate::domain::{Need, Typed};
use crate::plan::Node;
use crate::views::known::{Known, Traces};
use crate::views::need::NeedView;
use crate::views::needed;
use crate::views::sample::{Beside, joined, now, seen, seen_beside, shown, wide};
use crate::views::style::Look;
use serde_json::{Value, json};

fn claim(since: &str) -> Value {
    json!({"worker": "host:1:0badcafe", "attempt": 1, "since": since})
}

fn change(waits: &str, obstacle: Option<&str>) -> Value {
    let (commit, base) = ("c".repeat(40), "b".repeat(40));
    let mut change = json!({"commit": commit, "base": base, "verdict": "PASS", "waits": waits});
    if let Some(obstacle) = obstacle {
        change["obstacle"] = json!(obstacle);
    }
    change
}

/// Returns a queue with one task for each need, and some without one.
fn every_need() -> Value {
    let landing = |id: &str, since: &str, change: Value| {
        json!({"id": id, "title": id, "status": "in_progress", "attempts": 1,
            "claim": claim(since), "change": change})
    };
    let in_the_way = Some("/p has edits: commit or stash them, s3cret-word");
    json!({"tasks": [
        landing("review", "2026-01-19T14:00:00Z", change("review", None)),
        landing("checkout", "2026-01-19T13:00:00Z", change("checkout", in_the_way)),
        landing("obstructed", "2026-01-19T13:30:00Z", change("landing", in_the_way)),
        landing("moving", "2026-01-19T12:00:00Z", change("landing", None)),
        landing("cleared", "2026-01-19T12:00:00Z", change("checkout", None)),
        {"id": "finding", "title": "f", "status": "blocked", "error": "impossible: no such port",
            "last_attempt": "2026-01-19T11:00:00Z"},
        {"id": "passed", "title": "p", "status": "blocked", "error": "review: look at s3cret-word",
            "last_attempt": "2026-01-19T10:00:00Z"},
        {"id": "red", "title": "r", "status": "blocked", "error": "step t: s3cret-word",
            "last_attempt": "2026-01-19T09:00:00Z"},
        {"id": "silent", "title": "s", "status": "blocked"},
        {"id": "approval", "title": "a", "requires_approval": true},
        {"id": "work", "title": "w", "agent": "manual"},
        {"id": "budget", "title": "b", "attempts": 2, "max_iterations": 2},
        {"id": "repair", "title": "x", "dependencies": ["nobody"]},
        {"id": "ready", "title": "y"},
        {"id": "behind", "title": "z", "dependencies": ["red"], "requires_approval": true},
        {"id": "done", "title": "d", "status": "complete"},
        {"id": "parked", "title": "k", "status": "parked"},
    ]})
}

#[test]
fn each_need_has_its_words_its_code_and_its_command_and_the_oldest_comes_first() {
    let queue = every_need();
    let needs = seen(&[("q.json", &queue)], |sources| {
        let needing = sources.needing(&|_| true).into_iter();
        needing.map(|need| serde_json::to_value(sources.need(need)).expect("JSON")).collect()
    });
    let needs: Vec<Value> = needs;
    let told = |need: &Value| {
        let text = |key: &str| need[key].as_str().unwrap_or("-").to_owned();
        ["id", "need", "reason_code", "since", "text", "command"].map(text).join(" | ")
    };
    let rows: Vec<String> = needs.iter().map(told).collect();
    let both = "workloop why red, then workloop retry red";
    let edits = "/p has edits: commit or stash them, [masked] | workloop land status";
    assert_eq!(
        rows,
        [
            format!("red | blocked | - | 2026-01-19T09:00:00Z | step t: [masked] | {both}"),
            "passed | review | review | 2026-01-19T10:00:00Z | look at [masked] | workloop approve passed".into(),
            "finding | answer | impossible | 2026-01-19T11:00:00Z | no such port | workloop answer finding TEXT".into(),
            format!("checkout | checkout | - | 2026-01-19T13:00:00Z | {edits}"),
            format!("obstructed | checkout | - | 2026-01-19T13:30:00Z | {edits}"),
            "review | review | review | 2026-01-19T14:00:00Z | its work passed | workloop approve review".into(),
            "silent | blocked | - | - |  | workloop why silent, then workloop retry silent".into(),
            "approval | approval | - | - |  | workloop approve approval".into(),
            "work | work | - | - |  | workloop done work".into(),
            "budget | budget | budget | - | its budget is used up (2 of 2 attempts) | workloop retry budget".into(),
            "repair | repair | - | - | nobody: no loaded queue has such a task | workloop why repair".into(),
        ]
    );
    assert_eq!(
        needs[0],
        json!({"id": "red", "queue": "q.json", "title": "r", "need": "blocked",
            "text": "step t: [masked]", "since": "2026-01-19T09:00:00Z", "command": both}),
        "a code that is not known is absent"
    );
}

#[test]
fn only_selected_tasks_of_the_served_queues_are_asked_about() {
    let (first, other) = (every_need(), every_need());
    let ids = seen(&[("a.json", &first), ("b.json", &other)], |sources| {
        let mine = crate::views::view::Sources { served: 1, ..sources };
        let ids = |needs: Vec<(Node, Need)>| needs.into_iter().map(|(node, _)| node.0).collect();
        let (all, few): (Vec<u32>, Vec<u32>) =
            (ids(mine.needing(&|_| true)), ids(mine.needing(&|node| node.0 == 8)));
        (all, few)
    });
    assert_eq!(ids.0.len(), 11);
    assert!(ids.0.iter().all(|node| *node < 17), "{ids:?}");
    assert_eq!(ids.1, [8]);
}

/// The journal has the time at which the last attempt ended, and the queue only that at which it
/// began.
#[test]
fn the_time_of_the_journal_counts_before_that_of_the_queue() {
    let queue = json!({"tasks": [
        {"id": "A", "title": "a", "status": "blocked", "last_attempt": "2026-01-19T09:00:00Z"},
        {"id": "B", "title": "b", "status": "blocked", "last_attempt": "2026-01-19T10:00:00Z"},
        {"id": "C", "title": "c", "status": "blocked", "last_attempt": "2026-01-19T11:00:00+05:00"},
        {"id": "D", "title": "d", "status": "blocked", "last_attempt": "yesterday"},
    ]});
    let ended = |node: Node| {
        let ended_at = (node.0 == 0).then(|| "2026-01-19T12:00:00.500Z".to_owned());
        Known { traces: Traces { ended_at, ..Traces::default() }, live: None }
    };
    let beside = Beside { known: Some(&ended), ..Beside::default() };
    let since = seen_beside(&[("q.json", &queue)], &beside, |sources| {
        let needing = sources.needing(&|_| true).into_iter().map(|need| sources.need(need));
        needing.map(|need| (need.id, need.since.unwrap_or_default())).collect::<Vec<_>>()
    });
    let expected = [
        ("C", "2026-01-19T11:00:00+05:00"),
        ("B", "2026-01-19T10:00:00Z"),
        ("A", "2026-01-19T12:00:00.500Z"),
        ("D", "yesterday"),
    ];
    assert_eq!(since, expected.map(|(id, at)| (id.to_owned(), at.to_owned())));
}

/// A question to another task is no need of a person as long as that task can still answer.
#[test]
fn a_question_to_a_task_waits_for_that_task_as_long_as_it_may_answer() {
    let asks = |to: &str, asked: Value| {
        let question = json!({"code": "question", "text": "which port?", "to": to});
        let queue = json!({"tasks": [
            {"id": "A", "title": "a", "status": "blocked", "error": "question: which port?",
                "open_question": question},
            asked,
            {"id": "C", "title": "c"},
            {"id": "D", "title": "d", "status": "blocked"},
        ]});
        seen(&[("q.json", &queue)], |sources| sources.needs(Node(0)))
    };
    let task = |more: Value| joined(json!({"id": "B", "title": "b"}), more);
    let person = Some(Need::Answer);
    for (what, to, asked, need) in [
        ("ready", "B", task(json!({})), None),
        ("running", "B", task(json!({"status": "in_progress", "claim": claim("x")})), None),
        ("waiting for another one", "B", task(json!({"dependencies": ["C"]})), None),
        ("waiting for the asker", "B", task(json!({"dependencies": ["A"]})), person),
        ("waiting for a person", "B", task(json!({"requires_approval": true})), person),
        ("complete", "B", task(json!({"status": "complete"})), person),
        ("blocked", "B", task(json!({"status": "blocked"})), person),
        ("parked", "B", task(json!({"status": "parked"})), person),
        ("not in the queue", "nobody", task(json!({})), person),
    ] {
        assert_eq!(asks(to, asked), need, "{what}");
    }
}

#[test]
fn a_question_is_shown_only_while_its_task_is_blocked_and_without_secrets() {
    let question = json!({"code": "contradiction", "text": "s3cret-word or not?",
        "evidence": ["a says s3cret-word", "b does not"]});
    let of = |status: &str, question: &Value| {
        let task = json!({"id": "A", "title": "a", "status": status, "open_question": question});
        seen(&[("q.json", &json!({"tasks": [task]}))], |sources| {
            sources.question(Node(0)).map(|view| serde_json::to_value(view).expect("JSON"))
        })
    };
    let hidden = json!({"code": "contradiction", "text": "[masked] or not?",
        "evidence": ["a says [masked]", "b does not"]});
    assert_eq!(of("blocked", &question), Some(hidden));
    assert_eq!(of("pending", &question), None);
    assert_eq!(of("blocked", &json!("not an object")), None);
    let one = json!({"code": "question", "text": "?", "evidence": "s3cret-word"});
    let hidden = json!({"code": "question", "text": "?", "evidence": "[masked]"});
    assert_eq!(of("blocked", &one), Some(hidden));
}

fn need(id: &str, text: &str, since: Option<&str>, typed: &Typed) -> NeedView {
    NeedView {
        id: id.to_owned(),
        queue: "q.json".to_owned(),
        title: format!("title of {id}"),
        need: Need::Answer,
        reason_code: None,
        text: text.to_owned(),
        since: since.map(str::to_owned),
        command: Need::Answer.command(id, typed),
    }
}

#[test]
fn the_list_has_the_time_the_reason_or_else_the_title_and_the_command() {
    let typed = Typed::naming(" --work-queue q.json".to_owned());
    let since = "2026-01-19T14:05:00Z";
    let needs = [
        need("A", "which\u{1b}[31m port?", Some(since), &typed),
        need("my B", "", Some("soon"), &typed),
    ];
    let list = needed::list(&needs, (0, "workloop status"), now(), Look::PLAIN);
    let (time, none) = (shown(since), format!("{:width$}", "-", width = shown(since).len()));
    assert_eq!(
        list.text,
        format!(
            "Needs you\n  {time}  A     which␛[31m port?  workloop answer A TEXT --work-queue q.json\n\
             \x20 {none}  my B  title of my B     workloop answer 'my B' TEXT --work-queue q.json\n\n"
        )
    );
    assert!(list.tells("q.json", "A") && list.tells("q.json", "my B"));
    assert!(!list.tells("other.json", "A") && !list.tells("q.json", "C"));
    let none = needed::list(&[], (0, "workloop status"), now(), Look::PLAIN);
    assert!(none.text.is_empty() && none.told.is_empty());
}

#[test]
fn twenty_needs_are_listed_and_the_others_counted() {
    let typed = Typed::default();
    let many = |number: usize| -> Vec<NeedView> {
        (0..number).map(|n| need(&format!("T{n}"), "why", None, &typed)).collect()
    };
    for (number, beyond, end) in [
        (20, 0, "  -  T19  why  workloop answer T19 TEXT\n\n"),
        (
            21,
            0,
            "  -  T19  why  workloop answer T19 TEXT\n  … and 1 more: workloop status --json\n\n",
        ),
        (
            20,
            3,
            "  -  T19  why  workloop answer T19 TEXT\n  … and 3 more: workloop status --json\n\n",
        ),
        (
            23,
            4,
            "  -  T19  why  workloop answer T19 TEXT\n  … and 7 more: workloop status --json\n\n",
        ),
    ] {
        let needs = many(number);
        let list = needed::list(&needs, (beyond, "workloop status --json"), now(), Look::PLAIN);
        assert!(list.text.ends_with(end), "{number} and {beyond}: {}", list.text);
        assert!(list.tells("q.json", "T19") && !list.tells("q.json", "T20"));
    }
}

/// A command is never cut. The reason gets the rest of its line, and if too little is left there,
/// the command is on a line of its own.
#[test]
fn a_narrow_terminal_gets_the_command_below_and_a_reason_that_is_cut_is_told_again() {
    let typed = Typed::default();
    let long = "a reason that has more than thirty cells, so that it can be cut";
    let one = [need("A", long, None, &typed)];
    let list = |width: usize| needed::list(&one, (0, ""), now(), wide(width));
    let whole = list(100);
    assert_eq!(whole.text, format!("Needs you\n  -  A  {long}  workloop answer A TEXT\n\n"));
    assert!(whole.tells("q.json", "A"));
    let cut = list(50);
    assert_eq!(cut.text, "Needs you\n  -  A  a reason that has…  workloop answer A TEXT\n\n");
    assert!(!cut.tells("q.json", "A"), "its row says it in full");
    let none = list(32);
    assert_eq!(none.text, "Needs you\n  -  A  workloop answer A TEXT\n\n", "no room for a reason");
    let just = list(30);
    assert_eq!(just.text, none.text, "the command has its last cell in the last column");
    let below = list(29);
    assert!(below.text.ends_with("\n      workloop answer A TEXT\n\n"), "{}", below.text);
    let below = list(28);
    assert_eq!(
        below.text,
        "Needs you\n  -  A  a reason that has m…\n      workloop answer A TEXT\n\n"
    );
}
