//! How much of a run is printed.

use crate::cli::args::GlobalArgs;

/// How much of a run is printed, in increasing order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::cli) enum Said {
    /// Only failures.
    Less,
    /// Also how each attempt ended.
    Usual,
    /// Also each stage of an attempt.
    More,
    /// Also more output of failed steps.
    Most,
}

impl Said {
    /// Returns the level for the global flags.
    pub(in crate::cli) fn of(global: &GlobalArgs) -> Self {
        match (global.quiet, global.verbose) {
            (true, _) => Self::Less,
            (false, 0) => Self::Usual,
            (false, 1) => Self::More,
            (false, _) => Self::Most,
        }
    }

    /// Returns how many lines of a failed step are printed.
    pub(super) fn lines(self) -> usize {
        match self {
            Self::Less | Self::Usual => 5,
            Self::More => 20,
            Self::Most => 100,
        }
    }
}
