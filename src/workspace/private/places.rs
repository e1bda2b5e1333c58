//! Finds the folder of private trees, and assigns its places to slots.
//!
//! A slot has the lowest number whose lock is free, so there are never more folders than there were
//! slots alive at once.

use super::super::repo::Repository;
use super::files;
use super::index::Known;
use super::owner;
use crate::platform::checks;
use crate::platform::lock::{FileLock, LockError};
use sha2::{Digest, Sha256};
use std::fmt::{self, Write};
use std::fs::DirBuilder;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use thiserror::Error;

/// The note, beside the tree, that a folder covers it.
pub(super) const NOTE: &str = "covered";
/// The folder with the files that were moved away.
pub(super) const ASIDE: &str = "covered.aside";
/// The output of the command for which the tree is covered.
pub(super) const OUTPUT: &str = "covered.out";
/// All three names.
pub(super) const COVERED: [&str; 3] = [NOTE, ASIDE, OUTPUT];
/// The prefix of the names of trees that were restored for a person.
pub(super) const RESTORED: &str = "restored-";

/// How long to wait for places of dead processes.
const PATIENCE: Duration = Duration::from_secs(10);
/// The name of our index, and of the lock that git makes for it.
const INDEX: &str = "index";
/// The highest number of a slot: more agents at once on one repository are a mistake.
const MOST: u32 = 512;

/// What a private tree is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An agent works in it.
    Workspace,
    /// A change is verified in it.
    Judge,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Workspace => "ws",
            Self::Judge => "judge",
        })
    }
}

/// Why there is no place for private trees.
#[derive(Debug, Error)]
pub enum PlaceError {
    /// It is in the project, where tools of the person would find it and `git clean` delete it.
    #[error(
        "workspaces would be in {}, inside the project: set workspaces.dir to a folder outside",
        .path.display()
    )]
    Inside {
        /// The folder.
        path: PathBuf,
    },
    /// It belongs to another user.
    #[error("{0}")]
    Foreign(String),
    /// All slots are taken.
    #[error("all {MOST} places of this kind are in use")]
    Full,
    /// The lock of a slot is not available.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The system refused.
    #[error("make {}", .path.display())]
    Io {
        /// The folder or file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// The folder of the private trees of one repository.
#[derive(Clone, Debug)]
pub struct Places {
    dir: PathBuf,
    in_project: bool,
    known: Known,
}

/// A place that this process owns until this is dropped.
#[derive(Debug)]
pub struct Slot {
    kind: Kind,
    number: u32,
    tree: PathBuf,
    own: PathBuf,
    lock: FileLock,
    known: Known,
}

impl Places {
    /// Opens the places of `repository`: in `dir` if configured, otherwise in `cache`, the user's
    /// folder for caches. If that cannot be written, they are in the state folder of the project.
    ///
    /// # Errors
    /// [`PlaceError`] if `dir` is in the project or belongs to another user.
    pub fn of(
        repository: &Repository,
        dir: Option<&Path>,
        cache: Option<&Path>,
    ) -> Result<Self, PlaceError> {
        let name = name(repository);
        if let Some(dir) = dir {
            return Self::at(dir.join(name), repository);
        }
        if let Some(cache) = cache.filter(|cache| cache.is_absolute()) {
            match Self::at(cache.join("workloop").join(&name), repository) {
                Err(PlaceError::Io { .. } | PlaceError::Inside { .. }) => {}
                made => return made,
            }
        }
        let dir = repository.top().join(".workloop/trees-apart").join(name);
        make(&dir)?;
        Ok(Self { dir, in_project: true, known: Known::default() })
    }

    /// Opens the places for reading: nothing is created, and the folder may not exist.
    pub fn look(repository: &Repository, dir: Option<&Path>, cache: Option<&Path>) -> Self {
        let name = name(repository);
        let inside = repository.top().join(".workloop/trees-apart").join(&name);
        let outside = match (dir, cache.filter(|cache| cache.is_absolute())) {
            (Some(dir), _) => Some(dir.join(&name)),
            (None, Some(cache)) => Some(cache.join("workloop").join(&name)),
            (None, None) => None,
        };
        match outside {
            Some(dir) if dir.is_dir() || !inside.is_dir() => {
                let dir = dir.canonicalize().unwrap_or(dir);
                Self { dir, in_project: false, known: Known::default() }
            }
            Some(_) | None => Self { dir: inside, in_project: true, known: Known::default() },
        }
    }

    /// Returns the configured location of the places if it is in the project; creates nothing.
    pub fn inside(repository: &Repository, dir: &Path) -> Option<PathBuf> {
        let dir = dir.join(name(repository));
        let there = dir.ancestors().find_map(|up| Some((up, up.canonicalize().ok()?)));
        let real = there.map(|(up, real)| real.join(dir.strip_prefix(up).unwrap_or(&dir)));
        [Some(dir.clone()), real].into_iter().flatten().find(|dir| is_inside(repository, dir))
    }

    fn at(dir: PathBuf, repository: &Repository) -> Result<Self, PlaceError> {
        let inside = |dir: &Path| is_inside(repository, dir);
        // Checked before anything is created, and again after links are resolved.
        if inside(&dir) {
            return Err(PlaceError::Inside { path: dir });
        }
        make(&dir)?;
        let fail = |source| PlaceError::Io { path: dir.clone(), source };
        let real = dir.canonicalize().map_err(fail)?;
        if inside(&real) {
            // It is empty, because it was just created.
            drop(std::fs::remove_dir(&real));
            return Err(PlaceError::Inside { path: real });
        }
        if let Some(reason) = checks::refusal(&real).map_err(fail)? {
            return Err(PlaceError::Foreign(reason));
        }
        Ok(Self { dir: real, in_project: false, known: Known::default() })
    }

    /// Returns the folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Returns whether it is in the project because no better place is available; a person should
    /// know that.
    pub fn is_in_project(&self) -> bool {
        self.in_project
    }

    /// Takes the free place with the lowest number.
    ///
    /// # Errors
    /// [`PlaceError`] if it cannot be created, or all are taken.
    pub fn take(&self, kind: Kind) -> Result<Slot, PlaceError> {
        real(&self.dir.join("own"))?;
        let end = Instant::now() + PATIENCE;
        for number in 1..=MOST {
            let name = format!("{kind}-{number}");
            let own = self.own(&name);
            if let Some(lock) = owner::take(&lock_of(&own), end)? {
                real(&own)?;
                let (tree, known) = (self.dir.join(name), self.known.clone());
                return Ok(Slot { kind, number, tree, own, lock, known });
            }
        }
        Err(PlaceError::Full)
    }

    /// Takes the place for the tree of an attempt that is restored for a person; `None` while
    /// another process does it.
    ///
    /// # Errors
    /// [`PlaceError`] if it cannot be created.
    pub fn take_restored(&self, part: &str, attempt: u32) -> Result<Option<Slot>, PlaceError> {
        real(&self.dir.join("own"))?;
        // A workspace in all but its name, which no loop takes.
        let kind = Kind::Workspace;
        let name = format!("{RESTORED}{part}-{attempt}");
        let own = self.own(&name);
        let Some(lock) = FileLock::try_acquire(&lock_of(&own))? else { return Ok(None) };
        real(&own)?;
        let (tree, known) = (self.dir.join(name), self.known.clone());
        Ok(Some(Slot { kind, number: attempt, tree, own, lock, known }))
    }

    /// Returns the folder with our files beside the tree `name`.
    pub(super) fn own(&self, name: &str) -> PathBuf {
        self.dir.join("own").join(name)
    }
}

/// Returns the lock of a slot whose folder beside the tree is `own`. The name of a task may contain
/// dots.
pub(super) fn lock_of(own: &Path) -> PathBuf {
    let mut path = own.as_os_str().to_owned();
    path.push(".lock");
    path.into()
}

impl Slot {
    /// Returns its purpose.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Returns its number, from 1.
    pub fn number(&self) -> u32 {
        self.number
    }

    /// Returns the folder of its tree.
    pub fn tree(&self) -> &Path {
        &self.tree
    }

    /// Returns the folder with our files beside it.
    pub(super) fn own(&self) -> &Path {
        &self.own
    }

    /// Returns whether a process died while a folder covered its tree.
    pub(super) fn is_covered(&self) -> bool {
        std::fs::symlink_metadata(self.own.join(NOTE)).is_ok()
    }

    /// Ensures that our files are in a real folder, and not behind an agent's link to another
    /// place.
    pub(super) fn secure(&self) -> Result<(), PlaceError> {
        real(&self.own)
    }

    /// Returns our index of its tree.
    pub(super) fn index(&self) -> PathBuf {
        self.own.join(INDEX)
    }

    /// Returns the record of unchanged indexes.
    pub(super) fn known(&self) -> &Known {
        &self.known
    }

    /// Returns whether file names that differ only in case are the same there, whatever is
    /// configured in the project: with a wrong setting git confuses two files.
    pub(super) fn ignores_case(&self) -> bool {
        let name = self.lock.path().file_name().unwrap_or_default();
        self.lock.path().with_file_name(name.to_ascii_uppercase()).exists()
    }

    /// Returns its lock, for commands that have to end before another process may have the place.
    pub(super) fn lock(&self) -> io::Result<Arc<OwnedFd>> {
        Ok(Arc::new(self.lock.file().try_clone()?.into()))
    }
}

/// Returns whether a folder is in the project or in its repository.
fn is_inside(repository: &Repository, dir: &Path) -> bool {
    [repository.top(), repository.common()].iter().any(|taken| dir.starts_with(taken))
}

/// Returns the name of the project, and a hash of its shared git directory.
fn name(repository: &Repository) -> String {
    let top = repository.top().file_name().unwrap_or_default();
    let hash = Sha256::digest(repository.common().as_os_str().as_bytes());
    let mut name: String = top.to_string_lossy().chars().take(40).collect();
    name.push('-');
    for byte in hash.iter().take(4) {
        // Writing to a string cannot fail.
        let _ = write!(name, "{byte:02x}");
    }
    name
}

/// Checks that the folder is real: an agent could have replaced it by a link to foreign files.
fn real(dir: &Path) -> Result<(), PlaceError> {
    let fail = |source| PlaceError::Io { path: dir.to_owned(), source };
    if files::look(dir).map_err(fail)?.is_some_and(|meta| !meta.is_dir()) {
        files::remove(dir).map_err(fail)?;
    }
    make(dir)
}

/// Creates a folder that is private to the user, and those above it.
fn make(dir: &Path) -> Result<(), PlaceError> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(dir);
    made.map_err(|source| PlaceError::Io { path: dir.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use super::super::super::repo::scratch::Scratch;
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};

    #[test]
    fn places_are_private_and_named_by_the_project() {
        if crate::platform::programs::lacks("git") {
            return;
        }
        let scratch = Scratch::new();
        let cache = scratch.folder.path().canonicalize().unwrap().join("cache");
        let places = Places::of(&scratch.repository(), None, Some(&cache)).unwrap();
        let name = places.dir().file_name().unwrap().to_str().unwrap();
        assert!(name.starts_with("project-") && name.len() == "project-".len() + 8, "{name}");
        assert!(places.dir().starts_with(cache.join("workloop")) && !places.is_in_project());
        let slot = places.take(Kind::Workspace).unwrap();
        for dir in [places.dir(), slot.own()] {
            assert_eq!(dir.metadata().unwrap().permissions().mode() & 0o777, 0o700);
        }
    }

    #[test]
    fn a_place_inside_of_the_project_is_refused() {
        if crate::platform::programs::lacks("git") {
            return;
        }
        let scratch = Scratch::new();
        let repository = scratch.repository();
        let inside = Places::of(&repository, Some(&scratch.top.join("trees")), None);
        assert!(matches!(inside, Err(PlaceError::Inside { .. })));
        assert!(!scratch.top.join("trees").exists());
        let link = scratch.top.with_file_name("link");
        symlink(&scratch.top, &link).unwrap();
        let by_link = Places::of(&repository, Some(&link.join("trees")), None);
        assert!(matches!(by_link, Err(PlaceError::Inside { .. })));
        for (dir, is_inside) in [("project/trees", true), ("link/x/y", true), ("trees/x", false)] {
            let found = Places::inside(&repository, &scratch.top.with_file_name(dir));
            assert_eq!(found.is_some(), is_inside, "{dir}");
        }
        let nowhere = Places::of(&repository, None, None).unwrap();
        assert!(
            nowhere.is_in_project() && nowhere.dir().starts_with(scratch.top.join(".workloop"))
        );
    }

    #[test]
    fn numbers_are_those_of_the_slots_that_live() {
        if crate::platform::programs::lacks("git") {
            return;
        }
        let scratch = Scratch::new();
        let dir = scratch.folder.path().join("trees");
        let places = Places::of(&scratch.repository(), Some(&dir), None).unwrap();
        let take = |kind| places.take(kind).unwrap();
        let (first, second) = (take(Kind::Workspace), take(Kind::Workspace));
        assert_eq!((first.number(), second.number(), take(Kind::Judge).number()), (1, 2, 1));
        drop(first);
        // A process that another test starts at this moment has a copy of the lock until its own
        // program begins.
        let end = Instant::now() + Duration::from_secs(20);
        while take(Kind::Workspace).number() != 1 {
            assert!(Instant::now() < end, "the number is not free again");
            std::thread::yield_now();
        }
    }
}
