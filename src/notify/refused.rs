//! A delivery that did not arrive.

use std::time::Duration;

/// Why a delivery did not arrive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refused {
    /// Whether it is tried again.
    pub(super) again: bool,
    /// Not before so long, if that was said.
    pub(super) after: Option<Duration>,
    /// Why, in words.
    pub(super) why: String,
}

impl Refused {
    /// It may arrive later.
    pub(super) fn again(why: String) -> Self {
        Self { again: true, after: None, why }
    }

    /// It would not arrive later either.
    pub(super) fn for_good(why: String) -> Self {
        Self { again: false, ..Self::again(why) }
    }
}
