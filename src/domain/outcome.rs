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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_a_success_or_comes_from_outside_or_neither() {
        let exited = |code| Outcome::Exited { code };
        let signaled = |signal| Outcome::Signaled { signal };
        for (outcome, success, outside, words) in [
            (exited(0), true, false, "exit status 0"),
            (exited(1), false, false, "exit status 1"),
            (signaled(1), false, true, "ended by signal 1"),
            (signaled(2), false, true, "ended by signal 2"),
            (signaled(9), false, true, "ended by signal 9"),
            (signaled(15), false, true, "ended by signal 15"),
            (signaled(6), false, false, "ended by signal 6"),
            (Outcome::TimedOut { seconds: 3 }, false, false, "timed out after 3 s"),
            (Outcome::Silent { seconds: 3 }, false, false, "silent for 3 s"),
            (Outcome::FailedToStart { reason: "why".into() }, false, false, "failed to start: why"),
            (Outcome::Interrupted, false, false, "interrupted"),
            (Outcome::Lost, false, false, "lost: its supervisor vanished"),
        ] {
            assert_eq!(outcome.to_string(), words);
            assert_eq!((outcome.is_success(), outcome.is_ended_from_outside()), (success, outside));
        }
    }
}
