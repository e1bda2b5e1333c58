//! What journals tell besides attempts.

use crate::domain::HookPoint;

/// Something that happened in an attempt, or around a run.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Note {
    /// When, in milliseconds of the epoch.
    pub at: i64,
    /// The task, with the file name of its queue; `None` of a whole run.
    pub task: Option<(String, String)>,
    /// What.
    pub what: Noted,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Noted {
    /// Something that judges attempts was changed by one.
    Tampered,
    /// A hook ran.
    Hook {
        /// Which one.
        point: HookPoint,
        /// Whether it said no.
        vetoed: bool,
        /// Whether it failed without a say.
        failed: bool,
        /// For how long it ran.
        millis: u64,
    },
}
