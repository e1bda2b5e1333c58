//! The one place that asks what time it is.
//!
//! Times are for people and for files; nothing in the protocol is decided by them. Durations are
//! measured with `std::time::Instant`.

use super::fault::{self, Fault};
use chrono::{DateTime, TimeDelta, Utc};

/// Tells the time.
pub trait Clock: Send + Sync {
    /// The time now, in UTC.
    fn now(&self) -> DateTime<Utc>;
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
}
