//! Channels: what they are called, which events they want, and which of them can be used.

use super::super::channel::{Channel, described};
use super::{rule, usable};
use crate::config::{Address, NotifyEvent, NotifyRule, NotifySeverity, NotifyTarget};
use crate::domain::{Command, Event};
use serde_json::{Value, json};
use std::ffi::OsString;

fn channel(rule: NotifyRule) -> Channel {
    let url = Some("https://x.example/s3cret".to_owned());
    Channel { rule, number: 2, url, secret: Some("sign3d".to_owned()) }
}

#[test]
fn a_channel_is_named_by_its_number_and_target_without_its_secrets() {
    let address = || Address::Url("https://user:pass@x.example:8080/s3cret?key".to_owned());
    let variable = || Address::Variable("HOOK".to_owned());
    for (target, wanted) in [
        (NotifyTarget::Webhook(address()), "channel 2: webhook x.example:8080"),
        (NotifyTarget::Slack(variable()), "channel 2: slack env:HOOK"),
        (NotifyTarget::Discord(address()), "channel 2: discord x.example:8080"),
        (NotifyTarget::Ntfy(variable()), "channel 2: ntfy env:HOOK"),
        (NotifyTarget::Desktop, "channel 2: desktop"),
        (NotifyTarget::Command(Command::Shell("cat >x".into())), "channel 2: command cat >x"),
        (
            NotifyTarget::Command(Command::List(vec!["a".into(), "b c".into()])),
            "channel 2: command a b c",
        ),
    ] {
        let rule = NotifyRule { target, line: 9, ..rule() };
        assert_eq!(described(&rule, 2), wanted);
        let channel = channel(rule);
        assert_eq!((channel.to_string().as_str(), channel.line()), (wanted, 9));
        let debug = format!("{channel:?}");
        assert!(!debug.contains("s3cret") && !debug.contains("sign3d"), "{debug}");
    }
}

/// A rule that moves to another place in the file is still the same channel.
#[test]
fn a_channel_is_the_same_as_long_as_it_gets_the_same_messages() {
    let first = channel(rule()).key();
    let moved = Channel { number: 9, rule: NotifyRule { line: 99, ..rule() }, ..channel(rule()) };
    let signed = Channel { secret: None, ..channel(rule()) };
    assert_eq!((moved.key(), signed.key()), (first.clone(), first.clone()));
    let of = |rule: NotifyRule| channel(rule).key();
    let others = [
        of(NotifyRule { on: vec![NotifyEvent::Complete], ..rule() }),
        of(NotifyRule { queues: vec!["q".into()], ..rule() }),
        of(NotifyRule { tasks: vec!["q".into()], ..rule() }),
        of(NotifyRule { severity: NotifySeverity::Error, ..rule() }),
        of(NotifyRule { target: NotifyTarget::Slack(Address::Variable("HOOK".into())), ..rule() }),
        of(NotifyRule { target: NotifyTarget::Desktop, ..rule() }),
        Channel { url: Some("https://x.example/other".into()), ..channel(rule()) }.key(),
    ];
    for (at, other) in others.iter().enumerate() {
        assert_ne!(other, &first, "{at}");
        assert!(!others[..at].contains(other), "{at}");
    }
    let renewed = |url: &str| {
        let target = NotifyTarget::Slack(Address::Variable("HOOK".into()));
        Channel { url: Some(url.into()), ..channel(NotifyRule { target, ..rule() }) }.key()
    };
    assert_eq!(renewed("a"), renewed("b"), "a new secret is no new channel");
}

fn event(kind: &str, queue: &str, task: Option<&str>, data: Value) -> Event {
    let line = json!({"v": 1, "seq": 1, "at": "", "event": kind, "queue": queue, "task": task, "data": data});
    serde_json::from_value(line).expect("an event")
}

#[test]
fn a_channel_wants_what_its_rule_selects() {
    let wants = |queues: &[&str], tasks: &[&str], event: &Event| {
        let texts = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect();
        channel(NotifyRule { queues: texts(queues), tasks: texts(tasks), ..rule() }).wants(event)
    };
    let done = event("completed", "my.json", Some("A-1"), json!({}));
    let ended = event("loop_finished", "", None, json!({"queues": ["my", "other"]}));
    let (complete, finished) = (Some(NotifyEvent::Complete), Some(NotifyEvent::RunFinished));
    for (queues, tasks, event, wanted) in [
        (&[][..], &[][..], &done, complete),
        (&["my"], &[], &done, complete),
        (&["my.json"], &[], &done, complete),
        (&["m*"], &["A-*"], &done, complete),
        (&["other", "my"], &["B", "A-1"], &done, complete),
        (&["my.js"], &[], &done, None),
        (&[], &["A"], &done, None),
        (&["other"], &["A-1"], &done, None),
        (&[], &[], &ended, finished),
        (&["other.json"], &[], &ended, finished),
        (&["third"], &[], &ended, None),
        (&[], &["*"], &ended, None),
    ] {
        assert_eq!(wants(queues, tasks, event), wanted, "{queues:?} {tasks:?} {}", event.queue);
    }
    let claimed = event("claimed", "my.json", Some("A-1"), json!({}));
    assert_eq!(wants(&[], &[], &claimed), None);
    let landed = event("landed", "my.json", Some("A-1"), json!({}));
    assert_eq!(wants(&[], &[], &landed), None, "its rule does not name it");
}

#[test]
fn only_what_is_severe_enough_is_sent() {
    let wants = |severity, kind: &str| {
        let on = NotifyEvent::ALL.map(|(_, event)| event).to_vec();
        let rule = NotifyRule { on, severity, ..rule() };
        let event =
            Event { worker: Some("w".into()), ..event(kind, "q.json", Some("A"), json!({})) };
        channel(rule).wants(&event).is_some()
    };
    for (severity, wanted) in [
        (NotifySeverity::Info, [true, true, true]),
        (NotifySeverity::Warning, [false, true, true]),
        (NotifySeverity::Error, [false, false, true]),
    ] {
        assert_eq!(["completed", "retried", "blocked"].map(|kind| wants(severity, kind)), wanted);
    }
}

#[test]
fn a_channel_without_its_variables_is_left_out_and_the_others_keep_their_numbers() {
    let slack = |name: &str| NotifyRule {
        target: NotifyTarget::Slack(Address::Variable(name.to_owned())),
        secret_env: None,
        ..rule()
    };
    let var = |name: &str, value: &str| (OsString::from(name), OsString::from(value));
    let vars = [var("SET", "https://x/1"), var("EMPTY", ""), var("SIGNS", "Jefe")];
    let rules = [slack("EMPTY"), slack("SET"), rule()];
    let (found, wrong) = usable(&rules, &vars);
    assert_eq!(wrong, ["channel 1: slack env:EMPTY: EMPTY is not set"]);
    let seen: Vec<_> =
        found.iter().map(|one| (one.number, one.url.as_deref(), one.secret.as_deref())).collect();
    assert_eq!(
        seen,
        [(2, Some("https://x/1"), None), (3, Some("http://127.0.0.1:9/"), Some("Jefe"))]
    );
    assert_eq!(usable(&[], &vars).0.len(), 0);
}
