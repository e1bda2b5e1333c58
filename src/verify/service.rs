//! A service that steps need, as configured.

use crate::domain::{Command, EnvironmentRules};
use std::path::PathBuf;
use std::time::Duration;

/// One `[services.NAME]` section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// The name of the section.
    pub name: String,
    /// The command, which does not end by itself.
    pub command: Command,
    /// The working directory, relative to the project root; `None` is the root itself.
    pub cwd: Option<PathBuf>,
    /// The rules for its environment that differ from those of all commands.
    pub environment: EnvironmentRules,
    /// The longest time until it is ready.
    pub timeout: Duration,
    /// How the loop detects that it is ready.
    pub ready: Health,
}

/// How the loop detects that a service is ready.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Health {
    /// It listens to this port of the machine; 0 allocates a free port.
    Port(u16),
    /// This command exits 0.
    Command(Command),
    /// It printed a line that matches this expression.
    Line(String),
}

impl Service {
    /// Returns the variable that passes its port to the service and to the steps.
    pub fn port_variable(&self) -> String {
        let letter = |letter: char| match letter.is_ascii_alphanumeric() {
            true => letter.to_ascii_uppercase(),
            false => '_',
        };
        format!("WORKLOOP_PORT_{}", self.name.chars().map(letter).collect::<String>())
    }
}
