//! A private tree: made, and put back to a tree of the repository before each attempt or
//! verification.
//!
//! Our index knows its content, so that a change of one file writes one file. Whatever an agent
//! left is undone: another `.git`, links, nested repositories, folders that cannot be read.

use super::super::git::At;
use super::super::repo::{GitError, Module, ModuleError, Modules, Oid, Repository};
use super::files;
use super::nested;
use super::own_git::{Objects, OwnGit, OwnGitError};
use super::places::{COVERED, PlaceError, Slot};
use super::setup::{self, Ignored, Note, Setup, SetupRules};
use crate::platform::dir::{Identity, identity};
use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use thiserror::Error;

/// Ignored files that stay in a tree, or are brought into it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TreeRules {
    /// The commands that prepare it.
    pub setup: SetupRules,
    /// Paths that are copied from the project before each attempt.
    pub copy: Vec<PathBuf>,
    /// Paths that are links into the project.
    pub link: Vec<PathBuf>,
    /// Patterns of ignored files that stay, as in a `.gitignore`.
    pub keep: Vec<String>,
    /// The source of its objects.
    pub objects: Objects,
}

/// The wanted content of a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The commit of HEAD.
    pub base: Oid,
    /// The commit or tree of its files: `base`, a change, or a merge with conflicts in it.
    pub files: Oid,
}

impl Wanted {
    /// Returns the files of a commit as wanted content.
    pub fn commit(base: Oid) -> Self {
        Self { files: base.clone(), base }
    }
}

/// The result of preparing a tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Brought {
    /// Whether it was made from scratch.
    pub is_new: bool,
    /// Whether its setup is to run before it is used.
    pub setup: Setup,
}

/// Why a tree could not be prepared.
#[derive(Debug, Error)]
pub enum TreeError {
    /// Git refused.
    #[error(transparent)]
    Git(#[from] GitError),
    /// A submodule cannot be checked out.
    #[error(transparent)]
    Module(ModuleError),
    /// Our files beside the tree are not available.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// The system refused.
    #[error("prepare {}: {source}", .path.display())]
    Io {
        /// The tree.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The tree is another folder than the one that was prepared.
    #[error("{} was replaced by another folder or a link", .path.display())]
    Replaced {
        /// The tree.
        path: PathBuf,
    },
    /// A tree was used before it was prepared.
    #[error("{} was not prepared", .path.display())]
    Unprepared {
        /// The tree.
        path: PathBuf,
    },
}

impl From<ModuleError> for TreeError {
    /// A failure of git is one whatever it was about: objects that were collected are made again.
    fn from(error: ModuleError) -> Self {
        match error {
            ModuleError::Git(error) => Self::Git(error),
            missing @ ModuleError::Missing { .. } => Self::Module(missing),
        }
    }
}

/// A private tree in its slot.
#[derive(Debug)]
pub struct Tree {
    repository: Repository,
    slot: Arc<Slot>,
    rules: TreeRules,
    now: Option<(Wanted, Identity)>,
    /// The submodules of what is wanted.
    modules: Modules,
}

impl Tree {
    /// Creates the tree of `slot`, whose folder may not exist yet.
    ///
    /// # Errors
    /// If the lock of the slot cannot be passed to git.
    pub fn new(
        repository: &Repository,
        slot: impl Into<Arc<Slot>>,
        rules: TreeRules,
    ) -> Result<Self, TreeError> {
        let slot: Arc<Slot> = slot.into();
        let lock = slot.lock().map_err(|source| failed(slot.tree(), source))?;
        Ok(Self {
            repository: repository.holding(lock),
            slot,
            rules,
            now: None,
            modules: Modules::default(),
        })
    }

    /// Returns its folder.
    pub fn path(&self) -> &Path {
        self.slot.tree()
    }

    /// Returns its slot.
    pub fn slot(&self) -> &Slot {
        &self.slot
    }

    /// Returns what it was last prepared for.
    pub fn wanted(&self) -> Option<&Wanted> {
        self.now.as_ref().map(|(wanted, _)| wanted)
    }

    pub(super) fn repository(&self) -> &Repository {
        &self.repository
    }

    pub(super) fn rules(&self) -> &TreeRules {
        &self.rules
    }

    /// Returns what makes the repositories in it, at `base`.
    pub(super) fn own_git<'t>(&'t self, base: &'t Oid) -> OwnGit<'t> {
        let objects = self.rules.objects;
        OwnGit { repository: &self.repository, slot: &self.slot, base, objects }
    }

    /// Returns the submodules that are checked out in it, outer ones first.
    pub(super) fn modules(&self) -> &[Module] {
        &self.modules.present
    }

    /// Returns the paths and commits of submodules that the project has not checked out.
    pub(super) fn absent_modules(&self) -> &[(PathBuf, Oid)] {
        &self.modules.absent
    }

    /// Makes the tree what is wanted, with a new repository. Whatever was there is undone.
    ///
    /// # Errors
    /// [`TreeError`]; the tree must not be used then.
    pub fn prepare(&mut self, wanted: &Wanted) -> Result<Brought, TreeError> {
        self.slot.secure()?;
        let known = self.now.take().map(|(_, identity)| identity);
        self.modules = self.repository.modules(&wanted.files)?;
        if self.slot.is_covered() {
            self.discard()?;
        }
        let is_new = match self.put(wanted, known) {
            // A tree that cannot be put back is made again.
            Err(_) if files::look(self.path()).is_ok_and(|meta| meta.is_some()) => {
                self.discard().and_then(|()| self.put(wanted, None).map(|_| true))?
            }
            done => done?,
        };
        let (top, project) = (self.slot.tree(), self.repository.top());
        for path in &self.rules.copy {
            files::copy(project, top, path).map_err(|source| failed(&top.join(path), source))?;
        }
        for path in &self.rules.link {
            files::link(project, top, path).map_err(|source| failed(&top.join(path), source))?;
        }
        self.own_git(&wanted.base).make().map_err(|error| own_git_failed(top, error))?;
        let meta = std::fs::symlink_metadata(top).map_err(|source| failed(top, source))?;
        self.now = Some((wanted.clone(), identity(&meta)));
        Ok(Brought { is_new, setup: self.setup_due()? })
    }

    /// Puts the tree back to what it was prepared for: after a verification, before the next one.
    ///
    /// # Errors
    /// As [`Tree::prepare`].
    pub fn put_back(&mut self) -> Result<Brought, TreeError> {
        let wanted = self.checked()?.clone();
        self.prepare(&wanted)
    }

    /// Returns whether the setup commands are to run before the tree is used.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn setup_due(&self) -> Result<Setup, TreeError> {
        if self.rules.setup.commands.is_empty() {
            return Ok(Setup::Done);
        }
        let ignored = self.ignored()?;
        let due = self.note().due(&self.rules.setup, self.path(), &ignored);
        due.map_err(|source| failed(self.path(), source))
    }

    /// Records that the setup commands begin: what changes until [`Tree::setup_done`] is what they
    /// made.
    ///
    /// # Errors
    /// If the record cannot be written.
    pub fn setup_begins(&self) -> Result<(), TreeError> {
        self.note().begin().map_err(|source| failed(self.path(), source))
    }

    /// Records that the setup commands succeeded, and what they made.
    ///
    /// # Errors
    /// If the tree cannot be read or the record not written.
    pub fn setup_done(&self) -> Result<(), TreeError> {
        let ignored = self.ignored()?;
        let done = self.note().done(&self.rules.setup, self.path(), &ignored);
        done.map_err(|source| failed(self.path(), source))
    }

    fn note(&self) -> Note<'_> {
        Note { own: self.slot.own() }
    }

    fn ignored(&self) -> Result<Vec<Ignored>, TreeError> {
        let wanted = self.checked()?;
        let brought = |path: &Path| self.is_brought(path);
        let at = self.at(&wanted.files)?;
        Ok(setup::ignored(&self.repository, &at, self.path(), &brought)?)
    }

    /// Returns what it was prepared for, if it is still the same real folder.
    pub(super) fn checked(&self) -> Result<&Wanted, TreeError> {
        let path = || self.path().to_owned();
        let Some((wanted, known)) = &self.now else {
            return Err(TreeError::Unprepared { path: path() });
        };
        let now = files::look(self.path()).map_err(|source| failed(self.path(), source))?;
        if now.is_some_and(|meta| meta.is_dir() && identity(&meta) == *known) {
            Ok(wanted)
        } else {
            Err(TreeError::Replaced { path: path() })
        }
    }

    /// Returns a git directory without a configuration, our index, and the attributes of `source`.
    pub(super) fn at(&self, source: &Oid) -> Result<At, TreeError> {
        Ok(self.at_own_attributes()?.var("GIT_ATTR_SOURCE", source.as_str()))
    }

    /// Returns the same with the attributes of the tree itself.
    pub(super) fn at_own_attributes(&self) -> Result<At, TreeError> {
        Ok(self.over_files(self.plain()?, self.path(), &self.slot.index()))
    }

    /// Returns `at` with the files at `top`, and an index of ours.
    pub(super) fn over_files(&self, at: At, top: &Path, index: &Path) -> At {
        let at = at.work_tree(top).var("GIT_INDEX_FILE", index);
        let ignores_case = if self.slot.ignores_case() { "true" } else { "false" };
        [
            ("core.sparseCheckout", "false"),
            ("index.sparse", "false"),
            ("core.trustctime", "true"),
            ("core.checkStat", "default"),
            ("core.splitIndex", "false"),
            ("gc.auto", "0"),
            ("core.ignoreCase", ignores_case),
        ]
        .into_iter()
        .fold(at, |at, (key, value)| at.set(key, value))
    }

    /// Returns our own git directory, without a configuration.
    pub(super) fn plain(&self) -> Result<At, TreeError> {
        self.slot.secure()?;
        let own = self.slot.own();
        self.repository.plain(&own.join("git")).map_err(|source| failed(own, source))
    }

    /// Makes the files what is wanted; returns whether the folder is new.
    fn put(&self, wanted: &Wanted, known: Option<Identity>) -> Result<bool, TreeError> {
        let (top, own) = (self.slot.tree(), self.slot.own());
        let io = |source| failed(top, source);
        let meta = files::look(top).map_err(io)?;
        let is_same = meta
            .as_ref()
            .is_some_and(|meta| meta.is_dir() && known.is_none_or(|known| known == identity(meta)));
        if meta.is_some() && !is_same {
            self.discard()?;
        }
        if !is_same {
            files::remove(&self.slot.index()).map_err(io)?;
            DirBuilder::new().mode(0o700).create(top).map_err(io)?;
        }
        // Left by one of our git processes that was killed: the slot is locked, so none is alive.
        files::remove(&own.join("index.lock")).map_err(io)?;
        files::remove(&top.join(".git")).map_err(io)?;
        let at = self.at(&wanted.files)?;
        if is_same && !self.slot.known().is_as_left(&self.slot.index()) {
            self.make_index(&at, &wanted.files)?;
        }
        let args = ["read-tree", "--reset", "-u", wanted.files.as_str()];
        self.repository.tool().get(&at, &args)?;
        self.clean(&at, top, &self.rules.keep)?;
        let found = nested::walk(top).map_err(io)?;
        // Files that git does not examine, and that must not stay.
        let hidden = found.repositories.iter().chain(&found.special);
        let (inside, hidden): (Vec<_>, Vec<_>) = hidden.partition(|path| self.is_in_module(path));
        let hidden = self.unignored(&at, hidden.into_iter())?;
        for path in hidden.iter().chain(inside) {
            files::remove(&top.join(path)).map_err(io)?;
        }
        self.put_modules()?;
        self.slot.known().note(&self.slot.index());
        Ok(!is_same)
    }

    /// Makes our index from `tree` and the content of the files: a process that can write the index
    /// could make files of another content look unchanged.
    pub(super) fn make_index(&self, at: &At, tree: &Oid) -> Result<(), TreeError> {
        let index = self.slot.index();
        files::remove(&index).map_err(|source| failed(&index, source))?;
        let tool = self.repository.tool();
        tool.get(at, &["read-tree", tree.as_str()])?;
        // The exit status reports differences, which the caller determines itself.
        tool.ask(at, &["update-index", "-q", "--refresh"], Vec::new())?;
        Ok(())
    }

    /// Returns whether a path was brought from the project, and is no work.
    pub(super) fn is_brought(&self, path: &Path) -> bool {
        self.rules.copy.iter().chain(&self.rules.link).any(|brought| path.starts_with(brought))
    }

    /// Removes the tree and its records.
    pub(super) fn discard(&self) -> Result<(), TreeError> {
        let io = |source| failed(self.path(), source);
        files::remove(self.path()).map_err(io)?;
        files::remove(&self.slot.index()).map_err(io)?;
        let names = ["index.lock", setup::NOTE, setup::BEGUN];
        for name in names.into_iter().chain(COVERED) {
            files::remove(&self.slot.own().join(name)).map_err(io)?;
        }
        Ok(())
    }
}

pub(super) fn own_git_failed(top: &Path, error: OwnGitError) -> TreeError {
    match error {
        OwnGitError::Io(source) => failed(top, source),
        OwnGitError::Git(error) => error.into(),
    }
}

pub(super) fn failed(path: &Path, source: io::Error) -> TreeError {
    TreeError::Io { path: path.to_owned(), source }
}
