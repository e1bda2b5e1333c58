//! Records the state of finished work on disk, to distinguish a queue that was set back from work
//! that was set back.

use crate::platform::dir::Dir;
use crate::platform::open;
use crate::platform::read_file;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// The maximum number of paths recorded for one task; a task that changed more has no record.
const PATHS: usize = 2000;
/// The maximum number of bytes hashed for one task.
const BYTES: u64 = 256 << 20;

/// The state of each changed path, relative to the project root, at the time of the verdict.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Work(BTreeMap<String, String>);

impl Work {
    /// Records the state of `paths` below `root`. Returns `None` if that is not possible in
    /// reasonable time, and if nothing was changed.
    pub fn of(root: &Path, paths: &[String]) -> Option<Self> {
        if paths.is_empty() || paths.len() > PATHS {
            return None;
        }
        let mut left = BYTES;
        // A path that cannot be read now is not recorded either: a later verification of the tree
        // decides then.
        let mut one = |path: &String| content(&root.join(path), &mut left).ok().flatten();
        let all = paths.iter().map(|path| Some((path.clone(), one(path)?)));
        all.collect::<Option<BTreeMap<_, _>>>().map(Self)
    }

    /// Returns whether all of the work is still below `root`, except for paths that `later` tasks
    /// changed.
    ///
    /// # Errors
    /// When a path cannot be inspected; that proves nothing about the work.
    pub fn is_there(&self, root: &Path, later: &[&Self]) -> io::Result<bool> {
        let mut left = BYTES;
        for (path, was) in &self.0 {
            let Some(now) = content(&root.join(path), &mut left)? else { return Ok(false) };
            if now != *was && !later.iter().any(|work| work.0.get(path) == Some(&now)) {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// Describes what is at `path`: nothing, a link, or a file with a hash of its content. Returns
/// `None` for anything else, for what may not be read, and for a file that is larger than `left` or
/// changes meanwhile.
fn content(path: &Path, left: &mut u64) -> io::Result<Option<String>> {
    match describe(path, left) {
        Err(error) if open::is_absent(&error) => Ok(Some("none".to_owned())),
        Err(error) if open::not_a_file(&error).is_some() => Ok(None),
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(None),
        described => described,
    }
}

fn describe(path: &Path, left: &mut u64) -> io::Result<Option<String>> {
    let meta = std::fs::symlink_metadata(path)?;
    let mut hash = Sha256::new();
    if meta.is_symlink() {
        hash.update(std::fs::read_link(path)?.as_os_str().as_bytes());
        return Ok(Some(format!("link:{}", hex(hash))));
    }
    let (Some(rest), Some(folder)) = (left.checked_sub(meta.len()), path.parent()) else {
        return Ok(None);
    };
    *left = rest;
    if !meta.is_file() {
        return Ok(None);
    }
    let name = path.file_name().unwrap_or(OsStr::new(""));
    let passed = read_file::pass_over(&Dir::open(folder)?, name, |piece| hash.update(piece))?;
    Ok(passed.map(|_| format!("file:{}", hex(hash))))
}

fn hex(hash: Sha256) -> String {
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "the project's files are written")]
mod tests {
    use super::*;
    use std::fs;

    fn work(root: &Path, paths: &[&str]) -> Option<Work> {
        Work::of(root, &paths.iter().map(|path| (*path).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn work_is_there_as_long_as_every_path_is_as_it_was() {
        let temp = tempfile::tempdir().unwrap();
        let root = temp.path();
        fs::write(root.join("a"), "1").unwrap();
        std::os::unix::fs::symlink("a", root.join("l")).unwrap();
        let all = work(root, &["a", "l", "gone"]).unwrap();
        assert!(all.is_there(root, &[]).unwrap());
        fs::write(root.join("gone"), "").unwrap();
        assert!(!all.is_there(root, &[]).unwrap());
        fs::remove_file(root.join("gone")).unwrap();
        fs::write(root.join("a"), "2").unwrap();
        assert!(!all.is_there(root, &[]).unwrap());
        let later = work(root, &["a"]).unwrap();
        assert!(all.is_there(root, &[&later]).unwrap(), "a later task changed it");
        fs::write(root.join("a"), "3").unwrap();
        assert!(!all.is_there(root, &[&later]).unwrap());
    }

    #[test]
    fn what_cannot_be_told_is_not_recorded() {
        let temp = tempfile::tempdir().unwrap();
        assert_eq!(work(temp.path(), &[]), None);
        fs::create_dir(temp.path().join("d")).unwrap();
        assert_eq!(work(temp.path(), &["d"]), None);
    }
}
