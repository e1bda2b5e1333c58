//! A service that steps need, as configured.

use crate::domain::{Command, EnvironmentRules};
use std::path::PathBuf;
use std::time::Duration;

/// One `[services.NAME]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// Its name.
    pub name: String,
    /// What to run; it does not end by itself.
    pub command: Command,
    /// Where it runs, as seen from the project root.
    pub cwd: Option<PathBuf>,
    /// What it gets of the environment, where that differs from what all commands get.
    pub environment: EnvironmentRules,
    /// How long it may take until it is ready.
    pub timeout: Duration,
    /// How that is found out.
    pub ready: Health,
}

/// How it is found out that a service is ready.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Health {
    /// It listens to this port of the machine; 0 for one that is free.
    Port(u16),
    /// This command exits 0.
    Command(Command),
    /// It printed a line that matches.
    Line(String),
}

impl Service {
    /// The variable in which its port is told, to itself and to steps.
    pub fn port_variable(&self) -> String {
        let letter = |letter: char| match letter.is_ascii_alphanumeric() {
            true => letter.to_ascii_uppercase(),
            false => '_',
        };
        format!("WORKLOOP_PORT_{}", self.name.chars().map(letter).collect::<String>())
    }
}
