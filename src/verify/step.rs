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
    /// The name of its profile.
    pub profile: String,
    /// The command; exit status 0 is success.
    pub command: Command,
    /// The wall-clock limit.
    pub timeout: Duration,
    /// The rules for its environment that differ from those of all commands.
    pub environment: EnvironmentRules,
    /// Whether the step comes from a queue and not from the configuration. Then the variables that
    /// its text names are not passed for that reason.
    pub from_queue: bool,
    /// The other rules of the step and its profile.
    pub rules: Arc<Rules>,
}
