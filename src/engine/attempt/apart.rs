//! Private trees of an attempt: where its agent works and where its change is judged.

use crate::config::{Config, IsolationMode, WorkspaceRules};
use crate::project::repositories::{cache, git_vars};
use crate::workspace::{
    Captured, Git, Kind, PlaceError, Places, Refusal, Repository, Slot, Tree, TreeRules,
    is_git_work_tree,
};
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use thiserror::Error;

/// Why a run cannot have private trees.
#[derive(Debug, Error)]
pub(crate) enum ApartError {
    /// The repository.
    #[error("mode = \"private\" cannot be had: {0}. {cure}", cure = .0.cure())]
    Repository(#[from] Refusal),
    /// The places.
    #[error("mode = \"private\" cannot be had: {0}")]
    Places(#[from] PlaceError),
    /// Git was not found.
    #[error("mode = \"private\" cannot be had: git is not on the PATH. Install it.")]
    NoGit,
}

/// What holds for all private trees of a run.
#[derive(Clone, Debug)]
pub(crate) struct Isolated {
    repository: Repository,
    places: Places,
    rules: TreeRules,
    keep: usize,
}

impl Isolated {
    /// Of the project at `root`, with `git` and its `PATH`; `None` where all agents share a tree.
    ///
    /// # Errors
    /// [`ApartError`] with what is to be done about it.
    pub(crate) fn of(
        config: &Config,
        root: &Path,
        (git, path): (Option<&Path>, Option<&OsStr>),
        vars: &[(OsString, OsString)],
    ) -> Result<Option<Self>, ApartError> {
        if config.isolation.mode.value == IsolationMode::Shared || !is_git_work_tree(root) {
            return Ok(None);
        }
        let git = Git::new(git.ok_or(ApartError::NoGit)?, path, &git_vars(vars));
        let target = config.isolation.target.as_deref();
        let repository = Repository::open(root, git, target)?;
        let WorkspaceRules { dir, tree, .. } = &config.workspaces;
        let places = Places::of(&repository, dir.as_deref(), cache(vars).as_deref())?;
        let keep = usize::try_from(config.limits.keep_attempts.value).unwrap_or(usize::MAX);
        Ok(Some(Self { repository, places, rules: tree.clone(), keep }))
    }

    /// The places of one attempt at a task of `queue` in the project at `root`.
    ///
    /// # Errors
    /// When there is none.
    pub(crate) fn take(&self, root: &Path, queue: &Path) -> Result<Apart, PlaceError> {
        let real = root.canonicalize().unwrap_or_else(|_| root.to_owned());
        let below = real.strip_prefix(self.repository.top()).unwrap_or(Path::new("")).to_owned();
        Ok(Apart {
            repository: self.repository.clone(),
            workspace: Arc::new(self.places.take(Kind::Workspace)?),
            judge: Arc::new(self.places.take(Kind::Judge)?),
            rules: self.rules.clone(),
            keep: self.keep,
            queue: queue.to_owned(),
            below,
        })
    }
}

/// The places of one attempt, held until it is over.
#[derive(Clone, Debug)]
pub(crate) struct Apart {
    pub(super) repository: Repository,
    pub(super) workspace: Arc<Slot>,
    pub(super) judge: Arc<Slot>,
    pub(super) rules: TreeRules,
    pub(super) keep: usize,
    /// The queue of its task, by its real path.
    pub(super) queue: PathBuf,
    /// The project root, as seen from the top of the work tree.
    below: PathBuf,
}

impl Apart {
    /// Where the agent works.
    pub(crate) fn agent_root(&self) -> PathBuf {
        below(self.workspace.tree(), &self.below)
    }

    /// Where its change is judged.
    pub(crate) fn judge_root(&self) -> PathBuf {
        below(self.judge.tree(), &self.below)
    }

    /// A path of the tree, as people know it: from the project root where it lies there.
    pub(super) fn shown(&self, path: &Path) -> String {
        path.strip_prefix(&self.below).unwrap_or(path).display().to_string()
    }
}

/// The private trees of an attempt while it runs.
#[derive(Debug)]
pub(crate) struct PrivateTrees {
    /// Where the agent works.
    pub(super) workspace: Tree,
    /// Where its change is judged.
    pub(super) judge: Tree,
    /// What the agent did.
    pub(super) captured: Option<Captured>,
}

/// A folder of a tree; the tree itself is named as it is.
fn below(tree: &Path, folder: &Path) -> PathBuf {
    if folder.as_os_str().is_empty() { tree.to_owned() } else { tree.join(folder) }
}
