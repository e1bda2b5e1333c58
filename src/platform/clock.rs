//! The one place that asks what time it is.
//!
//! Times of day are for people and for files; nothing in the protocol is decided by them. How long
//! something lasts is measured on the monotonic clock, which nobody sets.

use super::fault::{self, Fault};
use chrono::{DateTime, TimeDelta, Utc};
use std::time::Instant;

/// Tells the time.
pub trait Clock: Send + Sync {
    /// The time now, in UTC.
    fn now(&self) -> DateTime<Utc>;

    /// The moment now on a clock that only runs forward: limits and pauses are measured by it.
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
