//! Finds where a task stores its state.
//!
//! A task with a `status` stores it there. Other tools have no such key and write the state to
//! `state`, which is also a word, or to `passes`, `done` or `completed`, which are true or false.
//! This is decided for each task separately: if it were decided for the whole list, adding one
//! `status` would make all finished work in it pending again.

use super::field_span::FieldSpan;
use crate::domain::{Field, Status};
use crate::platform::fault::{self, Fault};
use crate::queue::json::kind::Kind;

/// The key under which a task stores its state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Home {
    /// `status`, a word.
    Status,
    /// `state`, a word.
    State,
    /// `passes`, true or false.
    Passes,
    /// `done`, true or false.
    Done,
    /// `completed`, true or false.
    Completed,
}

impl Home {
    /// All homes in order of precedence. [`Home::Status`] counts whatever its value is.
    pub(crate) const ALL: [Self; 5] =
        [Self::Status, Self::State, Self::Passes, Self::Done, Self::Completed];

    /// Returns the key.
    pub(crate) fn key(self) -> &'static str {
        match self {
            Self::Status => "status",
            Self::State => "state",
            Self::Passes => "passes",
            Self::Done => "done",
            Self::Completed => "completed",
        }
    }

    /// Returns whether the state under this key is true or false.
    pub(crate) fn is_flag(self) -> bool {
        matches!(self, Self::Passes | Self::Done | Self::Completed)
    }

    /// Returns the home whose key has this spelling.
    fn of_span(span: &FieldSpan) -> Option<Self> {
        match (span.field, span.spelling) {
            (Field::Passes, _) => Some(Self::Passes),
            (Field::Status, spelling) => {
                let key = Field::Status.spellings().get(usize::from(spelling))?;
                Self::ALL.into_iter().find(|home| home.key() == *key)
            }
            _ => None,
        }
    }

    /// Returns whether the value `raw` under this key can be a state.
    pub(crate) fn takes(self, raw: &str) -> bool {
        match self {
            Self::Status => raw != "null",
            Self::State => Kind::of(raw) == Kind::String,
            Self::Passes | Self::Done | Self::Completed => {
                Kind::of(raw) == Kind::Bool && !fault::is(Fault::FlagUnread)
            }
        }
    }

    /// Returns where the task `text` with the fields `spans` stores its state, and the span of that
    /// field.
    pub(crate) fn find<'s>(text: &str, spans: &'s [FieldSpan]) -> Option<(Self, &'s FieldSpan)> {
        let homes = spans.iter().filter_map(|span| Some((Self::of_span(span)?, span)));
        let raw = |span: &FieldSpan| &text[span.start as usize..span.end as usize];
        homes.filter(|(home, span)| home.takes(raw(span))).min_by_key(|(home, _)| *home as u8)
    }
}

/// Returns the state that a flag represents.
pub(crate) fn of_flag(is_done: bool) -> Status {
    if is_done { Status::Complete } else { Status::Pending }
}

/// Returns whether a flag can represent this state.
pub(crate) fn fits_flag(status: Status) -> bool {
    matches!(status, Status::Pending | Status::Complete)
}
