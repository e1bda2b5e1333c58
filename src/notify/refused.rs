//! A delivery that did not arrive.

use std::time::Duration;

/// Why a delivery did not arrive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refused {
    /// Whether it is retried.
    pub(super) again: bool,
    /// The minimum pause before a retry, if the service requested one.
    pub(super) after: Option<Duration>,
    /// The reason, in words.
    pub(super) why: String,
}

impl Refused {
    /// Creates an error that is retried.
    pub(super) fn again(why: String) -> Self {
        Self { again: true, after: None, why }
    }

    /// Creates an error that is permanent.
    pub(super) fn for_good(why: String) -> Self {
        Self { again: false, ..Self::again(why) }
    }
}
