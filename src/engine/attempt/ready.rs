//! A command of an attempt, ready to start.

use crate::agent::Withheld;
use crate::domain::{Command, EndedService, StepKind};
use crate::verify::Rules;
use std::ffi::OsString;
use std::sync::Arc;
use std::time::Duration;

/// A command, ready to start.
#[derive(Clone, Debug)]
pub(crate) struct Ready {
    /// Whether it does the work or judges it.
    pub kind: StepKind,
    /// `agent`, or the name of the step.
    pub name: String,
    /// Program and arguments.
    pub argv: Vec<OsString>,
    /// The command as configured.
    pub configured: Command,
    /// Its whole environment.
    pub env: Vec<(OsString, OsString)>,
    /// Variables of the loop that it does not get.
    pub withheld: Vec<Withheld>,
    /// The wall-clock limit.
    pub timeout: Duration,
    /// The limit of time without output; `None` is no limit.
    pub silence: Option<Duration>,
    /// The time between TERM and KILL.
    pub grace: Duration,
    /// The further rules of a verification step.
    pub rules: Arc<Rules>,
}

/// The suffix of the name of a step in the second judgement.
const AGAIN: &str = " (again, with the base's files)";

impl Ready {
    /// Returns the step as it runs in the second judgement, with these rules.
    pub(super) fn again(&self, rules: Arc<Rules>) -> Self {
        Self { name: format!("{}{AGAIN}", self.name), rules, ..self.clone() }
    }

    /// Returns whether the step runs in the second judgement.
    pub(super) fn is_again(&self) -> bool {
        self.name.ends_with(AGAIN)
    }

    /// Returns whether the step needs the service with this name.
    pub(super) fn needs(&self, service: &str) -> bool {
        self.rules.profile.services.iter().any(|name| name == service)
    }

    /// Returns whether the step needs any of the services.
    pub(super) fn needs_any(&self, services: &[EndedService]) -> bool {
        services.iter().any(|service| self.needs(&service.name))
    }

    /// Returns the key under which its items are stored.
    pub(super) fn items_key(&self) -> String {
        format!("{} {}", self.name.trim_end_matches(AGAIN), self.configured)
    }
}
