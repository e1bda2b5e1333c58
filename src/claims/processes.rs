//! One look at all processes of this host: what they carry of claims.

use crate::platform::claim_tag::{Carried, Sought};
use crate::platform::fault::{self, Fault};
use crate::platform::limit_tag::Limits;
use crate::platform::scan;
use std::io;

/// What the living processes carry, as one look found it.
#[derive(Debug, Default)]
pub struct Processes {
    /// Environments with claim tags.
    carried: Vec<Carried>,
    /// The limits of processes without a claim tag, where they are not as the system gives them.
    lowered: Vec<Limits>,
}

impl Processes {
    /// Looks at them. Our own process is one of them. Who cannot be seen for want of a descriptor may
    /// be anybody: then nothing is said.
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
                    // A dead one has no environment any more, and its limits still.
                    let lives = |_: &Limits| scan::process(pid).is_some_and(|it| !it.dead);
                    found.lowered.extend(lowered.filter(lives));
                }
            }
        }
        Ok(found)
    }

    /// Those of a simulated host, by what each carries.
    #[cfg(test)]
    pub(crate) fn of(carried: Vec<Carried>) -> Self {
        let looks = !fault::is(Fault::NoProcessScan) && !fault::is(Fault::TakeOverByTime);
        let carried = if looks { carried } else { Vec::new() };
        Self { carried, lowered: Vec::new() }
    }

    /// Whether one of them belongs to the task.
    pub(super) fn have(&self, sought: &Sought) -> bool {
        self.carried.iter().any(|carried| sought.is_carried(carried))
            || self.lowered.iter().any(|limits| limits.name_any(sought.lasting()))
    }

    /// Whether one of them is a supervisor of the task.
    pub(super) fn supervise(&self, sought: &Sought) -> bool {
        !fault::is(Fault::StartsBelieved)
            && self.carried.iter().any(|carried| sought.is_supervised(carried))
    }
}
