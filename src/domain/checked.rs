//! The judgement of a verification step, beyond how its command ended. Pure data.

use super::items::Items;
use super::outcome::Outcome;
use super::reason::ReasonCode;
use super::verdict::Verdict;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Why a step failed that is not allowed to be flaky.
const FLAKY: &str = "flaky: it passed only when it ran again";

/// What a step reports about the work.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Checked {
    /// PASS, FAIL or BLOCKED, or SKIPPED if the step did not run. `None` for an agent, and if
    /// nothing is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Verdict>,
    /// The reason, if the exit status does not explain it:
    /// `coverage is 71 %, and the least is 80 %`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// The reason as a code, if it differs from that of a failed step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<ReasonCode>,
    /// Whether the step is allowed to fail. A failure is only a warning then.
    #[serde(default, skip_serializing_if = "is_false")]
    pub allowed: bool,
    /// Whether the step is hidden. No details of it are reported then.
    #[serde(default, skip_serializing_if = "is_false")]
    pub hidden: bool,
    /// How often the step was run again after a failure.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub retried: u32,
    /// What the step measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measure: Option<Measured>,
    /// The contents of its report, item by item.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub items: Option<Items>,
    /// The services that it needs and that ended while it ran.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<EndedService>,
}

/// A service that ended while a step needed it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EndedService {
    /// Its name in the configuration.
    pub name: String,
    /// How it ended.
    pub outcome: Outcome,
    /// The last line that it printed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<String>,
    /// File name of its output inside the attempt folder.
    pub log: String,
}

impl EndedService {
    /// Describes how it ended, with the last line that it printed.
    pub fn how(&self) -> String {
        match &self.last {
            Some(last) => format!("{} (last line: {last})", self.outcome),
            None => self.outcome.to_string(),
        }
    }
}

impl fmt::Display for EndedService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "service {} ended while the step ran: {}", self.name, self.how())
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_false(flag: &bool) -> bool {
    !flag
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

impl Checked {
    /// Returns whether nothing is recorded.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Returns whether something outside killed the services without which the step failed, which
    /// says nothing about the work.
    pub fn lost_its_services(&self) -> bool {
        let mut services = self.services.iter();
        !self.services.is_empty() && services.all(|one| one.outcome.is_ended_from_outside())
    }

    /// Returns whether the step passed only when it was run again, whether or not that is accepted.
    pub fn is_flaky(&self) -> bool {
        let is_refused = self.why.as_deref() == Some(FLAKY);
        self.retried > 0 && (self.verdict == Some(Verdict::Pass) || is_refused)
    }

    /// Fails the step because services that it needs ended while it ran, whatever it reports: a step
    /// that passes without its service may have tested nothing. Does nothing if none did, or if
    /// nothing is known about the work.
    pub fn fail_without(&mut self, services: Vec<EndedService>, outcome: &Outcome) {
        let is_known = !matches!(self.verdict, Some(Verdict::Skipped) | None);
        if services.is_empty() || !is_known {
            return;
        }
        let ended = self.why.take().unwrap_or_else(|| outcome.to_string());
        let texts: Vec<String> = services.iter().map(ToString::to_string).collect();
        let passed = self.verdict == Some(Verdict::Pass);
        let but = if passed { ", but" } else { ";" };
        self.why = Some(format!("{ended}{but} {}", texts.join("; ")));
        if passed {
            self.verdict = Some(Verdict::Fail);
        }
        self.services = services;
    }

    /// Fails the step because it passed only when it was run again.
    pub fn refuse_flaky(&mut self) {
        self.verdict = Some(Verdict::Fail);
        self.why = Some(FLAKY.to_owned());
    }
}

/// A number that a step measured, with its required range.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// The number. `None` if it could not be read.
    pub value: Option<f64>,
    /// The smallest value that passes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<f64>,
    /// The largest value that passes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<f64>,
    /// The unit of the number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// The file that the number was read from. `None` if it was read from the output of the step.
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

    /// Returns the number with its unit.
    pub fn shown(&self) -> String {
        self.value.map_or_else(|| "not readable".to_owned(), |value| self.with_unit(value))
    }

    /// Returns whether the number is in its required range. A number that could not be read is not.
    pub fn is_enough(&self) -> bool {
        self.value.is_some_and(|value| {
            self.min.is_none_or(|min| value >= min) && self.max.is_none_or(|max| value <= max)
        })
    }

    /// Describes the required range. Returns `None` if any value passes.
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

    use serde_json::json;

    #[test]
    fn only_what_is_known_is_stored() {
        assert_eq!(json!(Checked::default()), json!({}));
        assert!(Checked::default().is_empty());
        let full = Checked { allowed: true, hidden: true, retried: 2, ..Checked::default() };
        assert!(!full.is_empty());
        assert_eq!(json!(full), json!({"allowed": true, "hidden": true, "retried": 2}));
        assert_eq!(serde_json::from_value::<Checked>(json!(full)).unwrap(), full);
    }

    #[test]
    fn a_step_without_its_service_fails_whatever_it_reports() {
        let service = EndedService {
            name: "db".to_owned(),
            outcome: Outcome::Exited { code: 1 },
            last: Some("out of memory".to_owned()),
            log: "service-db.out".to_owned(),
        };
        let text = "service db ended while the step ran: exit status 1 (last line: out of memory)";
        for (verdict, why, after, said) in [
            (
                Some(Verdict::Pass),
                None,
                Some(Verdict::Fail),
                Some(format!("exit status 0, but {text}")),
            ),
            (Some(Verdict::Fail), Some("x"), Some(Verdict::Fail), Some(format!("x; {text}"))),
            (Some(Verdict::Blocked), Some("x"), Some(Verdict::Blocked), Some(format!("x; {text}"))),
            (Some(Verdict::Skipped), Some("x"), Some(Verdict::Skipped), Some("x".to_owned())),
            (None, None, None, None),
        ] {
            let why = why.map(str::to_owned);
            let mut checked = Checked { verdict, why: why.clone(), ..Checked::default() };
            checked.fail_without(Vec::new(), &Outcome::Exited { code: 0 });
            assert_eq!((checked.verdict, &checked.why), (verdict, &why));
            checked.fail_without(vec![service.clone()], &Outcome::Exited { code: 0 });
            assert_eq!((checked.verdict, checked.why), (after, said));
        }
    }

    #[test]
    fn services_that_something_outside_killed_say_nothing_about_the_work() {
        let ended = |outcomes: &[Outcome]| {
            let one = |outcome: &Outcome| EndedService {
                name: "db".to_owned(),
                outcome: outcome.clone(),
                last: None,
                log: "service-db.out".to_owned(),
            };
            let services = outcomes.iter().map(one).collect();
            Checked { services, ..Checked::default() }.lost_its_services()
        };
        let [killed, crashed] = [9, 11].map(|signal| Outcome::Signaled { signal });
        let exited = Outcome::Exited { code: 1 };
        for (outcomes, lost) in [
            (vec![], false),
            (vec![killed.clone()], true),
            (vec![killed.clone(), killed.clone()], true),
            (vec![crashed], false),
            (vec![exited.clone()], false),
            (vec![killed.clone(), exited], false),
            (vec![Outcome::Lost, killed], false),
        ] {
            assert_eq!(ended(&outcomes), lost, "{outcomes:?}");
        }
    }

    #[test]
    fn a_service_is_told_with_the_last_line_that_it_printed() {
        let outcome = Outcome::Signaled { signal: 9 };
        let (name, log) = ("db".to_owned(), String::new());
        let silent = EndedService { name, outcome, last: None, log };
        assert_eq!(silent.how(), "ended by signal 9");
        let said = "service db ended while the step ran: ended by signal 9";
        assert_eq!(silent.to_string(), said);
        let last = Some("killed: out of memory".to_owned());
        let told = EndedService { last, ..silent };
        assert_eq!(told.to_string(), format!("{said} (last line: killed: out of memory)"));
    }

    #[test]
    fn a_step_is_flaky_if_it_passed_only_later() {
        let flaky = |verdict, retried| Checked { verdict, retried, ..Checked::default() };
        assert!(flaky(Some(Verdict::Pass), 1).is_flaky());
        assert!(!flaky(Some(Verdict::Pass), 0).is_flaky());
        assert!(!flaky(Some(Verdict::Fail), 1).is_flaky());
        let mut refused = flaky(Some(Verdict::Pass), 1);
        refused.refuse_flaky();
        assert_eq!(refused.verdict, Some(Verdict::Fail));
        assert!(refused.is_flaky());
        refused.retried = 0;
        assert!(!refused.is_flaky());
    }

    #[test]
    fn the_ends_of_a_range_are_enough() {
        let (min, max) = (Some(2.0), Some(4.0));
        for (value, min, max, enough) in [
            (None, None, None, false),
            (Some(1.9), None, None, true),
            (Some(1.9), min, max, false),
            (Some(2.0), min, max, true),
            (Some(4.0), min, max, true),
            (Some(4.1), min, max, false),
            (Some(4.1), min, None, true),
            (Some(1.9), None, max, true),
        ] {
            let measured = Measured { value, min, max, ..Measured::default() };
            assert_eq!(measured.is_enough(), enough, "{measured}");
        }
    }
}
