//! From a PASS to the target: the change waits in an entry and lands under the landing lock. If the
//! target moved, the merged change is judged again under that lock.
//!
//! The lock is held while a merge is judged. Others wait meanwhile, so no verdict is wasted because
//! another landing was faster.

use super::super::apart::Apart;
use super::super::carried::{CameTo, Carried, Memo, Obstructed};
use super::super::commands::Commands;
use super::super::end::{End, environment};
use super::super::entries;
use super::super::finished::{Finished, not_started};
use super::super::job::Job;
use super::super::progress_check::Made;
use super::super::tamper::{Guard, earlier};
use super::super::with::{OnStage, With};
use super::Progress;
use crate::domain::{
    self, AttemptReport, HookPoint, Outcome, ReasonCode, Verdict, Waits, exact_timestamp,
};
use crate::platform::ids::RandomIds;
use crate::platform::lock::LockError;
use crate::workspace::{
    Captured, Entries, Entry, LandError, Landed, Landing, Oid, Reverted, Wanted,
};
use std::path::Path;
use std::time::Duration;

/// How often a wait for the landing lock checks whether the landing was cancelled.
const LOOK: Duration = Duration::from_millis(200);
/// How long a further try waits for a person's index. The first one waited long enough, and a loop
/// whose changes all wait must find that it has nothing else to do.
const RETRY: Duration = Duration::from_millis(100);
/// The key in the memo of an entry that records that the hook before landings admitted it.
const HOOKED: &str = "hooked";

impl Progress<'_> {
    /// Returns where its change is.
    pub(super) fn made(&self) -> Made {
        match (&self.job.apart, &self.trees) {
            (None, _) => Made::InRoot,
            (Some(_), trees) => {
                let captured = trees.as_ref().and_then(|trees| trees.captured.as_ref());
                let captured = captured.filter(|captured| !captured.deltas.is_empty());
                Made::Apart(captured.map(|captured| captured.tree.to_string()))
            }
        }
    }

    /// Returns the captured change, if it is not empty.
    pub(super) fn take_change(&mut self) -> Option<Captured> {
        let captured = self.trees.as_mut()?.captured.take()?;
        (!captured.deltas.is_empty()).then_some(captured)
    }

    /// Judges the change `commit`, merged onto `onto`.
    fn again(&mut self, commit: &Oid, onto: &Oid, on_stage: OnStage<'_>) -> End {
        match self.ready_on(commit, onto, on_stage) {
            Ok(()) => self.verify(on_stage),
            Err(end) => end,
        }
    }

    /// Prepares the judge tree for `commit` on `onto`.
    fn ready_on(&mut self, commit: &Oid, onto: &Oid, on_stage: OnStage<'_>) -> Result<(), End> {
        let job = self.job;
        // The judging files are those of the new base: others may have landed changes to them.
        self.judge_at(&Wanted::commit(onto.clone()))?;
        let memory = earlier(&job.state, &job.key, job.token.attempt);
        let memory = memory.map_err(|error| environment(error.to_string()))?;
        self.commands.guard(Guard::take(&job.watch, &memory));
        self.base_at(onto, on_stage)?;
        self.judge_at(&Wanted { base: onto.clone(), files: commit.clone() })
    }
}

/// Lands the change of `job`.
pub(crate) fn land(mut job: Job, with: With<'_>, on_stage: OnStage<'_>) -> Finished {
    job.ends_with(with.steering);
    let clock = with.clock;
    let began = clock.now();
    if let Some(refusal) = &job.refusal {
        let reason = refusal.reason.clone();
        return not_started(job, Outcome::Interrupted, reason, clock);
    }
    let (Some(apart), Some(to_land)) = (job.apart.clone(), job.to_land.clone()) else {
        let reason = "it has no change that waits to land".to_owned();
        return not_started(job, Outcome::Interrupted, reason, clock);
    };
    let is_adopted = to_land.entry.is_none();
    let entry = match entries::begin(&job, &apart, to_land, began.timestamp()) {
        Ok(entry) => entry,
        Err(reason) => return not_started(job, Outcome::Interrupted, reason, clock),
    };
    let memo: Option<Memo> = serde_json::from_value(entry.memo.clone()).ok();
    let Some(Memo { report, result }) = memo else {
        let reason = "its entry does not contain the result of the attempt".to_owned();
        return not_started(job, Outcome::Interrupted, reason, clock);
    };
    let commands = Commands::new(&job, with);
    let mut progress = Progress::new(&job, commands);
    progress.agent.result = result;
    let mut entry = Box::new(entry);
    let (end, came_to) = match asked(&mut progress, (&mut entry, is_adopted), on_stage) {
        Ok(()) => one_landing(&mut progress, &apart, (&mut entry, is_adopted), on_stage),
        Err(no) => no,
    };
    progress.look_at_end(&end);
    if matches!(came_to, CameTo::Landed(_)) {
        progress.after(HookPoint::AfterLanding, &end, on_stage);
    }
    let Progress { commands, agent, trees, .. } = progress;
    let result = agent.result;
    drop(trees);
    let (steps, hooks, mut warnings) = commands.into_reports();
    if !matches!(came_to, CameTo::Waits(_) | CameTo::Review)
        && let Err(error) = Entries::of(&apart.repository)
            .and_then(|entries| entries.free(&apart.repository, &entry))
    {
        warnings.push(format!("failed to remove the refs of a change that landed: {error}"));
    }
    drop(apart);
    let (judged, is_hooked) = (!steps.is_empty(), !hooks.is_empty());
    let ended_at = exact_timestamp(clock.now());
    let report = reported(report, end, (steps, hooks), ended_at);
    let is_back = matches!(came_to, CameTo::Back(_));
    let mut job = job;
    (job.apart, job.to_land) = (None, None);
    let change = Some(Carried { entry, came_to });
    let mut finished = Finished { result, warnings, change, ..Finished::new(job, report, began) };
    if judged || is_back {
        finished.keep();
    } else if is_hooked && let Err(error) = finished.job.folder.put_report(&finished.report) {
        finished.warnings.push(format!("failed to store the output of hooks: {error}"));
    }
    finished
}

/// Returns the report of the attempt, with what the landing added.
fn reported(
    report: AttemptReport,
    end: End,
    (steps, hooks): (Vec<domain::StepReport>, Vec<domain::HookReport>),
    ended_at: String,
) -> AttemptReport {
    let steps = report.steps.into_iter().chain(steps).collect();
    let hooks = report.hooks.into_iter().chain(hooks).collect();
    let End { outcome, verdict, reason, code } = end;
    AttemptReport { outcome, verdict, reason, reason_code: code, steps, hooks, ended_at, ..report }
}

/// Asks the hook before landings to admit the change: once, and not at each try. The entry of
/// another loop proves nothing, because agents could write that file.
fn asked(
    progress: &mut Progress<'_>,
    (entry, is_adopted): (&mut Entry, bool),
    on_stage: OnStage<'_>,
) -> Result<(), (End, CameTo)> {
    let was_asked = entry.memo.get(HOOKED).is_some_and(|was| was.as_bool() == Some(true));
    if was_asked && !is_adopted {
        return Ok(());
    }
    match progress.before(HookPoint::BeforeLanding, on_stage) {
        Ok(()) => {
            if let Some(memo) = entry.memo.as_object_mut() {
                memo.insert(HOOKED.to_owned(), true.into());
            }
            Ok(())
        }
        Err(end) if end.verdict.is_some() => Err((end, CameTo::Back(Vec::new()))),
        Err(end) if progress.commands.is_cut() => Err((end, CameTo::Waits(None))),
        Err(end) => Err(later(end.reason.unwrap_or_else(|| end.outcome.to_string()))),
    }
}

/// Lands the change, judging it again if the target moved. Returns the result.
fn one_landing(
    progress: &mut Progress<'_>,
    apart: &Apart,
    (entry, is_adopted): (&mut Entry, bool),
    on_stage: OnStage<'_>,
) -> (End, CameTo) {
    let was_obstructed =
        progress.job.to_land.as_ref().is_some_and(|one| one.change.is_obstructed());
    let landing = match lock(progress, apart) {
        Ok(Some(landing)) if was_obstructed && !is_adopted => landing.waiting(RETRY),
        Ok(Some(landing)) => landing,
        Ok(None) => return (interrupted("interrupted".to_owned()), CameTo::Waits(None)),
        Err(error) => return later(format!("cannot land: {error}")),
    };
    let done = landed_by(progress, apart, (entry, is_adopted), (&landing, on_stage));
    if let Err(error) = landing.end() {
        progress.commands.warn(format!("failed to check the work trees again: {error}"));
    }
    done
}

/// Lands under the landing lock.
fn landed_by(
    progress: &mut Progress<'_>,
    apart: &Apart,
    (entry, is_adopted): (&mut Entry, bool),
    (landing, on_stage): (&Landing, OnStage<'_>),
) -> (End, CameTo) {
    loop {
        let landed = match try_to_land(landing, apart, entry, is_adopted) {
            Ok(landed) => landed,
            Err(error) => return later(format!("cannot land: {error}")),
        };
        return match landed {
            Landed::Done { commit } | Landed::Covered { by: commit } => {
                match apart.repository.tree_of(&commit) {
                    Ok(tree) => {
                        let (commit, tree) = (commit.to_string(), tree.to_string());
                        let landed = domain::Landed { commit, tree };
                        (passed(progress, entry), CameTo::Landed(landed))
                    }
                    Err(error) => later(format!("cannot read what landed: {error}")),
                }
            }
            Landed::Judge { commit, tree, onto } => {
                // We hold the landing lock, so only a person can have moved the target.
                let end = progress.again(&commit, &onto, on_stage);
                if matches!(end.verdict, Some(Verdict::Pass | Verdict::Skipped)) {
                    entry.work.judged.push(tree);
                    continue;
                }
                not_passed(progress, apart, end)
            }
            Landed::Conflict { paths, onto, .. } => {
                let others = landed_meanwhile(apart, entry, &onto, &paths);
                let shown = paths.iter().map(|path| apart.shown(path)).collect();
                let paths = list(paths.iter().map(|path| path.as_path()));
                let why =
                    format!("it does not merge with what landed meanwhile, in {paths}{others}");
                (failed(ReasonCode::Conflict, why), CameTo::Back(shown))
            }
            Landed::RevertsOthers(found) => {
                let why = format!("it would undo what others landed: {}", undone(&found));
                (failed(ReasonCode::RevertsOthers, why), CameTo::Back(Vec::new()))
            }
            Landed::Waits(obstacle) => obstructed(Waits::Checkout, obstacle.to_string()),
        };
    }
}

/// Returns the result of a merge that did not pass: the change goes back, or nothing is known about
/// it.
fn not_passed(progress: &Progress<'_>, apart: &Apart, end: End) -> (End, CameTo) {
    match end.verdict {
        Some(_) => {
            let target = apart.repository.target_name();
            let reason = end.reason.unwrap_or_default();
            let reason = Some(format!("on {target} as it is now: {reason}"));
            (End { reason, ..end }, CameTo::Back(Vec::new()))
        }
        None if progress.commands.is_cut() => (end, CameTo::Waits(None)),
        None => later(end.reason.unwrap_or_else(|| end.outcome.to_string())),
    }
}

/// Returns the result for a landing that is tried again because something beside the task is
/// missing.
fn later(why: String) -> (End, CameTo) {
    obstructed(Waits::Landing, why)
}

fn obstructed(waits: Waits, why: String) -> (End, CameTo) {
    let obstructed = Obstructed { waits, why: why.clone() };
    (interrupted(why), CameTo::Waits(Some(obstructed)))
}

/// Acquires the landing lock; `None` if the landing was cancelled while waiting.
fn lock(progress: &Progress<'_>, apart: &Apart) -> Result<Option<Landing>, LandError> {
    loop {
        if progress.commands.is_cut() {
            return Ok(None);
        }
        match Landing::begin(&apart.repository, Some(LOOK), &mut |_, _| {}) {
            Err(LandError::Lock(LockError::TimedOut { .. })) => {}
            landing => return landing.map(Some),
        }
    }
}

/// Completes landings that others left unfinished, then lands.
fn try_to_land(
    landing: &Landing,
    apart: &Apart,
    entry: &mut Entry,
    is_adopted: bool,
) -> Result<Landed, LandError> {
    landing.recover(&RandomIds)?;
    // The change may be there already: landed by a loop that died before it could report that.
    if is_adopted && let Some(commit) = apart.repository.landed_for(&entry.message.receipt)? {
        return Ok(Landed::Done { commit });
    }
    landing.entries().enter(&apart.repository, entry, &RandomIds)?;
    landing.land(entry, &RandomIds)
}

/// Returns which tasks landed since the base of the change on the paths with conflicts, for the
/// agent.
fn landed_meanwhile(
    apart: &Apart,
    entry: &Entry,
    onto: &Oid,
    paths: &[std::path::PathBuf],
) -> String {
    let found = apart.repository.tasks_between(&entry.work.base, onto, paths);
    match found.unwrap_or_default().as_slice() {
        [] => String::new(),
        tasks => format!("; landed there meanwhile: {}", tasks.join("; ")),
    }
}

fn passed(progress: &Progress<'_>, entry: &Entry) -> End {
    let verdict = match entry.message.verdict {
        crate::workspace::Verdict::Skipped => Verdict::Skipped,
        crate::workspace::Verdict::Pass | crate::workspace::Verdict::CoveredBy(_) => Verdict::Pass,
    };
    let last = progress.commands.steps().last().map(|step| step.outcome.clone());
    let outcome = last.unwrap_or(Outcome::Exited { code: 0 });
    End { outcome, verdict: Some(verdict), reason: None, code: None }
}

fn interrupted(reason: String) -> End {
    End { outcome: Outcome::Interrupted, verdict: None, reason: Some(reason), code: None }
}

fn failed(code: ReasonCode, reason: String) -> End {
    let (verdict, reason, code) = (Some(Verdict::Fail), Some(reason), Some(code));
    End { outcome: Outcome::Exited { code: 0 }, verdict, reason, code }
}

fn list<'p>(paths: impl Iterator<Item = &'p Path>) -> String {
    let names: Vec<String> = paths.take(10).map(|path| path.display().to_string()).collect();
    names.join(", ")
}

fn undone(found: &[Reverted]) -> String {
    let one = |reverted: &Reverted| {
        let path = reverted.path.as_deref().unwrap_or(Path::new("some lines"));
        match reverted.tasks.as_slice() {
            [] => path.display().to_string(),
            tasks => format!("{} ({})", path.display(), tasks.join(", ")),
        }
    };
    found.iter().take(10).map(one).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests;
