//! How processes end.

use serde::{Deserialize, Serialize};
use std::fmt;

/// How a command ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Outcome {
    /// It exited by itself.
    Exited {
        /// The exit status.
        code: i32,
    },
    /// It was killed by a signal that workloop did not send.
    Signaled {
        /// The signal's number.
        signal: i32,
    },
    /// It ran longer than its wall-clock limit.
    TimedOut {
        /// The limit in seconds.
        seconds: u64,
    },
    /// It printed nothing for longer than its silence limit.
    Silent {
        /// The limit in seconds.
        seconds: u64,
    },
    /// It could not be started: an error of the environment and not of the task.
    FailedToStart {
        /// Why, in words.
        reason: String,
    },
    /// Workloop ended it: the loop received a signal, was stopped, or died.
    Interrupted,
    /// Its supervisor vanished while the loop was running.
    Lost,
}

impl Outcome {
    /// Returns whether the command exited with status 0.
    pub fn is_success(&self) -> bool {
        matches!(self, Self::Exited { code: 0 })
    }

    /// Returns whether something else ended the command: a person, the kernel when out of memory, a
    /// closed session. Signals that a command causes itself (a crash, an abort) do not count.
    pub fn is_ended_from_outside(&self) -> bool {
        // HUP, INT, KILL and TERM have these numbers on every system.
        matches!(self, Self::Signaled { signal: 1 | 2 | 9 | 15 })
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exited { code } => write!(f, "exit status {code}"),
            Self::Signaled { signal } => write!(f, "ended by signal {signal}"),
            Self::TimedOut { seconds } => write!(f, "timed out after {seconds} s"),
            Self::Silent { seconds } => write!(f, "silent for {seconds} s"),
            Self::FailedToStart { reason } => write!(f, "failed to start: {reason}"),
            Self::Interrupted => f.write_str("interrupted"),
            Self::Lost => f.write_str("lost: its supervisor vanished"),
        }
    }
}
