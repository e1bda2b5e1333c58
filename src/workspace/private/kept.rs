//! Lists the private trees for a person, without a lock, and removes them under the lock of each
//! place, so that nothing is taken from a loop.

use super::super::repo::Oid;
use super::files;
use super::places::{Kind, Places, RESTORED, lock_of};
use crate::platform::fault::{self, Fault};
use crate::platform::lock::{FileLock, LockError};
use crate::platform::open::{self, Links};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// The most that is read of a file of an agent's git directory.
const SMALL: u64 = 4 << 10;

/// A tree that is on the disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Its name, such as `ws-1`.
    pub name: String,
    /// Its purpose; `None` for a tree that was restored for a person.
    pub kind: Option<Kind>,
    /// Its folder.
    pub path: PathBuf,
    /// Whether a loop uses it now.
    pub in_use: bool,
    /// The commit of its own HEAD, if it can be read.
    pub head: Option<Oid>,
}

/// Why a tree was not removed.
#[derive(Debug, Error)]
pub enum RemoveError {
    /// Its lock is not available.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The system refused.
    #[error("remove {}: {source}", .path.display())]
    Io {
        /// The tree.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl Places {
    /// Returns the trees on the disk, by name.
    ///
    /// # Errors
    /// If the folder of the places cannot be read; a missing folder is not an error.
    pub fn trees(&self) -> io::Result<Vec<Place>> {
        let mut found = Vec::new();
        for entry in open::if_there(std::fs::read_dir(self.dir()))?.into_iter().flatten() {
            let name = entry?.file_name();
            let Some((name, kind)) = name.to_str().and_then(|name| Some((name, kind_of(name)?)))
            else {
                continue;
            };
            let path = self.dir().join(name);
            let in_use = FileLock::is_held(&lock_of(&self.own(name)));
            let head = head(&path);
            found.push(Place { name: name.to_owned(), kind, path, in_use, head });
        }
        found.sort_by(|one, other| in_order(&one.name).cmp(&in_order(&other.name)));
        Ok(found)
    }

    /// Removes a tree and its records; returns `false` if a loop uses it.
    ///
    /// # Errors
    /// [`RemoveError`].
    pub fn remove(&self, place: &Place) -> Result<bool, RemoveError> {
        let own = self.own(&place.name);
        let lock = lock_of(&own);
        let held = FileLock::try_acquire(&lock)?;
        if held.is_none() && !fault::is(Fault::PruneBlind) {
            return Ok(false);
        }
        // The lock is removed last: until then no process takes the place.
        for path in [&place.path, &own, &lock] {
            let gone = files::remove(path);
            gone.map_err(|source| RemoveError::Io { path: path.clone(), source })?;
        }
        drop(held);
        Ok(true)
    }
}

/// Returns the disk space of a tree, in bytes, as far as it can be read.
pub(crate) fn size_of(tree: &Path) -> u64 {
    let mut bytes = 0;
    let mut rest = vec![tree.to_owned()];
    while let Some(path) = rest.pop() {
        let Ok(meta) = std::fs::symlink_metadata(&path) else { continue };
        bytes += meta.blocks() * 512;
        if meta.is_dir() {
            let entries = std::fs::read_dir(&path).into_iter().flatten().flatten();
            rest.extend(entries.map(|entry| entry.path()));
        }
    }
    bytes
}

/// Returns the purpose of the tree of this name; `None` for a name that no tree has.
fn kind_of(name: &str) -> Option<Option<Kind>> {
    let (before, number) = name.rsplit_once('-')?;
    number.parse::<u32>().ok()?;
    let kind = [Kind::Workspace, Kind::Judge].into_iter().find(|kind| kind.to_string() == before);
    (kind.is_some() || before.starts_with(RESTORED)).then_some(kind)
}

/// Returns the sort key of a name: the part before its number, then the number.
fn in_order(name: &str) -> (&str, u32) {
    let (before, number) = name.rsplit_once('-').unwrap_or((name, ""));
    (before, number.parse().unwrap_or(0))
}

/// Returns the commit of the HEAD of a tree, read without git: an agent could write its git
/// directory.
pub(super) fn head(tree: &Path) -> Option<Oid> {
    let git = tree.join(".git");
    let read = |path: &Path| open::read_text(path, Links::Refuse, SMALL).ok();
    let text = read(&git.join("HEAD"))?;
    match text.trim_end().strip_prefix("ref: ") {
        Some(name) if name.starts_with("refs/") && !name.contains("..") => {
            Oid::of(read(&git.join(name))?.as_bytes())
        }
        Some(_) => None,
        None => Oid::of(text.as_bytes()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::repo::scratch::{Scratch, sh};
    use super::super::tree::{Tree, TreeRules, Wanted};
    use super::*;

    #[test]
    fn trees_are_listed_with_who_has_them_and_removed_where_nobody_does() {
        if crate::platform::programs::lacks("git") {
            return;
        }
        let scratch = Scratch::new();
        let repository = scratch.repository();
        let dir = scratch.folder.path().canonicalize().unwrap().join("trees");
        let none = Places::look(&repository, Some(&dir), None);
        assert_eq!(none.trees().unwrap(), []);
        assert!(!dir.exists(), "looking makes nothing");
        let places = Places::of(&repository, Some(&dir), None).unwrap();
        assert_eq!(Places::look(&repository, Some(&dir), None).dir(), places.dir());
        let base = scratch.oid("HEAD");
        let put = |slot| {
            let mut tree = Tree::new(&repository, slot, TreeRules::default()).unwrap();
            tree.prepare(&Wanted::commit(base.clone())).unwrap();
            tree
        };
        let used = put(places.take(Kind::Workspace).unwrap());
        let judge = put(places.take(Kind::Judge).unwrap());
        let restored = put(places.take_restored("a.b", 12).unwrap().unwrap());
        assert!(places.take_restored("a.b", 12).unwrap().is_none());
        drop((judge, restored));
        sh(places.dir(), "mkdir ws-x restored- restored-1 other; chmod 000 judge-1/sub");
        let trees = places.trees().unwrap();
        let seen: Vec<_> = trees.iter().map(|one| (one.name.as_str(), one.in_use)).collect();
        assert_eq!(seen, [("judge-1", false), ("restored-a.b-12", false), ("ws-1", true)]);
        assert!(trees.iter().all(|one| one.head.as_ref() == Some(&base)));
        assert!(size_of(&trees[2].path) > 0);
        let removed: Vec<bool> = trees.iter().map(|one| places.remove(one).unwrap()).collect();
        assert_eq!(removed, [true, true, false]);
        assert!(!places.own("judge-1").exists() && used.path().exists());
        let left: Vec<_> = places.trees().unwrap().into_iter().map(|one| one.name).collect();
        assert_eq!(left, ["ws-1"]);
    }
}
