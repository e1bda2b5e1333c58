//! Checks of a change in addition to verification: what an attempt must change, where it may change
//! files, and what it must not add.
//!
//! Pure: takes a change as data and returns findings. The caller decides from which tree the change
//! is taken, and what follows from a finding. Rules are rows of tables, so that supporting another
//! language means adding rows.

use crate::domain::{Finding, ReasonCode};
use crate::platform::fault::{self, Fault};

mod change;
mod declared;
mod files;
mod grants;
mod inline;
mod lines;
mod patches;
mod paths;
mod permitted;
mod rows;
mod rules;
mod starts;
mod steering;

pub(crate) use change::{ChangedFile, Line, What};
pub(crate) use declared::declared;
pub(crate) use grants::{Contract, Grants};
pub(crate) use inline::{may_have_tests, tests_of, with_tests_of};
pub(crate) use patches::may_patch;
pub(crate) use paths::{covers, is_check, is_test, may_be_hook};
pub(crate) use permitted::permitted;
pub(crate) use rules::{Denied, Frozen, Requires, Rules};
pub(crate) use starts::only_removes_tests;
pub(crate) use steering::{
    Part, Reach, Steering, Versions, reach_of_code, reach_of_test, steering, steering_part,
    tools_of,
};

/// Returns the reason code of an attempt with a finding of this code.
pub(crate) fn reason(code: &str) -> ReasonCode {
    match code {
        "nothing_changed" => ReasonCode::NothingChanged,
        "scope" => ReasonCode::Scope,
        "stub" => ReasonCode::StubAdded,
        "test_deleted" => ReasonCode::ItemsLost,
        _ => ReasonCode::Guardrail,
    }
}

/// The codes of all rules, as used in the configuration.
pub(crate) const CODES: &[&str] = &[
    "nothing_changed",
    "scope",
    "frozen",
    "test_skipped",
    "check_suppressed",
    "judge_patched",
    "test_detected",
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

/// Returns the findings in the lines and files of a change.
pub(crate) fn found(changed: &[ChangedFile], rules: &Rules, grants: &Grants) -> Vec<Finding> {
    if fault::is(Fault::GuardrailsDown) {
        return Vec::new();
    }
    let mut found = files::files(changed, rules, grants);
    found.extend(lines::lines(changed, rules));
    found
}

#[cfg(test)]
mod tests;
