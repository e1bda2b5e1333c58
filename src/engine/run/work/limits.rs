//! What must not begin: attempts of paused agents, and attempts beyond a limit.

use super::super::crew::Crew;
use super::super::ending::Reason;
use super::super::inbox::POLL;
use super::Work;
use crate::domain::{ClaimToken, PauseKind, QueueIx, WorkerId};
use crate::engine::attempt::{Finished, Job};
use crate::engine::dispatch::{Dead, Spendable, TooDear};
use crate::platform::fault::{self, Fault};
use std::time::{Duration, Instant};

impl Work {
    /// Ends the run if only a pause prevents progress and waiting is of no use: the agent is not
    /// logged in, or the run does not wait for its limit.
    pub(super) fn look_at_pauses(&self, crew: &mut Crew<'_>) {
        let held = self.dispatcher.resting().held();
        let of = |kind| held.iter().find(|pause| pause.kind == kind && pause.stand_in.is_none());
        if !self.survey.waits_for_agents() || held.iter().any(|pause| pause.trying) {
            return;
        }
        if let Some(pause) = of(PauseKind::UsageLimit) {
            if !self.options.waits_for_limits {
                let sentence = pause.sentence(&self.project.set().typed);
                crew.end_for(Reason::UsageLimit(sentence));
            }
        } else if let Some(pause) = of(PauseKind::Auth)
            && held.iter().all(|pause| pause.kind == PauseKind::Auth)
        {
            crew.end_for(Reason::Environment(pause.reason.clone()));
        }
    }

    /// Returns how many attempts may begin. Ends the run if a limit is reached.
    pub(super) fn admitted(&mut self, crew: &mut Crew<'_>) -> usize {
        let most = crew.drain().attempts_left();
        if most == 0 || fault::is(Fault::SpendingUnlimited) {
            return most;
        }
        match self.purse.spent(self.project.set(), &*self.options.clock) {
            None => most,
            Some(why) => {
                crew.end_for(Reason::Budget(why));
                0
            }
        }
    }

    /// Sets aside what `count` attempts may use. The lock of the ledger is released before the
    /// queue is locked. `None` if nothing may be claimed now.
    pub(super) fn set_aside(&mut self, count: usize, crew: &mut Crew<'_>) -> Option<Spendable> {
        if fault::is(Fault::SpendingUnlimited) {
            return Some(Spendable::default());
        }
        let (clock, ids) = (&*self.options.clock, &*self.options.ids);
        let (aside, unstored) = self.purse.set_aside(self.project.set(), count, clock, ids);
        if let Some(error) = unstored {
            crew.tell().warn_once(error.to_string());
        }
        if aside.is_none() {
            self.keep(&[], crew);
        }
        aside
    }

    /// Reserves what the attempts of `jobs` are expected to use, and releases what was set aside
    /// and is not needed.
    pub(super) fn keep(&mut self, jobs: &[&Job], crew: &mut Crew<'_>) {
        let day = self.project.set().config.limits.day;
        let (clock, ids) = (&*self.options.clock, &*self.options.ids);
        if let Err(error) = self.purse.keep(jobs, &day, clock, ids) {
            crew.tell().warn_once(format!("cannot reserve what attempts may use: {error}"));
        }
    }

    /// Ends the run if nothing runs and a limit leaves less than the next task is expected to use.
    pub(super) fn end_for_too_dear(&self, dear: &TooDear, crew: &mut Crew<'_>) {
        let (set, clock) = (self.project.set(), &*self.options.clock);
        let why = self.purse.too_dear(dear, set, clock).filter(|_| crew.running() == 0);
        if let Some(why) = why {
            crew.end_for(Reason::Budget(why));
        }
    }

    /// Counts attempts of dead loops: nothing more is reserved for them.
    pub(super) fn lose(&mut self, dead: &[Dead], crew: &mut Crew<'_>) {
        for dead in dead {
            let Some(claim) = &dead.claim else { continue };
            let token = ClaimToken { worker: WorkerId::new(&claim.worker), attempt: claim.attempt };
            self.lose_one(&token, dead.task.queue, crew);
        }
    }

    /// Counts an attempt whose result is lost.
    pub(in crate::engine::run) fn lose_one(
        &mut self,
        token: &ClaimToken,
        queue: QueueIx,
        crew: &mut Crew<'_>,
    ) {
        let set = self.project.set();
        let root = set.config.limits.day.is_any().then(|| set.root(queue));
        let (clock, ids) = (&*self.options.clock, &*self.options.ids);
        if let Err(error) = self.purse.lose(token, root, clock, ids) {
            crew.tell().warn_once(format!("cannot store what today's attempts used: {error}"));
        }
    }

    /// Returns for how long there is nothing to look at, unless something happens: the pause of an
    /// agent, or the wait for a reservation, may end before the next poll.
    pub(in crate::engine::run) fn rest(&self, now: Instant) -> Duration {
        let resting = self.dispatcher.resting().left(now);
        let aside = self.purse.waits().and_then(|(soon, _)| soon);
        resting.into_iter().chain(aside).fold(POLL, Duration::min)
    }

    /// Returns what the loop waits for while nothing runs in it.
    pub(in crate::engine::run) fn waiting_for(&self) -> String {
        match self.purse.waits() {
            Some((_, text)) => text.to_owned(),
            None => self.survey.waiting_for(&self.dispatcher, &self.project.set().typed),
        }
    }

    /// Records what an attempt used.
    pub(in crate::engine::run) fn settle_spent(
        &mut self,
        finished: &Finished,
        crew: &mut Crew<'_>,
    ) {
        let has_day = self.project.set().config.limits.day.is_any();
        let (clock, ids) = (&*self.options.clock, &*self.options.ids);
        if let Err(error) = self.purse.settle(finished, has_day, clock, ids) {
            crew.tell().warn_once(format!("cannot store what today's attempts used: {error}"));
        }
    }
}
