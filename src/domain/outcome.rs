//! How processes ended.

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
    /// A signal that was not ours ended it.
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
    /// It could not be started: an error of the environment, not of the task.
    FailedToStart {
        /// Why, in words.
        reason: String,
    },
    /// We ended it: a signal to the loop, a stop, or the loop died.
    Interrupted,
    /// Its supervisor vanished while the loop lived.
    Lost,
}

impl Outcome {
    /// Whether the command ended by itself with exit status 0.
    pub fn is_success(&self) -> bool {
        matches!(self, Self::Exited { code: 0 })
    }

    /// Whether somebody else ended the command: a person, the kernel for want of memory, a session that
    /// closed. Signals that a command raises by what it does (a crash, an abort) are its own end.
    pub fn is_ended_from_outside(&self) -> bool {
        // HUP, INT, KILL and TERM, which have these numbers on every system.
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
