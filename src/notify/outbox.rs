//! Decides which messages are sent now: quiet hours, digests, and retries of failed deliveries.
//!
//! Pure: the current time is passed in.

use super::message::Message;
use crate::config::NotifyRule;
use crate::store::cursors::Place;
use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Messages older than this are dropped.
const OLD: TimeDelta = TimeDelta::hours(24);
/// Up to this many messages are sent individually, more of them as a digest.
const MANY: usize = 20;
/// The maximum number of messages in a digest.
const MOST: usize = 200;
/// The first and the longest pause after a failed delivery.
const PAUSES: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(300));
/// How often to check whether quiet hours are over.
const LOOK: Duration = Duration::from_secs(30);

/// The current time, on every clock that is needed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    /// The time, for comparison with the journal.
    pub(super) now: DateTime<Utc>,
    /// The local time of day, for quiet hours.
    pub(super) local: NaiveTime,
    /// The monotonic time, for pauses.
    pub(super) monotonic: Instant,
    /// Whether the loop is ending: an incomplete digest is sent.
    pub(super) ends: bool,
}

/// What to do now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    /// Nothing waits.
    Nothing,
    /// These are quiet hours: nothing is sent, even if the loop ends. Check again after this time.
    Quiet(Duration),
    /// Nothing is due before this time has passed.
    Later(Duration),
    /// Send this many of the first messages together.
    Now(usize),
}

/// Messages that wait to be sent, the oldest first.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    waiting: VecDeque<Message>,
    /// How many messages are being sent: a retry contains the same ones.
    begun: Option<usize>,
    tries: u32,
    again: Option<Instant>,
    held: bool,
}

impl Outbox {
    /// Adds a message.
    pub(super) fn push(&mut self, message: Message) {
        self.waiting.push_back(message);
    }

    /// Makes the messages up to `until` one delivery, because another process has started it.
    pub(super) fn resume(&mut self, until: &Place) {
        let known = |message: &Message| message.place.as_ref() == Some(until);
        self.begun = self.waiting.iter().position(known).map(|at| at + 1);
    }

    /// Returns how many messages wait.
    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Returns how often the current delivery was tried.
    pub(super) fn tries(&self) -> u32 {
        self.tries
    }

    /// Returns the first `count` messages.
    pub(super) fn first(&mut self, count: usize) -> &[Message] {
        let all = self.waiting.make_contiguous();
        &all[..count.min(all.len())]
    }

    /// Returns what to do now according to `rule`.
    pub(super) fn due(&mut self, rule: &NotifyRule, moment: Moment) -> Due {
        self.forget_old(moment.now);
        let Some(oldest) = self.waiting.front() else { return Due::Nothing };
        if rule.quiet.is_some_and(|quiet| quiet.holds(moment.local)) {
            self.held = true;
            return Due::Quiet(LOOK);
        }
        if let Some(left) = self.again.map(|at| at.saturating_duration_since(moment.monotonic))
            && !left.is_zero()
        {
            return Due::Later(left);
        }
        if let Some(count) = self.begun {
            return Due::Now(count);
        }
        let every = rule.every.filter(|_| !moment.ends);
        if let Some(left) = every.and_then(|every| left(&oldest.at, every, moment.now)) {
            return Due::Later(left.min(LOOK));
        }
        let together = rule.every.is_some() || self.held || self.len() > MANY;
        let count = if together { self.len().min(MOST) } else { 1 };
        self.begun = Some(count);
        Due::Now(count)
    }

    /// Ends the current delivery, and returns its messages.
    pub(super) fn done(&mut self) -> Vec<Message> {
        let count = self.begun.take().unwrap_or(0).min(self.len());
        (self.tries, self.again) = (0, None);
        let done = self.waiting.drain(..count).collect();
        self.held &= !self.waiting.is_empty();
        done
    }

    /// Schedules a retry of the current delivery, no earlier than `after` if the service requested
    /// that.
    pub(super) fn failed(&mut self, after: Option<Duration>, now: Instant) {
        let (first, most) = PAUSES;
        let pause = first.saturating_mul(1_u32.checked_shl(self.tries).unwrap_or(u32::MAX));
        self.tries = self.tries.saturating_add(1);
        self.again = Some(now + pause.max(after.unwrap_or_default()).min(most));
    }

    /// Drops old messages. A started delivery is dropped only if all its messages are old.
    fn forget_old(&mut self, now: DateTime<Utc>) {
        let old = |message: &Message| {
            let at = DateTime::parse_from_rfc3339(&message.at);
            at.is_ok_and(|at| now.signed_duration_since(at) > OLD)
        };
        let count = self.waiting.iter().take_while(|message| old(message)).count();
        if self.begun.is_none_or(|begun| begun <= count) && count > 0 {
            self.waiting.drain(..count);
            (self.begun, self.tries, self.again) = (None, 0, None);
        }
    }
}

/// Returns the time left until `every` after `at`; `None` if it has passed.
fn left(at: &str, every: Duration, now: DateTime<Utc>) -> Option<Duration> {
    let at = DateTime::parse_from_rfc3339(at).ok()?.to_utc();
    let due = at.checked_add_signed(TimeDelta::from_std(every).ok()?)?;
    (due - now).to_std().ok().filter(|left| !left.is_zero())
}

#[cfg(test)]
mod tests {
    use super::super::tests::{message, rule};
    use super::*;
    use crate::config::Quiet;

    fn moment(seconds: i64, began: Instant) -> Moment {
        Moment {
            now: DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds),
            local: NaiveTime::from_hms_opt(12, 0, 0).unwrap(),
            monotonic: began + Duration::from_secs(seconds.unsigned_abs()),
            ends: false,
        }
    }

    fn outbox(count: usize) -> Outbox {
        let mut outbox = Outbox::default();
        (0..count).for_each(|n| outbox.push(message(&n.to_string(), String::new())));
        outbox
    }

    #[test]
    fn messages_go_one_by_one_unless_there_are_many() {
        let (rule, now) = (rule(), moment(1, Instant::now()));
        let mut few = outbox(2);
        assert_eq!(few.due(&rule, now), Due::Now(1));
        assert_eq!(few.done()[0].task.as_deref(), Some("0"));
        assert_eq!((few.due(&rule, now), few.done().len()), (Due::Now(1), 1));
        assert_eq!(few.due(&rule, now), Due::Nothing);
        assert_eq!(outbox(MANY + 1).due(&rule, now), Due::Now(MANY + 1));
        assert_eq!(outbox(MOST + 1).due(&rule, now), Due::Now(MOST));
    }

    #[test]
    fn a_digest_collects_and_the_end_of_the_run_sends_it() {
        let rule = NotifyRule { every: Some(Duration::from_secs(60)), ..rule() };
        let began = Instant::now();
        let mut outbox = outbox(3);
        assert_eq!(outbox.due(&rule, moment(1, began)), Due::Later(LOOK));
        assert_eq!(outbox.due(&rule, moment(59, began)), Due::Later(Duration::from_secs(1)));
        let ends = Moment { ends: true, ..moment(1, began) };
        assert_eq!(outbox.due(&rule, ends), Due::Now(3));
        // Later messages are not added to a started delivery.
        outbox.push(message("late", String::new()));
        outbox.failed(None, began);
        assert_eq!(outbox.due(&rule, moment(60, began)), Due::Now(3));
        assert_eq!((outbox.done().len(), outbox.len()), (3, 1));
    }

    #[test]
    fn what_quiet_hours_held_is_told_together() {
        let rule = NotifyRule { quiet: Quiet::parse("11:00-13:00"), ..rule() };
        let (began, mut outbox) = (Instant::now(), outbox(3));
        let ends = Moment { ends: true, ..moment(1, began) };
        assert_eq!(outbox.due(&rule, ends), Due::Quiet(LOOK));
        let later = Moment { local: NaiveTime::from_hms_opt(13, 0, 0).unwrap(), ..ends };
        assert_eq!((outbox.due(&rule, later), outbox.done().len()), (Due::Now(3), 3));
        outbox.push(message("A", String::new()));
        outbox.push(message("B", String::new()));
        assert_eq!(outbox.due(&rule, later), Due::Now(1));
    }

    #[test]
    fn a_failed_delivery_waits_longer_each_time() {
        let (rule, began, mut outbox) = (rule(), Instant::now(), outbox(1));
        let now = moment(0, began);
        let mut pauses = Vec::new();
        for _ in 0..12 {
            assert!(matches!(
                outbox.due(&rule, Moment { monotonic: began + OLD.to_std().unwrap(), ..now }),
                Due::Now(1)
            ));
            outbox.failed(None, began);
            let Due::Later(pause) = outbox.due(&rule, now) else { panic!("it waits") };
            pauses.push(pause.as_millis());
        }
        assert_eq!(pauses[..4], [500, 1000, 2000, 4000]);
        assert_eq!(pauses[11], 300_000);
        outbox.failed(Some(Duration::from_secs(7)), began);
        assert_eq!(outbox.due(&rule, now), Due::Later(Duration::from_secs(300)));
        assert_eq!(outbox.done().len(), 1);
        outbox.push(message("B", String::new()));
        assert_eq!(outbox.due(&rule, now), Due::Now(1));
        outbox.failed(Some(Duration::from_secs(7)), began);
        assert_eq!(outbox.due(&rule, now), Due::Later(Duration::from_secs(7)));
    }

    #[test]
    fn what_is_a_day_old_is_no_news() {
        let (rule, mut outbox) = (rule(), outbox(2));
        let day = moment(86_401, Instant::now());
        assert_eq!((outbox.due(&rule, day), outbox.len()), (Due::Nothing, 0));
    }
}
