//! The supervisor's end of the socket: what each message of the loop orders.

use super::super::protocol::Ended;
use super::*;
use crate::domain::Outcome;
use crate::platform::lock::FileLock;
use std::io::{BufRead, BufReader};
use std::net::Shutdown;
use std::time::Duration;

fn link() -> (Link, UnixStream) {
    let (ours, theirs) = UnixStream::pair().expect("a pair");
    (Link::new(ours).expect("a link"), theirs)
}

/// Sends `text` as the loop, and reads it as the supervisor.
fn say(link: &mut Link, theirs: &mut UnixStream, text: &str) {
    theirs.write_all(text.as_bytes()).expect("sent");
    link.receive();
}

const RUN: &str = r#"{"do":"run","command":{"argv":["a"],"cwd":"/","env":[],"stdin":null,"stdout":"/o",
"stderr":null,"timeout":{"secs":1,"nanos":0},"silence":null,"grace":{"secs":0,"nanos":0},"cap":1}}"#;

fn run(program: &str) -> String {
    RUN.replace('\n', "").replace("\"a\"", &format!("\"{program}\"")) + "\n"
}

#[test]
fn each_message_changes_what_is_ordered() {
    let (mut link, mut theirs) = link();
    let mut after = |text: &str| {
        say(&mut link, &mut theirs, text);
        let orders = &link.orders;
        (orders.end, orders.paused, orders.unanswered, orders.commands.len(), orders.leave)
    };
    assert_eq!(after("{\"do\":\"pause\",\"number\":7}\n"), (None, true, Some(7), 0, false));
    assert_eq!(after("{\"do\":\"pause\",\"number\":8}\n"), (None, true, Some(8), 0, false));
    assert_eq!(
        after(&run("a")),
        (None, true, Some(8), 1, false),
        "it waits for the end of the pause"
    );
    assert_eq!(after("{\"do\":\"resume\"}\n"), (None, false, None, 1, false));
    assert_eq!(after("{\"do\":\"term\"}\n"), (Some(End::Term), false, None, 1, false));
    assert_eq!(after("{\"do\":\"kill\"}\n"), (Some(End::Kill), false, None, 1, false));
    assert_eq!(after("{\"do\":\"term\"}\n").0, Some(End::Kill), "an end is never put off");
}

#[test]
fn messages_come_in_pieces_and_together_and_keep_their_order() {
    let (mut link, mut theirs) = link();
    let first = run("one");
    let (begin, rest) = first.split_at(20);
    say(&mut link, &mut theirs, begin);
    assert!(link.orders.commands.is_empty() && !link.orders.leave);
    say(&mut link, &mut theirs, rest.trim_end_matches('\n'));
    assert!(link.orders.commands.is_empty(), "its line has no end yet");
    say(&mut link, &mut theirs, &format!("\n\n{}{}{{\"do\":\"pau", run("two"), run("three")));
    let programs: Vec<_> = link.orders.commands.iter().map(|spec| spec.argv[0].clone()).collect();
    assert_eq!(programs, ["one", "two", "three"]);
    say(&mut link, &mut theirs, "se\",\"number\":1}\n");
    assert_eq!((link.orders.unanswered, link.orders.leave), (Some(1), false));
}

/// Only another version of this program could send such a message: nothing is guessed.
#[test]
fn a_message_that_is_not_understood_ends_everything() {
    for text in ["{\"do\":\"dance\"}\n", "{\"do\":\"pause\"}\n", "\u{1b}\n", "{}\n", "[]\n"] {
        let (mut link, mut theirs) = link();
        say(&mut link, &mut theirs, text);
        assert_eq!((link.orders.end, link.orders.leave), (Some(End::Term), true), "{text:?}");
        assert!(link.control.is_none(), "{text:?}");
    }
}

#[test]
fn a_loop_that_is_gone_ends_everything_but_never_puts_off_a_kill() {
    let (mut gone, theirs) = link();
    drop(theirs);
    gone.receive();
    assert_eq!((gone.orders.end, gone.orders.leave), (Some(End::Term), true));
    let (mut killed, mut theirs) = link();
    say(&mut killed, &mut theirs, "{\"do\":\"kill\"}\n");
    theirs.shutdown(Shutdown::Write).expect("shut down");
    killed.receive();
    assert_eq!((killed.orders.end, killed.orders.leave), (Some(End::Kill), true));
    // Without a socket nothing is read or sent any more.
    killed.receive();
    killed.tell(&Reply::Holds);
    assert_eq!(killed.orders.end, Some(End::Kill));
}

#[test]
fn a_claim_comes_with_its_file_and_ends_the_pause_of_the_one_before() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("1.lock");
    let lock = FileLock::try_acquire(&path).expect("locked").expect("free");
    let (mut link, mut theirs) = link();
    say(&mut link, &mut theirs, "{\"do\":\"pause\",\"number\":3}\n");
    let hold = line(&Request::Hold { tags: "f.p.t.r".to_owned() });
    handover::send(&theirs, &hold, lock.file().as_fd()).expect("sent");
    link.receive();
    drop(lock);
    assert!(FileLock::try_acquire(&path).expect("read").is_none(), "the supervisor holds it");
    let (file, tags) = link.orders.hold.take().expect("a claim");
    assert_eq!(tags, "f.p.t.r");
    assert_eq!((link.orders.paused, link.orders.unanswered), (false, None));
    drop(file);
    assert!(FileLock::try_acquire(&path).expect("read").is_some());
}

#[test]
fn a_claim_without_its_file_is_not_understood() {
    let (mut link, mut theirs) = link();
    say(&mut link, &mut theirs, "{\"do\":\"hold\",\"tags\":\"f.p.t.r\"}\n");
    assert!(link.orders.hold.is_none());
    assert_eq!((link.orders.end, link.orders.leave), (Some(End::Term), true));
}

#[test]
fn replies_are_lines_that_the_loop_can_read() {
    let (mut link, theirs) = link();
    let ended = Ended {
        outcome: Outcome::Signaled { signal: 9 },
        unstarted: None,
        millis: 5,
        printed: 6,
        leftovers: true,
        output_error: Some("full".to_owned()),
    };
    for reply in [
        Reply::Ready { pid: 1, start: 2 },
        Reply::Holds,
        Reply::Started { pid: 3, start: u64::MAX },
        Reply::Paused { number: 4 },
        Reply::Ended { ended },
        Reply::Ended { ended: Ended::never(Outcome::Interrupted, None) },
    ] {
        link.tell(&reply);
    }
    drop(link);
    let lines: Vec<String> =
        BufReader::new(theirs).lines().map(|line| line.expect("text")).collect();
    assert_eq!(
        lines,
        [
            r#"{"is":"ready","pid":1,"start":2}"#,
            r#"{"is":"holds"}"#,
            r#"{"is":"started","pid":3,"start":18446744073709551615}"#,
            r#"{"is":"paused","number":4}"#,
            r#"{"is":"ended","ended":{"outcome":{"kind":"signaled","signal":9},"unstarted":null,"millis":5,"printed":6,"leftovers":true,"output_error":"full"}}"#,
            r#"{"is":"ended","ended":{"outcome":{"kind":"interrupted"},"unstarted":null,"millis":0,"printed":0,"leftovers":false,"output_error":null}}"#,
        ]
    );
}

#[test]
fn a_reply_that_cannot_be_sent_shows_that_the_loop_is_gone() {
    let (mut link, theirs) = link();
    drop(theirs);
    link.tell(&Reply::Holds);
    assert_eq!((link.orders.end, link.orders.leave), (Some(End::Term), true));
}

/// Other tests of this process raise signals, so what a signal orders is not looked at here.
#[test]
fn a_wait_ends_with_output_a_message_or_its_deadline() {
    let dir = tempfile::tempdir().expect("a folder");
    let (mut link, mut theirs) = link();
    let (first, writer) = Stream::new(&dir.path().join("out"), 1 << 20).expect("a stream");
    let (second, other) = Stream::new(&dir.path().join("err"), 1 << 20).expect("a stream");
    let mut streams = [first, second];
    let soon = || Some(Instant::now() + Duration::from_secs(20));
    assert!(!link.wait(&mut streams, Some(Instant::now())).expect("waited"), "nothing happened");
    File::from(other).write_all(b"oops").expect("written");
    while !link.wait(&mut streams, soon()).expect("waited") {}
    theirs.write_all(b"{\"do\":\"pause\",\"number\":1}\n").expect("sent");
    while link.orders.unanswered.is_none() {
        link.wait(&mut streams, soon()).expect("waited");
    }
    drop(writer);
    while streams.iter().any(|stream| stream.descriptor().is_some()) {
        assert!(!link.wait(&mut streams, soon()).expect("waited"), "an end is no output");
    }
    let [first, second] = streams;
    assert_eq!((first.finish(), second.finish()), ((0, None), (4, None)));
    assert!(!dir.path().join("out").exists(), "a silent command leaves no file");
    assert_eq!(std::fs::read(dir.path().join("err")).expect("read"), b"oops");
}
