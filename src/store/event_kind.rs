//! Maps transitions to the kinds of their journal events.

use crate::domain::{EventKind, Status, Transition};

/// Returns the kind of event that records `transition`.
pub(super) fn event_kind(transition: &Transition) -> EventKind {
    match transition {
        Transition::Claim(_) | Transition::Adopt(_) => EventKind::Claimed,
        Transition::Await(_) => EventKind::Verified,
        Transition::Complete(..)
        | Transition::Accept { completes: true, .. }
        | Transition::Done { .. }
        | Transition::Settle(Status::Complete, _) => EventKind::Completed,
        Transition::Fail { .. } | Transition::AwaitFix { .. } | Transition::Retry => {
            EventKind::Retried
        }
        Transition::GiveUp { .. }
        | Transition::Review(..)
        | Transition::Ask { .. }
        | Transition::Veto { .. }
        | Transition::Block { .. }
        | Transition::Settle(..) => EventKind::Blocked,
        Transition::Interrupt { .. } => EventKind::Interrupted,
        Transition::Lose => EventKind::AttemptLost,
        Transition::TakeOver => EventKind::StaleClaim,
        Transition::Approve { .. } | Transition::Accept { .. } => EventKind::Approved,
        Transition::Answer { .. } => EventKind::Answered,
        Transition::Reset => EventKind::Reset,
        Transition::Cancel => EventKind::Cancelled,
        Transition::Park => EventKind::Parked,
        Transition::Unpark => EventKind::Unparked,
        Transition::Release => EventKind::Released,
        Transition::Progress(_) => EventKind::Progress,
    }
}
