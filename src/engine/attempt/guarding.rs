//! The checks for the change of an attempt, assembled at the claim.

use crate::guardrails::{Grants, Requires, Rules};
use std::sync::Arc;

/// The rules, and the exceptions of the task.
#[derive(Clone, Debug, Default)]
pub(crate) struct Guarding {
    pub(super) rules: Arc<Rules>,
    pub(super) grants: Grants,
    pub(super) requires: Requires,
}
