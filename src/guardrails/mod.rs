//! What an attempt may do to the project besides passing its verification: what it has to change, where,
//! and what it must not add.
//!
//! Pure: a change comes in as data, findings go out. Which tree a change is taken from, and what
//! runs because of a finding, is the caller's business. Rules are rows of tables, so that a language
//! more is a row more.

use crate::domain::{Finding, ReasonCode};
use crate::platform::fault::{self, Fault};

mod change;
mod declared;
mod files;
mod grants;
mod lines;
mod paths;
mod rows;
mod rules;
mod steering;

pub use change::{ChangedFile, Line, What};
pub use declared::declared;
pub use grants::{Contract, Grants};
pub use paths::{Language, covers, is_check, is_test, may_be_hook};
pub use rules::{Denied, Frozen, Requires, Rules};
pub use steering::{Part, Reach, Steering, reach_of_test, steering, steering_part, tools_of};

/// What a finding of that code means for the attempt, as a reason.
pub fn reason(code: &str) -> ReasonCode {
    match code {
        "nothing_changed" => ReasonCode::NothingChanged,
        "scope" => ReasonCode::Scope,
        "stub" => ReasonCode::StubAdded,
        "test_deleted" => ReasonCode::ItemsLost,
        _ => ReasonCode::Guardrail,
    }
}

/// The codes of all rules, which the configuration names.
pub const CODES: &[&str] = &[
    "nothing_changed",
    "scope",
    "frozen",
    "test_skipped",
    "check_suppressed",
    "stub",
    "error_swallowed",
    "hooks_skipped",
    "secret",
    "conflict_marker",
    "test_deleted",
    "threshold_lowered",
    "large_file",
    "binary_file",
    "denied",
];

/// What is found in the lines and the files of a change.
pub fn found(changed: &[ChangedFile], rules: &Rules, grants: &Grants) -> Vec<Finding> {
    if fault::is(Fault::GuardrailsDown) {
        return Vec::new();
    }
    let mut found = files::files(changed, rules, grants);
    found.extend(lines::lines(changed, rules));
    found
}
