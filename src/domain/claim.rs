//! The record of a claimed task.

use super::id::WorkerId;
use serde::{Deserialize, Serialize};

/// `claim` of a task: which worker runs which attempt, on which machine, in which boot and process.
///
/// No decision about a claim depends on a clock. `since` is only displayed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// The worker, as `<host>:<pid>:<8 hex>`.
    pub worker: String,
    /// The attempt's number.
    pub attempt: u32,
    /// When the task was claimed, RFC 3339 UTC.
    pub since: String,
    /// 8 hex digits of machine id, pid namespace and time namespace.
    #[serde(default)]
    pub host: String,
    /// 8 hex digits of the boot id.
    #[serde(default)]
    pub boot: String,
    /// Start time of the worker's process in the system's own unit (Linux: clock ticks since boot).
    #[serde(default)]
    pub start: u64,
    /// The claim tag: 32 random hex digits that all processes of the attempt have in their
    /// environment.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub tag: String,
}

/// The fencing token. A write-back without the recorded token is refused.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ClaimToken {
    /// The worker that claimed the task.
    pub worker: WorkerId,
    /// The attempt for which it was claimed.
    pub attempt: u32,
}

impl Claim {
    /// Returns the part of the claim that a write-back must match.
    pub fn token(&self) -> ClaimToken {
        ClaimToken { worker: WorkerId::new(&self.worker), attempt: self.attempt }
    }

    /// Returns whether `token` is the token of this claim.
    pub fn is(&self, token: &ClaimToken) -> bool {
        self.attempt == token.attempt && self.worker == token.worker.as_str()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_names_the_worker_and_the_attempt() {
        let claim = Claim {
            worker: "h:1:00000000".to_owned(),
            attempt: 2,
            since: String::new(),
            host: String::new(),
            boot: String::new(),
            start: 0,
            tag: String::new(),
        };
        let token = claim.token();
        assert_eq!((token.worker.as_str(), token.attempt), ("h:1:00000000", 2));
        assert!(claim.is(&token));
        assert!(!claim.is(&ClaimToken { attempt: 3, ..token.clone() }));
        assert!(!claim.is(&ClaimToken { worker: WorkerId::new("h:2:00000000"), ..token }));
        assert_eq!(serde_json::json!(claim).get("tag"), None, "an old claim has no tag");
    }
}
