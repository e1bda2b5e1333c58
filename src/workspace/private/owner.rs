//! The owner of a place. A loop that is killed leaves commands that hold the lock of its place until
//! they have ended. Their place is waited for: otherwise each kill could add a tree.

use crate::platform::host::Host;
use crate::platform::lock::{FileLock, LockError};
use crate::platform::open::{self, Links};
use crate::platform::scan;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::{Duration, Instant};

/// How often a lock that is waited for is polled.
const LOOK: Duration = Duration::from_millis(10);
/// The most that is read of a lock file.
const SMALL: u64 = 1 << 10;

/// Takes the lock at `path` and records this process in it; `None` while another live process has
/// it. The commands of a dead one are waited for until `end`.
pub(super) fn take(path: &Path, end: Instant) -> Result<Option<FileLock>, LockError> {
    loop {
        if let Some(lock) = FileLock::try_acquire(path)? {
            // Without this record, the place counts as that of a live process.
            let text = record(std::process::id());
            let file = lock.file();
            drop(file.set_len(0).and_then(|()| file.write_all_at(text.as_bytes(), 0)));
            return Ok(Some(lock));
        }
        if Instant::now() >= end || !is_of_dead(path) {
            return Ok(None);
        }
        std::thread::sleep(LOOK);
    }
}

/// Returns the record of process `pid`: its host, its id, and its start.
fn record(pid: u32) -> String {
    let Host { id, boot, .. } = Host::current();
    let start = scan::start_time(pid).unwrap_or_default();
    format!("{id} {boot} {pid} {start}\n")
}

/// Returns whether the process that took the lock is dead. Nothing is known about other hosts.
fn is_of_dead(path: &Path) -> bool {
    let Ok(text) = open::read_text(path, Links::Refuse, SMALL) else { return false };
    let words: Vec<&str> = text.split_whitespace().collect();
    let [host, boot, pid, start] = words.as_slice() else { return false };
    let here = Host::current();
    let (Ok(pid), Ok(start)) = (pid.parse(), start.parse()) else { return false };
    *host == here.id && (*boot != here.boot || !scan::alive(pid, start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_of_a_dead_process_is_waited_for_and_that_of_a_live_one_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ws-1.lock");
        let held = take(&path, Instant::now()).unwrap().unwrap();
        let far = || Instant::now() + Duration::from_secs(20);
        assert!(take(&path, far()).unwrap().is_none(), "its process is alive");
        // No process has this id and this start.
        let own = record(std::process::id());
        let dead = format!("{} 1\n", own.rsplit_once(' ').unwrap().0);
        held.file().set_len(0).unwrap();
        held.file().write_all_at(dead.as_bytes(), 0).unwrap();
        assert!(take(&path, Instant::now()).unwrap().is_none(), "its commands still run");
        let taken = std::thread::scope(|scope| {
            let waits = scope.spawn(|| take(&path, far()).unwrap().is_some());
            drop(held);
            waits.join().unwrap()
        });
        assert!(taken);
    }
}
