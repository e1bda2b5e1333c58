//! What claims ask of the system: which host this is, and what runs on it.
//!
//! The one door to processes for everything that decides who has a task, so that a simulated host
//! can serve the same decisions.

use super::processes::Processes;
use crate::platform::host::Host;
use crate::platform::process::TreeEnd;
use crate::platform::scan;
use crate::supervisor::{Abandoned, end_leftovers};
use std::fmt::Debug;
use std::io;
use std::time::Duration;

/// How long strays of a dead worker are given before KILL.
const STRAY_GRACE: Duration = Duration::from_secs(2);
/// How long their end is waited for in all.
const STRAY_LIMIT: Duration = Duration::from_secs(10);

/// A host and its processes, as one process sees them.
pub trait System: Debug + Send + Sync {
    /// Which host it is.
    fn host(&self) -> &Host;

    /// The number and the start time of our own process.
    fn own(&self) -> (u32, u64);

    /// Why the table of processes cannot be trusted; `None` when it can.
    fn distrust(&self) -> Option<String>;

    /// Whether the process with this number and start time runs.
    fn is_alive(&self, pid: u32, start: u64) -> bool;

    /// One look at all processes: what they carry of claims.
    ///
    /// # Errors
    /// Those that leave it open what a process carries.
    fn look(&self) -> io::Result<Processes>;

    /// Ends what a dead worker left of a claim: TERM, a moment, KILL.
    ///
    /// # Errors
    /// As [`System::look`].
    fn end(&self, claim: &Abandoned<'_>) -> io::Result<TreeEnd>;
}

/// The host that we run on.
#[derive(Clone, Debug)]
pub struct ThisHost {
    host: Host,
    start: u64,
}

impl ThisHost {
    /// Reads which one it is.
    pub fn current() -> Self {
        let start = scan::start_time(std::process::id()).unwrap_or_default();
        Self { host: Host::current(), start }
    }
}

impl System for ThisHost {
    fn host(&self) -> &Host {
        &self.host
    }

    fn own(&self) -> (u32, u64) {
        (std::process::id(), self.start)
    }

    fn distrust(&self) -> Option<String> {
        scan::distrust()
    }

    fn is_alive(&self, pid: u32, start: u64) -> bool {
        scan::alive(pid, start)
    }

    fn look(&self) -> io::Result<Processes> {
        Processes::now()
    }

    fn end(&self, claim: &Abandoned<'_>) -> io::Result<TreeEnd> {
        end_leftovers(claim, STRAY_GRACE, STRAY_LIMIT)
    }
}
