//! Why a repository cannot have private workspaces: detected before anything starts, each reason
//! with its remedy.

use super::calls::GitError;
use std::path::PathBuf;
use thiserror::Error;

/// A reason. Its text is the reason, [`Refusal::cure`] the remedy.
#[derive(Debug, Error)]
pub enum Refusal {
    /// There is no repository.
    #[error("{} is not in a git work tree", .root.display())]
    NoRepository {
        /// The project root.
        root: PathBuf,
    },
    /// It has no work tree.
    #[error("{} is a bare repository", .path.display())]
    Bare {
        /// The repository.
        path: PathBuf,
    },
    /// Git itself is missing or fails.
    #[error("git cannot be run: {0}")]
    Git(#[from] GitError),
    /// Git is too old.
    #[error("git is {found}, and {needed} or newer is needed")]
    Old {
        /// The version that was found.
        found: String,
        /// The version that is needed.
        needed: &'static str,
    },
    /// The repository has no commit.
    #[error("there is no commit to start from")]
    NoCommit,
    /// No branch is checked out and none is named.
    #[error("no branch is checked out, so there is nothing to land on")]
    Detached,
    /// The named branch does not exist.
    #[error("there is no branch {branch}")]
    NoBranch {
        /// The value of `isolation.target`.
        branch: String,
    },
    /// Another user owns the repository.
    #[error("{0}")]
    Foreign(String),
    /// It cannot be written.
    #[error("{} cannot be written", .path.display())]
    ReadOnly {
        /// The git directory.
        path: PathBuf,
    },
    /// Objects of the base are missing because the history was cut.
    #[error("the clone is shallow and lacks files of the commit to start from")]
    Shallow,
    /// Objects of the base were left out of the clone, and nothing is fetched.
    #[error("the clone is partial and lacks {missing} objects of the commit to start from")]
    Partial {
        /// The number of missing objects.
        missing: usize,
    },
    /// Objects of the base are missing for an unknown reason.
    #[error("objects of the commit to start from are missing")]
    Damaged,
    /// Files are stored by a program that is not installed.
    #[error("files are stored by git-lfs, which is not installed or not set up")]
    NoLfs,
    /// The commit of a submodule was not fetched.
    #[error("the submodule {} lacks the commit that the project names", .first.display())]
    Submodules {
        /// The first of them.
        first: PathBuf,
    },
}

impl Refusal {
    /// All codes, each with its meaning.
    pub const CODES: [(&'static str, &'static str); 14] = [
        ("no-repository", "private trees are configured, and there is no git work tree"),
        ("bare-repository", "private trees are configured, and the repository has no work tree"),
        ("no-git", "private trees are configured, but git cannot be run"),
        ("old-git", "git is too old for private trees"),
        ("no-commit", "private trees are configured, and there is no commit"),
        ("no-target", "no branch is checked out and none is named as target"),
        ("unknown-target", "the branch that is named as target does not exist"),
        ("foreign-repository", "private trees are configured in a repository of another owner"),
        ("read-only-repository", "the git directory cannot be written"),
        ("shallow-clone", "the clone is shallow and lacks files of the commit to start from"),
        ("partial-clone", "the clone is partial and lacks files of the commit to start from"),
        ("damaged-repository", "objects of the commit to start from are missing"),
        ("no-lfs", "files are stored by git-lfs, which is not installed"),
        ("submodules", "the commit of a submodule was not fetched"),
    ];

    /// Returns its stable name.
    pub fn code(&self) -> &'static str {
        let place = match self {
            Self::NoRepository { .. } => 0,
            Self::Bare { .. } => 1,
            Self::Git(_) => 2,
            Self::Old { .. } => 3,
            Self::NoCommit => 4,
            Self::Detached => 5,
            Self::NoBranch { .. } => 6,
            Self::Foreign(_) => 7,
            Self::ReadOnly { .. } => 8,
            Self::Shallow => 9,
            Self::Partial { .. } => 10,
            Self::Damaged => 11,
            Self::NoLfs => 12,
            Self::Submodules { .. } => 13,
        };
        Self::CODES[place].0
    }

    /// Returns the remedy as a sentence.
    pub fn cure(&self) -> String {
        match self {
            Self::NoRepository { .. } => {
                "Make one (git init, git add, git commit), or use mode = \"shared\".".to_owned()
            }
            Self::Bare { .. } => "Use a clone of it as the project root.".to_owned(),
            Self::Git(_) => "Install git, or fix what it complains about.".to_owned(),
            Self::Old { needed, .. } => format!("Install git {needed} or newer."),
            Self::NoCommit => "Commit something first: git add, git commit.".to_owned(),
            Self::Detached => {
                "Check a branch out, or name one: target = \"…\" under [isolation].".to_owned()
            }
            Self::NoBranch { branch } => {
                format!("Make it (git branch {branch}), or correct target under [isolation].")
            }
            Self::Foreign(_) => "Run workloop as the user whose repository it is.".to_owned(),
            Self::ReadOnly { .. } => "Make it writable for you.".to_owned(),
            Self::Shallow => "Fetch the rest: git fetch --unshallow.".to_owned(),
            Self::Partial { .. } => {
                "Fetch them while there is a network: git fetch --refetch --no-filter.".to_owned()
            }
            Self::Damaged => "See what is missing: git fsck --connectivity-only.".to_owned(),
            Self::NoLfs => "Install git-lfs and set it up: git lfs install.".to_owned(),
            Self::Submodules { .. } => {
                "Fetch it: git submodule update --init --recursive.".to_owned()
            }
        }
    }
}
