//! The steps of a landing that others can see, in their order; a proof stops after each of them.

/// A completed step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The intent is written into the entry.
    Intent,
    /// A checkout of the target has the new files.
    Checkout,
    /// The target was moved.
    Target,
    /// The move is recorded in the entry.
    Noted,
    /// A checkout of the target has the old files again.
    Back,
}

/// Receives each step; `true` ends the landing there, as a kill would.
pub(super) type Stop<'a> = &'a mut dyn FnMut(Step) -> bool;
