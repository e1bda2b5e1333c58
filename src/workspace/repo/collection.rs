//! Handles a concurrent `git gc --prune=now`, or `git prune`, of a person. It removes what no ref kept when it
//! began, even if a ref keeps it since. A collection that begins after a ref was written sees the
//! ref. One that began before is waited for, and only then a check of the objects proves that they
//! stay.

use super::found::Repository;
use crate::platform::open::{self, Links};
use crate::platform::{process, scan};
use std::time::{Duration, Instant};

/// The most that is read of the file that a collection writes: its process and its machine.
const SMALL: u64 = 4 << 10;
/// How long a collection is waited for. After a longer one, missing objects are detected later.
const LIMIT: Duration = Duration::from_secs(10 * 60);
/// How often the file is polled.
const LOOK: Duration = Duration::from_millis(10);

impl Repository {
    /// Waits for a running collection; returns whether there was one.
    pub(in super::super) fn outlast_collection(&self) -> bool {
        let begin = Instant::now();
        let mut was_there = false;
        while self.is_collecting() && begin.elapsed() < LIMIT {
            was_there = true;
            std::thread::sleep(LOOK);
        }
        was_there
    }

    /// Waits for a running `git prune`, which leaves no file and is found in the process table.
    /// Needed before the target moves: what is lost then is lost for the person, too.
    pub(in super::super) fn outlast_prune(&self) {
        let begin = Instant::now();
        while is_pruning() && begin.elapsed() < LIMIT {
            std::thread::sleep(LOOK);
        }
    }

    fn is_collecting(&self) -> bool {
        let text = open::read_text(&self.common().join("gc.pid"), Links::Refuse, SMALL);
        let pid = text.ok().and_then(|text| text.split_whitespace().next()?.parse().ok());
        // A killed collection leaves its file.
        pid.is_some_and(process::is_there)
    }
}

/// Returns whether `git prune` runs on this machine, on whatever repository.
fn is_pruning() -> bool {
    scan::runs("git", "prune")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn a_prune_is_seen_in_the_process_table() {
        let folder = tempfile::tempdir().unwrap();
        let git = folder.path().join("git");
        symlink("/usr/bin/tail", &git).unwrap();
        let prune = duct::cmd!(&git, "-f", "/dev/null", "prune").stderr_null().start().unwrap();
        let begin = Instant::now();
        while !is_pruning() {
            assert!(begin.elapsed() < Duration::from_secs(10), "it is not seen");
        }
        prune.kill().unwrap();
    }
}
