//! What a step of a verification came to, beyond how its command ended: pure data.

use super::items::Items;
use super::reason::ReasonCode;
use super::verdict::Verdict;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Why a step failed that may not be flaky.
const FLAKY: &str = "flaky: it passed only when it ran again";

/// What a step says of the work.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Checked {
    /// PASS, FAIL, BLOCKED, or SKIPPED where it did not run; `None` for an agent, and where nothing
    /// is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Verdict>,
    /// Why, where the end of the command does not say it: `coverage is 71 %, and the least is 80 %`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// The same as a code, where it is not that of a failed step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<ReasonCode>,
    /// Whether it may fail: a failure is a warning then.
    #[serde(default, skip_serializing_if = "is_false")]
    pub allowed: bool,
    /// Whether it is hidden: nothing else is told of it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub hidden: bool,
    /// How often it ran again after a failure.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub retried: u32,
    /// What was measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measure: Option<Measured>,
    /// What its report says, item by item.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub items: Option<Items>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks with a reference")]
fn is_false(flag: &bool) -> bool {
    !flag
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks with a reference")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

impl Checked {
    /// Whether nothing is said.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether it passed only when it ran again, whatever that counts for.
    pub fn is_flaky(&self) -> bool {
        let is_refused = self.why.as_deref() == Some(FLAKY);
        self.retried > 0 && (self.verdict == Some(Verdict::Pass) || is_refused)
    }

    /// Lets it fail because it passed only when it ran again.
    pub fn refuse_flaky(&mut self) {
        self.verdict = Some(Verdict::Fail);
        self.why = Some(FLAKY.to_owned());
    }
}

/// A number that a step measured, beside what it must be.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// The number; `None` where it could not be read.
    pub value: Option<f64>,
    /// The least that passes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<f64>,
    /// The most that passes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<f64>,
    /// Its unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// The file that it was read from; `None` for what the step printed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
}

impl Measured {
    fn with_unit(&self, number: f64) -> String {
        match &self.unit {
            Some(unit) => format!("{number} {unit}"),
            None => number.to_string(),
        }
    }

    /// The number with its unit.
    pub fn shown(&self) -> String {
        self.value.map_or_else(|| "not readable".to_owned(), |value| self.with_unit(value))
    }

    /// Whether it is what it must be; what cannot be read is not.
    pub fn is_enough(&self) -> bool {
        self.value.is_some_and(|value| {
            self.min.is_none_or(|min| value >= min) && self.max.is_none_or(|max| value <= max)
        })
    }

    /// What it must be, in words; nothing where any value will do.
    pub fn asked(&self) -> Option<String> {
        match (self.min, self.max) {
            (None, None) => None,
            (Some(min), None) => Some(format!("at least {}", self.with_unit(min))),
            (None, Some(max)) => Some(format!("at most {}", self.with_unit(max))),
            (Some(min), Some(max)) => Some(format!("{min} to {}", self.with_unit(max))),
        }
    }
}

impl fmt::Display for Measured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown())?;
        if let Some(asked) = self.asked() {
            write!(f, " ({asked})")?;
        }
        if let Some(file) = &self.file {
            write!(f, " from {file}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_measure_is_said_with_what_it_must_be() {
        let plain = Measured { value: Some(71.5), ..Measured::default() };
        assert_eq!(plain.to_string(), "71.5");
        let unit = Some("%".to_owned());
        let least = Measured { min: Some(80.0), unit, ..plain.clone() };
        assert_eq!(least.to_string(), "71.5 % (at least 80 %)");
        let both = Measured { max: Some(90.0), file: Some("c.json".into()), ..least };
        assert_eq!(both.to_string(), "71.5 % (80 to 90 %) from c.json");
        let none = Measured { max: Some(1.0), ..Measured::default() };
        assert_eq!(none.to_string(), "not readable (at most 1)");
    }
}
