//! The steps of a landing that others can see, in their order: what a proof stops after.

/// A step that was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// What is to be done is in the entry.
    Intent,
    /// A checkout of the target has the new files.
    Checkout,
    /// The target was moved.
    Target,
    /// That it was moved is in the entry.
    Noted,
    /// A checkout of the target has the old files again.
    Back,
}

/// Hears of each step; `true` ends the landing there, as a kill would.
pub(super) type Stop<'a> = &'a mut dyn FnMut(Step) -> bool;
