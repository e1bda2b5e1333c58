//! Which known errors a failed attempt met: by what its failed command printed, and by its reason.

use super::job::Job;
use crate::agent::bound_file;
use crate::config::KnownErrorRule;
use crate::domain::{AttemptReport, KnownError, StepKind, Verdict};
use crate::store::attempts::AGENT_ERR;
use regex::RegexBuilder;

/// How much of an output is looked at: its head and its tail.
const LOOKED_AT: usize = 1 << 20;

/// Those of `rules` that `report` met.
pub(super) fn met(job: &Job, report: &AttemptReport) -> Vec<KnownError> {
    let is_failure = matches!(report.verdict, Some(Verdict::Fail | Verdict::Blocked));
    if job.known_errors.is_empty() || !is_failure {
        return Vec::new();
    }
    let mut text = report.reason.clone().unwrap_or_default();
    if let Some(step) = report.steps.iter().rev().find(|step| !step.outcome.is_success()) {
        let mut add = |name: &str| {
            let said = bound_file(&job.folder.file(name), LOOKED_AT).unwrap_or_default();
            text.push('\n');
            text.push_str(&job.mask.text(&said));
        };
        add(&step.log);
        if step.kind == StepKind::Agent {
            add(AGENT_ERR);
        }
    }
    matching(&job.known_errors, &text)
}

/// Those of `rules` that match `text`, in the order of the configuration.
fn matching(rules: &[KnownErrorRule], text: &str) -> Vec<KnownError> {
    let matches = |rule: &&KnownErrorRule| {
        // What is no regular expression was refused with the configuration.
        let pattern = RegexBuilder::new(&rule.pattern).multi_line(true).build();
        pattern.is_ok_and(|pattern| pattern.is_match(text))
    };
    rules.iter().filter(matches).map(|rule| rule.known.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_anywhere_in_the_output_is_enough() {
        let rule = |pattern: &str, cause: &str| KnownErrorRule {
            pattern: pattern.to_owned(),
            known: KnownError { cause: Some(cause.to_owned()), fix: None },
        };
        let rules =
            [rule("^EADDRINUSE", "a port"), rule("never", "x"), rule("status [0-9]+$", "y")];
        let met = matching(&rules, "step test: exit status 1\nx\nEADDRINUSE: 8080\n");
        let causes: Vec<_> = met.iter().filter_map(|known| known.cause.as_deref()).collect();
        assert_eq!(causes, ["a port", "y"]);
    }
}
