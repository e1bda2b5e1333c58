//! Tests the records beside a queue: attempts, cursors, pauses and money, at their borders.

use crate::domain::{
    AttemptReport, Change, Claim, Completion, EventKind, Findings, Fingerprint, OpenQuestion,
    Outcome, ReasonCode, Status, Transition, Verdict, Waits,
};
use crate::platform::ids::CountingIds;
use crate::store::event_kind::event_kind;
use crate::store::records::attempts::{
    AttemptFolder, NO_ATTEMPT, VERDICT_FILE, WORKSPACE_FILE, conflicts_in_a_row, forget,
    log_verdict, lost_in_a_row, prune, reports,
};
use crate::store::records::cursors::{Cursor, CursorFile, Place};
use crate::store::{StateDir, TaskKey};
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

struct Folder {
    _dir: tempfile::TempDir,
    state: StateDir,
    key: TaskKey,
}

impl Folder {
    fn new() -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let queue = dir.path().join("q.json");
        let (state, key) = (StateDir::beside(&queue), TaskKey::new(&queue, "A"));
        Self { _dir: dir, state, key }
    }

    fn attempt(&self, number: u32) -> AttemptFolder {
        AttemptFolder::new(&self.state, &self.key, number)
    }

    /// Records an attempt that ended so.
    fn ended(&self, number: u32, outcome: Outcome, reason_code: Option<ReasonCode>) {
        let report = report(number, outcome, reason_code);
        self.attempt(number).put_report(&report).expect("written");
    }
}

/// Returns the report of an attempt that ended so.
pub(super) fn report(
    number: u32,
    outcome: Outcome,
    reason_code: Option<ReasonCode>,
) -> AttemptReport {
    AttemptReport {
        v: 1,
        task: "A".to_owned(),
        attempt: number,
        worker: "h:1:00000000".to_owned(),
        started_at: "2026-01-19T14:35:45Z".to_owned(),
        ended_at: "2026-01-19T14:35:46Z".to_owned(),
        outcome,
        verdict: None,
        reason: None,
        reason_code,
        evidence: None,
        known_errors: Vec::new(),
        hooks: Vec::new(),
        agent: None,
        steps: Vec::new(),
        files_changed: Vec::new(),
        files_ambiguous: Vec::new(),
        fingerprint: Fingerprint::default(),
        findings: Findings::default(),
    }
}

fn exited(code: i32) -> Outcome {
    Outcome::Exited { code }
}

#[test]
fn a_report_is_read_as_it_was_written_and_none_where_it_is_broken() {
    let folder = Folder::new();
    assert!(folder.attempt(1).report().is_none());
    folder.ended(1, exited(3), Some(ReasonCode::Conflict));
    let read = folder.attempt(1).report().expect("a report");
    assert_eq!((read.attempt, read.outcome), (1, exited(3)));
    let text = fs::read_to_string(folder.attempt(1).file(VERDICT_FILE)).expect("text");
    assert!(text.starts_with("{\n") && text.ends_with("}\n"), "people read it: {text}");
    folder.attempt(1).put(VERDICT_FILE, b"{").expect("written");
    assert!(folder.attempt(1).report().is_none());
    folder.attempt(2).create().expect("made");
    fs::create_dir(folder.attempt(2).file(VERDICT_FILE)).expect("a folder in its place");
    assert!(folder.attempt(2).report().is_none());
}

#[test]
fn reports_are_listed_from_the_oldest_to_the_newest_without_gaps() {
    let folder = Folder::new();
    assert_eq!(reports(&folder.state, &folder.key), []);
    for number in [10, 2, NO_ATTEMPT, 9] {
        folder.ended(number, exited(0), None);
    }
    folder.attempt(5).create().expect("an attempt that runs");
    let numbers: Vec<u32> =
        reports(&folder.state, &folder.key).iter().map(|report| report.attempt).collect();
    assert_eq!(numbers, [2, 9, 10], "a verification without an attempt is none");
}

#[test]
fn the_last_attempts_of_one_kind_are_counted_back_to_the_first_other() {
    let folder = Folder::new();
    let counts = || {
        let (state, key) = (&folder.state, &folder.key);
        (lost_in_a_row(state, key), conflicts_in_a_row(state, key))
    };
    assert_eq!(counts(), (0, 0));
    folder.ended(1, Outcome::Lost, None);
    folder.ended(2, exited(0), Some(ReasonCode::Conflict));
    assert_eq!(counts(), (0, 1));
    folder.ended(3, Outcome::Lost, Some(ReasonCode::Conflict));
    assert_eq!(counts(), (1, 2));
    folder.ended(4, Outcome::Lost, Some(ReasonCode::TestsFailed));
    assert_eq!(counts(), (2, 0));
    folder.ended(5, Outcome::Interrupted, None);
    assert_eq!(counts(), (0, 0));
}

#[test]
fn the_newest_folders_are_kept_and_always_one() {
    let folder = Folder::new();
    let left = |keep: usize| {
        (1..=5).for_each(|number| folder.attempt(number).create().expect("made"));
        prune(&folder.state, &folder.key, keep);
        folder.state.attempt_numbers(&folder.key).expect("numbers")
    };
    assert_eq!(left(9), [1, 2, 3, 4, 5]);
    assert_eq!(left(5), [1, 2, 3, 4, 5]);
    assert_eq!(left(4), [2, 3, 4, 5]);
    assert_eq!(left(1), [5]);
    assert_eq!(left(0), [5], "the last attempt explains the state of its task");
    forget(&folder.state, &folder.key);
    assert_eq!(folder.state.attempt_numbers(&folder.key).expect("numbers"), [0; 0]);
    prune(&folder.state, &folder.key, 1);
}

#[test]
fn a_text_of_an_attempt_is_short_and_not_empty() {
    let folder = Folder::new();
    let attempt = folder.attempt(1);
    let text = |bytes: &[u8]| {
        attempt.put("note", bytes).expect("written");
        attempt.text("note")
    };
    assert_eq!(attempt.text("note"), None);
    assert_eq!(text(b"abc\n").as_deref(), Some("abc\n"));
    assert_eq!((text(b""), text(b"\xff")), (None, None));
    assert_eq!(text(&[b'x'; 4096]).map(|text| text.len()), Some(4096));
    assert_eq!(text(&[b'x'; 4097]), None);
}

#[test]
fn a_workspace_is_the_path_that_was_written_whatever_its_bytes() {
    let folder = Folder::new();
    let attempt = folder.attempt(1);
    assert_eq!(attempt.workspace(), None);
    attempt.put(WORKSPACE_FILE, b"/trees/ws-1\xff").expect("written");
    let found = attempt.workspace().expect("a path");
    assert_eq!(found.as_os_str().as_bytes(), b"/trees/ws-1\xff");
    attempt.put(WORKSPACE_FILE, b"").expect("written");
    assert_eq!(attempt.workspace(), None, "agents share one tree");
}

#[test]
fn both_ends_of_a_file_are_read_once_at_every_length() {
    let folder = Folder::new();
    let attempt = folder.attempt(1);
    let ends = |bytes: &[u8]| {
        attempt.put("log", bytes).expect("written");
        let (head, tail) = attempt.ends("log", 3).expect("read");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
        (text(head), text(tail))
    };
    let pair = |head: &str, tail: &str| (head.to_owned(), tail.to_owned());
    assert_eq!(ends(b""), pair("", ""));
    assert_eq!(ends(b"123456"), pair("123456", ""));
    assert_eq!(ends(b"1234567"), pair("123", "567"));
    assert_eq!(ends(b"123456789"), pair("123", "789"));
    assert!(attempt.ends("none", 3).is_err());
}

#[test]
fn blocks_are_appended_to_the_log_in_the_state_folder() {
    let folder = Folder::new();
    log_verdict(&folder.state, "one\n").expect("appended");
    log_verdict(&folder.state, "two\n").expect("appended");
    let log = folder.state.verification_log();
    assert_eq!(fs::read_to_string(&log).expect("text"), "one\ntwo\n");
    fs::remove_file(&log).expect("removed");
    fs::create_dir(&log).expect("a folder in its place");
    assert!(log_verdict(&folder.state, "three\n").is_err());
    assert!(log.is_dir(), "what others put there is left");
}

#[test]
fn a_cursor_is_kept_for_each_channel_and_survives_a_broken_file() {
    let folder = Folder::new();
    let ids = CountingIds::default();
    let (one, other) =
        (CursorFile::new(&folder.state, "a/../b"), CursorFile::new(&folder.state, "b"));
    assert_eq!((one.read(), one.end()), (None, Place::default()));
    let cursor = Cursor {
        told: Place { seq: 7, at: "2026-01-19T00:00:00Z".into() },
        until: Some(Place { seq: 9, at: "2026-01-19T00:00:09Z".into() }),
        silent: vec!["A:3".into()],
    };
    one.write(&cursor, &ids).expect("written");
    assert_eq!((one.read(), other.read()), (Some(cursor.clone()), None));
    let plain = Cursor { until: None, silent: Vec::new(), ..cursor };
    one.write(&plain, &ids).expect("written");
    assert_eq!(CursorFile::new(&folder.state, "a/../b").read(), Some(plain));
    let held = one.lock().expect("a lock").expect("free");
    assert!(one.lock().expect("looked at").is_none(), "one loop delivers at a time");
    assert!(other.lock().expect("a lock").is_some());
    drop(held);
    assert!(one.lock().expect("a lock").is_some());
}

#[test]
fn a_delivery_has_one_name_for_the_same_events_of_a_channel() {
    let folder = Folder::new();
    let (one, other) = (CursorFile::new(&folder.state, "a"), CursorFile::new(&folder.state, "b"));
    let name = one.delivery("1", "2");
    assert_eq!(name, CursorFile::new(&folder.state, "a").delivery("1", "2"));
    assert_eq!(name.len(), 32);
    let others = [
        one.delivery("1", "3"),
        one.delivery("2", "2"),
        one.delivery("12", ""),
        one.delivery("", "12"),
        other.delivery("1", "2"),
        CursorFile::new(&StateDir::beside(Path::new("/other/q.json")), "a").delivery("1", "2"),
    ];
    for (at, other) in others.iter().enumerate() {
        assert!(*other != name && !others[at + 1..].contains(other), "{at}");
    }
}

#[test]
fn each_transition_that_an_attempt_makes_is_one_kind_of_event() {
    let claim = || Claim {
        worker: "h:1:00000000".to_owned(),
        attempt: 1,
        since: text(),
        host: text(),
        boot: text(),
        start: 7,
        tag: "0".repeat(32),
    };
    let change = Change {
        commit: text(),
        base: text(),
        verdict: "PASS".to_owned(),
        waits: Waits::Landing,
        obstacle: None,
    };
    let question = || {
        Box::new(OpenQuestion {
            code: ReasonCode::Question,
            text: text(),
            evidence: None,
            to: None,
        })
    };
    let fail = Transition::Fail {
        reason: text(),
        files_changed: Vec::new(),
        files_ambiguous: Vec::new(),
        conflict_paths: Vec::new(),
    };
    let (pass, done) = (Verdict::Pass, Completion::default);
    each_is([
        (Transition::Claim(claim()), EventKind::Claimed),
        (Transition::Adopt(claim()), EventKind::Claimed),
        (Transition::Await(change), EventKind::Verified),
        (Transition::Complete(pass, done()), EventKind::Completed),
        (Transition::Settle(Status::Complete, None), EventKind::Completed),
        (fail, EventKind::Retried),
        (Transition::AwaitFix { reason: text() }, EventKind::Retried),
        (Transition::Retry, EventKind::Retried),
        (Transition::GiveUp { verdict: Verdict::Fail, reason: text() }, EventKind::Blocked),
        (Transition::Review(pass, done()), EventKind::Blocked),
        (Transition::Ask { reason: text(), question: question() }, EventKind::Blocked),
        (Transition::Settle(Status::Blocked, None), EventKind::Blocked),
        (Transition::Settle(Status::Pending, None), EventKind::Blocked),
        (Transition::Interrupt { reason: text() }, EventKind::Interrupted),
        (Transition::Lose, EventKind::AttemptLost),
        (Transition::TakeOver, EventKind::StaleClaim),
        (Transition::Progress(serde_json::Value::Null), EventKind::Progress),
    ]);
}

#[test]
fn each_transition_that_a_person_makes_is_one_kind_of_event() {
    let accept = |completes| Transition::Accept { by: text(), completes };
    let answer = Transition::Answer {
        question: None,
        earlier: Vec::new(),
        text: text(),
        by: None,
        matches: None,
    };
    let done = Transition::Done { by: text(), note: None, verdict: Verdict::Pass };
    each_is([
        (accept(true), EventKind::Completed),
        (accept(false), EventKind::Approved),
        (Transition::Approve { by: text() }, EventKind::Approved),
        (done, EventKind::Completed),
        (Transition::Veto { reason: text() }, EventKind::Blocked),
        (Transition::Block { because: text() }, EventKind::Blocked),
        (answer, EventKind::Answered),
        (Transition::Reset, EventKind::Reset),
        (Transition::Cancel, EventKind::Cancelled),
        (Transition::Park, EventKind::Parked),
        (Transition::Unpark, EventKind::Unparked),
        (Transition::Release, EventKind::Released),
    ]);
}

fn text() -> String {
    "x".to_owned()
}

fn each_is<const N: usize>(cases: [(Transition, EventKind); N]) {
    for (transition, kind) in cases {
        assert_eq!(event_kind(&transition), kind, "{transition:?}");
    }
}
