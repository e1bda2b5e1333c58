//! How the work was going when the loop looked last: whether it may leave, and what it waits for.

use super::inbox::POLL;
use crate::engine::dispatch::{Dispatcher, Forecast};
use crate::plan::{Backlog, Resolution};
use std::time::Instant;

/// After so many looks the supervisor of a dead loop is not waited for any more: ending an attempt
/// takes a grace of some seconds, and a loop without work looks once a second.
const ENDING: u32 = 60;

/// What the last look found.
#[derive(Debug)]
pub(super) struct Survey {
    forecast: Forecast,
    /// When the claims of others were looked at.
    at: Instant,
    /// How many of the last such looks in a row found an attempt of a dead loop that is being ended.
    ending: u32,
}

impl Survey {
    /// Nothing was found yet.
    pub(super) fn new(now: Instant) -> Self {
        Self { forecast: Forecast::default(), at: now, ending: 0 }
    }

    /// Whether the claims of others are to be looked at although there is something else to do.
    pub(super) fn is_due(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.at) >= POLL
    }

    /// How the work is going.
    pub(super) fn found(&mut self, forecast: Forecast) {
        self.forecast = forecast;
    }

    /// The claims of others were looked at, and the attempt of a dead loop is being ended or not.
    pub(super) fn looked(&mut self, now: Instant, ending: bool) {
        self.at = now;
        self.ending = if ending { self.ending.saturating_add(1) } else { 0 };
    }

    /// Whether there is anything to claim or to settle.
    pub(super) fn has_work(&self) -> bool {
        self.forecast.backlog.ready > 0 || self.forecast.unsettled
    }

    /// Whether a task is ready.
    pub(super) fn has_ready(&self) -> bool {
        self.forecast.backlog.ready > 0
    }

    /// Whether nothing can be done before an agent works again.
    pub(super) fn waits_for_agents(&self) -> bool {
        let backlog = &self.forecast.backlog;
        backlog.ready == 0 && backlog.running == 0 && backlog.flowing > 0
    }

    /// The states of the tasks in scope, for the end of the run.
    pub(super) fn into_backlog(self) -> Backlog {
        self.forecast.backlog
    }

    /// Whether no live worker's task could make anything ready for this loop; `letting_go` is whether
    /// supervisors of ours may still hold claims.
    pub(super) fn may_leave(&self, letting_go: bool) -> bool {
        let backlog = &self.forecast.backlog;
        // What a supervisor of ours still held may turn out to be nobody's, and what that of a dead
        // loop holds is nobody's soon. One that was stopped is not waited for.
        let ending = (1..=ENDING).contains(&self.ending);
        let unsure = backlog.running > 0 && (letting_go || ending);
        backlog.ready == 0
            && backlog.flowing == 0
            && !unsure
            && !self.forecast.others_work_towards_us
    }

    /// What the loop waits for while nothing runs in it.
    pub(super) fn waiting_for(&self, dispatcher: &Dispatcher) -> String {
        if let Some(pause) = dispatcher.resting().held().first() {
            return pause.sentence();
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
            "waiting for another queue".to_owned()
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
