//! Decides when an agent is tried again that failed within seconds or reported that it cannot work
//! now. Pure data: the caller passes in the times.
//!
//! An outage ends by itself, so attempts that fail because of it must not use up task budgets.
//! After each such failure the agent pauses for longer, then **one** attempt tries it. If only one
//! task fails while the agent works for others, the failure is that task's own.

use super::reason::ReasonCode;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// An agent that fails after more than this did some work, so the failure counts as the task's.
pub const QUICK: TimeDelta = TimeDelta::seconds(10);
/// The longest pause.
pub const CAP: TimeDelta = TimeDelta::minutes(5);

/// How long only one attempt tries an agent that had reported why it could not work.
const PROBE: TimeDelta = TimeDelta::seconds(60);
/// The furthest reset time that is accepted from a tool.
const FURTHEST: TimeDelta = TimeDelta::days(8);
/// Added to a reported reset, because clocks differ and services reset late.
const AFTER_RESET: TimeDelta = TimeDelta::seconds(60);

/// Why an agent is paused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PauseKind {
    /// It failed within seconds for an unknown reason.
    #[default]
    Quick,
    /// It reported that the service is temporarily unavailable.
    Transient,
    /// Its account has reached a usage limit.
    UsageLimit,
    /// It is not logged in. A person must act.
    Auth,
}

impl PauseKind {
    /// Returns the reason code used in the journal and in JSON.
    pub fn code(self) -> ReasonCode {
        match self {
            Self::Quick | Self::Transient => ReasonCode::Transient,
            Self::UsageLimit => ReasonCode::UsageLimit,
            Self::Auth => ReasonCode::Auth,
        }
    }
}

/// The recent failures of an agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backoff {
    /// The name of the agent.
    pub agent: String,
    /// The first failure of the current series.
    pub since: DateTime<Utc>,
    /// The last failure.
    pub last: DateTime<Utc>,
    /// The agent is not started before this time. While one attempt tries it: the time at which
    /// that attempt has lasted too long to be a failure within seconds.
    pub until: DateTime<Utc>,
    /// Consecutive failures, with simultaneous ones counted once. 0 when the agent works.
    pub failures: u32,
    /// How it failed last, in one line.
    pub reason: String,
    /// Whether one attempt is trying the agent now.
    #[serde(default)]
    pub trying: bool,
    /// The tasks for which it failed in this series, by their path-safe names.
    #[serde(default)]
    pub tasks: Vec<String>,
    /// The tasks for which it failed while it worked for others.
    #[serde(default)]
    pub own: Vec<String>,
    /// Why the agent is paused.
    #[serde(default)]
    pub kind: PauseKind,
}

/// Whether an agent may be started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rest {
    /// It may be started.
    Over,
    /// It is paused for this long.
    Lasts(TimeDelta),
    /// One attempt may try it.
    Due,
}

/// A failure within seconds.
#[derive(Clone, Copy, Debug)]
pub struct QuickFailure<'a> {
    /// The path-safe name of the task.
    pub task: &'a str,
    /// When the attempt began.
    pub began: DateTime<Utc>,
    /// The current time.
    pub now: DateTime<Utc>,
    /// How it failed, in one line.
    pub reason: &'a str,
    /// A random number from 0 to 1, so that loops of many projects do not retry a service in step.
    pub jitter: f64,
}

/// What an agent reported about why it cannot work.
#[derive(Clone, Copy, Debug)]
pub struct Said {
    /// The kind of failure.
    pub kind: PauseKind,
    /// When it can work again, if it reported that.
    pub reset: Option<DateTime<Utc>>,
}

/// What a failure within seconds costs the task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cost {
    /// One attempt of the budget, like any failure, because the agent works for other tasks.
    Own,
    /// One attempt of the budget: it is the first failure of the series.
    First,
    /// Nothing.
    Free,
}

/// Returns the pause after `failures` consecutive failures: 1 s, doubled each time, at most
/// [`CAP`], and up to a quarter shorter at random.
pub fn next_pause(failures: u32, jitter: f64) -> TimeDelta {
    let doublings = failures.saturating_sub(1).min(16);
    let whole = CAP.min(TimeDelta::seconds(1 << doublings));
    let less = whole.num_milliseconds() as f64 * 0.25 * jitter.clamp(0.0, 1.0);
    whole - TimeDelta::milliseconds(less as i64)
}

impl Backoff {
    /// Creates the state of an agent that never failed, as of `now`.
    pub fn new(agent: &str, now: DateTime<Utc>) -> Self {
        Self {
            agent: agent.to_owned(),
            since: now,
            last: now,
            until: now,
            failures: 0,
            reason: String::new(),
            trying: false,
            tasks: Vec::new(),
            own: Vec::new(),
            kind: PauseKind::Quick,
        }
    }

    /// Returns the longest pause that is accepted.
    fn longest(&self) -> TimeDelta {
        match self.kind {
            PauseKind::Quick | PauseKind::Transient => CAP,
            PauseKind::UsageLimit | PauseKind::Auth => FURTHEST + AFTER_RESET,
        }
    }

    /// Returns whether the agent may be started now.
    pub fn rest(&self, now: DateTime<Utc>) -> Rest {
        let left = self.until - now;
        let forgotten = match self.kind {
            PauseKind::Quick | PauseKind::Transient => -left > CAP,
            // However long ago the limit was reached, only one attempt may find out whether it is
            // over.
            PauseKind::UsageLimit | PauseKind::Auth => false,
        };
        if self.failures == 0 || forgotten {
            return Rest::Over;
        }
        // A time further away than any pause was written by a different clock.
        if left > TimeDelta::zero() && left <= self.longest() {
            return Rest::Lasts(left);
        }
        if self.trying { Rest::Over } else { Rest::Due }
    }

    /// Records that the agent reported why it cannot work.
    pub fn said(&mut self, said: Said, failure: &QuickFailure<'_>) -> Cost {
        let QuickFailure { task, began, now, reason, jitter } = *failure;
        let is_fault = said.kind == PauseKind::Transient;
        if is_fault && self.own.iter().any(|own| own == task) {
            return Cost::Own;
        }
        if self.rest(now) == Rest::Over {
            (self.failures, self.since) = (0, now);
            self.tasks.clear();
        }
        let stated = said.reset.map(|reset| reset + AFTER_RESET).filter(|until| *until > now);
        if let Some(until) = stated {
            self.failures = self.failures.saturating_add(1);
            // Of several resets reported at the same time, the furthest one counts.
            let told = self.kind == said.kind && began < self.last;
            self.until = if told { self.until.max(until) } else { until };
            (self.last, self.trying, self.kind) = (now, false, said.kind);
        } else if self.failures == 0 || began >= self.last {
            self.failures = self.failures.saturating_add(1);
            self.until = now + next_pause(self.failures, jitter);
            (self.last, self.trying, self.kind) = (now, false, said.kind);
        }
        if self.kind == said.kind {
            reason.clone_into(&mut self.reason);
        }
        if is_fault && !self.tasks.iter().any(|known| known == task) {
            self.tasks.push(task.to_owned());
        }
        Cost::Free
    }

    /// Records a failure within seconds.
    pub fn failed(&mut self, failure: &QuickFailure<'_>) -> Cost {
        let QuickFailure { task, began, now, reason, jitter } = *failure;
        if self.own.iter().any(|own| own == task) {
            return Cost::Own;
        }
        if self.rest(now) == Rest::Over {
            (self.failures, self.since) = (0, now);
            self.tasks.clear();
        }
        // An attempt that began before the last failure adds no information.
        if self.failures == 0 || began >= self.last {
            self.failures = self.failures.saturating_add(1);
            self.until = now + next_pause(self.failures, jitter);
            (self.last, self.trying, self.kind) = (now, false, PauseKind::Quick);
        }
        if self.kind == PauseKind::Quick {
            reason.clone_into(&mut self.reason);
        }
        if self.tasks.iter().any(|known| known == task) {
            return Cost::Free;
        }
        self.tasks.push(task.to_owned());
        Cost::First
    }

    /// Records an attempt that was not a failure within seconds.
    pub fn worked(&mut self, task: &str, began: DateTime<Utc>) {
        self.own.retain(|own| own != task);
        if self.failures == 0 || began < self.since {
            return;
        }
        if let [only] = self.tasks.as_slice()
            && only != task
        {
            self.own.push(only.clone());
        }
        self.failures = 0;
        self.trying = false;
        self.tasks.clear();
    }

    /// Takes the right to try the agent. Returns `false` if it is not due.
    pub fn try_now(&mut self, now: DateTime<Utc>) -> bool {
        let due = self.rest(now) == Rest::Due;
        if due {
            let tried = match self.kind {
                PauseKind::Quick => QUICK,
                PauseKind::Transient | PauseKind::UsageLimit | PauseKind::Auth => PROBE,
            };
            (self.trying, self.until) = (true, now + tried);
        }
        due
    }

    /// Returns the right to try the agent, because there was no task to try it with.
    pub fn not_tried(&mut self, now: DateTime<Utc>) {
        (self.trying, self.until) = (false, now);
    }

    /// Returns whether there is nothing to remember.
    pub fn is_empty(&self) -> bool {
        self.failures == 0 && self.own.is_empty()
    }

    /// Describes the failure for people.
    pub fn sentence(&self) -> String {
        let agent = &self.agent;
        match self.kind {
            PauseKind::Quick => {}
            PauseKind::Transient => {
                return format!("agent {agent}: the service is temporarily unavailable");
            }
            PauseKind::UsageLimit => return format!("agent {agent}: usage limit reached"),
            PauseKind::Auth => return format!("agent {agent}: not logged in"),
        }
        let times = match self.failures {
            1 => "once".to_owned(),
            many => format!("{many} times"),
        };
        format!("agent {} failed {times} within seconds", self.agent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds)
    }

    fn fails(backoff: &mut Backoff, task: &str, began: i64, now: i64) -> Cost {
        let (began, now) = (at(began), at(now));
        backoff.failed(&QuickFailure { task, began, now, reason: "why", jitter: 0.0 })
    }

    #[test]
    fn pauses_grow_to_five_minutes() {
        let seconds = |failures| next_pause(failures, 0.0).num_seconds();
        assert_eq!([1, 2, 3, 4, 9, 10, u32::MAX].map(seconds), [1, 2, 4, 8, 256, 300, 300]);
        assert_eq!(next_pause(3, 1.0), TimeDelta::seconds(3));
        assert!(next_pause(3, 0.5) < next_pause(3, 0.4));
    }

    #[test]
    fn one_attempt_tries_when_a_pause_is_over() {
        let mut agent = Backoff::new("default", at(0));
        assert_eq!(agent.rest(at(0)), Rest::Over);
        assert_eq!(fails(&mut agent, "a", 0, 0), Cost::First);
        assert_eq!(agent.rest(at(0)), Rest::Lasts(TimeDelta::seconds(1)));
        assert!(!agent.try_now(at(0)));
        assert_eq!(agent.rest(at(1)), Rest::Due);
        assert!(agent.try_now(at(1)));
        assert!(!agent.try_now(at(1)), "another loop was first");
        assert_eq!(agent.rest(at(2)), Rest::Lasts(TimeDelta::seconds(9)));
        assert_eq!(fails(&mut agent, "a", 1, 2), Cost::Free);
        assert_eq!(agent.rest(at(2)), Rest::Lasts(TimeDelta::seconds(2)));
        assert_eq!(fails(&mut agent, "b", 4, 4), Cost::First);
        assert_eq!(agent.failures, 3);
        assert!(agent.try_now(at(8)));
        agent.worked("b", at(8));
        assert_eq!((agent.rest(at(9)), agent.is_empty()), (Rest::Over, true));
    }

    #[test]
    fn what_ran_at_the_same_time_counts_once() {
        let mut agent = Backoff::new("default", at(0));
        let costs = ["a", "b", "c"].map(|task| fails(&mut agent, task, 0, 1));
        assert_eq!((costs, agent.failures), ([Cost::First; 3], 1));
        // An attempt that began before the outage does not show that it is over either.
        agent.worked("d", at(0));
        assert_eq!(agent.failures, 1);
    }

    #[test]
    fn what_one_task_alone_fails_at_is_its_own_fault() {
        let mut agent = Backoff::new("default", at(0));
        assert_eq!(fails(&mut agent, "bad", 0, 0), Cost::First);
        agent.worked("good", at(1));
        assert_eq!(fails(&mut agent, "bad", 2, 2), Cost::Own);
        assert_eq!(agent.rest(at(2)), Rest::Over);
        assert!(!agent.is_empty());
        agent.worked("bad", at(3));
        assert!(agent.is_empty());
    }

    #[test]
    fn who_tries_for_longer_than_seconds_did_not_fail() {
        let mut agent = Backoff::new("default", at(0));
        fails(&mut agent, "a", 0, 0);
        assert!(agent.try_now(at(1)));
        assert_eq!(agent.rest(at(11)), Rest::Over);
        // A new series begins.
        assert_eq!(fails(&mut agent, "a", 12, 12), Cost::First);
        assert_eq!((agent.failures, agent.since), (1, at(12)));
    }

    fn says(
        agent: &mut Backoff,
        kind: PauseKind,
        reset: Option<i64>,
        began: i64,
        now: i64,
    ) -> Cost {
        let (began, now) = (at(began), at(now));
        let failure = QuickFailure { task: "a", began, now, reason: "why", jitter: 0.0 };
        agent.said(Said { kind, reset: reset.map(at) }, &failure)
    }

    #[test]
    fn a_stated_reset_holds_until_a_minute_after_it() {
        let mut agent = Backoff::new("default", at(0));
        let limit = PauseKind::UsageLimit;
        assert_eq!(says(&mut agent, limit, Some(7200), 0, 60), Cost::Free);
        assert_eq!(agent.rest(at(60)), Rest::Lasts(TimeDelta::seconds(7200)));
        // An attempt that began earlier reports the same limit; the furthest reset counts.
        says(&mut agent, limit, Some(7000), 1, 61);
        assert_eq!(agent.until, at(7260));
        assert_eq!((agent.rest(at(7260)), agent.rest(at(90_000))), (Rest::Due, Rest::Due));
        // One attempt tries it and finds another limit, which ends earlier than the first one.
        assert!(agent.try_now(at(7260)) && !agent.try_now(at(7261)));
        assert_eq!(agent.rest(at(7270)), Rest::Lasts(TimeDelta::seconds(50)));
        says(&mut agent, limit, Some(7300), 7260, 7270);
        assert_eq!(agent.until, at(7360));
        assert!(agent.try_now(at(7360)));
        agent.worked("a", at(7360));
        assert!(agent.is_empty());
    }

    #[test]
    fn without_a_reset_or_with_one_in_the_past_the_pauses_grow() {
        let mut agent = Backoff::new("default", at(0));
        says(&mut agent, PauseKind::UsageLimit, None, 0, 0);
        assert_eq!(agent.until, at(1));
        says(&mut agent, PauseKind::UsageLimit, Some(-500), 1, 1);
        assert_eq!(agent.until, at(3));
        says(&mut agent, PauseKind::UsageLimit, Some(-30), 3, 3);
        assert_eq!(agent.until, at(30), "a stated reset counts as written");
        // An attempt that began at the same time adds no information.
        says(&mut agent, PauseKind::Transient, None, 2, 4);
        assert_eq!((agent.until, agent.kind), (at(30), PauseKind::UsageLimit));
    }

    #[test]
    fn a_task_that_the_service_fails_for_alone_is_to_blame() {
        let mut agent = Backoff::new("default", at(0));
        assert_eq!(says(&mut agent, PauseKind::Transient, None, 0, 0), Cost::Free);
        agent.worked("b", at(1));
        assert_eq!(says(&mut agent, PauseKind::Transient, None, 2, 2), Cost::Own);
        assert_eq!(says(&mut agent, PauseKind::UsageLimit, None, 2, 2), Cost::Free);
    }

    #[test]
    fn neither_old_pauses_nor_other_clocks_hold_anything_up() {
        let mut agent = Backoff::new("default", at(0));
        fails(&mut agent, "a", 0, 0);
        assert_eq!(agent.rest(at(1000)), Rest::Over, "the failure was in a run of yesterday");
        assert_eq!(agent.rest(at(-3600)), Rest::Due, "the clock was set back");
        assert!(agent.try_now(at(1)));
        agent.not_tried(at(1));
        assert_eq!(agent.rest(at(1)), Rest::Due);
    }

    #[test]
    fn a_series_is_forgotten_only_after_the_longest_pause() {
        let mut agent = Backoff::new("default", at(0));
        fails(&mut agent, "a", 0, 0);
        let limit = agent.until + CAP;
        assert_eq!(agent.rest(limit), Rest::Due);
        assert_eq!(agent.rest(limit + TimeDelta::milliseconds(1)), Rest::Over);
        // What is reported after that begins a new series.
        says(&mut agent, PauseKind::Transient, None, 1000, 1000);
        assert_eq!((agent.failures, agent.since, agent.until), (1, at(1000), at(1001)));
        assert_eq!(agent.tasks, ["a"]);
        // A time further away than any pause was written by another clock.
        let written = Backoff { until: at(1000) + CAP, ..agent.clone() };
        assert_eq!(written.rest(at(1000)), Rest::Lasts(CAP));
        assert_eq!(written.rest(at(999)), Rest::Due);
        let furthest = FURTHEST + AFTER_RESET;
        let limited = Backoff { kind: PauseKind::Auth, until: at(1000) + furthest, ..agent };
        assert_eq!(limited.rest(at(1000)), Rest::Lasts(furthest));
        assert_eq!(limited.rest(at(999)), Rest::Due);
    }

    #[test]
    fn only_earlier_reports_of_the_same_limit_are_compared() {
        let limit = PauseKind::UsageLimit;
        let until = |kind, first, began, reset| {
            let mut agent = Backoff::new("default", at(0));
            says(&mut agent, first, Some(7200), 0, 60);
            says(&mut agent, kind, Some(reset), began, 110);
            agent.until
        };
        assert_eq!(until(limit, limit, 59, 1000), at(7260), "it began before the first report");
        assert_eq!(until(limit, limit, 60, 1000), at(1060));
        assert_eq!(until(limit, PauseKind::Auth, 59, 1000), at(1060), "another limit");
        // A reset that is over now was not stated.
        assert_eq!(until(limit, limit, 60, 50), at(112));
    }

    #[test]
    fn a_reason_belongs_to_the_kind_of_the_pause() {
        let failure = |task, began, reason| QuickFailure {
            task,
            began: at(began),
            now: at(10),
            reason,
            jitter: 0.0,
        };
        let said = |kind| Said { kind, reset: None };
        let mut agent = Backoff::new("default", at(0));
        agent.said(said(PauseKind::UsageLimit), &failure("a", 5, "limit"));
        assert_eq!((agent.reason.as_str(), agent.tasks.len()), ("limit", 0));
        // What began before the last failure changes neither the pause nor its reason.
        agent.said(said(PauseKind::Transient), &failure("a", 4, "overload"));
        agent.said(said(PauseKind::Transient), &failure("a", 4, "overload"));
        assert_eq!(agent.failed(&failure("a", 4, "crash")), Cost::Free);
        assert_eq!((agent.reason.as_str(), agent.kind), ("limit", PauseKind::UsageLimit));
        assert_eq!(agent.tasks, ["a"]);
        assert_eq!(agent.failed(&failure("b", 10, "crash")), Cost::First);
        assert_eq!((agent.reason.as_str(), agent.kind), ("crash", PauseKind::Quick));
    }

    #[test]
    fn an_attempt_that_began_with_the_series_ends_it() {
        let mut agent = Backoff::new("default", at(0));
        fails(&mut agent, "a", 0, 5);
        agent.worked("a", at(4));
        assert_eq!(agent.failures, 1);
        agent.worked("a", at(5));
        assert!(agent.is_empty());
    }

    #[test]
    fn a_failure_is_told_with_its_code() {
        let mut agent = Backoff::new("default", at(0));
        for (kind, failures, code, words) in [
            (PauseKind::Quick, 1, ReasonCode::Transient, " failed once within seconds"),
            (PauseKind::Quick, 3, ReasonCode::Transient, " failed 3 times within seconds"),
            (
                PauseKind::Transient,
                1,
                ReasonCode::Transient,
                ": the service is temporarily unavailable",
            ),
            (PauseKind::UsageLimit, 1, ReasonCode::UsageLimit, ": usage limit reached"),
            (PauseKind::Auth, 1, ReasonCode::Auth, ": not logged in"),
        ] {
            (agent.kind, agent.failures) = (kind, failures);
            assert_eq!(agent.sentence(), format!("agent default{words}"));
            assert_eq!(kind.code(), code);
        }
    }
}
