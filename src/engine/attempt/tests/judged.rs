//! Verifications without an attempt: `done --verify` and `verify`.

use super::case::{CONFIG, Case};
use crate::store::attempts::NO_ATTEMPT;
use serde_json::json;

#[test]
fn a_verification_without_an_attempt_needs_no_agent() {
    let unknown = || {
        let strict = format!("[agents]\nstrict = true\n{CONFIG}");
        Case::of(&strict).task(json!({"agent": "nobody"}))
    };
    let none = Case::of("[[verify]]\nname = \"check\"\nrun = [\"check\"]\n");
    for (mut case, what) in [(none, "none is configured"), (unknown(), "the task names no agent")] {
        case.attempt(NO_ATTEMPT);
        let job = case.prepared();
        assert!(job.agent.is_none() && job.refusal.is_none(), "{what}");
    }
    let refusal = unknown().prepared().refusal.map(|refusal| refusal.reason);
    assert_eq!(refusal.as_deref(), Some("unknown agent nobody; there are: default"));
}
