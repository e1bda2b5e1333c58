//! `[hooks]` as data: commands that a person runs before and after the actions of a run.

use crate::domain::{Command, HookPoint};
use std::time::Duration;

/// One hook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HookRule {
    /// The point at which it is run.
    pub point: HookPoint,
    /// The line in the configuration file.
    pub line: u32,
    /// The command to run.
    pub command: Command,
    /// The time limit of the command.
    pub timeout: Duration,
}
