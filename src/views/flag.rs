//! A red flag, as plain data.

use serde::Serialize;

/// So many failures of one task are worth a look.
pub const REPEATED: usize = 3;
/// By how much a task takes longer than estimated.
pub const SLOW: f64 = 3.0;

/// Which rule found a flag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FlagKind {
    /// A deadline passed, or was not met.
    Late,
    /// Attempts at one task fail again and again.
    RepeatedFailures,
    /// A task takes much longer than estimated.
    Slow,
    /// A task passed after attempts at it had failed: what judges it may be chance.
    PassedAfterFailures,
    /// Most attempts fail.
    Failing,
}

impl FlagKind {
    /// The kind in words for people.
    pub fn words(self) -> &'static str {
        match self {
            Self::Late => "late",
            Self::RepeatedFailures => "repeated failures",
            Self::Slow => "slow",
            Self::PassedAfterFailures => "passed after failures",
            Self::Failing => "failing",
        }
    }
}

/// Something that a person should look at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Flag {
    /// Which rule found it.
    pub kind: FlagKind,
    /// The task, where it is about one.
    pub task: Option<String>,
    /// What it is, in words.
    pub text: String,
}
