//! The record of a taken task.

use super::id::WorkerId;
use serde::{Deserialize, Serialize};

/// `claim` of a task: which worker runs which attempt, and on which machine, boot and process.
///
/// No clock decides anything about a claim; `since` is for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// The worker, as `<host>:<pid>:<8 hex>`.
    pub worker: String,
    /// The attempt's number.
    pub attempt: u32,
    /// When it was taken, RFC 3339 UTC.
    pub since: String,
    /// 8 hex digits of machine id, pid namespace and time namespace.
    #[serde(default)]
    pub host: String,
    /// 8 hex digits of the boot id.
    #[serde(default)]
    pub boot: String,
    /// Start time of the worker's process, in the system's own unit (Linux: clock ticks after boot).
    #[serde(default)]
    pub start: u64,
    /// 32 random hex digits, which all processes of the attempt carry in their environment.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub tag: String,
}

/// The fencing token: a write-back that does not carry the recorded one is refused.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ClaimToken {
    /// The worker that took the task.
    pub worker: WorkerId,
    /// The attempt it took it for.
    pub attempt: u32,
}

impl Claim {
    /// The part of the claim that a write-back must match.
    pub fn token(&self) -> ClaimToken {
        ClaimToken { worker: WorkerId::new(&self.worker), attempt: self.attempt }
    }

    /// Whether `token` is the one of this claim.
    pub fn is(&self, token: &ClaimToken) -> bool {
        self.attempt == token.attempt && self.worker == token.worker.as_str()
    }
}
