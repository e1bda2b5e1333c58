//! The entry of a change that waits to land: created at a PASS, and created again for a change that
//! another loop left.

use super::apart::Apart;
use super::carried::{CameTo, Carried, Memo, ToLand};
use super::finished::Finished;
use super::job::Job;
use crate::agent::AgentResult;
use crate::domain;
use crate::platform::ids::RandomIds;
use crate::workspace::{
    AttemptName, Captured, Entries, Entry, Message, Oid, Verdict, Whose, Work, entry_name,
};
use serde_json::json;
use std::path::Path;

/// Makes the change of `finished` wait to land.
///
/// # Errors
/// The reason, in words, if the change cannot be stored.
pub(super) fn enter(
    finished: &Finished,
    apart: &Apart,
    captured: Captured,
    since: i64,
) -> Result<Carried, String> {
    let job = &finished.job;
    let Captured { base, commit, tree, .. } = captured;
    let declared = apart.seen_from_top(&job.named_files);
    let work = Work { base, change: commit, judged: vec![tree], declared };
    let memo = Memo { report: finished.report.clone(), result: finished.result.clone() };
    let entry = entry(job, &apart.queue, work, &memo, since);
    let entered = Entries::of(&apart.repository)
        .and_then(|entries| entries.enter(&apart.repository, &entry, &RandomIds));
    entered.map_err(|error| format!("failed to store the change until it lands: {error}"))?;
    let waits = finished.needs_review();
    let came_to = if waits { CameTo::Review } else { CameTo::Waits(None) };
    Ok(Carried { entry: Box::new(entry), came_to })
}

/// Returns the entry to land: the one that this loop created, or one for a change that another loop
/// left.
pub(super) fn begin(
    job: &Job,
    apart: &Apart,
    to_land: ToLand,
    since: i64,
) -> Result<Entry, String> {
    let ToLand { change, entry } = to_land;
    if let Some(entry) = entry {
        return Ok(*entry);
    }
    let entries = Entries::of(&apart.repository).map_err(|error| error.to_string())?;
    let name = attempt_name(job);
    // An unreadable entry counts as missing: the task records what is to land.
    let found = entries.read(&entry_name(&name.part(), name.number)).unwrap_or_default();
    adopted(job, apart, &change, found, since)
}

/// Returns the name under which an attempt is stored.
fn attempt_name(job: &Job) -> AttemptName {
    let (task, number) = (job.id.clone(), job.token.attempt);
    let alone = || AttemptName { task, queue: None, number };
    job.name.as_ref().map_or_else(alone, |name| name.attempt(number))
}

/// Creates the entry of a change of `job` in the queue at the real path `queue`, which began to
/// wait at `since`.
fn entry(job: &Job, queue: &Path, work: Work, memo: &Memo, since: i64) -> Entry {
    let name = attempt_name(job);
    let whose = Whose {
        queue: queue.to_owned(),
        part: name.part(),
        attempt: name.number,
        worker: job.token.worker.to_string(),
        since,
    };
    let skipped = memo.report.verdict == Some(domain::Verdict::Skipped);
    let message = Message {
        task: job.id.clone(),
        title: job.title.clone(),
        summary: memo.result.summary.clone().unwrap_or_default(),
        attempt: name.number,
        verdict: if skipped { Verdict::Skipped } else { Verdict::Pass },
        // Attempt numbers may repeat after a reset; a change does not.
        receipt: format!("{}/{}/{}", job.id, name.number, short(&work.change)),
    };
    let mut entry = Entry::new(whose, work, message);
    entry.memo = json!(memo);
    entry
}

/// Creates the entry for a change of a task that another loop left. The task records what was
/// judged, whatever the entry's file contains now.
fn adopted(
    job: &Job,
    apart: &Apart,
    change: &domain::Change,
    found: Option<Entry>,
    since: i64,
) -> Result<Entry, String> {
    let oid = |text: &String| {
        Oid::parse(text).ok_or_else(|| format!("{text:?} is not a valid commit id"))
    };
    let (commit, base) = (oid(&change.commit)?, oid(&change.base)?);
    let tree = apart.repository.tree_of(&commit).map_err(|error| error.to_string())?;
    let declared = apart.seen_from_top(&job.named_files);
    let work = Work { base, change: commit, judged: vec![tree], declared };
    let found = found.filter(|entry| entry.work.change == work.change);
    let since = found.as_ref().map_or(since, |entry| entry.whose.since);
    let memo = found.as_ref().and_then(|entry| serde_json::from_value(entry.memo.clone()).ok());
    let memo: Memo = memo.or_else(|| remembered(job)).ok_or("its attempt is unknown")?;
    let mut entry = entry(job, &apart.queue, work, &memo, since);
    if let Some(found) = found {
        entry.state = found.state;
    }
    Ok(entry)
}

/// Reads what the folder of the attempt says about it.
fn remembered(job: &Job) -> Option<Memo> {
    let report = job.folder.report()?;
    Some(Memo { report, result: AgentResult::default() })
}

/// Returns the first digits of an object id.
fn short(oid: &Oid) -> &str {
    oid.as_str().get(..12).unwrap_or_default()
}
