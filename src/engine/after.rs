//! What becomes of a task after an attempt.

use crate::domain::{AttemptReport, Transition};

/// What became of an attempt.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum After {
    Complete,
    Again(String),
    Blocked(String),
    /// A person must answer; no failure.
    Asked(String),
    Interrupted(String),
    /// The task is not ours any more; the result stays in the attempt folder.
    Lost(String),
}

impl After {
    /// What `transition`, made because of `report`, means for a person.
    pub(super) fn of(transition: &Transition, report: &AttemptReport) -> Self {
        if let Transition::GiveUp { reason, .. } = transition {
            Self::Blocked(reason.clone())
        } else if let Transition::Ask { reason } = transition {
            Self::Asked(reason.clone())
        } else if let Transition::Interrupt { reason } = transition {
            Self::Interrupted(reason.clone())
        } else if matches!(transition, Transition::Complete(..)) {
            Self::Complete
        } else {
            Self::Again(report.reason.clone().unwrap_or_default())
        }
    }
}
