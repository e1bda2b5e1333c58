//! Private trees of an attempt: the workspace of its agent, and the judge tree for its change.

use crate::agent::ContinuedInput;
use crate::config::{Config, IsolationMode, RetryFrom, WorkspaceRules};
use crate::project::hidden;
use crate::project::repositories::{cache, git_vars};
use crate::workspace::{
    Captured, Git, GitError, Kind, Oid, PlaceError, Places, Refusal, Repository, Slot, Tree,
    TreeError, TreeRules,
};
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use thiserror::Error;

/// Why a run cannot have private trees.
#[derive(Debug, Error)]
pub(crate) enum ApartError {
    /// The repository cannot be used.
    #[error("mode = \"private\" cannot be used: {0}. {cure}", cure = .0.cure())]
    Repository(#[from] Refusal),
    /// The folders for the trees cannot be used.
    #[error("mode = \"private\" cannot be used: {0}")]
    Places(#[from] PlaceError),
    /// The folder of a hidden step cannot be used.
    #[error("{0}")]
    Hidden(String),
    /// Git was not found.
    #[error("mode = \"private\" cannot be used: git is not on the PATH. Install it.")]
    NoGit,
}

/// What all private trees of a run in one project share.
#[derive(Clone, Debug)]
pub(crate) struct Isolated {
    root: PathBuf,
    repository: Repository,
    places: Places,
    rules: TreeRules,
    retry_from: RetryFrom,
    lands: bool,
    keep: usize,
}

impl Isolated {
    /// Sets up the private trees of the project at `root`, with `git` and its `PATH`. Returns
    /// `None` if all agents share one tree.
    ///
    /// # Errors
    /// [`ApartError`], which says what to do about it.
    pub(crate) fn of(
        config: &Config,
        root: &Path,
        (git, path): (Option<&Path>, Option<&OsStr>),
        vars: &[(OsString, OsString)],
    ) -> Result<Option<Self>, ApartError> {
        match config.isolation.mode.value {
            IsolationMode::Shared => return Ok(None),
            IsolationMode::Private => {}
        }
        let git = Git::new(git.ok_or(ApartError::NoGit)?, path, &git_vars(vars));
        let target = config.isolation.target.as_deref();
        let repository = Repository::open(root, git, target)?;
        if let Some(problem) = hidden::problems(config, &repository, root).into_iter().next() {
            return Err(ApartError::Hidden(problem));
        }
        let WorkspaceRules { dir, tree, retry_from } = &config.workspaces;
        let places = Places::of(&repository, dir.as_deref(), cache(vars).as_deref())?;
        let keep = usize::try_from(config.limits.keep_attempts.value).unwrap_or(usize::MAX);
        let (root, rules) = (root.to_owned(), tree.clone());
        let retry_from = **retry_from;
        let lands = config.lands();
        Ok(Some(Self { root, repository, places, rules, retry_from, lands, keep }))
    }

    /// Returns the repository.
    pub(super) fn repository(&self) -> &Repository {
        &self.repository
    }

    /// Returns the project root.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Reserves the trees of one attempt at a task of `queue`, or of a verification. Without an
    /// agent there is no workspace.
    ///
    /// # Errors
    /// Returns an error if no tree is free.
    pub(crate) fn take(&self, queue: &Path, has_agent: bool) -> Result<Apart, PlaceError> {
        let workspace = has_agent.then(|| self.places.take(Kind::Workspace)).transpose()?;
        let real = self.root.canonicalize().unwrap_or_else(|_| self.root.clone());
        let below = real.strip_prefix(self.repository.top()).unwrap_or(Path::new("")).to_owned();
        Ok(Apart {
            repository: self.repository.clone(),
            workspace: workspace.map(Arc::new),
            judge: Arc::new(self.places.take(Kind::Judge)?),
            rules: self.rules.clone(),
            retry_from: self.retry_from,
            lands: self.lands,
            keep: self.keep,
            queue: queue.to_owned(),
            below,
        })
    }
}

/// The trees of one attempt, reserved until it is over.
#[derive(Clone, Debug)]
pub(crate) struct Apart {
    pub(super) repository: Repository,
    /// The workspace; `None` if no agent works.
    pub(super) workspace: Option<Arc<Slot>>,
    pub(super) judge: Arc<Slot>,
    pub(super) rules: TreeRules,
    pub(super) retry_from: RetryFrom,
    /// Whether a change that passes lands.
    pub(super) lands: bool,
    pub(super) keep: usize,
    /// The queue of its task, by its real path.
    pub(super) queue: PathBuf,
    /// The project root, relative to the top of the work tree.
    below: PathBuf,
}

impl Apart {
    /// Returns the folder in which the agent works.
    pub(crate) fn agent_root(&self) -> PathBuf {
        below(self.workspace.as_ref().unwrap_or(&self.judge).tree(), &self.below)
    }

    /// Returns the folder in which its change is judged.
    pub(crate) fn judge_root(&self) -> PathBuf {
        below(self.judge.tree(), &self.below)
    }

    /// Returns the commit of the target, and the name of its tree among the judged trees.
    pub(super) fn target(&self) -> Result<(Oid, String), GitError> {
        let tip = self.repository.tip()?;
        let tree = self.repository.tree_of(&tip)?;
        Ok((tip, format!("git tree {tree}")))
    }

    /// Returns the repository.
    pub(crate) fn repository(&self) -> &Repository {
        &self.repository
    }

    /// Returns the project root, relative to the top of the work tree.
    pub(super) fn below(&self) -> &Path {
        &self.below
    }

    /// Creates the project root in a tree where it is missing, because git does not store empty
    /// folders. Follows no link: commands would otherwise run elsewhere.
    pub(super) fn make_root(&self, tree: &Path) -> Result<(), String> {
        let mut folder = tree.to_owned();
        for part in self.below.components() {
            folder.push(part);
            let failed = |error: io::Error| format!("{}: {error}", folder.display());
            match fs::symlink_metadata(&folder) {
                Ok(meta) if meta.is_dir() => {}
                Ok(_) => return Err(format!("{} is not a folder", folder.display())),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    fs::create_dir(&folder).map_err(failed)?;
                }
                Err(error) => return Err(failed(error)),
            }
        }
        Ok(())
    }

    /// Converts paths that a task names, relative to the project root, to paths relative to the top
    /// of the tree.
    pub(super) fn seen_from_top(&self, paths: &[String]) -> Vec<String> {
        let one = |path: &String| {
            let mut from_top = PathBuf::new();
            for part in self.below.join(path).components() {
                match part {
                    Component::CurDir => {}
                    Component::ParentDir => drop(from_top.pop()),
                    Component::Normal(_) | Component::RootDir | Component::Prefix(_) => {
                        from_top.push(part);
                    }
                }
            }
            let inside = from_top.strip_prefix(self.repository.top()).unwrap_or(&from_top);
            inside.to_string_lossy().into_owned()
        };
        paths.iter().map(one).collect()
    }

    /// Returns a path of the tree as people know it: relative to the project root if it is in
    /// there.
    pub(super) fn shown(&self, path: &Path) -> String {
        path.strip_prefix(&self.below).unwrap_or(path).display().to_string()
    }
}

/// The private trees of an attempt while it runs.
#[derive(Debug)]
pub(crate) struct PrivateTrees {
    /// The workspace, if an agent works.
    pub(super) workspace: Option<Tree>,
    /// The judge tree.
    pub(super) judge: Tree,
    /// What the agent continues from an earlier attempt.
    pub(super) continued: Option<ContinuedInput>,
    /// The captured change of the agent.
    pub(super) captured: Option<Captured>,
}

impl PrivateTrees {
    /// Returns a judge tree that is not prepared yet, and no workspace.
    ///
    /// # Errors
    /// Returns an error if the tree cannot be created.
    pub(super) fn to_judge(apart: &Apart) -> Result<Self, TreeError> {
        let judge = tree(apart, &apart.judge)?;
        Ok(Self { workspace: None, judge, continued: None, captured: None })
    }
}

/// Returns the tree of a slot, not prepared yet.
pub(super) fn tree(apart: &Apart, slot: &Arc<Slot>) -> Result<Tree, TreeError> {
    Tree::new(&apart.repository, Arc::clone(slot), apart.rules.clone())
}

/// Joins `folder` to `tree`. An empty folder returns the tree's path unchanged.
fn below(tree: &Path, folder: &Path) -> PathBuf {
    if folder.as_os_str().is_empty() { tree.to_owned() } else { tree.join(folder) }
}

#[cfg(test)]
mod tests;
