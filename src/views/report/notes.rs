//! Records of journals besides attempts.

use crate::domain::HookPoint;

/// Something that happened in an attempt, or around a run.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Note {
    /// When, in milliseconds of the epoch.
    pub at: i64,
    /// The task, with the file name of its queue; `None` for a whole run.
    pub task: Option<(String, String)>,
    /// The event.
    pub what: Noted,
}

/// The kind of the event.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Noted {
    /// An attempt changed something that judges attempts.
    Tampered,
    /// A hook ran.
    Hook {
        /// The point at which it ran.
        point: HookPoint,
        /// Whether it vetoed.
        vetoed: bool,
        /// Whether it failed without a veto.
        failed: bool,
        /// How long it ran.
        millis: u64,
    },
}
