//! The lines of the journal.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Format version of an event line.
pub const EVENT_VERSION: u32 = 1;

/// The kind of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each name is the event's own word in the contract")]
pub enum EventKind {
    LoopStarted,
    Claimed,
    AttemptStarted,
    AgentFinished,
    Verified,
    Landed,
    Completed,
    Retried,
    Blocked,
    Released,
    Interrupted,
    AttemptLost,
    StaleClaim,
    ExternalEdit,
    Restored,
    Added,
    Parked,
    Unparked,
    Reset,
    Answered,
    Cancelled,
    Paused,
    Resumed,
    Stopped,
    Progress,
    Tampered,
    UsageLimit,
    Budget,
    Approved,
    Edited,
    LoopFinished,
    Silent,
    Hook,
    /// An event kind of a newer version.
    #[serde(other)]
    Other,
}

impl EventKind {
    /// Returns whether no attempt of the task is running after this event.
    pub fn ends_attempt(self) -> bool {
        matches!(
            self,
            Self::Completed
                | Self::Retried
                | Self::Blocked
                | Self::Released
                | Self::Interrupted
                | Self::AttemptLost
                | Self::StaleClaim
                | Self::Parked
                | Self::Cancelled
                | Self::Reset
        )
    }
}

/// One line of `events.jsonl`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Format version, [`EVENT_VERSION`].
    pub v: u32,
    /// The sequence number. It increases by one from line to line of one state folder.
    pub seq: u64,
    /// The time, RFC 3339 UTC with milliseconds.
    pub at: String,
    /// What happened.
    pub event: EventKind,
    /// File name of the queue. Empty for an event of a whole loop.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub queue: String,
    /// Id of the task.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<String>,
    /// The worker that wrote the event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worker: Option<String>,
    /// Number of the attempt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt: Option<u32>,
    /// Details. For a transition: the changed fields and the hashes of the file before and after.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub data: Map<String, Value>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attempt_ends_with_these_events() {
        let ends = [
            "completed",
            "retried",
            "blocked",
            "released",
            "interrupted",
            "attempt_lost",
            "stale_claim",
            "parked",
            "cancelled",
            "reset",
        ];
        let goes_on = ["claimed", "attempt_started", "verified", "progress", "a_newer_one"];
        for (words, expected) in [(&ends[..], true), (&goes_on, false)] {
            for word in words {
                let kind: EventKind = serde_json::from_value(serde_json::json!(word)).unwrap();
                assert_eq!(kind.ends_attempt(), expected, "{word}");
            }
        }
    }
}
