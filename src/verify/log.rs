//! Formats one block per attempt of `verification.log`, for `tail -f`, without control sequences.

use crate::domain::{AttemptReport, timestamp};
use crate::platform::escape::line;
use chrono::DateTime;

/// The most items that each line names.
const NAMED: usize = 20;

/// Returns the block of `report`; `title` is the task's.
pub(crate) fn block(report: &AttemptReport, title: &str) -> String {
    let verdict = report.verdict.map_or_else(|| report.outcome.to_string(), |v| v.to_string());
    // People need no more than seconds.
    let at = DateTime::parse_from_rfc3339(&report.ended_at);
    let at = at.map_or_else(|_| report.ended_at.clone(), |at| timestamp(at.to_utc()));
    let head = format!("{at} {verdict} {} attempt {}: {title}", report.task, report.attempt);
    let mut text = format!("{}\n", line(&head));
    let mut add = |what: &str| {
        text.push_str("    ");
        text.push_str(&line(what));
        text.push('\n');
    };
    for step in &report.steps {
        let seconds = step.millis as f64 / 1000.0;
        add(&format!("{}: {} ({seconds:.1} s)", step.name, step.ended()));
        if let Some(items) = &step.checked.items {
            add(&format!("  items: {}", items.summary()));
            for (word, names) in items.lists() {
                let more = if names.len() > NAMED { " …" } else { "" };
                let shown = names.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>();
                add(&format!("    {word}: {}{more}", shown.join(", ")));
            }
        }
        if let Some(measured) = &step.checked.measure {
            add(&format!("  measured: {measured}"));
        }
        if let Some(warning) = step.warning() {
            add(&format!("  warning: {warning}"));
        }
    }
    if let Some(reason) = &report.reason {
        add(&format!("reason: {reason}"));
    }
    for finding in &report.findings.findings {
        add(&format!("found ({}): {finding}", finding.level.word()));
    }
    for permitted in &report.findings.changed_with_permission {
        add(&format!("changed with permission: {} ({})", permitted.path, permitted.by));
    }
    if !report.files_changed.is_empty() {
        add(&format!("changed: {}", report.files_changed.join(" ")));
    }
    if !report.files_ambiguous.is_empty() {
        add(&format!("possibly by other attempts: {}", report.files_ambiguous.join(" ")));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Outcome, StepKind, StepReport, Verdict};

    #[test]
    fn each_field_has_its_line_and_none_steers_a_terminal() {
        let hostile = "x\u{1b}]0;y\u{7}\n\r\u{202e}".to_owned();
        let report = AttemptReport {
            v: 1,
            task: hostile.clone(),
            attempt: 2,
            worker: "h:1:00000000".to_owned(),
            started_at: "2026-01-19T14:35:45Z".to_owned(),
            ended_at: "2026-01-19T14:35:46.250Z".to_owned(),
            outcome: Outcome::Exited { code: 0 },
            verdict: Some(Verdict::Fail),
            reason: Some(hostile.clone()),
            reason_code: None,
            evidence: None,
            known_errors: Vec::new(),
            hooks: Vec::new(),
            agent: None,
            steps: vec![StepReport {
                kind: StepKind::Verify,
                name: hostile.clone(),
                outcome: Outcome::FailedToStart { reason: hostile.clone() },
                millis: 1200,
                log: String::new(),
                checked: crate::domain::Checked::default(),
            }],
            files_changed: vec![hostile.clone()],
            files_ambiguous: vec![hostile.clone()],
            fingerprint: crate::domain::Fingerprint::default(),
            findings: crate::domain::Findings::default(),
        };
        let shown = "x␛]0;y␇  \\u{202e}";
        assert_eq!(
            block(&report, &hostile),
            format!(
                "2026-01-19T14:35:46Z FAIL {shown} attempt 2: {shown}\n    \
                 {shown}: failed to start: {shown} (1.2 s)\n    reason: {shown}\n    \
                 changed: {shown}\n    possibly by other attempts: {shown}\n"
            )
        );
    }
}
