//! The ways in which what a loop started ends.

/// How an attempt or a landing ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// Its work passes; the change of a landing is on the target.
    Passes,
    /// Its work fails; the change of a landing does not merge.
    Fails,
    /// Its agent asks a person a question; a person is in the way of a landing.
    Asks,
    /// Its supervisor vanishes.
    Lost,
    /// The change of a landing is on the target, and nobody reports that.
    Moved,
    /// Its loop ends it.
    Interrupted,
}
