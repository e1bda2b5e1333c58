//! A step of the verification, as configured.

use super::rules::Rules;
use crate::domain::{Command, EnvironmentRules};
use std::sync::Arc;
use std::time::Duration;

/// One command of a verification profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifyStep {
    /// Its name in verdicts and logs.
    pub name: String,
    /// The profile that it belongs to.
    pub profile: String,
    /// What to run; success is exit status 0.
    pub command: Command,
    /// Wall-clock limit.
    pub timeout: Duration,
    /// What it gets of the environment, where that differs from what all commands get.
    pub environment: EnvironmentRules,
    /// Whether a queue has it and not the configuration: variables that its text names do not pass
    /// for that.
    pub from_queue: bool,
    /// What it and its profile ask for besides.
    pub rules: Arc<Rules>,
}
