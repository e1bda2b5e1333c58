//! How an attempt ended, and the reason code of each end.

use crate::domain::{Outcome, ReasonCode, Verdict};

/// How an attempt ended, before files and times are filled in.
pub(super) struct End {
    pub(super) outcome: Outcome,
    pub(super) verdict: Option<Verdict>,
    pub(super) reason: Option<String>,
    pub(super) code: Option<ReasonCode>,
}

/// Returns the end of an attempt whose command did not end by itself, so that nothing is known
/// about the work.
pub(super) fn unknown(name: &str, outcome: Outcome) -> End {
    let reason = match &outcome {
        Outcome::Interrupted => outcome.to_string(),
        Outcome::Exited { .. }
        | Outcome::Signaled { .. }
        | Outcome::TimedOut { .. }
        | Outcome::Silent { .. }
        | Outcome::FailedToStart { .. }
        | Outcome::Lost => format!("{name}: {outcome}"),
    };
    let code = unknown_code(&outcome);
    End { outcome, verdict: None, reason: Some(reason), code }
}

/// Returns the code of an attempt about whose work nothing is known.
pub(super) fn unknown_code(outcome: &Outcome) -> Option<ReasonCode> {
    match outcome {
        Outcome::FailedToStart { .. } => Some(ReasonCode::Environment),
        Outcome::Lost => Some(ReasonCode::Crash),
        Outcome::Exited { .. }
        | Outcome::Signaled { .. }
        | Outcome::TimedOut { .. }
        | Outcome::Silent { .. }
        | Outcome::Interrupted => None,
    }
}

/// Returns the code of a command that failed: `otherwise`, unless a limit ended it.
pub(super) fn failed_code(outcome: &Outcome, otherwise: ReasonCode) -> ReasonCode {
    match outcome {
        Outcome::TimedOut { .. } => ReasonCode::Timeout,
        Outcome::Silent { .. } => ReasonCode::Silent,
        Outcome::Exited { .. }
        | Outcome::Signaled { .. }
        | Outcome::FailedToStart { .. }
        | Outcome::Interrupted
        | Outcome::Lost => otherwise,
    }
}

/// Returns the end of an attempt whose task cannot be run: a person must change the task.
pub(super) fn unfit(code: ReasonCode, reason: String) -> End {
    let outcome = Outcome::FailedToStart { reason: reason.clone() };
    End { outcome, verdict: Some(Verdict::Blocked), reason: Some(reason), code: Some(code) }
}

/// Returns the end of an attempt that lacks something other than the task.
pub(super) fn environment(reason: String) -> End {
    let outcome = Outcome::FailedToStart { reason: reason.clone() };
    let code = Some(ReasonCode::Environment);
    End { outcome, verdict: None, reason: Some(reason), code }
}

/// Returns the first line of a text, for fields that people read in a list.
pub(super) fn one_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}
