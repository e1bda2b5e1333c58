//! The coordinator: what it holds, what it hears, and when it ends.

use super::attempt::Finished;
use super::attempt::Fixed;
use super::attempt::Stage;
use super::attempt::Untouched;
use super::attend::Attention;
use super::backoff::Resting;
use super::dispatch::Dispatcher;
use super::ending::{Ending, Reason};
use super::entry::{about, enter};
use super::neighbours::Neighbours;
use super::observer::{Notice, Observer};
use super::options::RunOptions;
use super::pauses::Asked;
use super::reaper::Reaper;
use super::slots::{Ended, Message, Running, Slot, Surroundings};
use super::trouble::Said;
use crate::claims::Keeper;
use crate::domain::{EventKind, WorkerId};
use crate::plan::Outlook;
use crate::platform::fault::{self, Fault};
use crate::platform::process;
use crate::platform::signal::Listener;
use crate::project::Project;
use crate::project::requests::Requests;
use crate::project::{Planner, ranking_rules};
use crate::store::file::FileStore;
use crate::store::workers::Registration;
use crate::store::{Patience, QueueStore, StoreError, new_event};
use serde_json::{Map, Value, json};
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

/// The slow poll: file systems lose events, and a dead worker makes none.
pub(super) const POLL: Duration = Duration::from_secs(1);

/// A running loop.
pub struct RunLoop<'o> {
    pub(super) dispatcher: Dispatcher,
    pub(super) store: FileStore,
    pub(super) options: RunOptions,
    pub(super) slots: Vec<Slot>,
    pub(super) finished: Vec<(usize, Finished)>,
    pub(super) observer: &'o mut dyn Observer,
    pub(super) around: Arc<Surroundings>,
    pub(super) outlook: Outlook,
    /// Why nothing more is claimed, once that is so.
    pub(super) draining: Option<Reason>,
    pub(super) paused: HashSet<usize>,
    pub(super) asked: Asked,
    /// Whether its start is in the journal.
    started: bool,
    pub(super) begun: u64,
    /// Tasks blocked since the last one that was completed.
    pub(super) failures: Vec<(String, String)>,
    pub(super) said: Said,
    pub(super) reaper: Reaper,
    pub(super) entries: Vec<Registration>,
    pub(super) requests: Vec<Requests>,
    inbox: Receiver<Message>,
    pub(super) attention: Attention,
    /// What holds for the whole run.
    pub(super) fixed: Fixed,
    _listener: Listener,
    pub(super) since: Instant,
    /// When the claims of others were looked at last.
    pub(super) surveyed: Instant,
    /// How many of the last such looks in a row found an attempt of a dead loop that is being ended.
    pub(super) ending: u32,
}

impl<'o> RunLoop<'o> {
    /// Prepares a loop over the served queues of `set`.
    ///
    /// # Errors
    /// [`StoreError`] when the state folder cannot be used or signals cannot be heard.
    pub fn new(
        project: Project,
        options: RunOptions,
        observer: &'o mut dyn Observer,
    ) -> Result<Self, StoreError> {
        let system = |what| StoreError::io(what, "/proc");
        let (set, store) = project.into_parts();
        let (outbox, inbox) = mpsc::channel();
        let (keeper, pid) = (Keeper::default(), std::process::id());
        process::become_subreaper().map_err(system("adopt orphans of"))?;
        let worker =
            || WorkerId::new(&format!("{}:{pid}:{}", keeper.host().name, options.ids.hex8()));
        let workers: Vec<WorkerId> = (0..options.jobs.max(1)).map(|_| worker()).collect();
        let (entries, requests) = enter(&set, &options, pid)?;
        let (changed, signalled) = (outbox.clone(), outbox.clone());
        let blind = fault::is(Fault::OneThread);
        let tell = move || drop((!blind).then(|| changed.send(Message::Changed)));
        let attention = Attention::start(&set, tell);
        let listen = move |request| drop(signalled.send(Message::Signal(request)));
        let listener = Listener::start(listen).map_err(system("listen to signals through"))?;
        let around = Surroundings::of(&options, &outbox);
        let dispatcher = Dispatcher {
            planner: Planner::new(ranking_rules(&set, store.queues())),
            keeper,
            set,
            neighbours: Neighbours::default(),
            resting: Resting::default(),
            ids: Arc::clone(&options.ids),
            untouched: Untouched::default(),
            judged: Vec::new(),
            workers: workers.clone(),
            scope: options.scope.clone(),
            clock: Arc::clone(&options.clock),
            unsettled: false,
            others_work_towards_us: false,
        };
        Ok(Self {
            fixed: Fixed::of_run(&dispatcher.set.config, &options.vars, &options.ids),
            dispatcher,
            store,
            slots: workers.iter().map(Slot::of).collect(),
            finished: Vec::new(),
            observer,
            around: Arc::new(around),
            outlook: Outlook::default(),
            draining: None,
            paused: HashSet::new(),
            asked: Asked::default(),
            started: false,
            begun: 0,
            failures: Vec::new(),
            said: Said::default(),
            reaper: Reaper::start(outbox),
            entries,
            requests,
            inbox,
            attention,
            _listener: listener,
            since: Instant::now(),
            surveyed: Instant::now(),
            ending: 0,
            options,
        })
    }

    /// Runs until nothing is left to be done, a limit is reached or somebody says so.
    ///
    /// # Errors
    /// [`StoreError`] when a queue can no longer be read or written. What runs is ended first.
    pub fn run(mut self) -> Result<Ending, StoreError> {
        let ran = self.turns();
        if ran.is_err() {
            self.abandon();
        }
        let reason = ran?;
        if self.started
            && let Err(error) = self.note_end(&reason)
        {
            self.warn(format!("failed to note the end of the loop: {error}"));
        }
        // One that ends for a reason of its own may not have looked since others wrote.
        let looked = self.store.read().is_ok() && self.judge_edits().is_ok();
        if looked && reason != Reason::Done {
            self.outlook = self.dispatcher.outlook(&self.store, &self.paused, &HashSet::new())?;
        }
        let outlook = std::mem::take(&mut self.outlook);
        let queues = self.store.queues();
        let set = Arc::clone(&self.dispatcher.set);
        let structure = self.dispatcher.planner.structure(&set, queues);
        let begun = self.begun;
        self.leave();
        Ok(Ending::new(reason, outlook, begun, |node| structure.graph.reference(node)))
    }

    fn turns(&mut self) -> Result<Reason, StoreError> {
        loop {
            self.look_at_requests();
            self.look_at_limits();
            match self.make_turn() {
                Ok(true) => {
                    self.well();
                    continue;
                }
                Ok(false) => self.well(),
                Err(error) => match self.endure(error)? {
                    Some(reason) => return Ok(reason),
                    None => continue,
                },
            }
            self.confirm_pauses();
            if self.running() == 0 && self.may_end() {
                if let Some(reason) = self.draining.take() {
                    return Ok(reason);
                }
                if self.may_leave() {
                    return Ok(Reason::Done);
                }
            }
            self.tell_waiting();
            self.hear();
        }
    }

    /// Makes a turn, and says whether another one is to follow at once.
    fn make_turn(&mut self) -> Result<bool, StoreError> {
        self.begin_if_allowed()?;
        let did = self.transact()?;
        // A loop that has all it can do saw under the lock what there is to see.
        let full = self.running() == self.slots.len();
        Ok(did && !full || self.attend()?)
    }

    /// Notes the start of the loop: once, and not while its first queue is paused.
    fn begin_if_allowed(&mut self) -> Result<(), StoreError> {
        if self.started || self.paused.contains(&0) {
            return Ok(());
        }
        self.started = true;
        self.note_loop(EventKind::LoopStarted, Map::new())?;
        self.store.sweep(self.patience())?;
        self.add_gates()
    }

    /// How many attempts run.
    pub(super) fn running(&self) -> usize {
        self.slots.iter().filter(|slot| slot.running.is_some()).count()
    }

    /// Waits until there may be something to do, and takes all messages that are there: results
    /// that wait are written together.
    pub(super) fn hear(&mut self) {
        let idle = self.running() < self.slots.len();
        if idle && self.attention.listen() {
            return;
        }
        // A pause of an agent may end before the next poll.
        let until = Instant::now() + self.dispatcher.resting.left();
        let mut matters = false;
        while !matters {
            let left = until.saturating_duration_since(Instant::now());
            let Ok(first) = self.inbox.recv_timeout(left) else { break };
            matters = self.heard(first);
            while let Ok(message) = self.inbox.try_recv() {
                matters |= self.heard(message);
            }
        }
        // With a result to be written they go into the journal with its transition.
        if self.finished.is_empty() {
            self.note_stages();
        }
    }

    /// Takes in one message; says whether there may be something to do because of it.
    fn heard(&mut self, message: Message) -> bool {
        match message {
            Message::Attached(slot, controls) => {
                if let Some(running) = &mut self.slots[slot].running {
                    running.attach(controls);
                }
                return false;
            }
            Message::Stage(slot, stage) => {
                self.stage(slot, &stage);
                return false;
            }
            Message::Still(slot, number) => {
                if let Some(running) = &mut self.slots[slot].running {
                    running.stands(number);
                }
            }
            Message::Finished(slot, ended) => self.ended(slot, *ended),
            Message::Died(slot) => self.died(slot),
            // What it held is free now, which the next turn looks at.
            Message::Released => {}
            Message::Changed => self.attention.rearm(),
            Message::Signal(request) => self.signal(request),
        }
        true
    }

    /// Takes in what an attempt came to.
    fn ended(&mut self, slot: usize, ended: Ended) {
        let Ended { mut finished, supervisor } = ended;
        self.settle(&mut finished);
        if let Some(verdict) = finished.report.verdict {
            self.stage(slot, &Stage::Verified(verdict));
        }
        if let Some(mut running) = self.slots[slot].running.take() {
            running.join();
        }
        self.slots[slot].supervisor = supervisor;
        self.finished.push((slot, finished));
    }

    /// The thread of a slot panicked: a bug. Its supervisor ended with it; the claim is found
    /// stale and taken over.
    fn died(&mut self, slot: usize) {
        if let Some(mut running) = self.slots[slot].running.take() {
            running.join();
            self.check_died(slot);
            let text = format!("the attempt of {} ended by a fault of this program", running.id);
            self.observer.notice(&Notice::Warning(&text));
        }
    }

    fn tell_waiting(&mut self) {
        let text = if self.running() > 0 || self.draining.is_some() {
            String::new()
        } else if self.paused.is_empty() {
            self.waiting_for()
        } else {
            "paused; workloop resume continues".to_owned()
        };
        if text != self.said.waits {
            if !text.is_empty() {
                self.observer.notice(&Notice::Waits(&text));
            }
            self.said.waits = text;
        }
    }

    pub(super) fn warn(&mut self, text: String) {
        if !self.said.told.contains(&text) {
            self.observer.notice(&Notice::Warning(&text));
            self.said.told.insert(text);
        }
    }

    /// Notes the end of the loop; with its reason where that has a code.
    fn note_end(&mut self, reason: &Reason) -> Result<(), StoreError> {
        let mut more = Map::new();
        if let Some((code, why)) = reason.code() {
            more.insert("reason_code".to_owned(), json!(code));
            more.insert("reason".to_owned(), json!(why));
        }
        self.note_loop(EventKind::LoopFinished, more)
    }

    fn note_loop(&mut self, kind: EventKind, more: Map<String, Value>) -> Result<(), StoreError> {
        let mut data = about(&self.dispatcher.set, &self.options, std::process::id());
        data.extend(more);
        let mut event = new_event(kind, self.options.clock.now(), String::new(), data);
        event.worker = Some(self.slots[0].worker.to_string());
        self.note(0, event)
    }

    /// A start gives up when the lock cannot be had; what was begun is written however long it
    /// takes.
    pub(super) fn patience(&self) -> Patience {
        if self.begun == 0 { Patience::Limited } else { Patience::Unlimited }
    }

    pub(super) fn note(
        &mut self,
        queue: usize,
        event: crate::domain::Event,
    ) -> Result<(), StoreError> {
        let patience = self.patience();
        for event in self.store.note(patience, queue, vec![event])? {
            self.observer.notice(&Notice::Event(&event));
        }
        Ok(())
    }

    /// After a failure of the store: ends what runs. The claims are taken over by the next run.
    fn abandon(&mut self) {
        for slot in &mut self.slots {
            slot.running.iter_mut().for_each(Running::end);
        }
        while self.running() > 0 {
            self.hear();
        }
        self.leave();
    }

    fn leave(&mut self) {
        for supervisor in self.slots.iter_mut().filter_map(|slot| slot.supervisor.take()) {
            self.reaper.release(supervisor);
        }
        self.reaper.finish();
        self.entries.clear();
    }
}
