//! Ensures that one of our git processes at a time writes refs, and removes what a killed one left.
//!
//! Git locks refs with files that do not name their owner, and a lock that stays stops every write
//! for ever. Therefore a record names the refs that are about to be written. A process that finds
//! the record with the lock free knows that one of our git processes died halfway, and that younger
//! locks of these refs belong to it.

use super::calls::{Answer, GitError};
use super::found::Repository;
use crate::platform::lock::DirLock;
use crate::platform::open::{self, Links};
use std::fs::{self, DirBuilder};
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long to wait for another of our loops, whose writes take milliseconds each.
const LIMIT: Duration = Duration::from_secs(60);
/// How long a lock must be unchanged before it is removed: a live process holds one for
/// milliseconds.
const PATIENCE: Duration = Duration::from_secs(2);
/// How often the lock is polled.
const LOOK: Duration = Duration::from_millis(20);
/// The highest exit status of git itself; a higher one means a signal.
const FATAL: i32 = 128;
/// The most that is read of a record.
const SMALL: u64 = 1 << 20;

impl Repository {
    /// Runs git to write the refs of these names, with `args` and its input.
    pub(super) fn write_refs(
        &self,
        names: &[&str],
        (args, stdin): (&[&str], String),
    ) -> Result<Answer, GitError> {
        let folder = self.common().join("workloop/refs");
        let fail = |source| GitError::Refs { path: folder.clone(), source };
        DirBuilder::new().recursive(true).mode(0o700).create(&folder).map_err(fail)?;
        let lock = DirLock::acquire(&folder, Some(LIMIT), &mut |_, _| {});
        let lock = lock.map_err(|error| fail(error.into_io()))?;
        let record = folder.join("record");
        self.end_killed(&record).map_err(fail)?;
        let text = names.join("\n");
        open::new(&record).and_then(|mut file| file.write_all(text.as_bytes())).map_err(fail)?;
        let held = lock.dir().as_fd().try_clone_to_owned().map_err(fail)?;
        // Never interrupted, even if the loop is to end: it takes milliseconds, and would leave
        // locks.
        let answer = self.to_its_end().holding(Arc::new(held)).tool().ask(
            &self.refs(),
            args,
            stdin.into(),
        )?;
        // A git that a signal ended leaves its locks, so the record stays.
        if answer.code <= FATAL {
            open::if_there(fs::remove_file(&record)).map_err(fail)?;
        }
        Ok(answer)
    }

    /// Removes what one of our git processes left when it died while writing refs, if there is any.
    pub(in super::super) fn end_killed_writes(&self) -> Result<(), GitError> {
        let folder = self.common().join("workloop/refs");
        if !folder.join("record").exists() {
            return Ok(());
        }
        let fail = |source| GitError::Refs { path: folder.clone(), source };
        let lock = DirLock::acquire(&folder, Some(LIMIT), &mut |_, _| {});
        let lock = lock.map_err(|error| fail(error.into_io()))?;
        let ended = self.end_killed(&folder.join("record")).map_err(fail);
        drop(lock);
        ended
    }

    /// Removes the locks of one of our git processes that died while writing the refs of `record`.
    fn end_killed(&self, record: &Path) -> io::Result<()> {
        let Some(text) = open::if_there(open::read_text(record, Links::Refuse, SMALL))? else {
            return Ok(());
        };
        let begun = changed(record)?.unwrap_or_default();
        let mut left: Vec<(PathBuf, Stamp)> = Vec::new();
        for lock in self.locks(&text)? {
            let found = changed(&lock)?.filter(|found| (found.0, found.1) >= (begun.0, begun.1));
            left.extend(found.map(|found| (lock, found)));
        }
        let since = Instant::now();
        while !left.is_empty() && since.elapsed() < PATIENCE {
            std::thread::sleep(LOOK);
            left.retain(|(lock, found)| matches!(changed(lock), Ok(Some(now)) if now == *found));
        }
        for (lock, _) in left {
            open::if_there(fs::remove_file(lock))?;
        }
        open::if_there(fs::remove_file(record)).map(drop)
    }

    /// Returns the files by which git locks refs: one for each ref, and those that all refs may
    /// need.
    fn locks(&self, names: &str) -> io::Result<Vec<PathBuf>> {
        let common = self.common();
        let all = names.lines().filter(|name| name.starts_with("refs/") && !name.contains(".."));
        let mut locks: Vec<PathBuf> = all.map(|name| common.join(format!("{name}.lock"))).collect();
        locks.extend(
            ["packed-refs.lock", "packed-refs.new", "HEAD.lock"].map(|name| common.join(name)),
        );
        for tree in open::if_there(fs::read_dir(common.join("worktrees")))?.into_iter().flatten() {
            locks.push(tree?.path().join("HEAD.lock"));
        }
        Ok(locks)
    }
}

/// Time of change and inode of a file: seconds, nanoseconds, inode.
type Stamp = (i64, i64, u64);

fn changed(path: &Path) -> io::Result<Option<Stamp>> {
    let meta = open::if_there(fs::symlink_metadata(path))?;
    Ok(meta.map(|meta| (meta.ctime(), meta.ctime_nsec(), meta.ino())))
}
