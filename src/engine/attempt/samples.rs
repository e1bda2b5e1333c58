//! Reports and changes of attempts for tests.

use super::Job;
use crate::domain::{AttemptReport, Checked, Fingerprint, Outcome, StepKind, StepReport, Verdict};
use crate::workspace::{self, Entry, Message, Oid, Whose};

/// Returns the report of an attempt at `task` whose verification failed at `step`.
pub(super) fn failed(task: &str, step: &str, fingerprint: Fingerprint) -> AttemptReport {
    AttemptReport {
        v: 1,
        task: task.to_owned(),
        attempt: 1,
        worker: "w".to_owned(),
        started_at: String::new(),
        ended_at: String::new(),
        outcome: Outcome::Exited { code: 0 },
        verdict: Some(Verdict::Fail),
        reason: None,
        reason_code: None,
        evidence: None,
        known_errors: Vec::new(),
        hooks: Vec::new(),
        agent: None,
        steps: vec![StepReport {
            kind: StepKind::Verify,
            name: step.to_owned(),
            outcome: Outcome::Exited { code: 1 },
            millis: 1,
            log: String::new(),
            checked: Checked::default(),
        }],
        files_changed: Vec::new(),
        files_ambiguous: Vec::new(),
        fingerprint,
        findings: crate::domain::Findings::default(),
    }
}

/// Returns the entry of a change of `job` that passed.
pub(crate) fn entry(job: &Job, base: Oid, change: Oid) -> Box<Entry> {
    let whose = Whose {
        queue: job.root.clone(),
        part: job.id.clone(),
        attempt: job.token.attempt,
        worker: job.token.worker.to_string(),
        since: 0,
    };
    let message = Message {
        task: job.id.clone(),
        title: job.title.clone(),
        summary: String::new(),
        attempt: job.token.attempt,
        verdict: workspace::Verdict::Pass,
        receipt: format!("{}/{}", job.id, change.as_str()),
    };
    let work = workspace::Work { base, change, judged: Vec::new(), declared: Vec::new() };
    Box::new(Entry::new(whose, work, message))
}
