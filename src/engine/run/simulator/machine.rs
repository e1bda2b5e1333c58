//! The simulated host: its clock and its processes.

use crate::claims::{Processes, System};
use crate::platform::claim_tag::{Carried, Sought, supervisor_value};
use crate::platform::clock::Clock;
use crate::platform::host::Host;
use crate::platform::process::TreeEnd;
use crate::platform::scan::Process;
use crate::supervisor::Abandoned;
use chrono::{DateTime, TimeDelta, Utc};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// What a process does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// It runs a loop.
    Loop,
    /// It holds a claim.
    Supervisor,
    /// It works on a task.
    Agent,
}

/// A running process.
#[derive(Clone, Debug)]
pub(super) struct Living {
    pub(super) pid: u32,
    pub(super) role: Role,
    /// The claim tags in its environment.
    tags: String,
    /// The task that it works on.
    pub(super) task: String,
}

/// The start time of all processes: process ids are never reused.
const START: u64 = 7;

/// The simulated host.
#[derive(Debug)]
pub(super) struct Machine {
    host: Host,
    living: Mutex<(u32, Vec<Living>)>,
    origin: Instant,
    /// The elapsed monotonic time, and the time of day.
    time: Mutex<(Duration, DateTime<Utc>)>,
}

impl Machine {
    pub(super) fn new() -> Arc<Self> {
        let word = |text: &str| text.to_owned();
        let day = DateTime::from_timestamp(1_600_000_000, 0).unwrap_or_default();
        Arc::new(Self {
            host: Host { name: word("sim"), id: word("0123abcd"), boot: word("4567cdef") },
            living: Mutex::new((1000, Vec::new())),
            origin: Instant::now(),
            time: Mutex::new((Duration::ZERO, day)),
        })
    }

    fn table(&self) -> MutexGuard<'_, (u32, Vec<Living>)> {
        self.living.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts a process. Returns its id.
    pub(super) fn start(&self, role: Role, tags: &str, task: &str) -> u32 {
        let mut table = self.table();
        table.0 += 1;
        let pid = table.0;
        table.1.push(Living { pid, role, tags: tags.to_owned(), task: task.to_owned() });
        pid
    }

    /// Ends process `pid`.
    pub(super) fn end(&self, pid: u32) {
        self.table().1.retain(|process| process.pid != pid);
    }

    /// Returns the running processes.
    pub(super) fn living(&self) -> Vec<Living> {
        self.table().1.clone()
    }

    /// Returns whether process `pid` is alive.
    pub(super) fn lives(&self, pid: u32) -> bool {
        self.table().1.iter().any(|process| process.pid == pid)
    }

    /// Lets `time` pass.
    pub(super) fn pass(&self, time: Duration) {
        let mut now = self.time.lock().unwrap_or_else(PoisonError::into_inner);
        now.0 += time;
        now.1 += TimeDelta::from_std(time).unwrap_or_default();
    }

    /// Changes the time of day, as an administrator could.
    pub(super) fn set_clock(&self, by: TimeDelta) {
        let mut now = self.time.lock().unwrap_or_else(PoisonError::into_inner);
        now.1 += by;
    }

    /// Returns the host as process `pid` sees it.
    pub(super) fn seen_by(self: &Arc<Self>, pid: u32) -> Seat {
        Seat { machine: Arc::clone(self), pid }
    }

    /// Returns the start time of every process and the boot id, for a claim file.
    pub(super) fn boot(&self) -> (u64, String) {
        (START, self.host.boot.clone())
    }
}

impl Clock for Machine {
    fn now(&self) -> DateTime<Utc> {
        self.time.lock().unwrap_or_else(PoisonError::into_inner).1
    }

    fn monotonic(&self) -> Instant {
        self.origin + self.time.lock().unwrap_or_else(PoisonError::into_inner).0
    }
}

/// The host as one of its processes sees it.
#[derive(Debug)]
pub(super) struct Seat {
    machine: Arc<Machine>,
    pid: u32,
}

impl System for Seat {
    fn host(&self) -> &Host {
        &self.machine.host
    }

    fn own(&self) -> (u32, u64) {
        (self.pid, START)
    }

    fn distrust(&self) -> Option<String> {
        None
    }

    fn is_alive(&self, pid: u32, start: u64) -> bool {
        start == START && self.machine.lives(pid)
    }

    fn look(&self) -> io::Result<Processes> {
        let carried = self.machine.living().into_iter().map(|process| process.carried());
        Ok(Processes::of(carried.collect()))
    }

    fn end(&self, claim: &Abandoned<'_>) -> io::Result<TreeEnd> {
        let session = claim.record.map(|record| record.pid);
        let command = claim.record.and_then(|record| record.command).map(|(pid, _)| pid);
        let is_wanted = |process: &Living| {
            process.is_of(claim.task)
                || [session, command].into_iter().flatten().any(|pid| pid == process.pid)
        };
        let wanted: Vec<Living> = self.machine.living().into_iter().filter(is_wanted).collect();
        wanted.iter().for_each(|process| self.machine.end(process.pid));
        Ok(TreeEnd { ended: wanted.len(), left: Vec::<Process>::new(), unreadable: Vec::new() })
    }
}

impl Living {
    fn carried(&self) -> Carried {
        match self.role {
            Role::Loop => Carried::Absent,
            Role::Supervisor => Carried::of(&supervisor_value(&self.tags)),
            Role::Agent => Carried::of(&self.tags),
        }
    }

    fn is_of(&self, sought: &Sought) -> bool {
        sought.is_carried(&self.carried())
    }
}
