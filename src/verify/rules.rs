//! The configured requirements of a step and its profile, besides the command.

use super::report::Parser;
use crate::domain::Measured;
use std::path::PathBuf;

/// A number of the configuration; never NaN, so that rules can be compared.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limit(f64);

impl Limit {
    /// Returns `number` as a limit, unless it is NaN.
    pub fn new(number: f64) -> Option<Self> {
        number.is_finite().then_some(Self(number))
    }

    /// Returns the number.
    pub fn get(self) -> f64 {
        self.0
    }
}

impl Eq for Limit {}

/// The requirements of a step.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StepRules {
    /// The working directory, relative to the project root; `None` is the root itself.
    pub cwd: Option<PathBuf>,
    /// Globs of its inputs: the step is skipped if no matching file changed. Empty means all files.
    pub inputs: Vec<String>,
    /// Exit statuses after which a person must decide.
    pub blocked_exit_codes: Vec<i32>,
    /// Whether a failure is only a warning.
    pub allow_failure: bool,
    /// How often the step runs again after a failure.
    pub retries: u32,
    /// The absolute path of the folder that is laid over the judge tree while it runs. Only the
    /// name of the step and whether it passed are revealed.
    pub hidden: Option<PathBuf>,
    /// Steps of its profile that must come first.
    pub needs: Vec<String>,
    /// The number that it measures.
    pub measure: Option<MeasureRule>,
    /// The report that it writes.
    pub report: Option<ReportRule>,
}

impl StepRules {
    /// Returns whether its items are compared with those of a base. Hidden steps have no base,
    /// because it would reveal their items.
    pub fn has_items(&self) -> bool {
        self.report.is_some() && self.hidden.is_none()
    }
}

/// Where a step reports its items.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportRule {
    /// The format of the report.
    pub parser: Parser,
    /// The file that it writes, relative to its working directory; `None` means its output.
    pub file: Option<String>,
}

/// Where a number is read, and its limits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MeasureRule {
    /// How the number is found.
    pub how: How,
    /// The file that the step writes, relative to its working directory; `None` means its output.
    pub file: Option<String>,
    /// The minimum that passes.
    pub min: Option<Limit>,
    /// The maximum that passes.
    pub max: Option<Limit>,
    /// The unit of the number, for people.
    pub unit: Option<String>,
}

impl MeasureRule {
    /// Returns the limits in words.
    pub fn asked(&self) -> Option<String> {
        self.blank().asked()
    }

    /// Returns a measure without its number.
    pub(super) fn blank(&self) -> Measured {
        let [min, max] = [self.min, self.max].map(|limit| limit.map(Limit::get));
        Measured { value: None, min, max, unit: self.unit.clone(), file: self.file.clone() }
    }
}

/// How a number is found in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum How {
    /// The first group of a regular expression, or its whole match if it has no group.
    Regex(String),
    /// A pointer into a JSON document, as defined by RFC 6901.
    Pointer(String),
}

/// The requirements of a profile.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProfileRules {
    /// The name of the profile.
    pub name: String,
    /// Whether its steps run side by side.
    pub parallel: bool,
    /// Which failures count.
    pub baseline: Baseline,
    /// The services that its steps need.
    pub services: Vec<String>,
    /// How a step that passes only after a retry is judged.
    pub flaky: Flaky,
    /// Whether work that passed waits for a person's approval.
    pub review: bool,
    /// The consequence of a red gate.
    pub on_red: OnRed,
}

/// The consequence of a red gate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum OnRed {
    /// The gate is blocked, and a person must decide.
    #[default]
    Block,
    /// A task is created from the template of that name, and the gate waits for it.
    Task(String),
}

/// Which failures of items count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Baseline {
    /// All failures.
    #[default]
    Strict,
    /// Failures that the tree with which the work began does not have.
    NoNewFailures,
}

/// How a step that passed only after a retry is judged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Flaky {
    /// It passed, with a warning.
    #[default]
    Pass,
    /// It failed.
    Fail,
}

/// All rules of one step: its own, and those of its profile.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    /// The rules of the step.
    pub step: StepRules,
    /// The rules of its profile.
    pub profile: ProfileRules,
}
