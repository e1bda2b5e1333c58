//! How much of a run is told.

use crate::cli::args::GlobalArgs;

/// How much of a run is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::cli) enum Said {
    /// What went wrong.
    Less,
    /// How each attempt ended.
    Usual,
    /// Each step of it, too.
    More,
    /// And more of what failed steps printed.
    Most,
}

impl Said {
    /// As the flags of every verb say.
    pub(in crate::cli) fn of(global: &GlobalArgs) -> Self {
        match (global.quiet, global.verbose) {
            (true, _) => Self::Less,
            (false, 0) => Self::Usual,
            (false, 1) => Self::More,
            (false, _) => Self::Most,
        }
    }

    /// How many lines of a failed step are shown.
    pub(super) fn lines(self) -> usize {
        match self {
            Self::Less | Self::Usual => 5,
            Self::More => 20,
            Self::Most => 100,
        }
    }
}
