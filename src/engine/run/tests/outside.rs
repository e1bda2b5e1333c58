//! Everything outside of a run: its queues in memory, its clock, its host, what its attempts do, and
//! the messages that reach it.

use super::super::inbox::Messages;
use super::super::observer::{Notice, Observer};
use super::super::thread::{Ended, Executor, Holder, Message};
use super::ends::{End, passed};
use super::host::Ticking;
use crate::config::{self, SelectedQueue, Selection};
use crate::domain::{ClaimToken, Event, Outcome, QueueIx, Transition, Typed, WorkerId};
use crate::engine::attempt::{Fixed, Job, Purpose, Source, Stage, Steering, Untouched};
use crate::engine::dispatch::SlotIx;
use crate::platform::clock::Clock;
use crate::platform::ids::CountingIds;
use crate::platform::signal::Request as Signalled;
use crate::platform::test_shell;
use crate::project::verbs::transition as transition_of;
use crate::project::{Among, Planner, Project};
use crate::store::control::{Control, Request, Whom};
use crate::store::log::Span;
use crate::store::tests::places::Somewhere;
use crate::store::{Backend, Hold};
use serde_json::{Value, json};
use std::cell::{Cell, RefCell};
use std::collections::{HashMap, VecDeque};
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, Sender};
use std::thread::JoinHandle;
use std::time::Duration;

/// How often a run may wait for nothing before its test fails.
const IDLE: u32 = 2000;

/// A step of a script: it happens when the run waits and no message is left.
pub(super) type Act = Box<dyn FnOnce(&Outside)>;

/// An attempt, a landing or a verification that runs.
struct Started {
    name: String,
    slot: SlotIx,
    job: Job,
    lock: Hold,
    steering: Arc<Steering>,
}

/// What is outside of a run.
pub(super) struct Outside {
    pub(super) site: Rc<Site>,
    pub(super) outbox: Sender<Message>,
    pub(super) inbox: Receiver<Message>,
    pub(super) ends: RefCell<HashMap<String, VecDeque<Option<End>>>>,
    pub(super) acts: RefCell<VecDeque<Act>>,
    started: RefCell<Vec<Started>>,
    idle: Cell<u32>,
}

/// The queues of a run, their folder, and the clock.
pub(super) struct Site {
    pub(super) config: String,
    /// The file names of the queues that are served.
    pub(super) queues: RefCell<Vec<&'static str>>,
    pub(super) dir: tempfile::TempDir,
    pub(super) place: Arc<dyn Somewhere>,
    pub(super) clock: Arc<Ticking>,
    /// What the run reported.
    pub(super) heard: Rc<RefCell<Vec<String>>>,
    /// What began, in which slot.
    pub(super) begun: RefCell<Vec<String>>,
    /// Where private trees are, if there are any.
    pub(super) trees: Option<tempfile::TempDir>,
}

impl Site {
    /// Returns the key of the queue with this file name.
    pub(super) fn key(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(super) fn write(&self, name: &str, text: &str) {
        self.place.write(&self.key(name), text.as_bytes());
    }

    pub(super) fn text(&self, name: &str) -> String {
        String::from_utf8(self.place.read(&self.key(name))).unwrap()
    }

    /// Saves the tasks of a queue after a change, as an editor does.
    pub(super) fn edit(&self, name: &str, edit: impl FnOnce(&mut Value)) {
        let mut queue: Value = serde_json::from_str(&self.text(name)).unwrap();
        edit(&mut queue["tasks"]);
        self.write(name, &queue.to_string());
    }

    pub(super) fn task(&self, name: &str, id: &str) -> Value {
        let queue: Value = serde_json::from_str(&self.text(name)).unwrap();
        let tasks = queue["tasks"].as_array().unwrap();
        tasks.iter().find(|task| task["id"] == id).cloned().unwrap_or_default()
    }

    /// Returns the journal of a queue: each event with its task.
    pub(super) fn journal(&self, name: &str) -> Vec<String> {
        let one = |event: Event| {
            let word = json!(event.event).as_str().unwrap_or_default().to_owned();
            event.task.map_or(word.clone(), |task| format!("{word} {task}"))
        };
        self.place.log(&self.key(name)).events(Span::All).map(one).collect()
    }

    fn backend(&self) -> Box<dyn Backend> {
        let clock: Arc<dyn Clock> = Arc::<Ticking>::clone(&self.clock);
        self.place.backend(clock, Arc::new(CountingIds::default()))
    }

    pub(super) fn control(&self) -> Arc<dyn Control> {
        self.backend().control()
    }

    /// Runs a shell script in the project root and returns what it printed.
    pub(super) fn sh(&self, script: &str) -> String {
        test_shell::sh(self.dir.path(), script, &[])
    }

    /// Returns an attempt at this task of the first queue, by the first slot of loop `pid`.
    pub(super) fn job(&self, project: &Project, id: &str, pid: u32) -> Job {
        let (set, queues) = (project.set(), project.queues());
        let structure = Planner::default().structure(set, queues);
        let (untouched, graph) = (Untouched::default(), &structure.graph);
        let source = Source { set, queues, graph, vars: &[], untouched: &untouched, pauses: &[] };
        let token = ClaimToken { worker: WorkerId::new(&format!("h:{pid}:00000000")), attempt: 1 };
        let place = project.resolve(id, Among::Served).unwrap();
        source.job(place, token, &Fixed::default()).unwrap()
    }

    /// Takes the lock of the claim of a task of the first queue, if it is free.
    pub(super) fn hold(project: &Project, id: &str) -> Option<Hold> {
        let (set, queue) = (project.set(), QueueIx::FIRST);
        set.claims().take(set.real(queue), &set.queue(queue).task(id)).unwrap()
    }

    /// Opens the queues as one more process.
    pub(super) fn open(&self) -> Project {
        let folder = self.dir.path();
        let config = config::parse(&folder.join("workloop.toml"), &self.config).unwrap();
        let one = |name: &&str| {
            let (path, word) = (folder.join(name), name.trim_end_matches(".json").to_owned());
            let aliases = vec![word.clone()];
            SelectedQueue { shown: path.clone(), path, name: word, aliases, project: None }
        };
        let queues = self.queues.borrow().iter().map(one).collect();
        let selection = Selection { config, queues, typed: Typed::default() };
        let mut project = Project::open(selection, self.backend()).unwrap();
        project.store_mut().recorded_mut().be_impatient(true);
        project
    }
}

impl Outside {
    pub(super) fn of(
        site: Rc<Site>,
        (outbox, inbox): (Sender<Message>, Receiver<Message>),
        ends: HashMap<String, VecDeque<Option<End>>>,
        acts: VecDeque<Act>,
    ) -> Rc<Self> {
        let (ends, acts) = (RefCell::new(ends), RefCell::new(acts));
        let (started, idle) = (RefCell::default(), Cell::new(0));
        Rc::new(Self { site, outbox, inbox, ends, acts, started, idle })
    }

    pub(super) fn send(&self, message: Message) {
        self.outbox.send(message).unwrap();
    }

    pub(super) fn signal(&self, signal: i32) {
        self.send(Message::Signal(Signalled::End { signal }));
    }

    /// Asks the loops of the queue with this file name.
    pub(super) fn ask(&self, name: &str, request: Request) {
        self.site.control().ask(&self.site.key(name), request, Whom::Queue).unwrap();
    }

    pub(super) fn withdraw(&self, name: &str) {
        self.site.control().withdraw(&self.site.key(name), Whom::Queue).unwrap();
    }

    pub(super) fn edit(&self, edit: impl FnOnce(&mut Value)) {
        self.site.edit("q.json", edit);
    }

    /// Lets a person make this transition of a task.
    pub(super) fn person(&self, id: &str, transition: &Transition) {
        transition_of(&mut self.site.open(), &[id.to_owned()], transition).unwrap();
    }

    fn at(&self, name: &str) -> usize {
        let found = self.started.borrow().iter().position(|it| it.name == name);
        found.unwrap_or_else(|| panic!("{name} does not run: {:?}", self.site.heard.borrow()))
    }

    /// Ends what runs under this name.
    pub(super) fn end(&self, name: &str, end: End) {
        let at = self.at(name);
        let started = self.started.borrow_mut().remove(at);
        self.finish(started, &*end);
    }

    /// Returns whether the run wants this to end.
    pub(super) fn is_cancelled(&self, name: &str) -> bool {
        let at = self.at(name);
        self.started.borrow()[at].steering.cancelled.load(Ordering::SeqCst)
    }

    /// Reports that no process of this runs any more, because of the pause with this number.
    pub(super) fn stands_still(&self, name: &str, pause: u64) {
        let at = self.at(name);
        (self.started.borrow()[at].steering.on_still)(pause);
    }

    /// Lets this vanish without a result, as if its thread had panicked.
    pub(super) fn dies(&self, name: &str) {
        let at = self.at(name);
        let started = self.started.borrow_mut().remove(at);
        self.send(Message::Died(started.slot));
    }

    /// Reports a stage of this.
    pub(super) fn reaches(&self, name: &str, stage: Stage) {
        let at = self.at(name);
        let slot = self.started.borrow()[at].slot;
        self.send(Message::Stage(slot, stage));
    }

    fn finish(&self, Started { slot, job, lock, .. }: Started, end: &dyn Fn(&mut super::Finished)) {
        let is_landing = job.purpose == Purpose::Landing;
        let mut finished = passed(job, &*self.site.clock);
        end(&mut finished);
        if !is_landing {
            finished.keep();
        }
        let is_lost = finished.report.outcome == Outcome::Lost;
        let lock = Some(lock).filter(|_| !is_lost);
        let ended = Ended { finished, supervisor: None, lock };
        self.send(Message::Finished(slot, Box::new(ended)));
    }
}

/// Starts what a run begins.
pub(super) struct Hands(pub(super) Rc<Outside>);

impl Executor for Hands {
    fn begin(
        &self,
        slot: SlotIx,
        job: Job,
        holder: Holder,
        steering: Arc<Steering>,
    ) -> Option<JoinHandle<()>> {
        let Holder::Lock { lock, idle: None } = holder else { panic!("no supervisor runs") };
        let name = match job.purpose {
            Purpose::Landing => format!("land {}", job.id),
            Purpose::Attempt | Purpose::SetBack | Purpose::Untouched => job.id.clone(),
        };
        let Self(outside) = self;
        outside.site.begun.borrow_mut().push(format!("{name} in {slot}"));
        if job.purpose == Purpose::Attempt {
            outside.send(Message::Stage(slot, Stage::Started));
        }
        let end = outside.ends.borrow_mut().get_mut(&name).and_then(VecDeque::pop_front);
        let started = Started { name, slot, job, lock, steering };
        match end {
            Some(None) => outside.started.borrow_mut().push(started),
            Some(Some(end)) => outside.finish(started, &*end),
            None => outside.finish(started, &|_| {}),
        }
        None
    }
}

/// Hears what reaches a run, and lets the script continue when it waits for that.
pub(super) struct Ears(pub(super) Rc<Outside>);

impl Messages for Ears {
    fn wait(&self, left: Duration) -> Vec<Message> {
        let Self(outside) = self;
        let messages: Vec<Message> = outside.inbox.try_iter().collect();
        if !messages.is_empty() {
            return messages;
        }
        let act = outside.acts.borrow_mut().pop_front();
        match act {
            Some(act) => act(outside),
            None => outside.idle.set(outside.idle.get() + 1),
        }
        assert!(outside.idle.get() < IDLE, "it does not end: {:?}", outside.site.heard.borrow());
        let messages: Vec<Message> = outside.inbox.try_iter().collect();
        if messages.is_empty() {
            outside.site.clock.pass(left);
        }
        messages
    }
}

/// Writes down what a run reports, except the events of its journal.
pub(super) struct Heard(pub(super) Rc<RefCell<Vec<String>>>);

impl Observer for Heard {
    fn notice(&mut self, notice: &Notice<'_>) {
        let text = match notice {
            Notice::Event(_) => return,
            Notice::Begins(it) => format!("{} begins {}", it.slot, it.id),
            Notice::Stage { slot, id, stage } => format!("{slot} {id}: {stage:?}"),
            Notice::Ends(it, end) => {
                let verdict = end.verdict.map_or("without a verdict", |verdict| verdict.word());
                let failed = end.failed.map(|step| format!(" [{}]", step.name));
                format!(
                    "{} ends {} {verdict}: {}{}",
                    it.slot,
                    it.id,
                    end.what,
                    failed.unwrap_or_default()
                )
            }
            Notice::Passed(it, _) => format!("{} passed {}", it.slot, it.id),
            Notice::Lands(it) => format!("{} lands {}", it.slot, it.id),
            Notice::Frees(slot) => format!("{slot} frees"),
            Notice::Tally(it) => format!(
                "{} of {} complete, {} running, {} blocked, {} ready",
                it.complete, it.total, it.running, it.blocked, it.ready
            ),
            Notice::Paused(queues) => {
                let mut queues: Vec<usize> = queues.iter().map(|queue| queue.index()).collect();
                queues.sort_unstable();
                format!("paused {queues:?}")
            }
            Notice::Waits(text) => format!("waits: {text}"),
            Notice::Drains(text) => format!("drains: {text}"),
            Notice::Warning(text) => format!("warning: {text}"),
        };
        self.0.borrow_mut().push(text);
    }
}
