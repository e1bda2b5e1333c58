//! The process of a supervisor, as monitored by its loop.
//!
//! An agent may stop its supervisor, which then enforces no limit and reads no request. The program
//! itself never stops it (a pause stops the commands below it), so a thread that waits for it
//! checks it once a second and continues it. Checks are counted, not timed: a supervisor is not
//! blamed for time during which the loop itself was stopped.

use super::VERB;
#[cfg(test)]
use super::scripted;
use crate::platform::process::{Signal, signal_process, wait_child};
use crate::platform::scan;
use crate::platform::spawn;
use std::ffi::OsString;
use std::io;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::Child;
#[cfg(test)]
use std::thread::JoinHandle;
use std::time::Duration;

/// How long to wait for a supervisor before each check.
pub(super) const LOOK: Duration = Duration::from_secs(1);
/// How many consecutive checks may find it stopped, although each continues it.
const STOPPED: u32 = 5;
/// How many checks it has, in addition to the grace period of its command, after it was asked to
/// end.
const ENDING: u64 = 60;

/// A process as it was reported: process id and start time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Started {
    /// Its process id.
    pub pid: u32,
    /// Its start time, in the unit of the system.
    pub start: u64,
}

/// The results of consecutive checks.
#[derive(Debug, Default)]
pub(super) struct Pulse {
    stopped: u32,
    ending: u64,
}

impl Pulse {
    /// Continues `process` if it is stopped. Returns whether that failed several times in a row.
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

/// What runs the supervisor.
#[derive(Debug)]
enum Life {
    Process(Child),
    #[cfg(test)]
    Script(Option<JoinHandle<()>>),
}

impl Life {
    fn kill(&mut self) -> io::Result<()> {
        match self {
            Self::Process(child) => child.kill(),
            #[cfg(test)]
            Self::Script(_) => Ok(()),
        }
    }

    /// Returns whether it ended by itself, with an exit status.
    fn exited(&mut self) -> bool {
        match self {
            Self::Process(child) => {
                child.try_wait().is_ok_and(|status| status.is_some_and(|s| s.code().is_some()))
            }
            #[cfg(test)]
            Self::Script(thread) => thread.is_none(),
        }
    }

    /// Waits a while for its end. Returns whether it has ended.
    fn ends(&mut self) -> io::Result<bool> {
        match self {
            Self::Process(child) => wait_child(child, LOOK),
            #[cfg(test)]
            Self::Script(thread) => {
                // The thread itself reports a panic.
                drop(thread.take().map(JoinHandle::join));
                Ok(true)
            }
        }
    }
}

/// The process of a supervisor.
#[derive(Debug)]
pub(super) struct Body {
    life: Life,
    process: Started,
    pulse: Pulse,
    /// The time between TERM and KILL of the command that ran last.
    pub(super) grace: Duration,
    /// Whether the loop killed it.
    pub(super) killed: bool,
}

impl Body {
    /// Starts the program `exe` as a supervisor with the environment `env`, which gets its requests
    /// through `socket`.
    pub(super) fn start(
        exe: &Path,
        env: &[(OsString, OsString)],
        socket: UnixStream,
    ) -> io::Result<Self> {
        #[cfg(test)]
        if let Some(thread) = scripted::attend(exe, &socket) {
            return Ok(Self::of(Life::Script(Some(thread)), Started { pid: 0, start: 0 }));
        }
        let child = spawn::helper(exe, VERB, env, socket.into())?;
        let pid = child.id();
        let process = Started { pid, start: scan::start_time(pid).unwrap_or_default() };
        Ok(Self::of(Life::Process(child), process))
    }

    fn of(life: Life, process: Started) -> Self {
        Self { life, process, pulse: Pulse::default(), grace: Duration::ZERO, killed: false }
    }

    /// Its process id and start time.
    pub(super) fn process(&self) -> Started {
        self.process
    }

    /// Resets the checks, because the supervisor has answered.
    pub(super) fn answered(&mut self) {
        self.pulse = Pulse::default();
    }

    /// Checks it while an answer is awaited; `told` means that it was asked to end as well. If no
    /// answer can be expected any more, kills it and returns `true`.
    pub(super) fn is_hopeless(&mut self, told: bool) -> bool {
        self.pulse.ending = if told { self.pulse.ending + 1 } else { 0 };
        let late = self.pulse.ending > self.grace.as_secs().saturating_add(ENDING);
        let hopeless = self.pulse.stays_stopped(self.process) || late;
        if hopeless {
            self.killed = true;
            // It does not matter if it has ended meanwhile.
            drop(self.life.kill());
        }
        hopeless
    }

    /// Returns whether it ended by itself, with an exit status.
    pub(super) fn exited(&mut self) -> bool {
        self.life.exited()
    }

    /// Waits until it is gone; it must have been asked to end.
    pub(super) fn gone(&mut self) -> io::Result<()> {
        self.answered();
        while !self.life.ends()? {
            self.is_hopeless(true);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::process::is_there;
    use std::time::Instant;

    /// Starts a process that sleeps for a minute, or ends at once.
    fn body(seconds: &str) -> Body {
        let null = crate::platform::open::null().expect("a device");
        let path = ["/bin/sleep", "/usr/bin/sleep"].map(Path::new);
        let sleep = path.into_iter().find(|path| path.exists()).expect("sleep");
        let child = spawn::helper(sleep, seconds, &[], null.into()).expect("started");
        let process =
            Started { pid: child.id(), start: scan::start_time(child.id()).unwrap_or_default() };
        Body::of(Life::Process(child), process)
    }

    /// Checks are counted, not timed: the loop itself may have been stopped for a while.
    #[test]
    fn a_supervisor_that_was_told_to_end_has_a_minute_of_checks_after_its_grace() {
        let mut body = body("60");
        body.grace = Duration::from_secs(2);
        assert!((0..500).all(|_| !body.is_hopeless(false)), "it may run for ever");
        assert!((0..62).all(|_| !body.is_hopeless(true)));
        assert!(!body.is_hopeless(false), "it was not told, so that the count begins again");
        assert!((0..62).all(|_| !body.is_hopeless(true)));
        assert!(!body.killed && !body.exited());
        body.answered();
        assert!((0..62).all(|_| !body.is_hopeless(true)));
        assert!(body.is_hopeless(true), "the sixty-third check");
        assert!(body.killed);
        body.gone().expect("gone");
        assert!(!body.exited(), "it was ended by a signal");
    }

    #[test]
    fn a_supervisor_that_stays_stopped_is_killed_at_the_fifth_check() {
        let mut body = body("60");
        let Started { pid, start } = body.process();
        let check = |body: &mut Body| {
            signal_process(pid, start, Signal::STOP);
            let deadline = Instant::now() + Duration::from_secs(20);
            while !scan::is_still(pid) && Instant::now() < deadline {
                std::thread::yield_now();
            }
            body.is_hopeless(false)
        };
        assert_eq!([(); 4].map(|()| check(&mut body)), [false; 4]);
        let deadline = Instant::now() + Duration::from_secs(20);
        while scan::is_still(pid) && Instant::now() < deadline {
            std::thread::yield_now();
        }
        assert!(!scan::is_still(pid), "each check continues it");
        assert!(!body.is_hopeless(false), "it runs, so that the count begins again");
        assert_eq!([(); 5].map(|()| check(&mut body)), [false, false, false, false, true]);
        assert!(body.killed);
        body.gone().expect("gone");
        assert!(!is_there(pid));
    }

    #[test]
    fn a_supervisor_that_ended_by_itself_has_an_exit_status() {
        let mut short = body("0");
        short.gone().expect("gone");
        assert!(short.exited() && !short.killed);
        let mut long = body("60");
        let process = long.process();
        assert!(scan::alive(process.pid, process.start) && !long.exited());
        long.life.kill().expect("killed");
        long.gone().expect("gone");
        assert!(!scan::alive(process.pid, process.start));
    }
}
