//! The repositories of the queues, for the verbs about private trees and landing.

use super::failure::Failure;
use super::session::Session;
use crate::project::QueueSet;
use crate::project::repositories::{Home, HomeError, Purpose, Surroundings};
use crate::workspace::{GitError, PlaceError, Places, Refusal, Repository};
use std::path::Path;

impl Session<'_> {
    /// The repositories of the served queues.
    ///
    /// # Errors
    /// Wrong usage, with the cure, where one cannot be used.
    pub(super) fn homes(&self, set: &QueueSet, purpose: Purpose) -> Result<Vec<Home>, Failure> {
        Ok(self.surroundings(purpose).homes(set)?)
    }

    /// The repository around `root`, or why there is none, as it is.
    pub(super) fn repository_of(
        &self,
        set: &QueueSet,
        root: &Path,
        purpose: Purpose,
    ) -> Result<Repository, HomeError> {
        self.surroundings(purpose).repository(set, root)
    }

    /// The places of private trees of `repository`.
    ///
    /// # Errors
    /// Wrong usage where they may not lie there.
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
