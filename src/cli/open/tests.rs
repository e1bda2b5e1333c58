//! Which failure an error of a queue, a verb or a run becomes: its exit status, its text and what
//! to do about it.

use super::*;
use crate::config::ChoiceError;
use crate::domain::{Illegal, Status};
use crate::queue::{EditError, Queue};
use crate::store::journal::JournalError;
use std::io;
use std::time::Duration;

fn path() -> PathBuf {
    PathBuf::from("/p/q.json")
}

/// Returns the exit status and the text of a failure.
fn told(error: impl Into<Failure>) -> (u8, String) {
    let failure = error.into();
    (failure.exit(), failure.to_string())
}

/// Returns the error for a file that is no queue.
fn refused() -> StoreError {
    let error = Queue::parse(&path(), b"{\"tasks\": [\n  {\"id\": 1,}]}".to_vec());
    StoreError::Refused(Box::new(error.expect_err("no queue")))
}

fn full() -> io::Error {
    io::Error::other("the disk is full")
}

#[test]
fn what_a_person_asked_wrongly_is_wrong_usage() {
    let illegal =
        Illegal { task: "A".to_owned(), status: Status::Pending, why: "no", legal: vec![] };
    let ambiguous = StoreError::AmbiguousTask {
        id: "A".to_owned(),
        references: vec!["q:A".to_owned(), "r:A".to_owned()],
    };
    let unknown =
        StoreError::UnknownTask { id: "A".to_owned(), queues: "q.json".to_owned(), nearest: None };
    for (error, text) in [
        (
            ambiguous,
            "task id `A` exists in 2 queues: q:A, r:A\n\
             hint: write queue:ID, or name one queue with --work-queue",
        ),
        (illegal.into(), "task A is pending: no; legal now: nothing"),
        (EditError::DuplicateId("A".to_owned()).into(), "there is already a task `A`"),
        (unknown, "there is no task `A` in q.json"),
        (
            StoreError::TaskElsewhere { id: "A".to_owned(), queue: "r.json".to_owned() },
            "task `A` is in r.json, which was not named: name that queue",
        ),
        (StoreError::Rejected("not so".to_owned()), "not so"),
        (
            StoreError::Unsafe { path: path(), reason: "others can write it".to_owned() },
            "refused /p/q.json: others can write it",
        ),
        (
            JournalError::Newer { path: "j".to_owned(), found: 9 }.into(),
            "the journal j was written by a newer workloop (format 9, this version supports 1): it \
             is read, not written; use the newer program",
        ),
    ] {
        assert_eq!(told(error), (2, format!("error: {text}\n")));
    }
    let (exit, text) = told(StoreError::Newer { path: path(), found: 99 });
    assert_eq!(exit, 2);
    let start = "error: /p/q.json needs a newer workloop (workloop_format 99, this version";
    assert!(text.starts_with(start), "{text}");
}

#[test]
fn what_the_system_refuses_is_a_failure_of_the_program() {
    for (error, text) in [
        (
            JournalError::Io { path: "j".to_owned(), source: full() }.into(),
            "failed to append to the journal j: the disk is full",
        ),
        (
            StoreError::Unsettled { path: path(), times: 5 },
            "/p/q.json changed 5 times while it was being written; nothing was written",
        ),
        (
            StoreError::NotDurable { path: path(), source: full() },
            "/p/q.json was replaced, but its folder could not be synced: the change is visible and \
             may not survive a power cut; no agent was started: the disk is full",
        ),
        (
            StoreError::Io { action: "write", path: path(), source: full() },
            "failed to write /p/q.json: the disk is full",
        ),
    ] {
        assert_eq!(told(error), (1, format!("error: {text}\n")));
    }
    let lock = StoreError::Locked {
        path: "/p".into(),
        holder: "process 7".to_owned(),
        waited: Duration::from_secs(30),
    };
    let text = "error: could not lock /p within 30 s: held by process 7\nhint: --lock-timeout waits \
                longer; a script that holds the lock and calls workloop deadlocks\n";
    assert_eq!(told(lock), (4, text.to_owned()));
}

#[test]
fn a_refused_file_shows_the_place_and_is_not_written() {
    let (exit, text) = told(refused());
    assert_eq!(exit, 3);
    assert!(text.starts_with("error: /p/q.json:2:12: "), "{text}");
    assert!(
        text.ends_with("\nhint: nothing was written; fix the file and run the command again\n"),
        "{text}"
    );
}

#[test]
fn a_limit_of_the_system_is_named_with_its_remedy() {
    for (code, hint) in [
        (libc::EMFILE, "raise the limit of open files per process (ulimit -n)"),
        (libc::ENFILE, "the machine has reached its limit of open files: end other programs"),
    ] {
        let source = io::Error::from_raw_os_error(code);
        let failure = Failure::from(StoreError::Io { action: "read", path: path(), source });
        assert_eq!(failure.hints, [hint]);
    }
}

#[test]
fn an_error_names_the_queue_as_it_was_typed() {
    let dir = tempfile::tempdir().expect("a folder");
    let root = dir.path().canonicalize().expect("a folder");
    let real = root.join("real.json");
    std::fs::write(&real, "").expect("written");
    let link = root.join("link.json");
    std::os::unix::fs::symlink(&real, &link).expect("linked");
    let queue = |path: &Path, shown: &str| SelectedQueue {
        path: path.to_owned(),
        shown: shown.into(),
        name: "q".to_owned(),
        aliases: vec![],
        project: None,
    };
    let queues = [queue(&root.join("other.json"), "other.json"), queue(&link, "q/../link.json")];
    let shown = |error: StoreError| as_typed(error, &queues).to_string();
    let reason = || "it is odd".to_owned();
    let read =
        |path: &Path| StoreError::Io { action: "read", path: path.to_owned(), source: full() };
    // By its path as selected, or by its real path.
    assert_eq!(
        shown(StoreError::Unsafe { path: link.clone(), reason: reason() }),
        "refused q/../link.json: it is odd"
    );
    assert_eq!(
        shown(StoreError::Unsafe { path: real.clone(), reason: reason() }),
        "refused q/../link.json: it is odd"
    );
    assert_eq!(shown(read(&real)), "failed to read q/../link.json");
    assert_eq!(
        shown(read(&root.join("third.json"))),
        format!("failed to read {}", root.join("third.json").display())
    );
    let StoreError::Refused(mut error) = refused() else { panic!("refused") };
    error.path = real;
    assert!(shown(StoreError::Refused(error)).starts_with("q/../link.json:2:12: "));
    assert_eq!(shown(StoreError::Rejected(reason())), "it is odd");
}

#[test]
fn a_run_that_cannot_start_says_what_to_change() {
    let missing = |program: &str| PreflightError::Missing {
        whose: "agent default".to_owned(),
        program: program.to_owned(),
        looked: " on the PATH".to_owned(),
    };
    let (exit, text) = told(PreflightError::NoVerification);
    let wanted = "error: no verification is configured, so no task could be completed\n\
                  hint: add a step to workloop.toml:\n  [[verify]]\n  name = \"test\"\n  run = \"npm test\"\n\
                  hint: or give one on the command line: --verify 'npm test'\n\
                  hint: or run without verification, with tasks recorded as SKIPPED: --no-verify\n";
    assert_eq!((exit, text.as_str()), (2, wanted));
    let choice =
        PreflightError::Choice { task: "A".to_owned(), source: ChoiceError::NoVerification };
    let (exit, text) = told(choice);
    assert_eq!(exit, 2);
    assert!(
        text.starts_with("error: task A: no verification is configured\nhint: add [[verify]]"),
        "{text}"
    );
    let wanted = "error: agent default cannot be started: no-such was not found on the PATH\n\
                  hint: install it, or change workloop.toml\n";
    assert_eq!(told(missing("no-such")), (2, wanted.to_owned()));
    let (_, text) = told(missing("claude"));
    assert!(text.contains("\nhint: install it: ") && text.contains("claude"), "{text}");
    let root = PreflightError::Root { path: "/p".into(), why: "is a file".to_owned() };
    assert_eq!(told(root), (2, "error: the project root /p is a file\n".to_owned()));
    assert_eq!(told(PreflightError::Store(refused())).0, 3);
}

#[test]
fn a_verification_that_did_not_run_says_why() {
    let busy = "error: task A is being worked on\nhint: workloop cancel ends the attempt first\n";
    for (error, exit, text) in [
        (JudgeError::Busy("A".to_owned()), 2, busy),
        (JudgeError::Refused("no such file".to_owned()), 2, "error: no such file\n"),
        (
            JudgeError::Supervisor(full()),
            1,
            "error: failed to start the supervisor: the disk is full\n",
        ),
        (
            JudgeError::Judges(full()),
            1,
            "error: cannot read what judged earlier attempts: the disk is full\n",
        ),
        (JudgeError::Store(StoreError::Rejected("not so".to_owned())), 2, "error: not so\n"),
    ] {
        assert_eq!(told(error), (exit, text.to_owned()));
    }
    assert_eq!(told(JudgeError::Choice(ChoiceError::NoAgent)).0, 2);
    let at_work = VerbError::AtWork {
        id: crate::domain::TaskId::new("A").expect("an id"),
        why: "a worker is working on it".to_owned(),
    };
    assert_eq!(told(at_work), (2, "error: task A: a worker is working on it\n".to_owned()));
    assert_eq!(told(VerbError::Store(refused())).0, 3);
}

#[test]
fn each_cause_of_an_error_is_in_its_line() {
    #[derive(Debug, thiserror::Error)]
    #[error("outer")]
    struct Outer(#[source] io::Error);
    assert_eq!(with_causes(&full()), "the disk is full");
    assert_eq!(with_causes(&Outer(full())), "outer: the disk is full");
}
