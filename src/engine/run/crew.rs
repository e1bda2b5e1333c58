//! The slots, together with the reasons to end their work and the observer that is notified of it.

use super::after_tasks::AfterTasks;
use super::drain::{Drain, Urgency};
use super::ending::Reason;
use super::landings::{Landings, Waiting};
use super::observer::Notice;
use super::running::{Kind, Running};
use super::slots::{Done, Slots};
use super::teller::Teller;
use crate::domain::{ClaimToken, QueueIx};
use crate::engine::attempt::Finished;
use crate::engine::dispatch::{After, SlotIx};
use crate::platform::fault::{self, Fault};
use std::collections::HashSet;
use std::time::Instant;

/// Parts that act together; each manages its own state.
pub(super) struct Crew<'o> {
    slots: Slots,
    drain: Drain,
    tell: Teller<'o>,
    /// Changes that passed and wait to land.
    landings: Landings,
    /// The `after_task` hooks.
    after: AfterTasks,
}

impl<'o> Crew<'o> {
    /// Creates a crew from its parts.
    pub(super) fn new(slots: Slots, drain: Drain, tell: Teller<'o>) -> Self {
        Self { slots, drain, tell, landings: Landings::default(), after: AfterTasks::default() }
    }

    /// Returns the slots.
    pub(super) fn slots(&self) -> &Slots {
        &self.slots
    }

    /// Returns the slots, to start something or to record what ended.
    pub(super) fn slots_mut(&mut self) -> &mut Slots {
        &mut self.slots
    }

    /// Runs the hook after a task that has ended.
    pub(super) fn after_task(&mut self, finished: &Finished, after: &After) {
        let refused = self.after.begin(finished, after, self.slots.around());
        if let Some(why) = refused {
            self.tell.warn(&why);
        }
    }

    /// Returns whether an `after_task` hook is running.
    pub(super) fn has_hooks(&self) -> bool {
        !self.after.are_over()
    }

    /// Records that an `after_task` hook ended.
    pub(super) fn hook_ended(&mut self) {
        self.after.ended();
    }

    /// Returns the changes that wait to land, to modify them.
    pub(super) fn landings_mut(&mut self) -> &mut Landings {
        &mut self.landings
    }

    /// Returns the changes that wait to land.
    pub(super) fn landings(&self) -> &Landings {
        &self.landings
    }

    /// Returns the fencing tokens of everything that runs, is not written yet, or waits to land.
    pub(super) fn tokens(&self) -> HashSet<ClaimToken> {
        let mut tokens = self.slots.tokens();
        tokens.extend(self.landings.tokens().cloned());
        tokens
    }

    /// Returns the next change to land now.
    pub(super) fn next_landing(&mut self, now: Instant) -> Option<Waiting> {
        let is_free = !self.slots.is_busy(self.slots.landing()) && !self.drain.ends_what_runs();
        let paused = self.drain.paused();
        is_free.then(|| self.landings.next(now, |queue| paused.contains(&queue)))?
    }

    /// Returns why the loop claims nothing, or will end.
    pub(super) fn drain(&self) -> &Drain {
        &self.drain
    }

    /// Returns the drain, to update its counts.
    pub(super) fn drain_mut(&mut self) -> &mut Drain {
        &mut self.drain
    }

    /// Returns the teller, which notifies the observer.
    pub(super) fn tell(&mut self) -> &mut Teller<'o> {
        &mut self.tell
    }

    /// Returns the teller and the drain, for callers that notify and count at once.
    pub(super) fn tell_and_count(&mut self) -> (&mut Teller<'o>, &mut Drain) {
        (&mut self.tell, &mut self.drain)
    }

    /// Returns how many slots are busy.
    pub(super) fn running(&self) -> usize {
        self.slots.running()
    }

    /// Stops claiming, for `reason`, and reports that while something runs.
    pub(super) fn end_for(&mut self, reason: Reason) {
        let words = reason.words().map(str::to_owned);
        if !self.drain.give(reason) {
            return;
        }
        // No task that will start needs the result of a verification of the untouched tree any
        // more.
        self.slots.end(is_untouched);
        if let Some(words) = words.filter(|_| self.running() > 0) {
            self.tell.notice(&Notice::Drains(&words));
        }
    }

    /// Records a signal that ends the loop.
    pub(super) fn signalled(&mut self, signal: i32, terminal: bool) {
        let urgency = self.drain.signal(signal, terminal);
        self.end_for(Reason::Signal(signal));
        if let Some(text) = self.drain.urgency(self.running()) {
            self.tell.notice(&Notice::Drains(&text));
        }
        match urgency {
            Urgency::None | Urgency::Stop | Urgency::Finish => {}
            Urgency::End => {
                self.slots.end(|_| true);
                self.after.end();
            }
            Urgency::Kill => {
                self.slots.kill();
                self.after.kill();
            }
        }
    }

    /// Pauses exactly these queues from now on.
    pub(super) fn pause(&mut self, paused: HashSet<QueueIx>) {
        self.tell.notice(&Notice::Paused(&paused));
        self.drain.pause(paused);
        self.hold_all(false);
    }

    /// Stops everything, or only the work of paused queues.
    pub(super) fn hold_all(&mut self, all: bool) {
        let paused = self.drain.paused();
        self.slots.hold(|queue| all || paused.contains(&queue));
        // A caller that waits for the verdict on the tree must not wait for the end of a pause.
        self.slots.end(|running| is_untouched(running) && paused.contains(&running.queue()));
    }

    /// Takes out the results that may be written now. Those of paused queues wait, unless a signal
    /// ends all running work.
    pub(super) fn results(&mut self) -> Vec<Done> {
        let all = self.drain.ends_what_runs() || fault::is(Fault::PauseBlind);
        let paused = self.drain.paused();
        self.slots.take_results(|done| {
            // The result for the untouched tree is written into no queue.
            let written = !matches!(done.kind, Kind::Untouched { .. });
            !all && written && paused.contains(&done.finished.job.queue)
        })
    }

    /// Returns whether the results and pauses allow the loop to end now.
    pub(super) fn may_end(&self) -> bool {
        let paused = self.drain.paused();
        let lands = self.landings.are_open(|queue| paused.contains(&queue));
        self.running() == 0
            && self.slots.have_no_results()
            && self.after.are_over()
            && self.drain.may_end()
            && (!lands || self.drain.ends_what_runs())
    }

    /// Reports that a verification of the tree begins in `slot`: once, however many steps it has. A
    /// remembered result runs no steps and is not reported.
    pub(super) fn tell_check(&mut self, slot: SlotIx) {
        let Some(running) = self.slots.at(slot) else { return };
        match running.kind_mut() {
            Kind::Attempt | Kind::Landing => return,
            Kind::SetBack(_) => {}
            Kind::Untouched { told, .. } => {
                if std::mem::replace(told, true) {
                    return;
                }
            }
        }
        let about = running.about().clone();
        self.tell.notice(&Notice::Begins(about.piece(slot)));
    }

    /// Reports the results that were not written before a signal ended the loop.
    pub(super) fn tell_unwritten(&mut self) {
        for Done { finished, .. } in self.slots.take_results(|_| false) {
            let text = format!(
                "the result of task {} could not be written and is kept in {}; the task runs again",
                finished.job.id,
                finished.job.folder.path().display()
            );
            self.tell.warn(&text);
        }
    }
}

fn is_untouched(running: &Running) -> bool {
    matches!(running.kind(), Kind::Untouched { .. })
}
