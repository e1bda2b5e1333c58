//! Reports and their rows, made without queues and journals.

use super::super::attempts::Attempt;
use super::super::model::{Found, Metrics, Report, TaskRow, Validation};
use crate::domain::{EventKind, Findings};
use crate::plan::Source;
use crate::views::summary::Summary;

/// Returns a task of which nothing is known.
pub(super) fn task(id: &str, state: &'static str) -> TaskRow {
    TaskRow {
        id: id.to_owned(),
        queue: "q.json".to_owned(),
        title: format!("title of {id}"),
        status: state.to_owned(),
        state,
        phase: None,
        epic: None,
        percent: 0,
        attempts: 0,
        started_at: None,
        ended_at: None,
        minutes: 0.0,
        estimated_minutes: 0.0,
        estimate_source: Source::Default,
        cost_usd: None,
        tokens: None,
        verdict: None,
        error: None,
        reason_code: None,
        deadline: None,
        late: false,
        discovered_by: None,
        completed_by: None,
        landed_commit: None,
        found: Found { measures: Vec::new(), items: None, findings: Findings::default() },
        output: None,
        waits_for: Vec::new(),
        spans: Vec::new(),
    }
}

/// Returns a report of these tasks, in which nothing was attempted.
pub(super) fn whole(tasks: Vec<TaskRow>) -> Report {
    let of = |state: &str| tasks.iter().filter(|task| task.state == state).count();
    let summary = Summary {
        total: tasks.len(),
        pending: of("ready") + of("waiting"),
        in_progress: of("in_progress"),
        blocked: of("blocked"),
        complete: of("complete"),
        parked: of("parked"),
    };
    Report {
        schema_version: 1,
        generated_at: "2026-01-19T15:00:00Z".to_owned(),
        since: None,
        summary,
        percent: None,
        attempts: 0,
        minutes: 0.0,
        busy_minutes: 0.0,
        cost_usd: None,
        tokens: None,
        metrics: Metrics::default(),
        left: None,
        forecast: None,
        red_flags: Vec::new(),
        lessons: Vec::new(),
        phases: Vec::new(),
        tasks,
        files_created: Vec::new(),
        files_modified: Vec::new(),
        files_ambiguous: Vec::new(),
        validation: Validation::default(),
        tampered: 0,
        hooks: Vec::new(),
    }
}

/// Returns an attempt that began and ended at these minutes.
pub(super) fn attempt(from: i64, to: Option<i64>, end: EventKind) -> Attempt {
    Attempt {
        number: 1,
        worker: "w".to_owned(),
        started: from * 60_000,
        ended: to.map(|to| to * 60_000),
        end: to.map(|_| end),
        verdict: None,
        reason: None,
        code: None,
        cost_usd: None,
        tokens: None,
    }
}
