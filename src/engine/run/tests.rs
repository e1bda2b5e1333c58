//! Loops that are assembled from parts: no registration, no signal, no supervisor.

use super::attention::Attention;
use super::crew::Crew;
use super::drain::{Drain, Limits};
use super::ending::{Ending, Reason};
use super::inbox::Inbox;
use super::observer::{Notice, Observer};
use super::options::{RunOptions, WhenEmpty};
use super::presence::Presence;
use super::reaper::Reaper;
use super::run_loop::RunLoop;
use super::slots::Slots;
use super::teller::Teller;
use super::thread::{Message, Surroundings, Threads};
use super::work::Work;
use crate::claims::Keeper;
use crate::config::{Config, SelectedQueue, Selection};
use crate::domain::{Typed, WorkerId};
use crate::engine::attempt::{Fixed, KnownCommands};
use crate::engine::dispatch::Dispatcher;
use crate::platform::clock::{Clock, SystemClock};
use crate::platform::ids::RandomIds;
use crate::platform::signal::Request;
use crate::project::{Planner, Project, Scope, ranking_rules};
use crate::store::tests::places::quietly;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

/// The text shown when the time of a run is over.
const OVER: &str = "the time is over";

/// A clock that advances by a minute whenever the monotonic time is read.
struct Hurried {
    start: Instant,
    minutes: AtomicU64,
}

impl Clock for Hurried {
    fn now(&self) -> DateTime<Utc> {
        SystemClock.now()
    }

    fn monotonic(&self) -> Instant {
        let minutes = self.minutes.fetch_add(1, Ordering::SeqCst);
        self.start + Duration::from_secs(60 * minutes)
    }
}

/// Records the notices, except journal events.
#[derive(Default)]
struct Heard(Vec<String>);

impl Observer for Heard {
    fn notice(&mut self, notice: &Notice<'_>) {
        if !matches!(notice, Notice::Event(_)) {
            self.0.push(format!("{notice:?}"));
        }
    }
}

/// Runs a loop over `tasks` that waits for new work, with `messages` in its inbox and a limit of
/// `minutes`.
fn run(tasks: Value, messages: Vec<Message>, minutes: Option<u64>) -> (Ending, Vec<String>) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("q.json");
    fs::write(&path, json!({"tasks": tasks}).to_string()).unwrap();
    let config = Config::default();
    let queues = vec![SelectedQueue::at(path, &config).unwrap()];
    let hurried = Hurried { start: Instant::now(), minutes: AtomicU64::new(0) };
    let clock: Arc<dyn Clock> = Arc::new(hurried);
    let files = Box::new(quietly(Arc::clone(&clock), Arc::new(RandomIds)));
    let selection = Selection { config, queues, typed: Typed::default() };
    let project = Project::open(selection, files).unwrap();
    let leaves = messages.is_empty() && minutes.is_none();
    let when_empty = if leaves { WhenEmpty::Exit } else { WhenEmpty::Wait };
    let options = RunOptions {
        scope: Scope::default(),
        jobs: 1,
        max_attempts: None,
        waits_for_limits: true,
        allowance: crate::domain::Allowance::default(),
        max_time: minutes.map(|minutes| (Duration::from_secs(60 * minutes), OVER.to_owned())),
        known: Arc::new(KnownCommands::default()),
        when_empty,
        terminal: false,
        exe: PathBuf::from("/nowhere"),
        vars: Vec::new(),
        clock: Arc::clone(&clock),
        ids: Arc::new(RandomIds),
    };
    let (outbox, inbox) = mpsc::channel();
    let workers = vec![WorkerId::new("w")];
    let around = Surroundings {
        exe: options.exe.clone(),
        env: Vec::new(),
        clock: Arc::clone(&clock),
        known: Arc::clone(&options.known),
        outbox: outbox.clone(),
    };
    let limits = Limits { attempts: None, time: options.max_time.clone(), failures: 3 };
    let mut heard = Heard::default();
    let around = Arc::new(around);
    let executor = Box::new(Threads(Arc::clone(&around)));
    let slots = Slots::new(&workers, around, executor, Reaper::start(outbox.clone()));
    let teller = Teller::new(&mut heard, Typed::default());
    let crew = Crew::new(slots, Drain::new(limits, clock.monotonic()), teller);
    let planner = Planner::new(ranking_rules(project.set(), project.queues()));
    let tools = (Arc::clone(&clock), Arc::clone(&options.ids));
    let (keeper, scope) = (Keeper::here(Arc::clone(project.set().claims())), Scope::default());
    let dispatcher = Dispatcher::new(planner, keeper, workers, scope, tools);
    let inbox = Inbox::new(inbox, Attention::start(project.set(), || {}), None);
    messages.into_iter().for_each(|message| outbox.send(message).unwrap());
    let work = Work::new(project, dispatcher, Fixed::default(), options);
    let ending = RunLoop::new(work, crew, inbox, Presence::default()).run().unwrap();
    (ending, heard.0)
}

#[test]
fn a_loop_without_work_ends_at_once() {
    let (ending, heard) = run(json!([{"id": "A", "status": "complete"}]), Vec::new(), None);
    assert_eq!((&ending.reason, ending.exit_status()), (&Reason::Done, 0));
    assert_eq!(ending.sentence(), "nothing to do: the task is complete");
    assert_eq!(heard, Vec::<String>::new());
}

#[test]
fn a_loop_settles_epics_and_adds_gates_by_itself() {
    let tasks = json!([
        {"id": "E", "title": "e", "status": "pending"},
        {"id": "A", "title": "a", "parent": "E", "status": "complete"},
    ]);
    let (ending, heard) = run(tasks, Vec::new(), None);
    assert_eq!((ending.backlog.complete, ending.backlog.total), (2, 2), "{ending:?} {heard:?}");
}

#[test]
fn a_signal_ends_a_loop_that_waits() {
    let end = |signal| Message::Signal(Request::End { signal });
    let (ending, heard) = run(json!([]), vec![end(15)], None);
    assert_eq!((&ending.reason, ending.exit_status()), (&Reason::Signal(15), 143));
    let waits: Vec<&String> = heard.iter().filter(|text| text.contains("waiting")).collect();
    assert_eq!(waits.len(), 1, "{heard:?}");
}

#[test]
fn a_run_ends_when_its_time_is_over() {
    let tasks = json!([{"id": "A", "title": "a", "status": "blocked"}]);
    let (ending, _) = run(tasks, Vec::new(), Some(90));
    assert_eq!(ending.reason, Reason::Budget(OVER.to_owned()));
    assert_eq!(ending.exit_status(), 6);
}
