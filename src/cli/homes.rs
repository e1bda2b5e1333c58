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
