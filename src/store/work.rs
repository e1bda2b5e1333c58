//! What finished work looked like on the disk, so that a queue that is set back can be told from
//! work that is set back.

use crate::platform::dir::Dir;
use crate::platform::read_file;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// The most paths that are recorded of one task: more are not looked at one by one.
const PATHS: usize = 2000;
/// The most bytes that are hashed for one task.
const BYTES: u64 = 256 << 20;

/// Each changed path, relative to the project root, with what was there at the verdict.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Work(BTreeMap<String, String>);

impl Work {
    /// What is at `paths` below `root` now; `None` where that cannot be told in reasonable time,
    /// and where nothing was changed.
    pub fn of(root: &Path, paths: &[String]) -> Option<Self> {
        if paths.is_empty() || paths.len() > PATHS {
            return None;
        }
        let mut left = BYTES;
        let one = |path: &String| Some((path.clone(), content(&root.join(path), &mut left)?));
        paths.iter().map(one).collect::<Option<BTreeMap<_, _>>>().map(Self)
    }

    /// Whether all of it is still below `root`, but for what a later task made of a path.
    pub fn is_there(&self, root: &Path, later: &[&Self]) -> bool {
        let mut left = BYTES;
        self.0.iter().all(|(path, was)| {
            let now = content(&root.join(path), &mut left);
            now.is_some_and(|now| {
                now == *was || later.iter().any(|work| work.0.get(path) == Some(&now))
            })
        })
    }
}

/// What is at `path`: nothing, a link, or a file with this content. `None` for anything else, and
/// for a file that is larger than what is `left`.
fn content(path: &Path, left: &mut u64) -> Option<String> {
    let meta = match std::fs::symlink_metadata(path) {
        Ok(meta) => meta,
        Err(error) if is_absent(&error) => return Some("none".to_owned()),
        Err(_) => return None,
    };
    let mut hash = Sha256::new();
    if meta.is_symlink() {
        hash.update(std::fs::read_link(path).ok()?.as_os_str().as_bytes());
        return Some(format!("link:{}", hex(hash)));
    }
    *left = left.checked_sub(meta.len())?;
    let dir = Dir::open(path.parent()?).ok()?;
    let name = path.file_name().unwrap_or(OsStr::new(""));
    if !meta.is_file() {
        return None;
    }
    read_file::pass_over(&dir, name, |piece| hash.update(piece)).ok()??;
    Some(format!("file:{}", hex(hash)))
}

fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
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
        assert!(all.is_there(root, &[]));
        fs::write(root.join("gone"), "").unwrap();
        assert!(!all.is_there(root, &[]));
        fs::remove_file(root.join("gone")).unwrap();
        fs::write(root.join("a"), "2").unwrap();
        assert!(!all.is_there(root, &[]));
        let later = work(root, &["a"]).unwrap();
        assert!(all.is_there(root, &[&later]), "a later task changed it");
        fs::write(root.join("a"), "3").unwrap();
        assert!(!all.is_there(root, &[&later]));
    }

    #[test]
    fn what_cannot_be_told_is_not_recorded() {
        let temp = tempfile::tempdir().unwrap();
        assert_eq!(work(temp.path(), &[]), None);
        fs::create_dir(temp.path().join("d")).unwrap();
        assert_eq!(work(temp.path(), &["d"]), None);
    }
}
