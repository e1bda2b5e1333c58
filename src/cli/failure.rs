//! Failures as the command line reports them: a message, hints and an exit status.
//!
//! A hint never suggests a command that destroys data.

use crate::agent::PromptError;
use crate::config::{ChoiceError, ConfigError, SelectError};
use std::fmt;
use std::io;

/// Why the program exits with a status other than 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// The program failed: I/O, git, a bug.
    Internal,
    /// Wrong usage or configuration, an illegal transition, an unknown id, a missing tool.
    Usage,
    /// A queue was refused, or `check` found errors.
    Refused,
    /// A lock was not acquired in time.
    Locked,
    /// Blocked tasks remain and nothing else can be done.
    Blocked,
    /// A budget of the run ended it with work left.
    Budget,
    /// Only a usage limit prevents work, and the run does not wait for it.
    UsageLimit,
    /// The remaining work waits for approval, another queue or another worker.
    Waiting,
    /// A signal ended the run.
    Signal(u8),
}

impl FailureKind {
    /// Returns the exit status.
    pub fn exit(self) -> u8 {
        match self {
            Self::Internal => 1,
            Self::Usage => 2,
            Self::Refused => 3,
            Self::Locked => 4,
            Self::Blocked => 5,
            Self::Budget => 6,
            Self::Waiting => 7,
            Self::UsageLimit => 8,
            Self::Signal(number) => 128_u8.saturating_add(number),
        }
    }
}

/// A failure. It is displayed as lines `error: …` and `hint: …`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The kind, which determines the exit status.
    pub kind: FailureKind,
    /// What failed; empty if the verb has already reported it.
    pub message: String,
    /// What to do about it.
    pub hints: Vec<String>,
}

impl Failure {
    /// Creates a failure of the program itself.
    pub fn internal(message: impl fmt::Display) -> Self {
        Self::new(FailureKind::Internal, message)
    }

    /// Creates a failure of wrong usage or configuration.
    pub fn usage(message: impl fmt::Display) -> Self {
        Self::new(FailureKind::Usage, message)
    }

    /// Creates a failure for a refused queue.
    pub fn refused(message: impl fmt::Display) -> Self {
        Self::new(FailureKind::Refused, message)
    }

    /// Creates a failure of any kind.
    pub fn new(kind: FailureKind, message: impl fmt::Display) -> Self {
        Self { kind, message: message.to_string(), hints: Vec::new() }
    }

    /// Creates a failure without a message: the verb has reported it already.
    pub fn silent(kind: FailureKind) -> Self {
        Self::new(kind, "")
    }

    /// Adds a hint.
    #[must_use]
    pub fn hint(mut self, hint: impl fmt::Display) -> Self {
        self.hints.push(hint.to_string());
        self
    }

    /// Returns the exit status.
    pub fn exit(&self) -> u8 {
        self.kind.exit()
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.message.is_empty() {
            writeln!(f, "error: {}", self.message)?;
        }
        for hint in &self.hints {
            writeln!(f, "hint: {hint}")?;
        }
        Ok(())
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::internal(error)
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::usage(&error)
    }
}

impl From<ChoiceError> for Failure {
    fn from(error: ChoiceError) -> Self {
        let failure = Self::usage(&error);
        match &error {
            ChoiceError::NoAgent => failure.hint(
                "add [agents.default] with preset = \"claude\" or run = \"…\" to workloop.toml, or name one \
                 with --agent; workloop agents lists the tools that have a preset",
            ),
            ChoiceError::NoVerification => failure
                .hint("add [[verify]] with run = \"…\" to workloop.toml, or give --verify CMD")
                .hint("--no-verify runs without verification; such tasks are recorded as SKIPPED"),
            ChoiceError::UnknownAgent { .. } | ChoiceError::UnknownProfile { .. } => failure,
        }
    }
}

impl From<PromptError> for Failure {
    fn from(error: PromptError) -> Self {
        Self::usage(&error)
    }
}

impl From<SelectError> for Failure {
    fn from(error: SelectError) -> Self {
        let failure = Self::usage(&error);
        match &error {
            SelectError::None(_) => failure.hint("workloop init writes a first queue"),
            SelectError::Several(_) => {
                failure.hint("name one, or list those to serve under queues in workloop.toml")
            }
            SelectError::Mixed(..) => failure.hint("name the one to use with --config"),
            SelectError::Config(_)
            | SelectError::Missing { .. }
            | SelectError::Folder { .. }
            | SelectError::Unknown { .. } => failure,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    #[test]
    fn the_text_is_lines_of_errors_and_hints() {
        let failure = Failure::usage("no agent").hint("add [agents.default]").hint("or --agent");
        assert_eq!(
            failure.to_string(),
            "error: no agent\nhint: add [agents.default]\nhint: or --agent\n"
        );
        assert_eq!(Failure::silent(FailureKind::Blocked).to_string(), "");
    }

    #[test]
    fn every_kind_has_its_exit_status() {
        use FailureKind::*;
        let kinds = [
            Internal,
            Usage,
            Refused,
            Locked,
            Blocked,
            Budget,
            Waiting,
            UsageLimit,
            Signal(2),
            Signal(15),
        ];
        assert_eq!(kinds.map(FailureKind::exit), [1, 2, 3, 4, 5, 6, 7, 8, 130, 143]);
    }

    #[test]
    fn a_missing_choice_says_how_to_make_it() {
        let known = || vec!["default".to_owned()];
        let name = || "wrtier".to_owned();
        for (error, text) in [
            (
                ChoiceError::NoAgent,
                "error: no agent is configured\nhint: add [agents.default] with preset = \"claude\" or \
                 run = \"…\" to workloop.toml, or name one with --agent; workloop agents lists the \
                 tools that have a preset\n",
            ),
            (
                ChoiceError::NoVerification,
                "error: no verification is configured\nhint: add [[verify]] with run = \"…\" to \
                 workloop.toml, or give --verify CMD\nhint: --no-verify runs without verification; \
                 such tasks are recorded as SKIPPED\n",
            ),
            (
                ChoiceError::UnknownAgent { name: name(), known: known() },
                "error: unknown agent wrtier; there are: default\n",
            ),
            (
                ChoiceError::UnknownProfile {
                    name: name(),
                    phase: Some("2".to_owned()),
                    known: known(),
                },
                "error: unknown profile wrtier of phase 2; there are: default\n",
            ),
        ] {
            let failure = Failure::from(error);
            assert_eq!((failure.exit(), failure.to_string().as_str()), (2, text));
        }
    }

    #[test]
    fn a_queue_that_is_not_found_has_its_own_hint() {
        let path = PathBuf::from("/p");
        let of = |error: SelectError| Failure::from(error).to_string();
        let text = "error: failed to find a queue: none in queues/ or tasks/ of /p\n\
                    hint: workloop init writes a first queue\n";
        assert_eq!(of(SelectError::None(path.clone())), text);
        let text = "error: failed to choose a queue: there are 2:\n  a\n  b\n\
                    hint: name one, or list those to serve under queues in workloop.toml\n";
        assert_eq!(of(SelectError::Several(vec!["a".into(), "b".into()])), text);
        let text = "error: failed to serve queues of different configurations together: none and /p\n\
                    hint: name the one to use with --config\n";
        assert_eq!(of(SelectError::Mixed(None, Some(path.clone()))), text);
        assert_eq!(
            of(SelectError::Missing { path, meant: None }),
            "error: failed to find the queue /p\n"
        );
    }

    #[test]
    fn other_errors_keep_their_text() {
        let full = io::Error::from(io::ErrorKind::StorageFull);
        let text = full.to_string();
        assert_eq!(Failure::from(full), Failure::internal(text));
        let source = io::Error::other("gone");
        let prompt = PromptError::Read { path: "t.md".into(), source };
        let failure = Failure::usage("failed to read the prompt template t.md: gone");
        assert_eq!(Failure::from(prompt), failure);
    }
}
