//! The number of a slot.

use std::fmt;

/// A slot of a loop: a place for one attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct SlotIx(usize);

impl SlotIx {
    /// Returns the slot with this number, counted from 0.
    pub(crate) fn new(index: usize) -> Self {
        Self(index)
    }

    /// Returns its number, counted from 0.
    pub(crate) fn index(self) -> usize {
        self.0
    }
}

impl fmt::Display for SlotIx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
