//! The coordinator: which messages it receives, when it makes a turn, and when it ends.

use super::crew::Crew;
use super::edits;
use super::ending::{Ending, Reason};
use super::inbox::Inbox;
use super::observer::Notice;
use super::options::WhenEmpty;
use super::presence::{Presence, about};
use super::running::Kind;
use super::teller::event_of;
use super::thread::{Ended, Message};
use super::trouble::{self, Trouble};
use super::work::Work;
use crate::domain::{EventKind, QueueIx};
use crate::engine::attempt::Stage;
use crate::engine::dispatch::{SlotIx, settle};
use crate::platform::signal::{Request, stop_ourselves};
use crate::queue::Queue;
use crate::store::{StoreError, new_event, queue_name};
use serde_json::{Map, Value, json};
use std::collections::HashSet;
use std::path::Path;

/// A running loop.
pub(crate) struct RunLoop<'o> {
    work: Work,
    crew: Crew<'o>,
    inbox: Inbox,
    presence: Presence,
    trouble: Trouble,
}

impl<'o> RunLoop<'o> {
    /// Creates a loop from its parts.
    pub(super) fn new(work: Work, crew: Crew<'o>, inbox: Inbox, presence: Presence) -> Self {
        Self { work, crew, inbox, presence, trouble: Trouble::default() }
    }

    /// Runs until nothing is left to do, a limit is reached, or a signal or request ends it.
    ///
    /// # Errors
    /// [`StoreError`] when a queue can no longer be read or written. What runs is ended first.
    pub(crate) fn run(mut self) -> Result<Ending, StoreError> {
        let ran = self.turns();
        if ran.is_err() {
            self.abandon();
        }
        let reason = ran?;
        if self.presence.is_announced()
            && let Err(error) = self.note_end(&reason)
        {
            self.crew.tell().warn_once(format!("failed to note the end of the loop: {error}"));
        }
        // A loop that ends for its own reason may not have read edits that others made since.
        let read = self.work.project_mut().store_mut().read().is_ok();
        let looked = read && edits::judge(self.work.project_mut(), &mut self.crew).is_ok();
        if looked && reason != Reason::Done {
            self.work.forecast(&self.crew, &HashSet::new())?;
        }
        self.leave();
        let begun = self.crew.drain().begun();
        let (project, mut dispatcher, survey) = self.work.into_parts();
        let typed = &project.set().typed;
        let structure = dispatcher.structure(project.set(), project.queues());
        let name = |node| structure.graph.reference(node);
        let word = |node| structure.unknown_word(project.queues(), node);
        Ok(Ending::new(reason, survey.into_backlog(), begun, name).with_words(word).typed(typed))
    }

    fn turns(&mut self) -> Result<Reason, StoreError> {
        loop {
            self.look_at_requests();
            self.work.look_at_limits(&mut self.crew);
            self.work.look_for_silence(&mut self.crew);
            match self.turn() {
                Ok(again) => {
                    self.is_well();
                    if again {
                        continue;
                    }
                }
                Err(error) => match self.endure(error)? {
                    Some(reason) => return Ok(reason),
                    None => continue,
                },
            }
            self.confirm_pauses();
            if self.crew.may_end() {
                if let Some(reason) = self.crew.drain_mut().take_reason() {
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

    /// Makes a turn. Returns whether another one must follow at once.
    fn turn(&mut self) -> Result<bool, StoreError> {
        self.begin_if_allowed()?;
        let did = self.work.turn(&mut self.crew)?;
        // If all slots are busy, the turn has just read everything under the lock.
        Ok(did && !self.crew.slots().are_full() || self.attend()?)
    }

    /// Notes the start of the loop: once, and not while its first queue is paused.
    fn begin_if_allowed(&mut self) -> Result<(), StoreError> {
        if self.crew.drain().paused().contains(&QueueIx::FIRST) || !self.presence.announces() {
            return Ok(());
        }
        self.note_loop(EventKind::LoopStarted, Map::new())?;
        let patience = self.crew.drain().patience();
        self.work.project_mut().store_mut().maintain(patience)?;
        self.work.sweep_entries(&mut self.crew);
        self.work.forget_old_attempts(&mut self.crew);
        edits::add_gates(self.work.project_mut(), self.crew.drain().paused())
    }

    /// Discovers queues that tasks refer to since an edit or since their files appeared, and queues
    /// of the same project on which other loops started to work. Returns whether there is something
    /// new to check.
    fn attend(&mut self) -> Result<bool, StoreError> {
        let structure: Vec<u64> =
            self.work.project().queues().iter().map(Queue::structure).collect();
        let edited = self.inbox.attention().is_edited(&structure);
        // While there is nothing to do, a missing file may appear.
        let idle = self.crew.running() == 0 && !self.work.survey().0.has_ready();
        let mut new = false;
        if edited || idle {
            new = self.work.project_mut().follow();
            self.inbox.attention().followed(structure);
        }
        if edited {
            edits::add_gates(self.work.project_mut(), self.crew.drain().paused())?;
        }
        let (_, dispatcher) = self.work.survey();
        let own = self.work.project().set().all_real();
        let all: Vec<&Path> = own.chain(dispatcher.neighbours().keys()).collect();
        Ok(new | self.inbox.attention().also(&all))
    }

    /// Checks whether a pause or an end was requested.
    fn look_at_requests(&mut self) {
        if let Some(error) = self.presence.keep() {
            self.crew.tell().warn_once(format!("cannot register this loop again: {error}"));
        }
        for text in self.presence.no_requests() {
            self.crew.tell().warn_once(text);
        }
        let stops = self.presence.look();
        let paused = self.presence.paused();
        if paused != *self.crew.drain().paused() {
            self.work.project_mut().store_mut().recorded_mut().leave_alone(paused.clone());
            // Gates of a file that was edited meanwhile still have to be added.
            self.inbox.attention().forget();
            self.crew.pause(paused);
        }
        if stops {
            self.crew.drain_mut().stop();
            self.crew.end_for(Reason::Budget("asked to stop".to_owned()));
        }
    }

    /// Writes into the registrations of this loop which queues are still. What attempts wrote into
    /// their files before is judged first: any later edit is a person's.
    fn confirm_pauses(&mut self) {
        let slots = self.crew.slots();
        for queue in self.presence.unlooked(|queue| slots.are_still(queue)) {
            // A file that cannot be read now is judged as soon as it can be.
            let looked = self.work.project_mut().store_mut().look_when_still(queue);
            self.presence.looked(queue, looked.is_ok());
            self.crew.tell().change(&looked.unwrap_or_default());
        }
        let slots = self.crew.slots();
        self.presence.say(|queue| slots.are_still(queue));
        self.work.project_mut().store_mut().note_stillness();
    }

    /// Returns whether no live worker's task could make anything ready for this loop.
    fn may_leave(&self) -> bool {
        self.work.options().when_empty == WhenEmpty::Exit
            && self.crew.drain().paused().is_empty()
            && self.work.survey().0.may_leave(self.crew.slots().are_letting_go())
    }

    fn tell_waiting(&mut self) {
        let drain = self.crew.drain();
        // A pause was reported when it began.
        let is_held = drain.is_draining() || !drain.paused().is_empty();
        let text = if self.crew.running() > 0 || self.crew.has_hooks() || is_held {
            String::new()
        } else {
            self.work.waiting_for()
        };
        self.crew.tell().waits(text);
    }

    /// Waits until there may be something to do.
    fn hear(&mut self) {
        if !self.crew.slots().are_full() && self.inbox.attention().listen() {
            return;
        }
        let now = self.work.options().clock.monotonic();
        let until = now + self.work.rest(now);
        let mut matters = false;
        while !matters {
            let left = until.saturating_duration_since(self.work.options().clock.monotonic());
            let messages = self.inbox.next(left);
            if messages.is_empty() {
                break;
            }
            for message in messages {
                matters |= self.heard(message);
            }
        }
        // If a result has to be written, the stages go into the journal together with its
        // transition.
        if self.crew.slots().have_no_results() {
            self.note_stages();
        }
    }

    /// Handles one message. Returns whether there may be something to do because of it.
    fn heard(&mut self, message: Message) -> bool {
        match message {
            Message::Attached(slot, controls) => {
                self.crew.slots_mut().attach(slot, controls);
                return false;
            }
            Message::Stage(slot, stage) => {
                self.stage(slot, &stage, true);
                return false;
            }
            Message::Still(slot, number) => {
                if let Some(running) = self.crew.slots_mut().at(slot) {
                    running.stood_still(number);
                }
            }
            Message::Finished(slot, ended) => self.ended(slot, *ended),
            Message::Died(slot) => self.died(slot),
            Message::Hooked(hooked) => self.work.hooked(*hooked, &mut self.crew),
            // The claim that it held is free now; the next turn checks it.
            Message::Released => {}
            Message::Changed => self.inbox.attention().rearm(),
            Message::Signal(Request::End { signal }) => {
                self.crew.signalled(signal, self.work.options().terminal);
            }
            Message::Signal(Request::Pause) => {
                self.crew.hold_all(true);
                if let Err(error) = stop_ourselves() {
                    self.crew.tell().warn_once(format!("cannot stop: {error}"));
                }
            }
            Message::Signal(Request::Continue) => self.crew.hold_all(false),
        }
        true
    }

    /// Records the result of an attempt.
    fn ended(&mut self, slot: SlotIx, mut ended: Ended) {
        let options = self.work.options();
        if let Err(error) = settle(&mut ended.finished, &*options.clock, &*options.ids) {
            let agent = ended.finished.job.agent.as_ref().map_or("", |agent| &agent.profile);
            let text = format!("cannot store the state of agent {agent}: {error}");
            self.crew.tell().warn_once(text);
        }
        self.work.settle_spent(&ended.finished, &mut self.crew);
        if let Some(verdict) = ended.finished.report.verdict {
            // For a change that waits, the event is written together with its transition.
            let is_noted = ended.finished.waiting().is_none();
            self.stage(slot, &Stage::Verified(verdict), is_noted);
        }
        self.crew.slots_mut().ended(slot, ended);
    }

    /// Handles a panic in the thread of a slot, which is a bug. Its supervisor has exited with it;
    /// the claim will be found stale and taken over.
    fn died(&mut self, slot: SlotIx) {
        let Some(running) = self.crew.slots_mut().died(slot) else { return };
        let id = running.id().to_owned();
        self.work.lose_one(running.token(), running.queue(), &mut self.crew);
        // Attempts begin whether the tree is red or not.
        if let Kind::Untouched { wanted, .. } = running.join() {
            self.work.dispatcher().trees_mut().give_up(&wanted.profile.key);
        }
        self.crew.tell().warn(&format!("the attempt of {id} ended because of a bug in workloop"));
    }

    /// Reports a stage. For an attempt at a task, also queues it for the journal.
    fn stage(&mut self, slot: SlotIx, stage: &Stage, is_noted: bool) {
        let now = self.work.options().clock.now();
        let Some(running) = self.crew.slots_mut().at(slot) else { return };
        let (id, queue) = (running.id().to_owned(), running.queue());
        let is_attempt = matches!(running.kind(), Kind::Attempt);
        let name = queue_name(&self.work.project().queues()[queue]);
        let event = event_of(stage, running, name, now);
        if matches!((running.kind(), stage), (Kind::Untouched { .. }, Stage::Verifying(_))) {
            self.crew.tell_check(slot);
        }
        self.crew.tell().notice(&Notice::Stage { slot, id: &id, stage });
        if let Some(event) = event.filter(|_| is_attempt && is_noted) {
            self.work.project_mut().store_mut().note_later(queue, event);
        }
    }

    /// Writes the reported stages into the journal.
    fn note_stages(&mut self) {
        match self.work.project_mut().store_mut().note_waiting() {
            Ok(events) => self.crew.tell().events(&events),
            Err(error) => self.crew.tell().warn_once(format!("failed to note an event: {error}")),
        }
    }

    /// Handles an error that prevented a turn; waits a moment if the loop continues. Returns the
    /// reason to end the loop, if it must end and no result is left.
    ///
    /// # Errors
    /// The error itself if waiting would not help, or if the loop has waited long enough and no
    /// attempt and no result is left.
    fn endure(&mut self, error: StoreError) -> Result<Option<Reason>, StoreError> {
        self.work.dispatcher().keeper().let_go_of_all();
        if !self.trouble.may_pass(&error) {
            return Err(error);
        }
        let now = self.work.options().clock.monotonic();
        let text = trouble::sentence(&error, self.work.project());
        let news = self.trouble.is(&text, now);
        if news.said {
            self.crew.tell().warn(&text);
        }
        if news.begins {
            self.work.project_mut().store_mut().recorded_mut().be_impatient(true);
        }
        self.confirm_pauses();
        if self.crew.running() == 0 {
            if self.crew.drain().ends_what_runs() {
                self.crew.tell_unwritten();
            }
            // The loop waits until a kept result can be written, but for nothing else.
            if self.crew.slots().have_no_results() {
                if self.crew.drain().is_draining() {
                    return Ok(self.crew.drain_mut().take_reason());
                }
                let leaves = self.work.options().when_empty == WhenEmpty::Exit;
                if leaves && self.trouble.is_lasting(now) {
                    return Err(error);
                }
            }
        }
        self.hear();
        Ok(None)
    }

    /// Records a successful turn: earlier trouble is over.
    fn is_well(&mut self) {
        if self.trouble.is_over() {
            self.work.project_mut().store_mut().recorded_mut().be_impatient(false);
            self.crew.tell().warn("the queue can be read and written again");
        }
    }

    /// Notes the end of the loop, with its reason if that has a code.
    fn note_end(&mut self, reason: &Reason) -> Result<(), StoreError> {
        let mut more = Map::new();
        if let Some((code, why)) = reason.code() {
            more.insert("reason_code".to_owned(), json!(code));
            more.insert("reason".to_owned(), json!(why));
        }
        self.note_loop(EventKind::LoopFinished, more)
    }

    fn note_loop(&mut self, kind: EventKind, more: Map<String, Value>) -> Result<(), StoreError> {
        let options = self.work.options();
        let mut data = about(self.work.project().set(), options.jobs);
        data.extend(more);
        let mut event = new_event(kind, options.clock.now(), String::new(), data);
        event.worker = Some(self.crew.slots().worker(SlotIx::new(0)).to_string());
        self.work.note(QueueIx::FIRST, event, &mut self.crew)
    }

    /// After a failure of the store: ends all running work. The next run takes over the claims.
    fn abandon(&mut self) {
        self.crew.slots_mut().end(|_| true);
        while self.crew.running() > 0 {
            self.hear();
        }
        self.leave();
    }

    fn leave(&mut self) {
        self.crew.slots_mut().leave();
        self.presence.leave();
    }
}
