//! The reasons for a loop to claim nothing more and to end: signals, requests, the limits of a run.

use super::ending::{Failure, Reason, common_reason};
use crate::domain::QueueIx;
use crate::platform::signal::INT;
use crate::store::Patience;
use std::collections::HashSet;
use std::time::{Duration, Instant};

/// How urgently the loop was asked to end. Each further signal is more urgent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Urgency {
    /// No end was requested.
    #[default]
    None,
    /// A stop was requested through a request file.
    Stop,
    /// A signal was received: running work is finished, and nothing more is claimed.
    Finish,
    /// Running work is ended: TERM, grace period, KILL.
    End,
    /// Running work is killed.
    Kill,
}

impl Urgency {
    /// Returns the urgency after one more signal. A person who types Ctrl-C at a terminal sees what
    /// the next one does. Any other sender of a signal will not ask twice.
    fn next(self, signal: i32, terminal: bool) -> Self {
        match self {
            Self::None | Self::Stop if signal == INT && terminal => Self::Finish,
            Self::None | Self::Stop | Self::Finish => Self::End,
            Self::End | Self::Kill => Self::Kill,
        }
    }
}

/// The limits of a run.
#[derive(Clone, Debug)]
pub(super) struct Limits {
    /// The number of attempts that it may start.
    pub(super) attempts: Option<u64>,
    /// How long it may claim, and the text to show when that time is over.
    pub(super) time: Option<(Duration, String)>,
    /// How many different tasks may be blocked in a row.
    pub(super) failures: usize,
}

/// Why a loop claims nothing, or will end.
#[derive(Debug)]
pub(super) struct Drain {
    /// The reason for claiming nothing more, once there is one.
    reason: Option<Reason>,
    asked: Urgency,
    /// The served queues that are paused.
    paused: HashSet<QueueIx>,
    /// The tasks that were blocked since the last completed one.
    failures: Vec<Failure>,
    limits: Limits,
    begun: u64,
    /// The number of landings that this run started.
    landings: u64,
    since: Instant,
}

impl Drain {
    /// Creates the state of a run that begins at `since`.
    pub(super) fn new(limits: Limits, since: Instant) -> Self {
        let (paused, failures) = (HashSet::new(), Vec::new());
        let (reason, asked, begun, landings) = (None, Urgency::None, 0, 0);
        Self { reason, asked, paused, failures, limits, begun, landings, since }
    }

    /// Stops claiming for `reason`. A reason replaces only one of lower priority: returns `false`
    /// if the present one has the same or a higher priority.
    pub(super) fn give(&mut self, reason: Reason) -> bool {
        if self.reason.as_ref().is_some_and(|before| before.rank() <= reason.rank()) {
            return false;
        }
        self.reason = Some(reason);
        true
    }

    /// Returns whether nothing more is claimed.
    pub(super) fn is_draining(&self) -> bool {
        self.reason.is_some()
    }

    /// Takes the reason, for the end of the run.
    pub(super) fn take_reason(&mut self) -> Option<Reason> {
        self.reason.take()
    }

    /// Records that the loop was asked to stop.
    pub(super) fn stop(&mut self) {
        self.asked = self.asked.max(Urgency::Stop);
    }

    /// Records one more signal that ends the loop. Returns the new urgency.
    pub(super) fn signal(&mut self, signal: i32, terminal: bool) -> Urgency {
        self.asked = self.asked.next(signal, terminal);
        self.asked
    }

    /// Returns whether a signal ends all running work: then nothing waits for the end of a pause.
    pub(super) fn ends_what_runs(&self) -> bool {
        self.asked >= Urgency::End
    }

    /// Returns the text shown to the person after the last signal, while `running` attempts run.
    pub(super) fn urgency(&self, running: usize) -> Option<String> {
        let attempts = match running {
            0 => return None,
            1 => "1 attempt".to_owned(),
            many => format!("{many} attempts"),
        };
        match self.asked {
            Urgency::None | Urgency::Stop => None,
            Urgency::Finish => {
                let them = if running == 1 { "it" } else { "them" };
                Some(format!("finishing {attempts}; Ctrl-C again ends {them} now"))
            }
            Urgency::End => Some(format!("ending {attempts}; once more kills what is left")),
            Urgency::Kill => Some(format!("killing {attempts}")),
        }
    }

    /// Returns the served queues that are paused.
    pub(super) fn paused(&self) -> &HashSet<QueueIx> {
        &self.paused
    }

    /// Pauses exactly these queues from now on.
    pub(super) fn pause(&mut self, paused: HashSet<QueueIx>) {
        self.paused = paused;
    }

    /// Returns whether the loop may end although something is paused: only after a signal or a stop
    /// request. Any other reason waits, because the end of a loop is noted in the journal.
    pub(super) fn may_end(&self) -> bool {
        self.asked > Urgency::None || self.paused.is_empty()
    }

    /// Records that an attempt begins.
    pub(super) fn began(&mut self) {
        self.begun += 1;
    }

    /// Records that a landing begins.
    pub(super) fn lands(&mut self) {
        self.landings += 1;
    }

    /// Returns the number of attempts and landings that this run started.
    pub(super) fn begun(&self) -> u64 {
        self.begun + self.landings
    }

    /// Returns how many more attempts may start.
    pub(super) fn attempts_left(&self) -> usize {
        if self.is_draining() {
            return 0;
        }
        let left = self.limits.attempts.map_or(u64::MAX, |most| most.saturating_sub(self.begun));
        usize::try_from(left).unwrap_or(usize::MAX)
    }

    /// Returns the reason to end if all attempts of the run were made.
    pub(super) fn attempts_made(&self) -> Option<Reason> {
        self.limits.attempts.filter(|most| self.begun >= *most)?;
        let made = match self.begun {
            1 => "the run's one attempt was made".to_owned(),
            most => format!("the run's {most} attempts were made"),
        };
        Some(Reason::Budget(made))
    }

    /// Returns the reason to end if the time of the run is over.
    pub(super) fn time_over(&self, now: Instant) -> Option<Reason> {
        let (most, why) = self.limits.time.as_ref()?;
        let over = now.saturating_duration_since(self.since) >= *most;
        over.then(|| Reason::Budget(why.clone()))
    }

    /// Records that a task was completed.
    pub(super) fn completed(&mut self) {
        self.failures.clear();
    }

    /// Records that a task was blocked.
    pub(super) fn blocked(&mut self, id: &str, reason: &str) {
        self.failures.retain(|(blocked, _)| blocked != id);
        self.failures.push((id.to_owned(), reason.to_owned()));
    }

    /// Returns how many different tasks may be blocked in a row.
    pub(super) fn failures_allowed(&self) -> usize {
        self.limits.failures.max(1)
    }

    /// Returns how many more tasks may be blocked, at least one.
    pub(super) fn failures_left(&self) -> usize {
        self.failures_allowed().saturating_sub(self.failures.len()).max(1)
    }

    /// Returns the reason to end if too many tasks were blocked in a row.
    pub(super) fn too_many_failures(&self) -> Option<Reason> {
        let many = self.failures.len() >= self.failures_allowed();
        many.then(|| Reason::Failures(common_reason(&self.failures)))
    }

    /// Returns how long to wait for the lock. A run that has started nothing gives up if it cannot
    /// get the lock; started work is written however long that takes.
    pub(super) fn patience(&self) -> Patience {
        if self.begun() == 0 { Patience::Limited } else { Patience::Unlimited }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use signal_hook::consts::{SIGHUP, SIGTERM};

    #[test]
    fn only_a_key_on_a_terminal_lets_work_be_finished() {
        let after = |signals: &[i32], terminal| {
            signals.iter().fold(Urgency::None, |urgency, signal| urgency.next(*signal, terminal))
        };
        assert_eq!(after(&[INT], true), Urgency::Finish);
        assert_eq!(after(&[INT, INT], true), Urgency::End);
        assert_eq!(after(&[INT, INT, INT], true), Urgency::Kill);
        assert_eq!(after(&[INT, SIGTERM], true), Urgency::End);
        for signal in [INT, SIGTERM, SIGHUP] {
            assert_eq!(after(&[signal], false), Urgency::End);
            assert_eq!(after(&[signal, INT], false), Urgency::Kill);
        }
        assert_eq!(after(&[SIGTERM], true), Urgency::End);
        assert_eq!(Urgency::Stop.next(INT, true), Urgency::Finish, "a stop is no signal");
        assert_eq!(after(&[SIGHUP, SIGHUP], true), Urgency::Kill);
    }

    fn drain(attempts: Option<u64>, time: Option<Duration>) -> Drain {
        let time = time.map(|time| (time, "the time is over".to_owned()));
        Drain::new(Limits { attempts, time, failures: 2 }, Instant::now())
    }

    #[test]
    fn the_reason_that_counts_most_stays() {
        let mut drain = drain(None, None);
        assert!(drain.give(Reason::Failures("f".to_owned())));
        assert!(drain.give(Reason::Budget("b".to_owned())));
        assert!(!drain.give(Reason::LeftRed("l".to_owned())));
        assert!(!drain.give(Reason::Budget("c".to_owned())));
        assert_eq!(drain.take_reason(), Some(Reason::Budget("b".to_owned())));
        assert!(!drain.is_draining());
    }

    #[test]
    fn the_limits_of_a_run_are_counted() {
        let start = Instant::now();
        let mut drain = drain(Some(2), Some(Duration::from_secs(60)));
        assert_eq!((drain.attempts_left(), drain.attempts_made()), (2, None));
        drain.began();
        drain.began();
        assert_eq!(drain.attempts_left(), 0);
        assert!(drain.attempts_made().is_some_and(|r| r.words().is_some_and(|w| w.contains("2"))));
        assert_eq!(drain.time_over(start), None);
        assert!(drain.time_over(start + Duration::from_secs(61)).is_some());
    }

    #[test]
    fn only_different_tasks_that_are_blocked_in_a_row_count() {
        let mut drain = drain(None, None);
        let mut blocked = |id: &str| drain.blocked(id, "why");
        blocked("A");
        blocked("A");
        assert_eq!((drain.failures_left(), drain.too_many_failures()), (1, None));
        drain.completed();
        drain.blocked("A", "why");
        assert_eq!(drain.too_many_failures(), None);
        drain.blocked("B", "why");
        assert!(matches!(drain.too_many_failures(), Some(Reason::Failures(_))));
    }

    #[test]
    fn a_paused_loop_ends_only_when_a_person_says_so() {
        let mut drain = drain(None, None);
        assert!(drain.may_end());
        drain.pause(HashSet::from([QueueIx::FIRST]));
        assert!(!drain.may_end());
        drain.stop();
        assert!(drain.may_end());
    }

    #[test]
    fn a_time_is_over_at_its_end_and_not_before() {
        let start = Instant::now();
        let limits = Limits {
            attempts: None,
            time: Some((Duration::from_secs(60), "over".to_owned())),
            failures: 1,
        };
        let timed = Drain::new(limits, start);
        let at = |millis| timed.time_over(start + Duration::from_millis(millis));
        assert_eq!((at(0), at(59_999)), (None, None));
        assert_eq!(at(60_000), Some(Reason::Budget("over".to_owned())));
        assert_eq!(drain(None, None).time_over(start), None);
    }

    #[test]
    fn a_run_without_a_limit_may_make_any_number_of_attempts() {
        let mut drain = drain(None, None);
        (0..1000).for_each(|_| drain.began());
        assert_eq!((drain.attempts_left(), drain.attempts_made()), (usize::MAX, None));
        drain.give(Reason::Budget("b".to_owned()));
        assert_eq!(drain.attempts_left(), 0, "a run that ends makes none");
    }

    #[test]
    fn the_words_for_a_limit_that_is_reached_count_the_attempts() {
        let made = |most| {
            let mut drain = drain(Some(most), None);
            (0..most).for_each(|_| drain.began());
            drain.attempts_made().unwrap().words().unwrap().to_owned()
        };
        assert_eq!(made(1), "the run's one attempt was made");
        assert_eq!(made(2), "the run's 2 attempts were made");
        assert_eq!(drain(Some(1), None).attempts_made(), None);
    }

    #[test]
    fn one_task_may_always_be_blocked() {
        let limits = Limits { attempts: None, time: None, failures: 0 };
        let mut drain = Drain::new(limits, Instant::now());
        assert_eq!((drain.failures_allowed(), drain.failures_left()), (1, 1));
        assert_eq!(drain.too_many_failures(), None);
        drain.blocked("A", "why");
        assert_eq!(drain.failures_left(), 1, "never none");
        let why = Reason::Failures("task A was blocked: why".to_owned());
        assert_eq!(drain.too_many_failures(), Some(why));
    }

    #[test]
    fn a_task_that_is_blocked_again_counts_with_its_last_reason() {
        let mut drain = drain(None, None);
        for (id, why) in [("A", "first"), ("B", "other"), ("A", "other")] {
            drain.blocked(id, why);
        }
        let why = "2 different tasks were blocked in a row (B, A), all with: other";
        assert_eq!(drain.too_many_failures(), Some(Reason::Failures(why.to_owned())));
    }

    #[test]
    fn started_work_waits_for_a_lock_however_long_that_takes() {
        let mut attempt = drain(None, None);
        assert_eq!((attempt.patience(), attempt.begun()), (Patience::Limited, 0));
        attempt.began();
        assert_eq!((attempt.patience(), attempt.begun()), (Patience::Unlimited, 1));
        let mut landing = drain(Some(1), None);
        landing.lands();
        assert_eq!((landing.patience(), landing.begun()), (Patience::Unlimited, 1));
        assert_eq!((landing.attempts_left(), landing.attempts_made()), (1, None));
    }

    #[test]
    fn an_urgency_is_said_while_something_runs() {
        let mut drain = drain(None, None);
        assert_eq!(drain.urgency(1), None);
        drain.stop();
        assert_eq!((drain.urgency(1), drain.ends_what_runs()), (None, false));
        assert_eq!(drain.signal(INT, true), Urgency::Finish);
        assert_eq!((drain.urgency(0), drain.ends_what_runs()), (None, false));
        drain.stop();
        assert_eq!(drain.signal(INT, true), Urgency::End, "a stop takes no urgency away");
        assert_eq!((drain.urgency(0), drain.ends_what_runs()), (None, true));
        let ending = "ending 3 attempts; once more kills what is left";
        assert_eq!(drain.urgency(3).as_deref(), Some(ending));
        drain.signal(INT, true);
        assert_eq!(drain.urgency(1).as_deref(), Some("killing 1 attempt"));
    }
}
