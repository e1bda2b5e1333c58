//! How long a task takes, according to its file.

/// `effort`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is a size of the format")]
pub enum Effort {
    S,
    M,
    L,
    XL,
}

/// The estimate as the file gives it. The planner decides which part counts.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Estimate {
    /// `estimated_minutes`.
    pub minutes: Option<f64>,
    /// `estimated_hours`, low and high; equal for a single number.
    pub hours: Option<(f64, f64)>,
    /// `effort`.
    pub effort: Option<Effort>,
}
