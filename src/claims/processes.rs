//! The claim tags of all processes of this host, from one scan.

use crate::platform::claim_tag::{Carried, Sought};
use crate::platform::fault::{self, Fault};
use crate::platform::limit_tag::Limits;
use crate::platform::scan;
use std::io;

/// What the live processes carry, as found by one scan.
#[derive(Debug, Default)]
pub(crate) struct Processes {
    /// Environments with claim tags.
    carried: Vec<Carried>,
    /// The lowered limits of processes without a claim tag.
    lowered: Vec<Limits>,
}

impl Processes {
    /// Scans the processes, including this one. Fails if a process cannot be read for lack of a
    /// descriptor, because it may belong to any task.
    pub(super) fn now() -> io::Result<Self> {
        let mut found = Self::default();
        if fault::is(Fault::NoProcessScan) || fault::is(Fault::TakeOverByTime) {
            return Ok(found);
        }
        for pid in scan::pids()? {
            match scan::carried_by(pid)? {
                carried @ Carried::Tags { .. } => found.carried.push(carried),
                Carried::Absent | Carried::Unreadable => {
                    let lowered = Limits::of(pid)?.filter(|limits| limits.are_lowered());
                    // A dead process has no environment any more, but still has its limits.
                    let lives = |_: &Limits| scan::process(pid).is_some_and(|it| !it.dead);
                    found.lowered.extend(lowered.filter(lives));
                }
            }
        }
        Ok(found)
    }

    /// The processes of a simulated host, by what each carries.
    #[cfg(test)]
    pub(crate) fn of(carried: Vec<Carried>) -> Self {
        let looks = !fault::is(Fault::NoProcessScan) && !fault::is(Fault::TakeOverByTime);
        let carried = if looks { carried } else { Vec::new() };
        Self { carried, lowered: Vec::new() }
    }

    /// Returns whether one of the processes belongs to the task.
    pub(super) fn have(&self, sought: &Sought) -> bool {
        self.carried.iter().any(|carried| sought.is_carried(carried))
            || self.lowered.iter().any(|limits| limits.name_any(sought.lasting()))
    }

    /// Returns whether one of the processes is a supervisor of the task.
    pub(super) fn supervise(&self, sought: &Sought) -> bool {
        !fault::is(Fault::StartsBelieved)
            && self.carried.iter().any(|carried| sought.is_supervised(carried))
    }
}
