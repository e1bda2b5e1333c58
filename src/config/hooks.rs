//! `[hooks]` as data: commands of a person before and after what a run does.

use crate::domain::{Command, HookPoint};
use std::time::Duration;

/// One hook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HookRule {
    /// Where it is run.
    pub point: HookPoint,
    /// Its line in the file.
    pub line: u32,
    /// What is run.
    pub command: Command,
    /// How long it may run.
    pub timeout: Duration,
}
