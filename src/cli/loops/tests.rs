//! Requests to loops, over files in a folder. The loops are entries that this process made.

use super::*;
use crate::cli::args::{QueueArgs, SignalArgs};
use crate::cli::session::Session;
use crate::cli::session::tests::{session, world};
use crate::domain::EventKind;
use crate::platform::host::Host;
use crate::platform::scan;
use crate::store::control::{Entry, Looping, Request, Stillness};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// A folder with queues, each with one pending task.
struct Place {
    _dir: tempfile::TempDir,
    root: PathBuf,
}

impl Place {
    fn new(queues: &[&str]) -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let root = dir.path().canonicalize().expect("a folder");
        let place = Self { _dir: dir, root };
        for queue in queues {
            place.put(queue, &json!({"tasks": [{"id": "A", "title": "a", "status": "pending"}]}));
        }
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    fn put(&self, queue: &str, content: &Value) {
        std::fs::write(self.path(queue), content.to_string()).expect("written");
    }

    /// Enters a loop of this process over these queues.
    fn enter(&self, name: &str, queues: &[&str]) -> Box<dyn Entry> {
        let paths: Vec<PathBuf> = queues.iter().map(|queue| self.path(queue)).collect();
        let keys: Vec<&Path> = paths.iter().map(PathBuf::as_path).collect();
        let pid = std::process::id();
        let start = scan::start_time(pid).expect("a start time");
        let about = Looping { name: name.to_owned(), pid, start, jobs: 1 };
        let (entry, _) = self.session("", |session| session.control().enter(&keys, &about));
        entry.expect("entered")
    }

    /// Calls `see` with a session in the folder. Paths of the folder are printed as DIR.
    fn session<T>(&self, flags: &str, see: impl FnOnce(&mut Session<'_>) -> T) -> (T, [String; 2]) {
        let (seen, printed) = session(&world(&self.root, &[]), flags, see);
        let root = self.root.to_str().expect("text");
        (seen, printed.map(|text| text.replace(root, "DIR")))
    }

    fn targets(&self, queues: &[&str]) -> Vec<Target> {
        let target = |name: &&str| Target {
            key: self.path(name),
            name: name.trim_end_matches(".json").to_owned(),
        };
        queues.iter().map(target).collect()
    }

    /// Returns the kinds of the events in the journal.
    fn events(&self) -> Vec<String> {
        let path = self.path(".workloop/events.jsonl");
        let text = std::fs::read_to_string(path).unwrap_or_default();
        let kind = |line: &str| {
            let event: Value = serde_json::from_str(line).expect("an event");
            format!("{} {}", event["event"].as_str().expect("a kind"), event["queue"])
        };
        text.lines().map(kind).collect()
    }
}

fn args(queues: &[&str], all: bool) -> SignalArgs {
    let queues = queues.iter().map(PathBuf::from).collect();
    SignalArgs { all, queues: QueueArgs { queues, ..QueueArgs::default() } }
}

/// Returns how the failure of a wait is printed, and its exit status.
fn failed<T>(result: Result<T, crate::cli::failure::Failure>) -> (u8, String) {
    let Err(failure) = result else { panic!("this must fail") };
    (failure.exit(), failure.to_string().replace(&std::process::id().to_string(), "PID"))
}

#[test]
fn a_request_is_left_for_the_loops_of_a_queue_and_noted() {
    let place = Place::new(&["q.json", "r.json"]);
    let (asked, [out, err]) = place.session("", |session| {
        let targets = ask(Request::Stop, &args(&["q.json"], false), session).expect("asked");
        let of = |name: &str| session.control().asked(&place.path(name), Request::Stop).is_some();
        (targets.len(), of("q.json"), of("r.json"))
    });
    assert_eq!(asked, (1, true, false));
    assert_eq!((out.as_str(), err.as_str()), ("asked to stop: q (0 loops alive in DIR)\n", ""));
    assert_eq!(place.events(), ["stopped \"q.json\""]);
}

#[test]
fn the_loops_that_a_request_reaches_are_counted() {
    let place = Place::new(&["q.json", "r.json"]);
    let first = place.enter("00000001", &["q.json"]);
    let pause = |queues: &[&str], all, flags: &str| {
        let (asked, [out, _]) = place
            .session(flags, |session| ask(Request::Pause, &args(queues, all), session).is_ok());
        assert!(asked);
        out
    };
    assert_eq!(
        pause(&["q.json", "r.json"], false, ""),
        "asked to pause: q, r (1 loop alive in DIR)\n"
    );
    let second = place.enter("00000002", &["r.json"]);
    assert_eq!(pause(&["q.json"], true, ""), "asked to pause: all queues (2 loops alive in DIR)\n");
    drop((first, second));
    assert_eq!(pause(&["q.json"], false, ""), "asked to pause: q (0 loops alive in DIR)\n");
    assert_eq!(pause(&["q.json"], false, "-q"), "");
    let (of_r, _) = place.session("", |session| {
        session.control().asked(&place.path("r.json"), Request::Pause).is_some()
    });
    assert!(of_r);
}

#[test]
fn loops_of_a_broken_queue_can_be_asked() {
    let place = Place::new(&["q.json"]);
    place.put("q.json", &json!({"tasks": 7}));
    let (asked, [out, err]) =
        place.session("", |session| ask(Request::Stop, &args(&["q.json"], false), session).is_ok());
    assert!(asked);
    assert_eq!(out, "asked to stop: q (0 loops alive in DIR)\n");
    assert!(err.starts_with("warning: not recorded in the journal: q.json:1:"), "{err}");
    let (file, _) =
        place.session("", |session| session.control().asked(&place.path("q.json"), Request::Stop));
    assert!(file.is_some(), "the request is in effect");
}

#[test]
fn a_request_needs_queues() {
    let place = Place::new(&[]);
    let (found, printed) = place
        .session("", |session| ask(Request::Stop, &args(&["q.json"], false), session).map(drop));
    assert_eq!(failed(found), (2, "error: failed to find the queue q.json\n".to_owned()));
    let (found, _) =
        place.session("", |session| ask(Request::Stop, &args(&[], true), session).map(drop));
    let text = format!(
        "error: failed to find a queue: none in queues/ or tasks/ of {}\nhint: workloop init writes a first queue\n",
        place.root.display()
    );
    assert_eq!(failed(found), (2, text));
    assert_eq!(printed, ["", ""]);
}

#[test]
fn a_queue_is_named_by_its_real_file() {
    let place = Place::new(&["q.json"]);
    std::os::unix::fs::symlink(place.path("q.json"), place.path("link.json")).expect("linked");
    let (found, _) =
        place.session("", |session| targets(&args(&["link.json"], false), session).expect("found"));
    assert_eq!(
        (found[0].key.as_path(), found[0].name.as_str()),
        (place.path("q.json").as_path(), "q")
    );
    assert_eq!(found[0].queues().queues, [place.path("q.json")]);
    let (opened, _) =
        place.session("", |session| opened(&found[0], session).expect("opened").queues().len());
    assert_eq!(opened, 1);
}

#[test]
fn a_stop_is_waited_for_until_no_loop_is_alive() {
    let place = Place::new(&["q.json", "r.json"]);
    let gone = |queues: &[&str], millis| {
        let limit = Some(Duration::from_millis(millis));
        let targets = place.targets(queues);
        let (waited, [_, err]) = place.session("", |session| until_gone(&targets, limit, session));
        (waited, err.replace(&std::process::id().to_string(), "PID"))
    };
    assert_eq!(gone(&["q.json"], 0), (Ok(()), String::new()), "there is none");
    let entry = place.enter("00000001", &["q.json"]);
    assert_eq!(gone(&["r.json"], 0).0, Ok(()), "it serves another queue");
    let text =
        "error: timed out: 1 loop (process PID) still running; the request stays in effect\n";
    let (waited, err) = gone(&["r.json", "q.json"], 0);
    assert_eq!((failed(waited), err.as_str()), ((6, text.to_owned()), ""));
    // What is waited for is said once.
    let (waited, err) = gone(&["q.json"], 120);
    assert_eq!(
        (failed(waited), err.as_str()),
        ((6, text.to_owned()), "waiting for 1 loop (process PID)\n")
    );
    let quiet = place.targets(&["q.json"]);
    let limit = Some(Duration::from_millis(60));
    let (waited, [_, err]) = place.session("-q", |session| until_gone(&quiet, limit, session));
    assert_eq!((failed(waited).0, err.as_str()), (6, ""));
    drop(entry);
    assert_eq!(gone(&["q.json"], 0).0, Ok(()));
}

#[test]
fn a_pause_is_waited_for_until_every_loop_says_that_nothing_runs() {
    let place = Place::new(&["q.json"]);
    let targets = place.targets(&["q.json"]);
    let still =
        || place.session("", |session| until_still(&targets, Some(Duration::ZERO), session)).0;
    let meanwhile = (7, "error: q was resumed meanwhile\n".to_owned());
    assert_eq!(failed(still()), meanwhile, "nobody asked for a pause");
    let mut entry = place.enter("00000001", &["q.json"]);
    let (asked, _) = place.session("", |session| {
        ask(Request::Pause, &args(&["q.json"], false), session).expect("asked");
        session.control().asked(&place.path("q.json"), Request::Pause).expect("asked")
    });
    let running =
        "error: timed out: 1 loop (process PID) not paused yet; the request stays in effect\n";
    assert_eq!(failed(still()), (6, running.to_owned()));
    // What it said about an earlier pause does not count, and about a later one does.
    let mut say = |asked: SystemTime| entry.say(&[Some(Stillness { asked, judged: true })]);
    say(asked - Duration::from_secs(1));
    assert_eq!(failed(still()).0, 6);
    say(asked);
    assert_eq!(still(), Ok(()));
    say(asked + Duration::from_secs(1));
    assert_eq!(still(), Ok(()));
    entry.say(&[None]);
    assert_eq!(failed(still()).0, 6);
    drop(entry);
    assert_eq!(still(), Ok(()), "no loop is left");
}

#[test]
fn a_loop_without_an_entry_is_found_by_its_claims() {
    let place = Place::new(&["q.json"]);
    let host = Host::current();
    let parent = scan::process(std::process::id()).expect("this process").parent;
    let start = scan::start_time(parent).expect("a start time");
    let claimed = |start: u64| {
        let claim = json!({"worker": format!("h:{parent}:00000000"), "attempt": 1, "since": "",
            "host": host.id, "boot": host.boot, "start": start});
        json!({"tasks": [{"id": "A", "title": "a", "status": "in_progress", "claim": claim}]})
    };
    let targets = place.targets(&["q.json"]);
    let gone =
        || place.session("", |session| until_gone(&targets, Some(Duration::ZERO), session)).0;
    place.put("q.json", &claimed(start));
    let wanted = format!(
        "error: timed out: 1 loop (process {parent}) still running; the request stays in effect\n"
    );
    assert_eq!(gone().expect_err("it runs").to_string(), wanted);
    // Another process has got its number.
    place.put("q.json", &claimed(1 << 40));
    assert_eq!(gone(), Ok(()));
    place.put("q.json", &json!({"tasks": 7}));
    assert_eq!(gone(), Ok(()), "a broken queue says nothing");
}

#[test]
fn a_request_that_cannot_be_noted_is_a_warning_for_each_queue() {
    let place = Place::new(&["q.json"]);
    place.put("r.json", &json!({"tasks": 7}));
    let targets = place.targets(&["r.json", "q.json"]);
    let ((), [_, err]) = place.session("", |session| note(EventKind::Resumed, &targets, session));
    assert_eq!(err.matches("warning: ").count(), 1, "{err}");
    let place_of_error = "r.json:1:10: error[no-task-list]: ";
    let start = format!("warning: not recorded in the journal: {place_of_error}");
    assert!(err.starts_with(&start) && err.lines().nth(1) == Some("1 | {\"tasks\":7}"), "{err}");
    assert_eq!(place.events(), ["resumed \"q.json\""]);
}
