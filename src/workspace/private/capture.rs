//! Captures the work of an attempt as a tree and a commit in the project's object store.
//!
//! A capture is complete, or it is an error. Only the tree counts: the agent's commits, its staged
//! files and its configuration are ignored.

use super::super::change::{Delta, DeltaKind};
use super::super::git::At;
use super::super::repo::{GitError, Oid, Stamp};
use super::modules::{ChangedModule, LeftInModules, ModuleChange};
use super::nested::{self, Found};
use super::tree::{Tree, TreeError, Wanted};
use crate::platform::both::both;
use std::collections::BTreeSet;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// How often a capture is tried that git does not finish.
const TRIES: u32 = 10;

/// The rules of a capture.
pub struct CaptureRules<'a> {
    /// Returns whether a path, relative to the top, is a queue or the program's own state: never
    /// part of a change.
    pub ours: &'a dyn Fn(&Path) -> bool,
    /// Whether attributes that the agent wrote count, because the task declares them.
    pub own_attributes: bool,
    /// Whether every file is read, even if it looks unchanged: objects of an earlier capture are
    /// gone.
    pub anew: bool,
    /// The folder to which nested repositories are moved.
    pub attempt_folder: &'a Path,
    /// The date of its commit.
    pub date: Stamp,
    /// The message of its commit.
    pub message: &'a str,
}

/// A change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Captured {
    /// The commit it is based on.
    pub base: Oid,
    /// A commit of `tree` whose only parent is the base.
    pub commit: Oid,
    /// The tree with all files.
    pub tree: Oid,
    /// The differences to the base.
    pub deltas: Vec<Delta>,
    /// Queues and files of the program that the agent changed, without effect.
    pub undone: Vec<PathBuf>,
    /// Nested repositories: their earlier and their present paths.
    pub nested: Vec<(PathBuf, PathBuf)>,
    /// Submodules whose changes cannot land.
    pub modules: Vec<ChangedModule>,
    /// Pipes, sockets and devices, which cannot be part of a tree.
    pub special: Vec<PathBuf>,
}

/// Why a capture failed. All variants have the reason code `capture_failed`.
#[derive(Debug, Error)]
pub enum CaptureError {
    /// The workspace is not the one that was prepared.
    #[error(transparent)]
    Tree(#[from] TreeError),
    /// Git refused.
    #[error(transparent)]
    Git(#[from] GitError),
    /// A folder cannot be read.
    #[error("read {} in the workspace: {why}", .path.display())]
    Unreadable {
        /// The folder.
        path: PathBuf,
        /// The cause.
        why: io::Error,
    },
    /// A tracked file was replaced by something that no tree can contain.
    #[error("{} was a file and is a pipe, a socket or a device", .path.display())]
    Special { path: PathBuf },
    /// Files are in a submodule that has no repository to compare them with.
    #[error(
        "{} was written to, but the submodule {} is not checked out: run git submodule update \
         --init in the project",
        .file.display(), .module.display()
    )]
    Absent {
        /// The submodule.
        module: PathBuf,
        /// One of the files.
        file: PathBuf,
    },
    /// A nested repository cannot be moved away.
    #[error("move the repositories inside the workspace: {0}")]
    Nested(#[source] io::Error),
}

impl Tree {
    /// Captures the content of the tree. The process tree of the agent must be dead.
    ///
    /// # Errors
    /// [`CaptureError`]; nothing was captured then, and the tree is unchanged.
    pub fn capture(&self, rules: &CaptureRules<'_>) -> Result<Captured, CaptureError> {
        let (mut tries, mut nested) = (1, Vec::new());
        let left = self.left_in_modules();
        loop {
            // An object that was stored once and is gone is stored again only if its file is read
            // again.
            let rules = CaptureRules { anew: rules.anew || tries > 1, ..*rules };
            // From the third try on, the index is made from the base, whose objects exist: it must
            // not name missing ones.
            match self.capture_once(&rules, tries > 2, &left, &mut nested) {
                // Objects that no ref keeps yet may be collected between two calls, and so may the
                // folder of an object that is being written.
                Err(CaptureError::Git(GitError::Failed { verb, .. })) if tries < TRIES => {
                    let was_collected = self.repository().outlast_collection();
                    // Another failure of `add` most likely has a different cause, and would repeat.
                    tries = if verb == "add" && !was_collected { TRIES } else { tries + 1 };
                }
                done => return done,
            }
        }
    }

    /// Captures once, and adds the repositories that were moved away to `nested`. With `from_base`,
    /// a new index begins with the base, whatever the tree was prepared for.
    fn capture_once(
        &self,
        rules: &CaptureRules<'_>,
        from_base: bool,
        left: &LeftInModules,
        nested: &mut Vec<(PathBuf, PathBuf)>,
    ) -> Result<Captured, CaptureError> {
        let Wanted { base, files } = self.checked()?.clone();
        let top = self.path();
        let fail = |why| CaptureError::Unreadable { path: top.to_owned(), why };
        let mut found = nested::walk(top).map_err(fail)?;
        let at = if rules.own_attributes { self.at_own_attributes()? } else { self.at(&base)? };
        let tool = self.repository().tool();
        // Repositories that tools keep in ignored folders belong to them.
        found.repositories = self.unignored_of(&at, found.repositories)?;
        found.special = self.unignored_of(&at, found.special)?;
        let moved = nested::move_out(top, &found, rules.attempt_folder);
        let moved = moved.map_err(CaptureError::Nested)?;
        let own = |path: &Path| self.modules().iter().any(|one| path == one.path.join(".git"));
        let all = found.repositories.iter().cloned().zip(moved);
        nested.extend(all.filter(|(path, _)| !own(path)));
        let made = self.made_modules(left, nested)?;
        let modules = self.changed_modules((left, &made), rules.attempt_folder, rules.date)?;
        // Left by one of our git processes that was killed: the slot is locked, so none is alive.
        let lock = self.slot().own().join("index.lock");
        super::files::remove(&lock).map_err(fail)?;
        if rules.anew || !self.slot().known().is_as_left(&self.slot().index()) {
            // No ref keeps the tree that a further attempt began with.
            let files = if from_base { &base } else { &files };
            self.make_index(&at, files).or_else(|_| self.make_index(&at, &base))?;
        }
        tool.get(&at, &["add", "--all", "--", "."])?;
        self.check_unreadable(&at, &found)?;
        let modules = self.move_links(&at, modules)?;
        let mut tree = tool.oid(&at, &["write-tree"], Vec::new())?;
        let repository = self.repository();
        let (deltas, commit) = both(&|| repository.deltas(&base, &tree, false), || {
            repository.commit(&tree, &base, rules.message, rules.date)
        });
        let (mut deltas, mut commit) = (deltas?, commit?);
        let special: BTreeSet<&Path> = found.special.iter().map(PathBuf::as_path).collect();
        let gone = deltas
            .iter()
            .find(|delta| delta.kind == DeltaKind::Removed && special.contains(&*delta.path));
        if let Some(gone) = gone {
            return Err(CaptureError::Special { path: gone.path.clone() });
        }
        if let Some((module, file)) = self.file_in_absent(&deltas, &made).map_err(fail)? {
            return Err(CaptureError::Absent { module, file });
        }
        let count = deltas.len();
        let undone = self.undo_ours(&at, &mut deltas, rules.ours)?;
        if deltas.len() < count {
            tree = tool.oid(&at, &["write-tree"], Vec::new())?;
            commit = repository.commit(&tree, &base, rules.message, rules.date)?;
        }
        // A workspace that was replaced while it was read is an error.
        self.checked()?;
        self.slot().known().note(&self.slot().index());
        let nested = std::mem::take(nested);
        let special = found.special;
        Ok(Captured { base, commit, tree, deltas, undone, nested, modules, special })
    }

    /// Returns those of `paths` that git does not ignore. Git answers for no path in a submodule.
    fn unignored_of(&self, at: &At, paths: Vec<PathBuf>) -> Result<Vec<PathBuf>, GitError> {
        let (mut inside, outside): (Vec<PathBuf>, Vec<PathBuf>) =
            paths.into_iter().partition(|path| self.is_in_module(path));
        inside.extend(self.unignored(at, outside.iter())?);
        Ok(inside)
    }

    /// Moves the links to submodules for which the agent checked out another commit. Returns the
    /// other changes.
    fn move_links(
        &self,
        at: &At,
        modules: Vec<(PathBuf, ModuleChange)>,
    ) -> Result<Vec<ChangedModule>, GitError> {
        let (mut info, mut changed) = (Vec::new(), Vec::new());
        for (path, change) in modules {
            match change {
                ModuleChange::Changed(module) => changed.push(module),
                ModuleChange::Moved(commit) => {
                    info.extend(format!("160000 {commit}\t").into_bytes());
                    info.extend(path.as_os_str().as_bytes());
                    info.push(0);
                }
            }
        }
        if !info.is_empty() {
            let args = ["update-index", "-z", "--index-info"];
            self.repository().tool().put(at, &args, info)?;
        }
        Ok(changed)
    }

    /// Checks that unreadable folders are ignored by git.
    fn check_unreadable(&self, at: &At, found: &Found) -> Result<(), CaptureError> {
        for (folder, kind) in &found.unreadable {
            let mut name = folder.as_os_str().as_bytes().to_vec();
            name.push(0);
            let args = ["check-ignore", "-q", "-z", "--stdin"];
            if self.repository().tool().ask(at, &args, name)?.code != 0 {
                let why = io::Error::from(*kind);
                return Err(CaptureError::Unreadable { path: folder.clone(), why });
            }
        }
        Ok(())
    }

    /// Restores the content of the base for the program's own paths in our index, and removes them
    /// from `deltas`.
    fn undo_ours(
        &self,
        at: &At,
        deltas: &mut Vec<Delta>,
        ours: &dyn Fn(&Path) -> bool,
    ) -> Result<Vec<PathBuf>, GitError> {
        let (undone, kept): (Vec<Delta>, Vec<Delta>) =
            deltas.drain(..).partition(|delta| self.is_not_work(delta, ours));
        *deltas = kept;
        let mut info = Vec::new();
        for delta in &undone {
            let (mode, oid) = match (&delta.old, &delta.new) {
                (Some((mode, oid)), _) => (mode.as_str(), oid.to_string()),
                (None, Some((_, new))) => ("0", new.nothing()),
                (None, None) => continue,
            };
            info.extend(format!("{mode} {oid}\t").into_bytes());
            info.extend(delta.path.as_os_str().as_bytes());
            info.push(0);
        }
        if !info.is_empty() {
            let args = ["update-index", "-z", "--index-info"];
            self.repository().tool().put(at, &args, info)?;
        }
        let named = undone.into_iter().map(|delta| delta.path).filter(|path| ours(path));
        Ok(named.collect())
    }

    /// Returns whether a difference is not the task's work: a file of the program, or one brought
    /// from the project.
    fn is_not_work(&self, delta: &Delta, ours: &dyn Fn(&Path) -> bool) -> bool {
        ours(&delta.path) || (delta.old.is_none() && self.is_brought(&delta.path))
    }
}
