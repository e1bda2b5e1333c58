//! Loops as threads of which one runs at a time: each runs until it would wait for a message.

use super::common::{Common, open};
use super::hands::Hand;
use super::machine::Machine;
use crate::claims::{Keeper, System};
use crate::domain::{Allowance, Typed, WorkerId};
use crate::engine::attempt::{Fixed, KnownCommands};
use crate::engine::dispatch::Dispatcher;
use crate::engine::run::attention::Attention;
use crate::engine::run::crew::Crew;
use crate::engine::run::drain::{Drain, Limits};
use crate::engine::run::ending::Ending;
use crate::engine::run::inbox::{Inbox, Messages};
use crate::engine::run::observer::{Notice, Observer};
use crate::engine::run::options::{RunOptions, WhenEmpty};
use crate::engine::run::presence::Presence;
use crate::engine::run::reaper::Reaper;
use crate::engine::run::run_loop::RunLoop;
use crate::engine::run::slots::Slots;
use crate::engine::run::teller::Teller;
use crate::engine::run::thread::{Message, Surroundings};
use crate::engine::run::work::Work;
use crate::platform::clock::Clock;
use crate::platform::fault;
use crate::platform::trouble::{self, Moment};
use crate::project::{Planner, Scope, ranking_rules};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::PathBuf;
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// An order to a loop.
#[derive(Clone, Copy, Debug)]
enum Go {
    On,
    Crash,
}

/// A failure injected while a loop writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Harm {
    /// The disk is full for this many more writes.
    Full(usize),
    /// The loop is killed.
    Killed,
}

/// The failures injected into a loop while it writes.
#[derive(Debug, Default)]
struct Injected {
    /// The failure to inject after this many more moments.
    ahead: Option<(usize, Harm)>,
    /// Whether a failure was injected: then it is unknown what the loop still has to write.
    is_harmed: bool,
}

/// The state in which a loop stopped running.
#[derive(Debug)]
pub(super) enum Told {
    /// It waits for messages.
    Waits,
    /// It ended by itself.
    Ended(Box<Ending>),
    /// It failed, for this reason.
    Failed(String),
    /// It was killed.
    Crashed,
}

/// The panic payload that unwinds a killed loop.
struct Killed;

/// A simulated loop.
pub(super) struct Looping {
    pub(super) pid: u32,
    go: Sender<Go>,
    told: Receiver<Told>,
    injected: Arc<Mutex<Injected>>,
    /// Whether it has waited for messages at least once. Errors before that are returned to the
    /// caller that started it.
    pub(super) is_up: bool,
    thread: Option<JoinHandle<()>>,
}

impl Looping {
    /// Creates a loop that has done nothing yet.
    pub(super) fn start(common: &Common, pid: u32, jobs: usize) -> Self {
        let (go, gone) = mpsc::channel();
        let (tell, told) = mpsc::channel();
        let common = common.clone();
        let injected = Arc::new(Mutex::new(Injected::default()));
        let met = Arc::clone(&injected);
        let body = move || {
            fault::switch(&common.faults);
            trouble::at_each_moment(move |moment| locked(&met).suffer(moment));
            let ear = |messages| Ear { go: gone, tell: tell.clone(), messages };
            let ran = catch_unwind(AssertUnwindSafe(|| run(&common, pid, jobs, ear)));
            let end = match ran {
                Ok(Ok(ending)) => Told::Ended(Box::new(ending)),
                Ok(Err(why)) => Told::Failed(why),
                Err(panic) if panic.is::<Killed>() => Told::Crashed,
                Err(panic) => Told::Failed(said(&*panic)),
            };
            drop(tell.send(end));
        };
        let thread = thread::Builder::new().spawn(body).ok();
        Self { pid, go, told, injected, is_up: false, thread }
    }

    /// Lets it run until it waits or is over.
    pub(super) fn go_on(&mut self) -> Told {
        self.tell(Go::On)
    }

    /// Injects this failure after `after` more moments of writing.
    pub(super) fn harm(&mut self, after: usize, harm: Harm) {
        locked(&self.injected).ahead = Some((after, harm));
    }

    /// Returns whether a failure was injected while it wrote.
    pub(super) fn is_harmed(&self) -> bool {
        locked(&self.injected).is_harmed
    }

    /// Kills it where it waits.
    pub(super) fn crash(&mut self) {
        self.tell(Go::Crash);
    }

    fn tell(&mut self, go: Go) -> Told {
        // A loop that is over receives nothing and is reported as crashed below.
        let _ = self.go.send(go);
        let told = self.told.recv().unwrap_or(Told::Crashed);
        self.is_up |= matches!(told, Told::Waits);
        if !matches!(told, Told::Waits)
            && let Some(thread) = self.thread.take()
        {
            drop(thread.join());
        }
        told
    }
}

impl Drop for Looping {
    fn drop(&mut self) {
        if self.thread.is_some() {
            self.crash();
        }
    }
}

fn locked(injected: &Mutex<Injected>) -> MutexGuard<'_, Injected> {
    injected.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Injected {
    /// Injects the pending failure, if it is due at this moment of writing.
    fn suffer(&mut self, moment: Moment) -> io::Result<()> {
        let Some((left, harm)) = self.ahead.take() else { return Ok(()) };
        // Once the text is in place, a full disk has no effect on it.
        let is_spared = matches!(harm, Harm::Full(_)) && moment == Moment::After;
        if left > 0 || is_spared {
            self.ahead = Some((left.saturating_sub(1), harm));
            return Ok(());
        }
        self.is_harmed = true;
        match harm {
            Harm::Full(more) => {
                self.ahead = more.checked_sub(1).map(|more| (0, Harm::Full(more)));
                Err(io::ErrorKind::StorageFull.into())
            }
            Harm::Killed => resume_unwind(Box::new(Killed)),
        }
    }
}

/// Runs `act` with `harm` injected after the given number of moments of writing; `None` if that
/// killed it.
pub(super) fn harmed<T>(harm: Option<(usize, Harm)>, act: impl FnOnce() -> T) -> Option<T> {
    let injected = Mutex::new(Injected { ahead: harm, is_harmed: false });
    trouble::at_each_moment(move |moment| locked(&injected).suffer(moment));
    let done = catch_unwind(AssertUnwindSafe(act));
    trouble::at_each_moment(|_| Ok(()));
    match done {
        Ok(done) => Some(done),
        Err(panic) if panic.is::<Killed>() => None,
        Err(panic) => resume_unwind(panic),
    }
}

fn said(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
    format!("a panic: {}", text.unwrap_or("without words"))
}

/// Waits for messages by passing the baton back.
struct Ear {
    go: Receiver<Go>,
    tell: Sender<Told>,
    messages: Receiver<Message>,
}

impl Ear {
    fn pass(&self) {
        drop(self.tell.send(Told::Waits));
        self.listen();
    }

    fn listen(&self) {
        match self.go.recv() {
            Ok(Go::On) => {}
            Ok(Go::Crash) | Err(_) => resume_unwind(Box::new(Killed)),
        }
    }
}

impl Messages for Ear {
    fn wait(&self, _: Duration) -> Vec<Message> {
        self.pass();
        self.messages.try_iter().collect()
    }
}

/// An observer that ignores everything.
struct Nobody;

impl Observer for Nobody {
    fn notice(&mut self, _: &Notice<'_>) {}
}

fn run(
    common: &Common,
    pid: u32,
    jobs: usize,
    ear: impl FnOnce(Receiver<Message>) -> Ear,
) -> Result<Ending, String> {
    let (outbox, messages) = mpsc::channel();
    let ear = ear(messages);
    ear.listen();
    let clock: Arc<dyn Clock> = Arc::<Machine>::clone(&common.machine);
    let text = |error: &dyn std::fmt::Display| error.to_string();
    let project = open(common, &clock).map_err(|error| text(&error))?;
    let options = options(common, &clock, jobs);
    let seat: Arc<dyn System> = Arc::new(common.machine.seen_by(pid));
    let worker = || WorkerId::new(&format!("sim:{pid}:{}", common.ids.hex8()));
    let workers: Vec<WorkerId> = (0..=jobs).map(|_| worker()).collect();
    let around = Arc::new(Surroundings {
        exe: options.exe.clone(),
        env: Vec::new(),
        clock: Arc::clone(&clock),
        known: Arc::clone(&options.known),
        outbox: outbox.clone(),
    });
    let set = project.set();
    let name = common.ids.hex8();
    let presence = Presence::enter(set, jobs, &name, std::process::id());
    let presence = presence.map_err(|error| text(&error))?;
    let attention = Attention::start(set, || {});
    let limits = Limits { attempts: None, time: None, failures: usize::MAX };
    let hand = Hand {
        hands: Arc::clone(&common.hands),
        place: Arc::clone(&common.place),
        queue: common.queue.clone(),
        owner: pid,
        outbox: outbox.clone(),
    };
    let slots = Slots::new(&workers, around, Box::new(hand), Reaper::start(outbox));
    let mut nobody = Nobody;
    let crew = Crew::new(
        slots,
        Drain::new(limits, clock.monotonic()),
        Teller::new(&mut nobody, Typed::default()),
    );
    let planner = Planner::new(ranking_rules(set, project.queues()));
    let tools = (Arc::clone(&clock), Arc::clone(&options.ids));
    let keeper = Keeper::new(Arc::clone(set.claims()), seat);
    let dispatcher = Dispatcher::new(planner, keeper, workers, Scope::default(), tools);
    let inbox = Inbox::new(ear, attention, None);
    let work = Work::new(project, dispatcher, Fixed::default(), options);
    RunLoop::new(work, crew, inbox, presence).run().map_err(|error| text(&error))
}

fn options(common: &Common, clock: &Arc<dyn Clock>, jobs: usize) -> RunOptions {
    RunOptions {
        scope: Scope::default(),
        jobs,
        max_attempts: None,
        waits_for_limits: true,
        allowance: Allowance::default(),
        max_time: None,
        known: Arc::new(KnownCommands::default()),
        when_empty: WhenEmpty::Exit,
        terminal: false,
        exe: PathBuf::from("/nowhere"),
        vars: Vec::new(),
        clock: Arc::clone(clock),
        ids: Arc::clone(&common.ids),
    }
}
