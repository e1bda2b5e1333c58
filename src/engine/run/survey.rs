//! The state of the work at the last look: whether the loop may leave, and what it waits for.

use super::inbox::POLL;
use crate::domain::Typed;
use crate::engine::dispatch::{Dispatcher, Forecast};
use crate::plan::{Backlog, Resolution};
use std::time::Instant;

/// The number of looks after which the loop no longer waits for the supervisor of a dead loop:
/// ending an attempt takes a grace period of some seconds, and a loop without work looks once a
/// second.
const ENDING: u32 = 60;

/// What the last look found.
#[derive(Debug)]
pub(super) struct Survey {
    forecast: Forecast,
    /// When the claims of others were last read.
    at: Instant,
    /// How many of the last reads in a row found an attempt of a dead loop that is being ended.
    ending: u32,
}

impl Survey {
    /// Creates a survey that has found nothing yet.
    pub(super) fn new(now: Instant) -> Self {
        Self { forecast: Forecast::default(), at: now, ending: 0 }
    }

    /// Returns whether the claims of others must be read although there is something else to do.
    pub(super) fn is_due(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.at) >= POLL
    }

    /// Records the state of the work.
    pub(super) fn found(&mut self, forecast: Forecast) {
        self.forecast = forecast;
    }

    /// Records that the claims of others were read, and whether the attempt of a dead loop is being
    /// ended.
    pub(super) fn looked(&mut self, now: Instant, ending: bool) {
        self.at = now;
        self.ending = if ending { self.ending.saturating_add(1) } else { 0 };
    }

    /// Returns whether there is anything to claim or to settle.
    pub(super) fn has_work(&self) -> bool {
        self.forecast.backlog.ready > 0 || self.forecast.unsettled
    }

    /// Returns whether the state of an epic must follow its children.
    pub(super) fn has_unsettled(&self) -> bool {
        self.forecast.unsettled
    }

    /// Returns whether a task is ready.
    pub(super) fn has_ready(&self) -> bool {
        self.forecast.backlog.ready > 0
    }

    /// Returns whether nothing can be done before an agent works again.
    pub(super) fn waits_for_agents(&self) -> bool {
        let backlog = &self.forecast.backlog;
        backlog.ready == 0 && backlog.running == 0 && backlog.flowing > 0
    }

    /// Returns the states of the tasks in scope, for the end of the run.
    pub(super) fn into_backlog(self) -> Backlog {
        self.forecast.backlog
    }

    /// Returns whether no live worker's task could make anything ready for this loop. `letting_go`
    /// is whether our own supervisors may still hold claims.
    pub(super) fn may_leave(&self, letting_go: bool) -> bool {
        let backlog = &self.forecast.backlog;
        // A claim that a released supervisor of ours still holds may soon be free, and so may a
        // claim of a dead loop. The supervisor of a dead loop that has been stopped is not waited
        // for.
        let ending = (1..=ENDING).contains(&self.ending);
        let unsure = backlog.running > 0 && (letting_go || ending);
        backlog.ready == 0
            && backlog.flowing == 0
            && !unsure
            && !self.forecast.others_work_towards_us
    }

    /// Returns what the loop waits for while nothing runs in it.
    pub(super) fn waiting_for(&self, dispatcher: &Dispatcher, typed: &Typed) -> String {
        if let Some(pause) = dispatcher.resting().held().first() {
            return pause.sentence(typed);
        }
        if dispatcher.trees().are_judged() {
            return "another loop verifies the untouched tree".to_owned();
        }
        let backlog = &self.forecast.backlog;
        let of = |kind| backlog.roots.iter().filter(|root| root.resolution == kind).count();
        if backlog.flowing + backlog.running > 0 {
            "waiting for tasks of other workers".to_owned()
        } else if of(Resolution::Person) + of(Resolution::Question) > 0 {
            "waiting for a person".to_owned()
        } else if of(Resolution::Elsewhere) > 0 {
            "waiting for another queue or worker".to_owned()
        } else {
            "waiting for new work".to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loop_waits_for_what_a_dead_one_leaves_but_not_for_ever() {
        let now = Instant::now();
        let mut survey = Survey::new(now);
        let backlog = Backlog { running: 1, ..Backlog::default() };
        survey.found(Forecast { backlog, ..Forecast::default() });
        assert!(survey.may_leave(false) && !survey.may_leave(true));
        for _ in 0..ENDING {
            survey.looked(now, true);
            assert!(!survey.may_leave(false));
        }
        survey.looked(now, true);
        assert!(survey.may_leave(false));
        survey.looked(now, false);
        survey.looked(now, true);
        assert!(!survey.may_leave(false));
        assert!(!survey.is_due(now) && survey.is_due(now + POLL));
    }
}
