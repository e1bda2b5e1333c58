//! What must not begin: attempts of paused agents, and attempts beyond a limit.

use super::super::crew::Crew;
use super::super::ending::Reason;
use super::super::purse::Admitted;
use super::Work;
use crate::domain::PauseKind;
use crate::engine::attempt::{Finished, Job};
use crate::platform::fault::{self, Fault};

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
        match self.purse.admits(self.project.set(), &*self.options.clock) {
            Admitted::Some(admitted) => most.min(usize::try_from(admitted).unwrap_or(usize::MAX)),
            Admitted::Over(why) => {
                crew.end_for(Reason::Budget(why));
                0
            }
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

    /// Reserves what an attempt will use.
    pub(super) fn reserve(&mut self, job: &Job, crew: &mut Crew<'_>) {
        let has_day = self.project.set().config.limits.day.is_any();
        let (clock, ids) = (&*self.options.clock, &*self.options.ids);
        if let Err(error) = self.purse.reserve(job, has_day, clock, ids) {
            crew.tell().warn_once(format!("cannot reserve what an attempt may use: {error}"));
        }
    }
}
