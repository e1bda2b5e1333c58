//! Where a task gives its state.
//!
//! A task with a `status` says it there. Other tools have no such key and write the state into
//! `state`, a word as well, or into `passes`, `done` or `completed`, which are true or false. Each
//! task says by itself where its state is: if the list decided, one `status` that somebody adds
//! would make all finished work beside it pending again.

use super::field_span::FieldSpan;
use crate::domain::{Field, Status};
use crate::platform::fault::{self, Fault};
use crate::queue::json::kind::Kind;

/// The key under which a state is.
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
    /// In the order in which they count; [`Home::Status`] counts whatever it holds.
    pub(crate) const ALL: [Self; 5] =
        [Self::Status, Self::State, Self::Passes, Self::Done, Self::Completed];

    /// The key.
    pub(crate) fn key(self) -> &'static str {
        match self {
            Self::Status => "status",
            Self::State => "state",
            Self::Passes => "passes",
            Self::Done => "done",
            Self::Completed => "completed",
        }
    }

    /// Whether the state is true or false there.
    pub(crate) fn is_flag(self) -> bool {
        matches!(self, Self::Passes | Self::Done | Self::Completed)
    }

    /// The home whose key has this spelling.
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

    /// Whether the value `raw` under this key can be a state.
    pub(crate) fn takes(self, raw: &str) -> bool {
        match self {
            Self::Status => raw != "null",
            Self::State => Kind::of(raw) == Kind::String,
            Self::Passes | Self::Done | Self::Completed => {
                Kind::of(raw) == Kind::Bool && !fault::is(Fault::FlagUnread)
            }
        }
    }

    /// Where the task `text` with the fields `spans` gives its state, and which field that is.
    pub(crate) fn find<'s>(text: &str, spans: &'s [FieldSpan]) -> Option<(Self, &'s FieldSpan)> {
        let homes = spans.iter().filter_map(|span| Some((Self::of_span(span)?, span)));
        let raw = |span: &FieldSpan| &text[span.start as usize..span.end as usize];
        homes.filter(|(home, span)| home.takes(raw(span))).min_by_key(|(home, _)| *home as u8)
    }
}

/// The state that a flag stands for.
pub(crate) fn of_flag(is_done: bool) -> Status {
    if is_done { Status::Complete } else { Status::Pending }
}

/// Whether a flag can say this state.
pub(crate) fn fits_flag(status: Status) -> bool {
    matches!(status, Status::Pending | Status::Complete)
}
