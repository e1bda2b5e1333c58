//! The process of a supervisor, as its loop looks after it.
//!
//! An agent may stop its supervisor, which then holds no limit and hears nothing. It is never
//! stopped by us (a pause stops the commands below it), so whoever waits for it looks at it once a
//! second and has it continue. Looks are counted and not timed: nothing is held against a supervisor
//! while the loop itself stood still.

use crate::platform::process::{Signal, signal_process, wait_child};
use crate::platform::scan;
use std::io;
use std::process::Child;
use std::time::Duration;

/// How long a supervisor is waited for before it is looked at.
pub(super) const LOOK: Duration = Duration::from_secs(1);
/// How many looks in a row may find it stopped, although each has it continue.
const STOPPED: u32 = 5;
/// How many looks it has beyond the grace of its command once it was told to end.
const ENDING: u64 = 60;

/// A process as it was reported: its number and start time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Started {
    /// Its number.
    pub pid: u32,
    /// Its start time.
    pub start: u64,
}

/// What looks in a row have found.
#[derive(Debug, Default)]
pub(super) struct Pulse {
    stopped: u32,
    ending: u64,
}

impl Pulse {
    /// Has `process` continue if it is stopped; whether that was in vain several times in a row.
    pub(super) fn stays_stopped(&mut self, process: Started) -> bool {
        let Started { pid, start } = process;
        if scan::alive(pid, start) && scan::is_still(pid) {
            self.stopped += 1;
            signal_process(pid, start, Signal::CONT);
        } else {
            self.stopped = 0;
        }
        self.stopped >= STOPPED
    }
}

/// The process of a supervisor.
#[derive(Debug)]
pub(super) struct Body {
    child: Child,
    process: Started,
    pulse: Pulse,
    /// The time between TERM and KILL of the command that ran last.
    pub(super) grace: Duration,
    /// Whether it was killed by us.
    pub(super) killed: bool,
}

impl Body {
    /// That of a child that was just started.
    pub(super) fn of(child: Child) -> Self {
        let pid = child.id();
        let process = Started { pid, start: scan::start_time(pid).unwrap_or_default() };
        Self { child, process, pulse: Pulse::default(), grace: Duration::ZERO, killed: false }
    }

    /// Which process it is.
    pub(super) fn process(&self) -> Started {
        self.process
    }

    /// It has answered.
    pub(super) fn answered(&mut self) {
        self.pulse = Pulse::default();
    }

    /// Looks at it while an answer is waited for, once it was `told` to end for that as well. Kills
    /// it when no answer can be hoped for, and says so.
    pub(super) fn is_hopeless(&mut self, told: bool) -> bool {
        self.pulse.ending = if told { self.pulse.ending + 1 } else { 0 };
        let late = self.pulse.ending > self.grace.as_secs().saturating_add(ENDING);
        let hopeless = self.pulse.stays_stopped(self.process) || late;
        if hopeless {
            self.killed = true;
            // One that has ended meanwhile is as good.
            drop(self.child.kill());
        }
        hopeless
    }

    /// Whether it ended by itself, with a status.
    pub(super) fn exited(&mut self) -> bool {
        self.child.try_wait().is_ok_and(|status| status.is_some_and(|s| s.code().is_some()))
    }

    /// Waits until it is gone, which was told to end.
    pub(super) fn gone(&mut self) -> io::Result<()> {
        self.answered();
        while !wait_child(&mut self.child, LOOK)? {
            self.is_hopeless(true);
        }
        Ok(())
    }
}
