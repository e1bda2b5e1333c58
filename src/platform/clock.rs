//! The only module that reads a clock.
//!
//! The time of day is for people and for files; no decision of the protocol depends on it.
//! Durations are measured on the monotonic clock, which cannot be set.

use super::fault::{self, Fault};
use chrono::{DateTime, TimeDelta, Utc};
use std::time::Instant;

/// A source of time.
pub trait Clock: Send + Sync {
    /// Returns the current time in UTC.
    fn now(&self) -> DateTime<Utc>;

    /// Returns the current instant of a clock that never goes back, for limits and pauses.
    fn monotonic(&self) -> Instant;
}

/// The clock of the machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the place where time comes from")]
    fn now(&self) -> DateTime<Utc> {
        let ahead =
            if fault::is(Fault::ClockAhead) { TimeDelta::hours(1) } else { TimeDelta::zero() };
        Utc::now() + ahead
    }

    fn monotonic(&self) -> Instant {
        Instant::now()
    }
}
