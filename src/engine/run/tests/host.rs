//! The clock and the host of a run in a test.

use crate::claims::{Processes, System};
use crate::platform::clock::Clock;
use crate::platform::host::Host;
use crate::platform::process::TreeEnd;
use crate::supervisor::Abandoned;
use chrono::{DateTime, TimeDelta, Utc};
use std::io;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// A clock that advances only while a run waits.
pub(super) struct Ticking {
    origin: Instant,
    passed: Mutex<(Duration, TimeDelta)>,
}

impl Ticking {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self { origin: Instant::now(), passed: Mutex::default() })
    }

    pub(super) fn pass(&self, time: Duration) {
        let mut passed = self.passed.lock().unwrap();
        passed.0 += time;
        passed.1 += TimeDelta::from_std(time).unwrap();
    }

    /// Changes the time of day, as an administrator could.
    pub(super) fn set(&self, by: TimeDelta) {
        self.passed.lock().unwrap().1 += by;
    }
}

impl Clock for Ticking {
    fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp(1_600_000_000, 0).unwrap() + self.passed.lock().unwrap().1
    }

    fn monotonic(&self) -> Instant {
        self.origin + self.passed.lock().unwrap().0
    }
}

/// A host with the process of this run, and others that are alive. The start time of each is 1.
#[derive(Debug)]
pub(super) struct Computer {
    host: Host,
    pid: u32,
    alive: Vec<u32>,
}

impl Computer {
    pub(super) fn with(pid: u32, alive: &[u32]) -> Arc<Self> {
        let [name, id, boot] = ["h", "0123abcd", "4567cdef"].map(str::to_owned);
        Arc::new(Self { host: Host { name, id, boot }, pid, alive: alive.to_vec() })
    }
}

impl System for Computer {
    fn host(&self) -> &Host {
        &self.host
    }

    fn own(&self) -> (u32, u64) {
        (self.pid, 1)
    }

    fn distrust(&self) -> Option<String> {
        None
    }

    fn is_alive(&self, pid: u32, start: u64) -> bool {
        start == 1 && (pid == self.pid || self.alive.contains(&pid))
    }

    fn look(&self) -> io::Result<Processes> {
        Ok(Processes::of(Vec::new()))
    }

    fn end(&self, _: &Abandoned<'_>) -> io::Result<TreeEnd> {
        Ok(TreeEnd { ended: 0, left: Vec::new(), unreadable: Vec::new() })
    }
}
