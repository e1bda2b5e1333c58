//! The tree that attempts start from. It is verified once for each profile and tree, before the
//! first attempt and after tasks were blocked, and only while no attempt of the project runs.
//!
//! The process that judges it holds a lock of the project. The lock is taken under the lock of the
//! project's root, when no task is claimed there; while it is held, nothing is claimed. A red tree
//! stops nothing, because there may be a task to fix it.

use super::ending::Reason;
use super::tree_job::Check;
use crate::agent::bound_file;
use crate::domain::{Outcome, QueueIx, Verdict, timestamp};
use crate::engine::attempt::{Finished, Named, ProfileKey, Purpose, Red, blocked};
use crate::engine::dispatch::{Profile, SlotIx, TreeKnowledge};
use crate::platform::clock::Clock;
use crate::platform::ids::Ids;
use crate::project::Project;
use crate::store::{RedStep, TaskKey, TreeReport, Trees};
use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};

/// The name of the tree that attempts start from.
pub(super) const UNTOUCHED: &str = "untouched tree";
/// How much of the output of a red step is remembered, in bytes.
const SAID: usize = 4 * 1024;

/// Returns the name of this verification, and its purpose.
pub(super) fn name(profile: &Profile) -> (&'static str, String) {
    (UNTOUCHED, format!("profile {}", profile.name))
}

/// Returns the same as a check, from which a job is made.
pub(super) fn check(profile: &Profile) -> Check {
    let (id, title) = name(profile);
    Check { purpose: Purpose::Untouched, id, title, tree: Some(profile.key.clone()) }
}

/// What is reported about a verification that ended.
pub(super) enum Told {
    /// Nothing: there was nothing to do.
    Nothing,
    /// The verification says nothing about the tree, for this reason.
    Unknown(String),
    /// The verdict, and details in words.
    Verdict(Verdict, String),
}

/// The result of a verification of the untouched tree.
pub(super) struct Learned {
    /// What is reported about it.
    pub(super) told: Told,
    /// Why it could not be remembered.
    pub(super) forgotten: Option<io::Error>,
}

/// Processes the result of the verification of `profile`.
pub(super) fn learn(
    profile: &Profile,
    finished: &Finished,
    project: &Project,
    trees: &mut TreeKnowledge,
    ids: &dyn Ids,
) -> Learned {
    let found = found(profile, finished);
    let forgotten = remember(profile, finished, found.as_ref(), ids).err();
    let begun = begun_tasks(project, &profile.key.root);
    trees.untouched_mut().learn(&profile.key, found.clone(), begun);
    let left_by = trees.untouched().left_by(&profile.key);
    Learned { told: told(profile, finished, found, &left_by), forgotten }
}

/// Returns the open tasks of the project at `root` that have left work there.
fn begun_tasks(project: &Project, root: &Path) -> HashSet<TaskKey> {
    let set = project.set();
    let mut begun = HashSet::new();
    for (queue, tasks) in QueueIx::each(project.queues()) {
        if set.root(queue) == root {
            let open = tasks.tasks().iter().filter(|task| task.status.is_open());
            let worked = open.filter(|task| task.attempts > 0);
            begun.extend(worked.map(|task| set.queue(queue).task(task.id.as_str())));
        }
    }
    begun
}

fn remember(
    profile: &Profile,
    finished: &Finished,
    found: Option<&Option<RedStep>>,
    ids: &dyn Ids,
) -> io::Result<()> {
    let key = &profile.key;
    let last = || Trees::of(&key.root).last(&key.steps);
    let report = match (&finished.tree.known, found, finished.report.verdict) {
        (Some(known), ..) if last().as_ref() == Some(known) => return Ok(()),
        (Some(known), ..) => known.clone(),
        // A step that could not be started says nothing about the tree.
        (None, Some(red), Some(verdict)) => TreeReport {
            tree: finished.tree.name.clone(),
            at: finished.report.ended_at.clone(),
            verdict,
            red: red.clone(),
        },
        (None, ..) => return Ok(()),
    };
    put(key, report, ids)
}

fn put(key: &ProfileKey, report: TreeReport, ids: &dyn Ids) -> io::Result<()> {
    Trees::of(&key.root).put(&key.steps, report, ids)
}

/// Returns the warning that something could not be remembered.
pub(super) fn not_remembered(error: &io::Error) -> String {
    format!("cannot store the result for the untouched tree: {error}")
}

fn told(
    profile: &Profile,
    finished: &Finished,
    found: Option<Option<RedStep>>,
    left_by: &[Named],
) -> Told {
    let known = finished.tree.known.is_some();
    let name = &profile.name;
    match found {
        Some(None) if known => Told::Nothing,
        Some(None) => Told::Verdict(Verdict::Pass, format!("profile {name}")),
        Some(Some(red)) => {
            let before = if known { ", as found before" } else { "" };
            let since = match left_by {
                [] => "tasks begin anyway".to_owned(),
                left_by => format!("it was green before {}", blocked(left_by)),
            };
            let log = red.shown_log();
            let RedStep { step, outcome, .. } = red;
            let text = format!("profile {name}: step {step}: {outcome}{before}; {since}{log}");
            Told::Verdict(Verdict::Fail, text)
        }
        None => Told::Unknown(finished.report.reason.clone().unwrap_or_default()),
    }
}

/// Returns the reason to claim nothing more if an attempt failed in the same way as a tree that
/// other tasks left red.
pub(super) fn left_red(finished: &[(SlotIx, Finished)]) -> Option<Reason> {
    finished.iter().find_map(|(_, Finished { job, report, .. })| {
        let left_red =
            |red: &&Red| red.already(&job.key, report).is_some_and(|already| already.left_red);
        let red = job.reds.iter().find(left_red)?;
        let RedStep { step, outcome, .. } = &red.step;
        Some(Reason::LeftRed(format!(
            "the tree is red since {}: step {step}: {outcome}, and {} failed in the same way",
            blocked(&red.left_by),
            job.id,
        )))
    })
}

/// Remembers that attempts passed on trees that were red before.
pub(super) fn note_mended(
    trees: &mut TreeKnowledge,
    clock: &dyn Clock,
    ids: &dyn Ids,
) -> Vec<io::Error> {
    let mut failed = Vec::new();
    for key in trees.untouched_mut().take_mended() {
        let last = Trees::of(&key.root).last(&key.steps);
        if last.is_some_and(|last| last.verdict != Verdict::Pass) {
            let at = timestamp(clock.now());
            let green = TreeReport { tree: None, at, verdict: Verdict::Pass, red: None };
            failed.extend(put(&key, green, ids).err());
        }
    }
    failed
}

/// Returns the step that failed, `Some(None)` if all passed, or `None` if nothing is known.
fn found(profile: &Profile, finished: &Finished) -> Option<Option<RedStep>> {
    if let Some(known) = &finished.tree.known {
        return Some(known.red.clone());
    }
    let Finished { job, report, .. } = finished;
    let unstarted = matches!(report.outcome, Outcome::FailedToStart { .. });
    match report.verdict {
        Some(Verdict::Pass) => return Some(None),
        Some(Verdict::Fail) => {}
        None if unstarted => {}
        Some(Verdict::Blocked | Verdict::Skipped) | None => return None,
    }
    let failed = report.steps.last()?;
    let log = job.folder.file(&failed.log);
    let said = bound_file(&log, SAID).unwrap_or_default();
    let log = if failed.checked.hidden { PathBuf::new() } else { log };
    Some(Some(RedStep {
        profile: profile.name.clone(),
        step: failed.name.clone(),
        outcome: failed.ended(),
        output: report.fingerprint.output.clone(),
        said: job.mask.text(&said).into_owned(),
        log,
    }))
}
