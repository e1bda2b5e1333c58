//! What a message says: its kind, its reason, the next command, and the body for each service.

use super::super::body;
use super::super::kinds::kinds;
use super::super::message::{Delivery, Message};
use super::message;
use crate::config::NotifyEvent;
use crate::domain::Event;
use crate::store::cursors::Place;
use crate::views::mask::Mask;
use serde_json::{Value, json};

use NotifyEvent as On;

/// Returns an event of task A by a worker.
fn event(kind: &str, data: Value) -> Event {
    let line = json!({"v": 1, "seq": 7, "at": "2026-01-19T10:00:00.000Z", "event": kind, "queue": "q.json",
        "task": "A", "worker": "w", "data": data});
    serde_json::from_value(line).expect("an event")
}

#[test]
fn each_event_of_the_journal_is_what_channels_ask_for() {
    let asked = |code: &str| json!({"reason_code": code});
    for (kind, data, wanted) in [
        ("blocked", json!({}), &[On::Blocked, On::NeedsYou][..]),
        ("blocked", asked("tests_failed"), &[On::Blocked, On::NeedsYou]),
        ("blocked", asked("of_a_hook"), &[On::Blocked, On::NeedsYou]),
        ("blocked", asked("question"), &[On::NeedsYou, On::Blocked]),
        ("blocked", asked("impossible"), &[On::NeedsYou, On::Blocked]),
        ("blocked", asked("contradiction"), &[On::NeedsYou, On::Blocked]),
        ("blocked", asked("review"), &[On::NeedsYou, On::Blocked]),
        ("verified", asked("review"), &[On::NeedsYou]),
        ("verified", json!({}), &[]),
        ("completed", json!({}), &[On::Complete]),
        ("retried", json!({}), &[On::Failed]),
        ("interrupted", json!({}), &[On::Lost]),
        ("attempt_lost", json!({}), &[On::Lost]),
        ("stale_claim", json!({}), &[On::Lost]),
        ("landed", json!({}), &[On::Landed]),
        ("added", json!({}), &[On::Added]),
        ("tampered", json!({}), &[On::Tampered]),
        ("restored", json!({}), &[On::Tampered]),
        ("usage_limit", json!({}), &[On::Limit]),
        ("budget", json!({}), &[On::Limit]),
        ("silent", json!({}), &[On::Silent]),
        ("loop_started", json!({}), &[On::RunStarted]),
        ("loop_finished", json!({}), &[On::RunFinished]),
        ("claimed", json!({}), &[]),
        ("hook", asked("question"), &[]),
        ("of_a_newer_version", json!({}), &[]),
    ] {
        assert_eq!(kinds(&event(kind, data.clone())), wanted, "{kind} {data}");
    }
    let mut by_hand = event("retried", json!({}));
    by_hand.worker = None;
    assert!(kinds(&by_hand).is_empty(), "a person tries it again");
}

#[test]
fn a_message_is_made_of_its_event_without_secrets() {
    let mask = Mask::new(&[("A_TOKEN".into(), "hunter22".into())]);
    let of = |data: Value, queue: &str, line: &str| {
        let mut event = event("blocked", data);
        event.queue = queue.to_owned();
        Message::of(On::Blocked, &event, line.to_owned(), &mask)
    };
    let at = "2026-01-19T10:00:00.000Z".to_owned();
    let data = json!({"reason": "hunter22!", "reason_code": "freeze"});
    let expected = Message {
        place: Some(Place { seq: 7, at: at.clone() }),
        key: format!("7:{at}"),
        event: On::Blocked,
        at,
        queue: Some("q.json".to_owned()),
        task: Some("A".to_owned()),
        title: None,
        reason: Some("[masked]!".to_owned()),
        code: Some("freeze".to_owned()),
        text: "10:00 - A blocked".to_owned(),
    };
    assert_eq!(of(data, "q.json", "10:00 - A blocked"), expected);
    let plain = of(json!({"reason": "", "reason_code": 7}), "", "x");
    assert_eq!((plain.queue, plain.reason, plain.code), (None, None, None));
    let long = of(json!({"reason": "é".repeat(2_000)}), "q.json", &"x".repeat(3_000));
    assert_eq!((long.reason.map(|text| text.len()), long.text.len()), (Some(2_048), 2_048));
}

#[test]
fn a_message_ends_with_the_command_that_a_person_needs() {
    let next = |event: NotifyEvent, code: Option<&str>| {
        let code = code.map(str::to_owned);
        let message = Message { event, code, ..message("my A", "text".to_owned()) };
        message.with_next().text.strip_prefix("text").map(str::to_owned)
    };
    let told = |text: &str| Some(text.to_owned());
    for (event, code, wanted) in [
        (On::NeedsYou, Some("question"), "; workloop answer 'my A' TEXT"),
        (On::Blocked, Some("impossible"), "; workloop answer 'my A' TEXT"),
        (On::Blocked, Some("contradiction"), "; workloop answer 'my A' TEXT"),
        (On::NeedsYou, Some("review"), "; workloop why 'my A'"),
        (On::Blocked, Some("of_a_hook"), "; workloop why 'my A'"),
        (On::Blocked, None, "; workloop why 'my A'"),
        (On::Silent, None, "; workloop log 'my A'"),
    ] {
        assert_eq!(next(event, code), told(wanted), "{event:?} {code:?}");
    }
    for (_, event) in NotifyEvent::ALL {
        let has_next = matches!(event, On::NeedsYou | On::Blocked | On::Silent);
        assert_eq!(next(event, None) != told(""), has_next, "{event:?}");
    }
    let of_run = Message { task: None, event: On::Blocked, ..message("A", "text".to_owned()) };
    assert_eq!(of_run.with_next().text, "text");
}

fn delivery(messages: &[Message]) -> Delivery<'_> {
    Delivery { id: "d", messages }
}

#[test]
fn a_text_has_a_line_for_each_message_and_no_more_than_fits() {
    let lines = |texts: &[&str], most: usize| {
        let messages: Vec<Message> =
            texts.iter().map(|text| message("A", (*text).to_owned())).collect();
        delivery(&messages).text(most)
    };
    assert_eq!(lines(&["one"], 100), "one");
    assert_eq!(lines(&["one", "two"], 100), "one\ntwo");
    assert_eq!(lines(&["日本語".repeat(10).as_str()], 27), "日本語");
    // One letter less has no room for the second line and its line end.
    assert_eq!(lines(&["one", "two", "three"], 24 + 7), "one\ntwo\n… and 1 more");
    assert_eq!(lines(&["one", "two", "three"], 24 + 6), "one\n… and 2 more");
    assert_eq!(lines(&["one", "two"], 0), "\n… and 1 more");
}

#[test]
fn a_body_has_every_field_and_a_digest_all_its_messages() {
    let one = Message {
        title: Some("The \"first\"".to_owned()),
        reason: Some("why".to_owned()),
        code: Some("timeout".to_owned()),
        ..message("A", "10:05 - A".to_owned())
    };
    let first = json!({"schema_version": 1, "event": "complete", "at": "1970-01-01T00:00:00.000Z",
        "queue": "q.json", "task": "A", "title": "The \"first\"", "reason": "why",
        "reason_code": "timeout", "text": "10:05 - A"});
    let parsed = |messages: &[Message]| -> Value {
        serde_json::from_str(&body::webhook(&delivery(messages))).expect("JSON")
    };
    assert_eq!(parsed(std::slice::from_ref(&one)), first);
    let later = Message { at: "later".to_owned(), ..message("B", "b".to_owned()) };
    let digest = parsed(&[one, later]);
    assert_eq!(digest["events"][0], first);
    let mut head = digest.clone();
    head.as_object_mut().expect("an object").remove("events");
    assert_eq!(
        head,
        json!({"schema_version": 1, "event": "digest", "at": "later", "queue": null, "task": null,
            "title": null, "reason": null, "reason_code": null, "text": "10:05 - A\nb"})
    );
}

#[test]
fn each_service_gets_what_it_accepts() {
    let long = message("A", "é".repeat(40_000));
    let all = [long];
    let text = |body: &str, key: &str| -> usize {
        let value: Value = serde_json::from_str(body).expect("JSON");
        value[key].as_str().map_or(0, |text| text.chars().count())
    };
    assert_eq!(text(&body::slack(&delivery(&all)), "text"), 30_000 - 24);
    assert_eq!(text(&body::discord(&delivery(&all)), "content"), 2_000 - 24);
    assert_eq!(body::ntfy(&delivery(&all)).chars().count(), 1_000 - 24);
    let quiet = [message("A", "@everyone".to_owned())];
    let body: Value = serde_json::from_str(&body::discord(&delivery(&quiet))).expect("JSON");
    assert_eq!(body, json!({"content": "@everyone", "allowed_mentions": {"parse": []}}));
    assert_eq!(body::ntfy(&delivery(&quiet)), "@everyone");
}
