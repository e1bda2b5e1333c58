//! How deliveries reach their targets, and what is said if they do not.

use super::super::carrier::{Carrier, Programs};
use super::super::channel::Channel;
use super::super::message::Message;
use super::super::refused::Refused;
use super::super::start;
use super::{Bench, Delivery, message, rule};
use crate::config::{Address, NotifyEvent, NotifyRule, NotifyTarget};
use crate::domain::Command;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

fn shell(text: &str) -> NotifyTarget {
    NotifyTarget::Command(Command::Shell(text.to_owned()))
}

/// Sends messages to a target, with programs from `path` only.
fn carry(
    target: NotifyTarget,
    path: &str,
    dir: &Path,
    messages: &[Message],
) -> Result<(), Refused> {
    let programs = Programs {
        vars: vec![("PATH".into(), path.into()), ("WORKLOOP_QUEUE".into(), "x".into())],
        folder: dir.to_owned(),
        cancelled: Arc::default(),
    };
    let rule = NotifyRule { target, secret_env: None, ..rule() };
    let channel =
        Channel { rule, number: 1, url: Some("http://127.0.0.1:9/".into()), secret: None };
    programs.carry(&channel, &Delivery { id: "d", messages })
}

#[test]
fn a_program_that_is_missing_is_missing_for_good() {
    let dir = tempfile::tempdir().expect("a folder");
    let none = dir.path().display().to_string();
    let one = [message("A", "text".to_owned())];
    let url = || Address::Url("http://127.0.0.1:9/".to_owned());
    let curl = "curl is not installed, but is needed to send";
    let desktop = if cfg!(target_os = "macos") { "osascript" } else { "notify-send" };
    for (target, why) in [
        (NotifyTarget::Webhook(url()), curl.to_owned()),
        (NotifyTarget::Slack(url()), curl.to_owned()),
        (NotifyTarget::Discord(url()), curl.to_owned()),
        (NotifyTarget::Ntfy(url()), curl.to_owned()),
        (NotifyTarget::Desktop, format!("{desktop} is not installed")),
    ] {
        let refused = carry(target, &none, dir.path(), &one).expect_err("nothing can send it");
        assert_eq!(refused, Refused { again: false, after: None, why });
    }
}

#[test]
fn a_command_that_fails_is_tried_again_with_the_first_line_that_it_printed() {
    let dir = tempfile::tempdir().expect("a folder");
    let fails = |script: &str| {
        let one = [message("A", "text".to_owned())];
        carry(shell(script), "/usr/bin:/bin", dir.path(), &one).expect_err("it fails")
    };
    for (script, why) in [
        ("exit 3", "exit status 3"),
        ("echo no login >&2; echo more >&2; exit 1", "exit status 1: no login"),
        ("echo out; kill -TERM $$", "exit status 143"),
    ] {
        assert_eq!(fails(script), Refused { again: true, after: None, why: why.to_owned() });
    }
    let missing = NotifyTarget::Command(Command::List(vec!["/no/such/program".to_owned()]));
    let refused = carry(missing, "/usr/bin:/bin", dir.path(), &[message("A", String::new())])
        .expect_err("it does not exist");
    assert!(refused.again, "{refused:?}");
    assert!(refused.why.starts_with("run /no/such/program: "), "{refused:?}");
}

/// A digest names no task, and an id cannot end a variable.
#[test]
fn a_command_knows_the_event_and_the_task() {
    let dir = tempfile::tempdir().expect("a folder");
    let script = "cat >/dev/null; echo \"$WORKLOOP_EVENT|$WORKLOOP_TASK_ID|${WORKLOOP_QUEUE-none}|$PWD\" >out";
    let told = |messages: &[Message]| {
        carry(shell(script), "/usr/bin:/bin", dir.path(), messages).expect("sent");
        std::fs::read_to_string(dir.path().join("out")).expect("written")
    };
    let folder = dir.path().canonicalize().expect("a folder");
    let folder = folder.display();
    let one = message("A\0B", String::new());
    assert_eq!(told(std::slice::from_ref(&one)), format!("complete|AB|none|{folder}\n"));
    assert_eq!(told(&[one.clone(), one]), format!("digest||none|{folder}\n"));
}

#[cfg(target_os = "linux")]
#[test]
fn the_desktop_gets_a_title_and_a_text_without_markup() {
    let dir = tempfile::tempdir().expect("a folder");
    let (program, out) = (dir.path().join("notify-send"), dir.path().join("out"));
    let script = format!("#!/bin/sh\nprintf '%s|' \"$@\" >'{}'\n", out.display());
    std::fs::write(&program, script).expect("written");
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o700)).expect("set");
    let path = dir.path().display().to_string();
    let told = |messages: &[Message]| {
        // Another test may fork while the script is open for writing.
        let sent = || carry(NotifyTarget::Desktop, &path, dir.path(), messages);
        let busy = |why: &str| why.contains("busy");
        let mut result = sent();
        while result.as_ref().is_err_and(|refused| busy(&refused.why)) {
            result = sent();
        }
        result.expect("sent");
        std::fs::read_to_string(&out).expect("written")
    };
    let one = message("A", "-x <b>&</b>".to_owned());
    assert_eq!(
        told(std::slice::from_ref(&one)),
        "--app-name=workloop|--urgency|normal|--|workloop: complete|-x &lt;b&gt;&amp;&lt;/b&gt;|"
    );
    let asks = Message { event: NotifyEvent::NeedsYou, ..message("B", "b".to_owned()) };
    assert_eq!(
        told(std::slice::from_ref(&asks)),
        "--app-name=workloop|--urgency|critical|--|workloop: needs you|b|"
    );
    assert!(
        told(&[one, asks])
            .starts_with("--app-name=workloop|--urgency|critical|--|workloop: digest|")
    );
}

#[test]
fn a_delivery_that_is_cancelled_is_tried_by_the_next_run() {
    let dir = tempfile::tempdir().expect("a folder");
    let programs = Programs {
        vars: Vec::new(),
        folder: dir.path().to_owned(),
        cancelled: Arc::new(AtomicBool::new(true)),
    };
    let rule = NotifyRule { target: shell("touch out"), secret_env: None, ..rule() };
    let channel = Channel { rule, number: 1, url: None, secret: None };
    let one = [message("A", String::new())];
    let refused = programs.carry(&channel, &Delivery { id: "d", messages: &one });
    assert!(refused.expect_err("it was cancelled").again);
    assert!(!dir.path().join("out").exists());
}

#[test]
fn a_test_message_says_that_it_is_one_and_why_it_did_not_arrive() {
    let bench = Bench::new();
    let out = bench.dir.path().join("out");
    let channel = |script: &str| {
        bench.channel(NotifyRule { target: shell(script), secret_env: None, ..rule() })
    };
    start::test(&channel("cat >out; echo $WORKLOOP_EVENT >>out"), &bench.tools()).expect("sent");
    let text = std::fs::read_to_string(&out).expect("written");
    let (body, event) = text.split_once('\n').expect("two lines");
    let body: serde_json::Value = serde_json::from_str(body).expect("JSON");
    assert_eq!(
        (&body["event"], &body["at"], event),
        (&"test".into(), &"1970-01-01T00:00:00.000Z".into(), "test\n")
    );
    assert!(
        body["text"].as_str().is_some_and(|text| text.ends_with(" - a test of workloop doctor"))
    );
    let failed = start::test(&channel("echo the key hunter22 >&2; exit 1"), &bench.tools());
    assert_eq!(failed, Err("exit status 1: the key [masked]".to_owned()));
}
