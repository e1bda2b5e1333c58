//! Updates the work trees that have the target checked out, each before the target moves, so that a
//! kill in between leaves a person with a staged landing and with all of their own work.

use super::super::change::Delta;
use super::super::git::At;
use super::super::repo::{Checkout, GitError, Oid, Repository};
use super::error::LandError;
use super::index_lock::IndexLock;
use std::collections::BTreeSet;
use std::fmt;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How often a lock that is waited for is polled.
pub(super) const LOOK: Duration = Duration::from_millis(20);

/// Why a checkout cannot be updated: a person has to act, or to finish.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// Files that the landing writes have edits.
    Edits {
        /// The work tree.
        checkout: PathBuf,
        /// The files, from its top.
        files: Vec<PathBuf>,
    },
    /// A merge, rebase, cherry-pick, revert or bisect is in progress.
    UnderWay {
        /// The work tree.
        checkout: PathBuf,
        /// The operation.
        what: &'static str,
    },
    /// The index was locked for longer than the wait limit.
    Locked {
        /// The work tree.
        checkout: PathBuf,
        /// The lock.
        lock: PathBuf,
    },
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Edits { checkout, files } => {
                let names: Vec<String> =
                    files.iter().take(5).map(|file| file.display().to_string()).collect();
                let more = files.len().saturating_sub(5);
                write!(f, "{} has edits in {}", checkout.display(), names.join(", "))?;
                if more > 0 {
                    write!(f, " and {more} more")?;
                }
                f.write_str(": commit or stash them")
            }
            Self::UnderWay { checkout, what } => {
                write!(f, "{what} is in progress in {}: finish it", checkout.display())
            }
            Self::Locked { checkout, lock } => write!(
                f,
                "the index of {} is locked by {}: end the git command that holds it",
                checkout.display(),
                lock.display()
            ),
        }
    }
}

/// Moves work trees from one commit to another.
pub(super) struct Switch<'a> {
    pub(super) repository: &'a Repository,
    /// The differences between the two.
    pub(super) deltas: Vec<Delta>,
    /// How long to wait for the lock of an index.
    pub(super) wait: Duration,
}

impl Switch<'_> {
    /// Moves `checkout` from `old` to `new`. Edits in files that do not differ between the two stay
    /// as they are, staged or not. The operation is idempotent.
    pub(super) fn bring(
        &self,
        checkout: &Checkout,
        old: &Oid,
        new: &Oid,
    ) -> Result<Option<Obstacle>, LandError> {
        let files = self.behind_links(checkout);
        if !files.is_empty() {
            return Ok(Some(Obstacle::Edits { checkout: checkout.path.clone(), files }));
        }
        let at = self.at(checkout, new)?;
        let io = |source| LandError::Io { path: checkout.git_dir.join("index"), source };
        let Some(lock) = self.lock(checkout).map_err(io)? else {
            let lock = checkout.git_dir.join("index.lock");
            return Ok(Some(Obstacle::Locked { checkout: checkout.path.clone(), lock }));
        };
        let at = at.var("GIT_INDEX_FILE", lock.next());
        let mut obstacle = self.read_tree(&at, checkout, old, new)?;
        if obstacle.is_some() {
            // Files with new times only are not edited, and files that a killed git already wrote
            // are ours.
            self.adopt(&at, checkout)?;
            obstacle = self.read_tree(&at, checkout, old, new)?;
        }
        if obstacle.is_none() {
            lock.put().map_err(io)?;
        }
        Ok(obstacle)
    }

    /// Returns links that a person has in the place of folders which the landing writes into. Git
    /// would remove them, and would mistake the files behind them for its own.
    fn behind_links(&self, checkout: &Checkout) -> Vec<PathBuf> {
        let mut found = BTreeSet::new();
        for folder in self.deltas.iter().filter_map(|delta| delta.path.parent()) {
            let above: Vec<&Path> =
                folder.ancestors().filter(|one| *one != Path::new("")).collect();
            let is_link = |path: &&&Path| {
                let meta = std::fs::symlink_metadata(checkout.path.join(path));
                meta.is_ok_and(|meta| meta.is_symlink())
            };
            found.extend(above.iter().rev().find(is_link).map(|path| path.to_path_buf()));
        }
        // A link that the landing itself replaces by a folder, or removes, is not an edit.
        let is_known = |path: &PathBuf| self.deltas.iter().any(|delta| delta.path == *path);
        found.into_iter().filter(|path| !is_known(path)).collect()
    }

    /// Takes the lock of the index; `None` if another process has it for longer than the wait
    /// limit.
    fn lock(&self, checkout: &Checkout) -> io::Result<Option<IndexLock>> {
        let begin = Instant::now();
        loop {
            let lock = IndexLock::take(&checkout.git_dir)?;
            if lock.is_some() || begin.elapsed() >= self.wait {
                return Ok(lock);
            }
            std::thread::sleep(LOOK);
        }
    }

    /// Returns the work tree as its person uses it, except for what was configured since the run
    /// began.
    fn at(&self, checkout: &Checkout, new: &Oid) -> Result<At, GitError> {
        let at = At::git_dir(&checkout.git_dir).work_tree(&checkout.path);
        let list = self.repository.tool().listed(&at)?;
        let at = at.without_filters(&list).var("GIT_ATTR_SOURCE", new.as_str());
        let carried = self.repository.carried().iter();
        let at = carried.fold(at, |at, (key, value)| at.set(key, value));
        Ok(at.set("core.untrackedCache", "keep"))
    }

    fn read_tree(
        &self,
        at: &At,
        checkout: &Checkout,
        old: &Oid,
        new: &Oid,
    ) -> Result<Option<Obstacle>, GitError> {
        let args = ["read-tree", "-m", "-u", old.as_str(), new.as_str()];
        let answer = self.repository.tool().ask(at, &args, Vec::new())?;
        if answer.code == 0 {
            return Ok(None);
        }
        let files = files_of(&String::from_utf8_lossy(&answer.stderr));
        if files.is_empty() {
            return Err(answer.failed());
        }
        Ok(Some(Obstacle::Edits { checkout: checkout.path.clone(), files }))
    }

    /// Adds files that have the new content already to the index, and refreshes it.
    fn adopt(&self, at: &At, checkout: &Checkout) -> Result<(), GitError> {
        let tool = self.repository.tool();
        // The exit status reports differences, which do not matter here.
        tool.ask(at, &["update-index", "-q", "--refresh"], Vec::new())?;
        let mut info = Vec::new();
        for delta in &self.deltas {
            let Some((mode, oid)) = delta.new.as_ref().filter(|(mode, _)| mode != "120000") else {
                continue;
            };
            let path = checkout.path.join(&delta.path);
            let meta = std::fs::symlink_metadata(&path);
            if !meta.is_ok_and(|meta| meta.is_file()) {
                continue;
            }
            let args = [std::ffi::OsStr::new("hash-object"), "--".as_ref(), delta.path.as_os_str()];
            let now = tool.ask(at, &args, Vec::new())?;
            let is_staged = self.is_staged(at, &delta.path, delta.old.as_ref())?;
            if !is_staged && Oid::of(&now.stdout).as_ref() == Some(oid) {
                info.extend(format!("{mode} {oid}\t").into_bytes());
                info.extend(delta.path.as_os_str().as_bytes());
                info.push(0);
            }
        }
        if !info.is_empty() {
            tool.put(at, &["update-index", "-z", "--index-info"], info)?;
            tool.ask(at, &["update-index", "-q", "--refresh"], Vec::new())?;
        }
        Ok(())
    }

    /// Returns whether the index differs from `old` at `path`: a person staged it.
    fn is_staged(
        &self,
        at: &At,
        path: &Path,
        old: Option<&(String, Oid)>,
    ) -> Result<bool, GitError> {
        let args = ["--literal-pathspecs", "ls-files", "-s", "-z", "--"].map(std::ffi::OsStr::new);
        let args: Vec<_> = args.into_iter().chain([path.as_os_str()]).collect();
        let listed = self.repository.tool().get(at, &args)?;
        let expected = old.map(|(mode, oid)| format!("{mode} {oid} 0\t").into_bytes());
        Ok(match expected {
            Some(expected) => !listed.starts_with(&expected),
            None => !listed.is_empty(),
        })
    }
}

/// Returns the files that git complains about, each in quotes.
fn files_of(said: &str) -> Vec<PathBuf> {
    let complaint = |line: &&str| {
        line.contains("would be overwritten")
            || line.contains("not uptodate")
            || line.contains("would be removed")
            || line.contains("Updating '")
            || line.contains("would lose untracked files")
    };
    let quoted = |line: &str| {
        let start = line.find('\'')? + 1;
        let end = line.rfind('\'').filter(|end| *end > start)?;
        Some(PathBuf::from(&line[start..end]))
    };
    said.lines().filter(complaint).filter_map(quoted).collect()
}
