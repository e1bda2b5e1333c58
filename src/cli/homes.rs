//! Finds the repositories of the queues, for the verbs for private trees and landing.

use super::failure::Failure;
use super::session::Session;
use crate::project::QueueSet;
use crate::project::repositories::{Home, HomeError, Purpose, Surroundings};
use crate::workspace::{GitError, PlaceError, Places, Refusal, Repository};
use std::path::Path;

impl Session<'_> {
    /// Returns the repositories of the served queues.
    ///
    /// # Errors
    /// Fails as wrong usage, with the remedy, if one cannot be used.
    pub(super) fn homes(&self, set: &QueueSet, purpose: Purpose) -> Result<Vec<Home>, Failure> {
        Ok(self.surroundings(purpose).homes(set)?)
    }

    /// Returns the repository that contains `root`, or the unconverted error.
    pub(super) fn repository_of(
        &self,
        set: &QueueSet,
        root: &Path,
        purpose: Purpose,
    ) -> Result<Repository, HomeError> {
        self.surroundings(purpose).repository(set, root)
    }

    /// Returns the places for private trees of `repository`.
    ///
    /// # Errors
    /// Fails as wrong usage if the configured folder is not allowed.
    pub(super) fn places(
        &self,
        set: &QueueSet,
        repository: &Repository,
        purpose: Purpose,
    ) -> Result<Places, Failure> {
        Ok(self.surroundings(purpose).places(set, repository)?)
    }

    pub(super) fn surroundings(&self, purpose: Purpose) -> Surroundings<'_> {
        Surroundings { vars: &self.world.vars, purpose }
    }
}

impl From<HomeError> for Failure {
    fn from(error: HomeError) -> Self {
        match error {
            HomeError::NoGit => Self::usage(&error).hint("install git"),
            HomeError::Refused(refusal) => refusal.into(),
        }
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::usage(&refusal).hint(refusal.cure())
    }
}

impl From<GitError> for Failure {
    fn from(error: GitError) -> Self {
        Self::internal(super::open::with_causes(&error))
    }
}

impl From<PlaceError> for Failure {
    fn from(error: PlaceError) -> Self {
        match error {
            PlaceError::Inside { .. } | PlaceError::Foreign(_) => Self::usage(error),
            PlaceError::Full | PlaceError::Lock(_) | PlaceError::Io { .. } => {
                Self::internal(super::open::with_causes(&error))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;

    fn told(error: impl Into<Failure>) -> (u8, String) {
        let failure = error.into();
        (failure.exit(), failure.to_string())
    }

    #[test]
    fn a_repository_that_cannot_be_used_has_a_cure() {
        let text = "error: git is not on the PATH\nhint: install git\n";
        assert_eq!(told(HomeError::NoGit), (2, text.to_owned()));
        for refusal in [
            Refusal::NoCommit,
            Refusal::Detached,
            Refusal::NoBranch { branch: "mian".to_owned() },
            Refusal::NoRepository { root: "/p".into() },
            Refusal::Shallow,
        ] {
            let wanted = format!("error: {refusal}\nhint: {}\n", refusal.cure());
            assert!(!refusal.cure().is_empty());
            assert_eq!(told(HomeError::Refused(refusal)), (2, wanted));
        }
    }

    #[test]
    fn git_and_the_system_fail_and_a_folder_is_chosen_wrongly() {
        let failed =
            GitError::Failed { verb: "fetch".to_owned(), code: 128, said: "no".to_owned() };
        assert_eq!(told(failed), (1, "error: git fetch ended with status 128: no\n".to_owned()));
        let inside = PlaceError::Inside { path: "/p/w".into() };
        let text = "error: workspaces would be in /p/w, inside the project: set workspaces.dir to a \
                    folder outside\n";
        assert_eq!(told(inside), (2, text.to_owned()));
        let foreign = PlaceError::Foreign("/w belongs to another user".to_owned());
        assert_eq!(told(foreign), (2, "error: /w belongs to another user\n".to_owned()));
        assert_eq!(told(PlaceError::Full).0, 1);
        let source = io::Error::other("no space");
        let (exit, text) = told(PlaceError::Io { path: "/w".into(), source });
        assert_eq!(exit, 1);
        assert!(text.ends_with("/w: no space\n"), "{text}");
    }
}
