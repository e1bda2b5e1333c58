//! `events`: lines of the journal, as a log and with all details.

use crate::domain::Event;
use crate::views::event::Teller;
use crate::views::mask::Mask;
use crate::views::sample::event;
use crate::views::style::Look;
use chrono::Local;
use serde_json::{Value, json};

/// Returns an event of task B by worker `w`.
fn line(minute: u32, kind: &str, data: Value) -> Event {
    event(json!({"at": format!("2026-01-19T10:{minute:02}:00.000Z"), "event": kind, "task": "B",
        "worker": "w", "attempt": 1, "data": data}))
}

fn story() -> Vec<Event> {
    vec![
        line(0, "claimed", json!({"was": "1"})),
        line(1, "agent_finished", json!({})),
        line(3, "retried", json!({"reason": "step test: exit status 1", "verdict": "FAIL"})),
        line(10, "claimed", json!({})),
        line(16, "landed", json!({"commit": "c".repeat(40), "base": "b".repeat(40)})),
        line(17, "completed", json!({"verdict": "PASS", "state": {}})),
    ]
}

#[test]
fn the_journal_in_the_style_of_a_log() {
    let mut teller = Teller::new(Mask::default(), Look::PLAIN);
    let lines: Vec<String> = story().iter().filter_map(|event| teller.log(event)).collect();
    let said: Vec<&str> = lines.iter().map(|line| &line[5..]).collect();
    assert_eq!(
        said,
        [
            " - Window 1: SUBTASK B started",
            " - Window 1: SUBTASK B failed (3 min) - step test: exit status 1",
            " - Window 1: SUBTASK B started",
            " - Window 1: SUBTASK B landed as cccccccccc",
            " - Window 1: SUBTASK B complete (7 min)"
        ]
    );
    let text = teller.text(&story()[2]);
    assert!(
        text.ends_with(
            "retried          q.json  B  attempt 1  by w  FAIL  reason: step test: exit status 1"
        ),
        "{text}"
    );
}

fn teller() -> Teller {
    Teller::new(Mask::new(&[("DOOR_KEY".into(), "s3cret-word".into())]), Look::PLAIN)
}

/// Returns a line of the log without its time.
fn said(teller: &mut Teller, event: &Event) -> Option<String> {
    let line = teller.log(event)?;
    Some(line.split_once(" - ").expect("a time").1.to_owned())
}

/// Each kind of event is a sentence, or an intermediate step that the log leaves out.
#[test]
fn each_event_of_a_task_has_its_sentence() {
    let why = json!({"reason": "because s3cret-word"});
    let because = "because [masked]";
    for (kind, data, wanted) in [
        ("claimed", json!({}), Some("SUBTASK B started".to_owned())),
        ("attempt_started", why.clone(), None),
        ("agent_finished", why.clone(), None),
        ("verified", why.clone(), None),
        ("completed", why.clone(), Some("SUBTASK B complete".to_owned())),
        ("retried", why.clone(), Some(format!("SUBTASK B failed - {because}"))),
        ("blocked", why.clone(), Some(format!("SUBTASK B blocked - {because}"))),
        ("interrupted", why.clone(), Some(format!("SUBTASK B interrupted - {because}"))),
        ("attempt_lost", why.clone(), Some(format!("SUBTASK B lost its attempt - {because}"))),
        ("landed", json!({}), Some("SUBTASK B landed".to_owned())),
        ("landed", json!({"commit": "abc"}), Some("SUBTASK B landed as abc".to_owned())),
        ("silent", why.clone(), Some(format!("SUBTASK B silent - {because}"))),
        ("usage_limit", why.clone(), Some(format!("SUBTASK B usage limit - {because}"))),
        ("stale_claim", json!({"reason": ""}), Some("SUBTASK B stale claim".to_owned())),
        (
            "blocked",
            json!({"reason": "x", "escalated_to": "big"}),
            Some("SUBTASK B blocked - x; agent big has it now".to_owned()),
        ),
        (
            "retried",
            json!({"escalated_to": "big"}),
            Some("SUBTASK B failed; agent big has it now".to_owned()),
        ),
        ("hook", json!({"hook": "before_task"}), None),
        (
            "hook",
            json!({"hook": "after_task", "reason": "exit status 3"}),
            Some("SUBTASK B exit status 3".to_owned()),
        ),
        ("hook", json!({"reason": "no", "reason_code": "freeze"}), None),
        ("of_a_newer_version", why, Some(format!("SUBTASK B other - {because}"))),
    ] {
        let line = said(&mut teller(), &line(0, kind, data.clone()));
        let wanted = wanted.map(|text| format!("Window 1: {text}"));
        assert_eq!(line, wanted, "{kind} {data}");
    }
}

#[test]
fn what_a_person_did_and_what_concerns_no_task_has_no_window() {
    for (given, wanted) in [
        (json!({"event": "retried", "task": "B"}), "Person: SUBTASK B put back"),
        (json!({"event": "approved", "task": "B"}), "Person: SUBTASK B approved"),
        (json!({"event": "completed", "task": "B"}), "Person: SUBTASK B complete"),
        (
            json!({"event": "edited", "task": "B", "data": {"reason": "typo"}}),
            "Person: SUBTASK B edited - typo",
        ),
        (json!({"event": "loop_started", "worker": "w"}), "loop started"),
        (json!({"event": "loop_finished", "worker": "w"}), "loop ended"),
        (json!({"event": "paused"}), "paused"),
        (json!({"event": "hook", "data": {"reason": "freeze", "reason_code": "hook"}}), "freeze"),
    ] {
        assert_eq!(said(&mut teller(), &event(given.clone())).as_deref(), Some(wanted), "{given}");
    }
}

/// The slots of a loop that was started again have the numbers of the earlier ones: what a loop
/// reports about itself takes no number.
#[test]
fn a_loop_that_is_started_again_has_the_windows_of_the_first() {
    let of = |kind: &str, task: Option<&str>, worker: &str| {
        event(json!({"event": kind, "task": task, "worker": worker}))
    };
    let events = [
        of("loop_started", None, "h:1:a"),
        of("claimed", Some("A"), "h:1:a"),
        of("claimed", Some("B"), "h:1:b"),
        of("completed", Some("B"), "h:1:b"),
        of("completed", Some("A"), "h:1:a"),
        of("silent", Some("A"), "h:1:a"),
        of("loop_finished", None, "h:1:a"),
        of("loop_started", None, "h:2:c"),
        of("claimed", Some("C"), "h:2:c"),
        of("claimed", Some("D"), "h:2:d"),
        of("completed", Some("C"), "h:2:c"),
        of("claimed", Some("E"), "h:2:c"),
        of("claimed", Some("F"), "h:2:f"),
    ];
    let mut teller = teller();
    let said: Vec<String> = events.iter().filter_map(|event| said(&mut teller, event)).collect();
    assert_eq!(
        said,
        [
            "loop started",
            "Window 1: SUBTASK A started",
            "Window 2: SUBTASK B started",
            "Window 2: SUBTASK B complete (0.0 s)",
            "Window 1: SUBTASK A complete (0.0 s)",
            "Window 1: SUBTASK A silent",
            "loop ended",
            "loop started",
            "Window 1: SUBTASK C started",
            "Window 2: SUBTASK D started",
            "Window 1: SUBTASK C complete (0.0 s)",
            "Window 1: SUBTASK E started",
            "Window 3: SUBTASK F started",
        ]
    );
}

#[test]
fn a_time_that_cannot_be_read_and_a_clock_that_was_set_back_are_no_duration() {
    let mut teller = teller();
    let bad =
        |kind: &str, at: &str| event(json!({"event": kind, "task": "B", "worker": "w", "at": at}));
    assert_eq!(
        teller.log(&bad("claimed", "soon")).as_deref(),
        Some("--:-- - Window 1: SUBTASK B started")
    );
    let done = bad("completed", "2026-01-19T10:00:00Z");
    assert_eq!(said(&mut teller, &done).as_deref(), Some("Window 1: SUBTASK B complete"));
    said(&mut teller, &line(30, "claimed", json!({})));
    let back = line(10, "blocked", json!({}));
    assert_eq!(said(&mut teller, &back).as_deref(), Some("Window 1: SUBTASK B blocked (0.0 s)"));
    said(
        &mut teller,
        &event(json!({"event": "claimed", "task": "B", "worker": "w", "attempt": 2})),
    );
    let again = event(json!({"event": "claimed", "task": "C", "worker": "w", "attempt": 2}));
    assert_eq!(
        said(&mut teller, &again).as_deref(),
        Some("Window 1: SUBTASK C started (attempt 2)")
    );
}

/// Tasks of two queues may have the same id.
#[test]
fn the_time_of_a_task_is_that_of_its_own_queue() {
    let of = |minute: u32, kind: &str, queue: &str| {
        event(json!({"at": format!("2026-01-19T10:{minute:02}:00Z"), "event": kind, "task": "B",
            "worker": queue, "queue": queue}))
    };
    let mut teller = teller();
    said(&mut teller, &of(0, "claimed", "a.json"));
    said(&mut teller, &of(10, "claimed", "b.json"));
    let first = said(&mut teller, &of(20, "completed", "a.json"));
    let second = said(&mut teller, &of(20, "completed", "b.json"));
    assert_eq!(first.as_deref(), Some("Window 1: SUBTASK B complete (20 min)"));
    assert_eq!(second.as_deref(), Some("Window 2: SUBTASK B complete (10 min)"));
}

#[test]
fn all_details_of_an_event_are_on_one_line() {
    let at = "2026-01-19T10:00:00.500Z";
    let time = crate::views::sample::at(at).with_timezone(&Local).format("%Y-%m-%d %H:%M:%S");
    let text = |line: Value| teller().text(&event(line));
    let whole = json!({"at": at, "event": "blocked", "task": "B\n1", "worker": "w\u{1b}", "attempt": 2,
        "data": {"verdict": "FAIL", "outcome": {"kind": "exited", "code": 3}, "reason": "s3cret-word",
            "fields": [1], "state": {}, "was": 1, "is": 2, "before": 3, "after": 4,
            "cost_usd": 0.5, "nothing": null, "list": ["a"]}});
    assert_eq!(
        text(whole),
        format!(
            "{time}  blocked          q.json  B 1  attempt 2  by w␛  FAIL  exit status 3  reason: [masked]  \
             cost_usd: 0.5  list: [\"a\"]"
        )
    );
    assert_eq!(
        text(json!({"at": at, "event": "loop_started", "queue": ""})),
        format!("{time}  loop_started")
    );
    let passed = json!({"at": "so\u{1b}on", "event": "agent_finished", "data": {"outcome": {"kind": "exited", "code": 0}}});
    assert_eq!(text(passed), "so␛on  agent_finished   q.json");
}

#[test]
fn the_time_is_dimmed_and_the_name_bold_on_a_terminal() {
    let mut teller = Teller::new(Mask::default(), Look { color: true, width: Some(80) });
    let line = teller.log(&line(0, "claimed", json!({}))).expect("a line");
    assert!(line.starts_with("\u{1b}[2m") && line.contains("\u{1b}[0m - Window 1: "), "{line:?}");
    let text = teller.text(&event(json!({"event": "claimed"})));
    assert!(text.contains("  \u{1b}[1mclaimed        \u{1b}[0m  q.json"), "{text:?}");
}
