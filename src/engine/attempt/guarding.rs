//! What is looked for in the change of an attempt, put together at the claim.

use crate::guardrails::{Grants, Requires, Rules};
use std::sync::Arc;

/// The rules, and what the task may do all the same.
#[derive(Clone, Debug, Default)]
pub(crate) struct Guarding {
    pub(super) rules: Arc<Rules>,
    pub(super) grants: Grants,
    pub(super) requires: Requires,
}
