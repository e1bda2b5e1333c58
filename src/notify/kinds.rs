//! Maps events of the journal to the events that channels subscribe to.

use crate::config::NotifyEvent;
use crate::domain::{Event, EventKind, ReasonCode};
use serde_json::Value;

/// Returns the channel events that match a journal event, the most specific first; none for
/// intermediate steps.
pub(super) fn kinds(event: &Event) -> &'static [NotifyEvent] {
    use NotifyEvent as On;
    match event.event {
        EventKind::Blocked if asks(event) => &[On::NeedsYou, On::Blocked],
        EventKind::Blocked => &[On::Blocked, On::NeedsYou],
        // A change in review: no other event reports it before it lands.
        EventKind::Verified if asks(event) => &[On::NeedsYou],
        EventKind::Completed => &[On::Complete],
        EventKind::Retried if event.worker.is_some() => &[On::Failed],
        EventKind::Interrupted | EventKind::AttemptLost | EventKind::StaleClaim => &[On::Lost],
        EventKind::Landed => &[On::Landed],
        EventKind::Added => &[On::Added],
        EventKind::Tampered | EventKind::Restored => &[On::Tampered],
        EventKind::UsageLimit | EventKind::Budget => &[On::Limit],
        EventKind::Silent => &[On::Silent],
        EventKind::LoopStarted => &[On::RunStarted],
        EventKind::LoopFinished => &[On::RunFinished],
        EventKind::Retried
        | EventKind::Claimed
        | EventKind::AttemptStarted
        | EventKind::AgentFinished
        | EventKind::Verified
        | EventKind::Released
        | EventKind::ExternalEdit
        | EventKind::Parked
        | EventKind::Unparked
        | EventKind::Reset
        | EventKind::Answered
        | EventKind::Cancelled
        | EventKind::Paused
        | EventKind::Resumed
        | EventKind::Stopped
        | EventKind::Progress
        | EventKind::Approved
        | EventKind::Edited
        | EventKind::Hook
        | EventKind::Other => &[],
    }
}

/// Returns whether the event asks a person for something, rather than reports a failure.
fn asks(event: &Event) -> bool {
    let code = event.data.get("reason_code").cloned().unwrap_or(Value::Null);
    let code = serde_json::from_value::<ReasonCode>(code).ok();
    matches!(
        code,
        Some(
            ReasonCode::Question
                | ReasonCode::Impossible
                | ReasonCode::Contradiction
                | ReasonCode::Review
        )
    )
}
