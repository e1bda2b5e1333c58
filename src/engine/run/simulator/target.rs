//! The changes of a simulation that wait to land, and the results of their landings.
//!
//! What git does, from a capture to the move of the target, is outside of the simulation;
//! `tests/proofs/landing_model.rs` explores it.

use super::end::End;
use crate::domain::{self, AttemptReport, Outcome, ReasonCode, Verdict, Waits};
use crate::engine::attempt::{
    CameTo, Carried, Finished, Job, Obstructed, Purpose, entry, not_started,
};
use crate::platform::clock::Clock;
use crate::workspace::Oid;
use std::sync::atomic::{AtomicU64, Ordering};

/// The target branch. Without private trees nothing lands.
#[derive(Debug)]
pub(super) struct Target {
    /// Whether tasks have private trees, so that what passed has to land.
    is_used: bool,
    /// The number of changes made so far.
    made: AtomicU64,
}

impl Target {
    pub(super) fn new(is_used: bool) -> Self {
        Self { is_used, made: AtomicU64::new(0) }
    }

    /// Returns whether what passed has to land.
    pub(super) fn is_used(&self) -> bool {
        self.is_used
    }

    /// Returns the change of an attempt that passed, which waits from now on.
    pub(super) fn wait(&self, job: &Job) -> Option<Carried> {
        let number = 1 + self.made.fetch_add(1, Ordering::Relaxed);
        let (base, change) = (object(0)?, object(number)?);
        Some(Carried { entry: entry(job, base, change), came_to: CameTo::Waits(None) })
    }
}

/// Returns the name of an object.
fn object(number: u64) -> Option<Oid> {
    Oid::parse(&format!("{number:040x}"))
}

/// Returns the result of a landing that ends in the given way.
pub(super) fn landed(mut job: Job, end: End, clock: &dyn Clock) -> Finished {
    let carried = || {
        let to_land = job.to_land.as_ref()?;
        let (base, change) =
            (Oid::parse(&to_land.change.base)?, Oid::parse(&to_land.change.commit)?);
        Some(to_land.entry.clone().unwrap_or_else(|| entry(&job, base, change)))
    };
    let Some(entry) = carried() else {
        let reason = "it has no change that waits to land".to_owned();
        return not_started(job, Outcome::Interrupted, reason, clock);
    };
    let obstacle = "the checkout is in the way";
    let (came_to, verdict, code, reason) = match end {
        End::Lost | End::Moved => {
            return not_started(job, Outcome::Lost, "its supervisor vanished".to_owned(), clock);
        }
        End::Interrupted => {
            return not_started(job, Outcome::Interrupted, "interrupted".to_owned(), clock);
        }
        End::Passes => {
            let tree = "f".repeat(40);
            let landed = domain::Landed { commit: entry.work.change.to_string(), tree };
            (CameTo::Landed(landed), Some(Verdict::Pass), None, None)
        }
        End::Fails => {
            let (code, reason) = (ReasonCode::Conflict, "it does not merge");
            (CameTo::Back(Vec::new()), Some(Verdict::Fail), Some(code), Some(reason))
        }
        End::Asks => {
            let obstructed = Obstructed { waits: Waits::Checkout, why: obstacle.to_owned() };
            (CameTo::Waits(Some(obstructed)), None, None, Some(obstacle))
        }
    };
    let outcome =
        if verdict.is_some() { Outcome::Exited { code: 0 } } else { Outcome::Interrupted };
    (job.apart, job.to_land) = (None, None);
    debug_assert_eq!(job.purpose, Purpose::Landing, "only a landing lands");
    let finished = not_started(job, outcome, String::new(), clock);
    let report = AttemptReport {
        verdict,
        reason: reason.map(str::to_owned),
        reason_code: code,
        ..finished.report
    };
    Finished { report, change: Some(Carried { entry, came_to }), ..finished }
}
