//! The repositories in which the work of the served queues is kept and lands, for verbs.

use super::queues::QueueSet;
use crate::config::IsolationMode;
use crate::domain::QueueIx;
use crate::platform::programs;
use crate::workspace::{Git, PlaceError, Places, Refusal, Repository};
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use thiserror::Error;

/// The environment variables that git gets: those that locate a person's configuration.
const GIT_VARS: [&str; 5] = ["HOME", "XDG_CONFIG_HOME", "TMPDIR", "USER", "LOGNAME"];

/// A repository, with the served queues that have their root in it.
#[derive(Clone, Debug)]
pub(crate) struct Home {
    /// The repository.
    pub repository: Repository,
    /// The indexes of the queues.
    pub queues: Vec<QueueIx>,
}

/// Why a verb has no repository to use.
#[derive(Debug, Error)]
pub enum HomeError {
    /// Git was not found.
    #[error("git is not on the PATH")]
    NoGit,
    /// The repository cannot be used.
    #[error(transparent)]
    Refused(#[from] Refusal),
}

/// What the repositories are used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Reading what is kept.
    Look,
    /// Landing or creating trees. This has all requirements of private workspaces.
    Work,
}

/// The surroundings of a verb that looks for repositories.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Surroundings<'a> {
    /// The environment variables.
    pub vars: &'a [(OsString, OsString)],
    /// What the repositories are used for.
    pub purpose: Purpose,
}

impl Surroundings<'_> {
    fn var(&self, wanted: &str) -> Option<&OsStr> {
        let found = self.vars.iter().find(|(name, _)| name == wanted);
        found.map(|(_, value)| value.as_os_str()).filter(|value| !value.is_empty())
    }

    /// Returns git as a loop would find it. It gets only the variables that locate a person's
    /// configuration.
    pub(crate) fn git(&self) -> Option<Git> {
        let path = programs::absolute_path(self.var("PATH").unwrap_or_default());
        let program = programs::find("git", &path)?;
        Some(Git::new(&program, Some(&path), &git_vars(self.vars)))
    }

    /// Returns the repository around `root`, with the target that `set` configures.
    ///
    /// # Errors
    /// Returns [`HomeError`].
    pub(crate) fn repository(&self, set: &QueueSet, root: &Path) -> Result<Repository, HomeError> {
        self.repository_at(root, set.config.isolation.target.as_deref())
    }

    /// Returns the repository around `root` with another target. Without a target, the branch that
    /// is checked out is used.
    ///
    /// # Errors
    /// Returns [`HomeError`].
    pub(crate) fn repository_at(
        &self,
        root: &Path,
        target: Option<&str>,
    ) -> Result<Repository, HomeError> {
        let git = self.git().ok_or(HomeError::NoGit)?;
        Ok(match self.purpose {
            Purpose::Look => Repository::look(root, git, target)?,
            Purpose::Work => Repository::open(root, git, target)?,
        })
    }

    /// Returns the repositories of the served queues, each once. Queues outside of any repository
    /// are skipped.
    ///
    /// # Errors
    /// Returns [`HomeError`] if a repository cannot be used.
    pub(crate) fn homes(&self, set: &QueueSet) -> Result<Vec<Home>, HomeError> {
        let mut homes: Vec<Home> = Vec::new();
        for queue in set.each_served() {
            let repository = match self.repository(set, set.root(queue)) {
                Err(HomeError::Refused(Refusal::NoRepository { .. })) => continue,
                other => other?,
            };
            let same = |home: &&mut Home| home.repository.common() == repository.common();
            match homes.iter_mut().find(same) {
                Some(home) => home.queues.push(queue),
                None => homes.push(Home { repository, queues: vec![queue] }),
            }
        }
        Ok(homes)
    }

    /// Returns the places of private trees of `repository`. They are not created if they are only
    /// read.
    ///
    /// # Errors
    /// Returns [`PlaceError`] if they cannot be created or may not be there.
    pub(crate) fn places(
        &self,
        set: &QueueSet,
        repository: &Repository,
    ) -> Result<Places, PlaceError> {
        let (dir, cache) = (set.config.workspaces.dir.as_deref(), cache(self.vars));
        match self.purpose {
            Purpose::Look => Ok(Places::look(repository, dir, cache.as_deref())),
            Purpose::Work => Places::of(repository, dir, cache.as_deref()),
        }
    }
}

/// Returns whether agents work in private trees, according to the configuration.
pub(crate) fn is_private(set: &QueueSet) -> bool {
    *set.config.isolation.mode == IsolationMode::Private
}

/// Returns the variables of an environment that are passed to git.
pub(crate) fn git_vars(vars: &[(OsString, OsString)]) -> Vec<(OsString, OsString)> {
    let ours = |(name, _): &&(OsString, OsString)| GIT_VARS.iter().any(|one| name == one);
    vars.iter().filter(ours).cloned().collect()
}

/// Returns the user's cache folder.
pub(crate) fn cache(vars: &[(OsString, OsString)]) -> Option<PathBuf> {
    let get = |wanted: &str| {
        let found = vars.iter().find(|(name, _)| name == OsStr::new(wanted));
        found.map(|(_, value)| PathBuf::from(value)).filter(|path| path.is_absolute())
    };
    get("XDG_CACHE_HOME").or_else(|| get("HOME").map(|home| home.join(".cache")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::tests::Sample;
    use serde_json::json;

    fn vars(vars: &[(&str, &str)]) -> Vec<(OsString, OsString)> {
        vars.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect()
    }

    #[test]
    fn git_gets_only_what_locates_a_persons_configuration() {
        let all = [
            ("HOME", "/h"),
            ("GIT_DIR", "/elsewhere"),
            ("PATH", "/bin"),
            ("USER", "u"),
            ("A_TOKEN", "x"),
            ("XDG_CONFIG_HOME", "/c"),
            ("LOGNAME", "l"),
            ("TMPDIR", "/t"),
            ("home", "/no"),
        ];
        let wanted = [
            ("HOME", "/h"),
            ("USER", "u"),
            ("XDG_CONFIG_HOME", "/c"),
            ("LOGNAME", "l"),
            ("TMPDIR", "/t"),
        ];
        assert_eq!(git_vars(&vars(&all)), vars(&wanted));
        assert_eq!(git_vars(&[]), []);
    }

    #[test]
    fn the_cache_of_a_user_is_an_absolute_folder() {
        let home = ("HOME", "/h");
        for (given, wanted) in [
            (&[home, ("XDG_CACHE_HOME", "/c")][..], Some("/c")),
            (&[home], Some("/h/.cache")),
            (&[home, ("XDG_CACHE_HOME", "relative")], Some("/h/.cache")),
            (&[home, ("XDG_CACHE_HOME", "")], Some("/h/.cache")),
            (&[("HOME", "relative")], None),
            (&[], None),
        ] {
            assert_eq!(cache(&vars(given)).as_deref(), wanted.map(Path::new), "{given:?}");
        }
    }

    #[test]
    fn without_git_there_is_no_repository() {
        let dir = tempfile::tempdir().expect("a folder");
        let sample = Sample::of(json!([]));
        let path = dir.path().to_str().expect("text");
        let vars = vars(&[("PATH", path)]);
        let around = Surroundings { vars: &vars, purpose: Purpose::Look };
        assert!(around.git().is_none());
        let error = around.homes(sample.project.set()).expect_err("no git");
        assert_eq!(error.to_string(), "git is not on the PATH");
    }

    #[test]
    fn agents_work_in_private_trees_only_if_the_configuration_says_so() {
        let of = |config: &str| is_private(Sample::with(config, json!([])).project.set());
        assert!(!of(""));
        assert!(!of("[isolation]\nmode = \"shared\"\n"));
        assert!(of("[isolation]\nmode = \"private\"\n"));
    }

    #[test]
    fn queues_outside_of_a_repository_have_no_home_and_the_others_share_one() {
        if programs::lacks("git") {
            return;
        }
        let empty = || json!({"tasks": []});
        let sample = Sample::new("", &[("q", empty()), ("r", empty())], &[]);
        let vars: Vec<_> = std::env::vars_os().filter(|(name, _)| name == "PATH").collect();
        let around = Surroundings { vars: &vars, purpose: Purpose::Look };
        let homes = |sample: &Sample| around.homes(sample.project.set()).expect("looked");
        assert!(homes(&sample).is_empty());
        let init = duct::cmd!("git", "init", "-q", "-b", "main").dir(sample.dir.path());
        init.env("GIT_CONFIG_GLOBAL", "/dev/null").run().expect("a repository");
        let commit =
            "git -c user.name=t -c user.email=t@example.org commit -q --allow-empty -m first";
        duct::cmd!("sh", "-c", commit).dir(sample.dir.path()).run().expect("a commit");
        let found = homes(&sample);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].queues, [QueueIx::FIRST, QueueIx::new(1)]);
        let top = sample.dir.path().canonicalize().expect("a folder");
        assert_eq!(found[0].repository.top(), top);
    }
}
