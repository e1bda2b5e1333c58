//! Determines who has a task, as far as that is observable.
//!
//! Each piece of evidence can only prove that the task is alive: the process of the worker, the
//! supervisor named in the claim file, and any process that carries a claim tag. If there is none
//! of them, the worker is dead. A different start time, a claim of another boot or a missing lock
//! file proves nothing.

use super::processes::Processes;
use super::system::System;
use crate::domain::{Claim, Liveness, Task};
use crate::platform::claim_tag::Sought;
use crate::platform::fault::{self, Fault};
use crate::platform::host::Host;
use crate::store::{ClaimKeeper, TaskKey, place_of};
use crate::supervisor::ClaimRecord;
use std::cell::OnceCell;
use std::path::Path;

/// A task whose claim is examined.
pub(super) struct Asked<'a> {
    pub(super) claims: &'a dyn ClaimKeeper,
    pub(super) queue: &'a Path,
    pub(super) key: TaskKey,
    pub(super) claim: Option<&'a Claim>,
}

impl<'a> Asked<'a> {
    pub(super) fn of(claims: &'a dyn ClaimKeeper, queue: &'a Path, task: &'a Task) -> Self {
        let key = TaskKey::new(queue, task.id.as_str());
        Self { claims, queue, key, claim: task.claim() }
    }

    /// Reads its claim file. Returns `None` for a record of another boot, whose numbers mean
    /// nothing here.
    pub(super) fn record(&self, host: &Host) -> Option<ClaimRecord> {
        let record = ClaimRecord::parse(&self.claims.record(self.queue, &self.key)?);
        let newer = |record: &ClaimRecord| record.v > ClaimRecord::VERSION;
        record.filter(|record| record.boot == host.boot || newer(record))
    }

    /// Returns the search key for its processes: the task in this folder, even if the folder was
    /// moved, and any task in any folder with the tag of the claim.
    pub(super) fn sought(&self, record: Option<&ClaimRecord>) -> Sought {
        let sought = self.key.sought(place_of(self.queue));
        let sought = sought.or_random(self.claim.map_or("", |claim| &claim.tag));
        match record.and_then(ClaimRecord::tag) {
            Some(tag) => sought.or_tag(&tag),
            None => sought,
        }
    }
}

/// Returns the process of the worker of a claim, if it is alive on the host of `system`.
pub(crate) fn worker_alive(claim: &Claim, system: &dyn System) -> Option<u32> {
    let host = system.host();
    let here = claim.host == host.id && claim.boot == host.boot;
    let pid = claim.token().worker.pid().filter(|_| here)?;
    system.is_alive(pid, claim.start).then_some(pid)
}

/// Returns the liveness if it follows without a scan of the processes: the claim belongs to another
/// host, or the process table cannot be trusted.
pub(super) fn untold(claim: Option<&Claim>, system: &dyn System) -> Option<Liveness> {
    let host = system.host();
    if claim.is_some_and(|claim| !claim.host.is_empty() && claim.host != host.id) {
        return Some(Liveness::Foreign);
    }
    system.distrust().map(|why| Liveness::Unknown(format!("/proc: {why}")))
}

/// Determines who has the task from its claim, its claim file and the processes.
pub(super) fn judge<'p>(
    asked: &Asked<'_>,
    system: &dyn System,
    processes: impl FnOnce() -> Result<&'p Processes, String>,
) -> Liveness {
    let record = asked.record(system.host());
    if record.as_ref().is_some_and(|record| record.v > ClaimRecord::VERSION) {
        return Liveness::Unknown("a newer workloop wrote its claim file".to_owned());
    }
    // A claim of this process that the process does not know any more has no owner.
    let worker = asked.claim.and_then(|claim| worker_alive(claim, system));
    let worker = worker.is_some_and(|pid| pid != system.own().0);
    let supervisor =
        record.as_ref().is_some_and(|record| system.is_alive(record.pid, record.start));
    if (worker || supervisor) && !fault::is(Fault::LivingEnded) {
        return Liveness::Alive;
    }
    let processes = match processes() {
        Ok(processes) => processes,
        Err(why) => return Liveness::Unknown(why),
    };
    let sought = asked.sought(record.as_ref());
    if processes.supervise(&sought) && !fault::is(Fault::LivingEnded) {
        return Liveness::Alive;
    }
    Liveness::Dead { strays: processes.have(&sought) }
}

/// Determines liveness by reading only: it tries no lock and ends nothing. It scans the processes
/// once, on first use, so its results are valid for that moment.
#[derive(Debug)]
pub(crate) struct ClaimReader<'h> {
    claims: &'h dyn ClaimKeeper,
    system: &'h dyn System,
    processes: OnceCell<Result<Processes, String>>,
}

impl<'h> ClaimReader<'h> {
    /// Creates a reader of `claims` for `system`, which scans later.
    pub(crate) fn new(claims: &'h dyn ClaimKeeper, system: &'h dyn System) -> Self {
        Self { claims, system, processes: OnceCell::new() }
    }

    /// Determines who has `task`, which is in progress, in the queue at the real path `queue`.
    pub(crate) fn liveness(&self, queue: &Path, task: &Task) -> Liveness {
        let claim = task.claim();
        if let Some(untold) = untold(claim, self.system) {
            return untold;
        }
        let worker = claim.and_then(|claim| worker_alive(claim, self.system));
        if worker == Some(self.system.own().0) {
            return Liveness::Ours;
        }
        judge(&Asked::of(self.claims, queue, task), self.system, || self.processes())
    }

    /// Returns whether a command of the task's last attempt still runs, according to its claim
    /// file.
    pub(crate) fn is_leaving(&self, queue: &Path, task: &Task) -> bool {
        let asked = Asked::of(self.claims, queue, task);
        let record = asked.record(self.system.host());
        if record.as_ref().and_then(|record| record.command).is_none() {
            return false;
        }
        // If the processes cannot be scanned, it may still run.
        self.processes().map_or(true, |processes| processes.have(&asked.sought(record.as_ref())))
    }

    fn processes(&self) -> Result<&Processes, String> {
        let look = || self.system.look().map_err(|error| format!("/proc: {error}"));
        self.processes.get_or_init(look).as_ref().map_err(Clone::clone)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::claims::ThisHost;
    use crate::platform::scan;
    use crate::queue::Queue;
    use crate::store::StateDir;
    use crate::store::file::ClaimFiles;
    use serde_json::{Value, json};
    use std::path::PathBuf;

    /// A folder with a queue whose only task has this claim.
    struct Claimed {
        dir: tempfile::TempDir,
        queue: Queue,
    }

    impl Claimed {
        fn by(claim: &Value) -> Self {
            let dir = tempfile::tempdir().unwrap();
            let tasks = json!([{"id": "A", "status": "in_progress", "claim": claim}]);
            let text = json!({"tasks": tasks}).to_string();
            let queue = Queue::parse(&dir.path().join("q.json"), text.into_bytes()).unwrap();
            Self { dir, queue }
        }

        fn path(&self) -> PathBuf {
            self.dir.path().join("q.json")
        }

        fn liveness(&self) -> Liveness {
            ClaimReader::new(&ClaimFiles, &ThisHost::current())
                .liveness(&self.path(), &self.queue.tasks()[0])
        }

        fn record(&self, host: &Host, pid: u32, start: u64) {
            let state = StateDir::beside(&self.path());
            state.ensure(&state.claims()).unwrap();
            let record = json!({"v": 1, "pid": pid, "start": start, "session": pid, "group": pid,
                "boot": host.boot});
            let path = state.claim_lock(&TaskKey::new(&self.path(), "A"));
            std::fs::write(path, record.to_string()).unwrap();
        }
    }

    fn claim(host: &Host, pid: u32, start: u64) -> Value {
        json!({"worker": format!("h:{pid}:00000000"), "attempt": 1, "since": "", "host": host.id,
            "boot": host.boot, "start": start, "tag": "0123456789abcdef0123456789abcdef"})
    }

    const DEAD: Liveness = Liveness::Dead { strays: false };

    #[test]
    fn a_worker_is_told_by_its_process() {
        let host = Host::current();
        let own = std::process::id();
        let parent = scan::process(own).unwrap().parent;
        let of = |pid, start| Claimed::by(&claim(&host, pid, start)).liveness();
        assert_eq!(of(own, scan::start_time(own).unwrap()), Liveness::Ours);
        assert_eq!(of(parent, scan::start_time(parent).unwrap()), Liveness::Alive);
        assert_eq!(of(parent, 1 << 40), DEAD, "its number was given to another process");
        let mut foreign = claim(&host, parent, scan::start_time(parent).unwrap());
        foreign["boot"] = json!("00000000");
        assert_eq!(Claimed::by(&foreign).liveness(), DEAD);
        foreign["host"] = json!("00000000");
        assert_eq!(Claimed::by(&foreign).liveness(), Liveness::Foreign);
        assert_eq!(Claimed::by(&Value::Null).liveness(), DEAD);
    }

    #[test]
    fn a_supervisor_is_told_by_the_claim_file_of_this_boot() {
        let host = Host::current();
        let own = std::process::id();
        let claimed = Claimed::by(&claim(&host, 1, 1 << 40));
        claimed.record(&host, own, scan::start_time(own).unwrap());
        assert_eq!(claimed.liveness(), Liveness::Alive);
        let other = Host { boot: "00000000".to_owned(), ..host.clone() };
        claimed.record(&other, own, scan::start_time(own).unwrap());
        assert_eq!(claimed.liveness(), DEAD);
    }
}
