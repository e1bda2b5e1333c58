//! What a step and its profile ask for besides a command, as configured.

use super::report::Parser;
use crate::domain::Measured;
use std::path::PathBuf;

/// A number of the configuration; never NaN, so that rules can be compared.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limit(f64);

impl Limit {
    /// `number`, if it is one.
    pub fn new(number: f64) -> Option<Self> {
        number.is_finite().then_some(Self(number))
    }

    /// The number.
    pub fn get(self) -> f64 {
        self.0
    }
}

impl Eq for Limit {}

/// What a step asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StepRules {
    /// Where it runs, as seen from the project root; there itself without one.
    pub cwd: Option<PathBuf>,
    /// Globs of what it looks at: where nothing of that changed it does not run. Empty: everything.
    pub inputs: Vec<String>,
    /// Exit statuses after which a person must look.
    pub blocked_exit_codes: Vec<i32>,
    /// Whether a failure is a warning and no more.
    pub allow_failure: bool,
    /// How often it runs again after a failure.
    pub retries: u32,
    /// The folder that lies over the judge tree while it runs, absolute: nothing of it is told but the
    /// step's name and whether it passed.
    pub hidden: Option<PathBuf>,
    /// Steps of its profile that come first.
    pub needs: Vec<String>,
    /// The number that it measures.
    pub measure: Option<MeasureRule>,
    /// The report that it writes.
    pub report: Option<ReportRule>,
}

impl StepRules {
    /// Whether its items are compared with those of a base: what hidden steps say is told to nobody.
    pub fn has_items(&self) -> bool {
        self.report.is_some() && self.hidden.is_none()
    }
}

/// Where a step tells its items.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportRule {
    /// In which form.
    pub parser: Parser,
    /// The file that it writes, as seen from where it runs; else what it prints.
    pub file: Option<String>,
}

/// Where a number is read, and what it must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MeasureRule {
    /// How it is found.
    pub how: How,
    /// The file that the step writes, as seen from where it runs; else what it prints.
    pub file: Option<String>,
    /// The least that passes.
    pub min: Option<Limit>,
    /// The most that passes.
    pub max: Option<Limit>,
    /// Its unit.
    pub unit: Option<String>,
}

impl MeasureRule {
    /// What a number must be, in words.
    pub fn asked(&self) -> Option<String> {
        self.blank().asked()
    }

    /// A measure without its number.
    pub(super) fn blank(&self) -> Measured {
        let [min, max] = [self.min, self.max].map(|limit| limit.map(Limit::get));
        Measured { value: None, min, max, unit: self.unit.clone(), file: self.file.clone() }
    }
}

/// How a number is found in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum How {
    /// The first group of a regular expression, or all that it matches.
    Regex(String),
    /// A pointer into a JSON document, as RFC 6901 has it.
    Pointer(String),
}

/// What a profile asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProfileRules {
    /// Its name.
    pub name: String,
    /// Whether its steps run side by side.
    pub parallel: bool,
    /// Which failures count.
    pub baseline: Baseline,
    /// The services that its steps need.
    pub services: Vec<String>,
    /// What passing only on a further run means.
    pub flaky: Flaky,
    /// Whether work that passed waits for a person's yes.
    pub review: bool,
    /// What a red gate leads to.
    pub on_red: OnRed,
}

/// What a red gate leads to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum OnRed {
    /// It is blocked, and a person must look.
    #[default]
    Block,
    /// A task is made of the template of that name, and the gate waits for it.
    Task(String),
}

/// Which failures of items count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Baseline {
    /// Each.
    #[default]
    Strict,
    /// Those that the tree does not have that the work began with.
    NoNewFailures,
}

/// What it means that a step passed only when it ran again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Flaky {
    /// It passed, and that is noted.
    #[default]
    Pass,
    /// It failed.
    Fail,
}

/// All that holds for one step: its own rules, and those of its profile.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    /// Of the step.
    pub step: StepRules,
    /// Of its profile.
    pub profile: ProfileRules,
}
