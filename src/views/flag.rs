//! A red flag, as plain data.

use serde::Serialize;

/// The number of failures of one task that makes a flag.
pub(crate) const REPEATED: usize = 3;
/// The factor by which a task must exceed its estimate.
pub(crate) const SLOW: f64 = 3.0;

/// The rule that found a flag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FlagKind {
    /// A deadline passed, or was not met.
    Late,
    /// Attempts at one task fail again and again.
    RepeatedFailures,
    /// A task takes much longer than estimated.
    Slow,
    /// A task passed after failed attempts: its verification may be flaky.
    PassedAfterFailures,
    /// Most attempts fail.
    Failing,
}

impl FlagKind {
    /// Returns the kind in words for people.
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
    /// The task, if the flag is about one.
    pub task: Option<String>,
    /// The description, in words.
    pub text: String,
}
