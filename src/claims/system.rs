//! What claims need from the system: which host this is, and what runs on it.
//!
//! Every decision about who has a task inspects processes through this trait, so that a simulated
//! host can be used for the same decisions.

use super::processes::Processes;
use crate::platform::host::Host;
use crate::platform::process::TreeEnd;
use crate::platform::scan;
use crate::supervisor::{Abandoned, end_leftovers};
use std::fmt::Debug;
use std::io;
use std::time::Duration;

/// How long strays of a dead worker have between TERM and KILL.
const STRAY_GRACE: Duration = Duration::from_secs(2);
/// How long to wait for their end in total.
const STRAY_LIMIT: Duration = Duration::from_secs(10);

/// A host and its processes, as one process sees them.
pub(crate) trait System: Debug + Send + Sync {
    /// The identity of the host.
    fn host(&self) -> &Host;

    /// The process id and start time of this process.
    fn own(&self) -> (u32, u64);

    /// Returns why the process table cannot be trusted; `None` if it can.
    fn distrust(&self) -> Option<String>;

    /// Returns whether the process with this id and start time runs.
    fn is_alive(&self, pid: u32, start: u64) -> bool;

    /// Scans all processes once for what they carry of claims.
    ///
    /// # Errors
    /// Any error that leaves open what a process carries.
    fn look(&self) -> io::Result<Processes>;

    /// Ends what a dead worker left of a claim: TERM, a grace period, KILL.
    ///
    /// # Errors
    /// As [`System::look`].
    fn end(&self, claim: &Abandoned<'_>) -> io::Result<TreeEnd>;
}

/// The host that this process runs on.
#[derive(Clone, Debug)]
pub(crate) struct ThisHost {
    host: Host,
    start: u64,
}

impl ThisHost {
    /// Reads the identity of this host.
    pub(crate) fn current() -> Self {
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
