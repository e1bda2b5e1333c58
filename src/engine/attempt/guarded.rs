//! Ends an attempt if one of the files that judge it has changed.

use super::end::{End, environment, unfit};
use super::job::Job;
use super::tamper::{
    Attempt, Distrust, Guard, JudgeRecord, Judges, Memory, TamperedFiles, Tampering, Watch,
};
use crate::domain::{Outcome, ReasonCode, Verdict, exact_timestamp, shell_word};
use crate::platform::clock::Clock;
use crate::platform::fault::{self, Fault};
use crate::store::JudgeFiles;
use crate::store::attempts::{self, AttemptFolder};
use std::io;
use std::path::Path;

/// What is guarded during an attempt.
pub(super) struct Guarded {
    guard: Guard,
    /// What judged at the base.
    judges: Judges,
    /// Whether it was checked before.
    looked: bool,
    /// The attempt, once it is recorded what judges it. Private trees need no record.
    begun: Option<Attempt>,
    /// Whether the last check came to a result.
    is_sure: bool,
}

impl Guarded {
    /// Starts guarding.
    pub(super) fn new(guard: Guard) -> Self {
        let judges = guard.judges().clone();
        Self { guard, judges, looked: false, begun: None, is_sure: true }
    }

    /// Returns the guard for a tree that now has the change, which is judged separately.
    pub(super) fn at_change(self, watch: &Watch) -> Self {
        Self { guard: self.guard.at_change(watch), ..self }
    }

    /// Returns what judged at the base.
    pub(super) fn judges(&self) -> &Judges {
        &self.judges
    }

    /// Records what is guarded, for people and for the next attempt.
    pub(super) fn keep(&self, folder: &AttemptFolder) -> io::Result<()> {
        self.guard.keep(folder)
    }

    /// Records what judges the attempt. Returns the end of the attempt before it begins, if an
    /// attempt changed one of these files and no person accepted that.
    pub(super) fn begin(
        &mut self,
        job: &Job,
        left: &TamperedFiles,
        clock: &dyn Clock,
    ) -> Option<End> {
        if job.apart.is_some() {
            return None;
        }
        let attempt = recorded(job, clock);
        match self.distrusted(&attempt, left) {
            Ok(None) => {}
            Ok(Some(distrust)) => return Some(self.ended_by(&distrust, job)),
            Err(error) => {
                let text = format!("cannot read what judged earlier attempts: {error}");
                return Some(environment(text));
            }
        }
        if let Err(error) = left.begin(&attempt, &mut self.guard) {
            return Some(environment(format!("cannot record what judges the attempt: {error}")));
        }
        self.begun = Some(attempt);
        None
    }

    fn distrusted(&self, attempt: &Attempt, left: &TamperedFiles) -> io::Result<Option<Distrust>> {
        let found = left.distrusted(attempt, &self.guard)?;
        Ok(found.filter(|_| !fault::is(Fault::TamperedBelieved)))
    }

    fn ended_by(&self, distrust: &Distrust, job: &Job) -> End {
        match distrust {
            Distrust::Own { .. } => {
                unfit(ReasonCode::Tampered, said(distrust, &self.guard, &job.id))
            }
            Distrust::Other { .. } | Distrust::Running { .. } => {
                environment(said(distrust, &self.guard, &job.id))
            }
        }
    }

    /// Records that the attempt is over and, if its files could be compared at the end, that they
    /// are as they were. Returns a warning if that failed.
    pub(super) fn end(&mut self, left: &TamperedFiles, outcome: &Outcome) -> Option<String> {
        let attempt = self.begun.take()?;
        // Commands of a lost supervisor may still run.
        let is_sure = self.is_sure && !matches!(outcome, Outcome::Lost);
        let error = left.end(&attempt, is_sure).err()?;
        Some(format!("failed to record that the judging files are unchanged: {error}"))
    }

    /// Returns the end of the attempt if a judging file has changed since the claim.
    pub(super) fn tampered(
        &mut self,
        job: &Job,
        outcome: &Outcome,
        (warnings, left): (&mut Vec<String>, &TamperedFiles),
    ) -> Option<End> {
        if std::mem::replace(&mut self.looked, true) && fault::is(Fault::GuardOnce) {
            return None;
        }
        let id = &job.id;
        let code = Some(ReasonCode::Tampered);
        let found = self.guard.look(&job.folder);
        self.is_sure = found.is_ok();
        let found = match found {
            Ok(found) => found?,
            Err(error) => {
                return Some(environment(format!("cannot check the judging files: {error}")));
            }
        };
        match found {
            Tampering::File(path, what) => {
                if let Some(Err(error)) = self.begun.as_ref().map(|begun| left.changed(begun)) {
                    warnings.push(format!("{id}: failed to record the changed files: {error}"));
                }
                let path = self.guard.shown(&path);
                let reason = if job.purpose.is_attempt() {
                    format!(
                        "tampered: {path} was {what} during the attempt; check it, then workloop \
                         retry {id} accepts it as it is (a task that has to change it lists it in \
                         its files)"
                    )
                } else {
                    format!(
                        "tampered: {path} was {what} by a verification of the tree before any agent \
                         began; put it back, or change it yourself"
                    )
                };
                let outcome = outcome.clone();
                Some(End { outcome, verdict: Some(Verdict::Blocked), reason: Some(reason), code })
            }
            Tampering::OfOthers(path, what) => {
                let path = self.guard.shown(&path);
                let reason = format!(
                    "{path} judges other tasks and was {what}; put it back (a task that has to change it lists \
                     it in its files)"
                );
                let (verdict, code) = (Some(Verdict::Fail), Some(ReasonCode::SteeringChanged));
                Some(End { outcome: outcome.clone(), verdict, reason: Some(reason), code })
            }
            Tampering::Config(said) => {
                warnings.push(format!("{id}: {said}"));
                // A person may have made the change, but not twice while the same task is worked
                // on.
                let reports = attempts::reports(&job.state, &job.key);
                let again = reports.last().is_some_and(|last| last.reason_code == code);
                let verdict = again.then_some(Verdict::Blocked);
                let outcome = if again { outcome.clone() } else { Outcome::Interrupted };
                let reason = Some(format!("tampered: {said}"));
                Some(End { outcome, verdict, reason, code })
            }
        }
    }
}

/// Returns the attempt of `job`, for the record of what judges it.
fn recorded(job: &Job, clock: &dyn Clock) -> Attempt {
    let name = JudgeFiles::name(&job.root, &job.state, &job.key);
    let place = (job.root.as_path(), &job.state, &job.key);
    let task = (job.id.as_str(), job.purpose.is_attempt());
    let record = JudgeRecord::new(place, task, job.token.attempt, exact_timestamp(clock.now()));
    Attempt::new(&job.root, &job.state, name, record)
}

/// Returns why the work of `job` cannot be judged on the present tree, if an attempt changed one of
/// the files that judge it and no person accepted that.
///
/// # Errors
/// Any error of reading the records and the files.
pub(super) fn judged_by_tampered(job: &Job, clock: &dyn Clock) -> io::Result<Option<String>> {
    if job.apart.is_some() {
        return Ok(None);
    }
    let guard = Guard::take(&job.watch, &Memory::default());
    let found = TamperedFiles::default().distrusted(&recorded(job, clock), &guard)?;
    Ok(found.map(|distrust| said(&distrust, &guard, &job.id)))
}

/// Explains it, with what to do.
fn said(distrust: &Distrust, guard: &Guard, own: &str) -> String {
    let shown = |path: &Path| guard.shown(path);
    let cut_off = "which was cut off before it was checked who changed it";
    let accept = |id: &str| {
        format!("put it back, or check it and accept it with workloop retry {}", shell_word(id))
    };
    match distrust {
        Distrust::Own { path, attempt, is_seen: true } => {
            format!(
                "tampered: {} is still as attempt {attempt} left it; {}",
                shown(path),
                accept(own)
            )
        }
        Distrust::Own { path, attempt, is_seen: false } => format!(
            "tampered: {} changed since attempt {attempt} began, {cut_off}; {}",
            shown(path),
            accept(own)
        ),
        Distrust::Other { path, is_task: false, .. } => format!(
            "{} changed during a verification of the tree; put it back, or change it yourself",
            shown(path)
        ),
        Distrust::Other { path, id, is_seen: true, .. } => format!(
            "{} is still as an attempt at {id} left it, and {id} was blocked for that; {}",
            shown(path),
            accept(id)
        ),
        Distrust::Other { path, id, is_seen: false, .. } => format!(
            "{} changed since an attempt at {id} began, {cut_off}; {}",
            shown(path),
            accept(id)
        ),
        Distrust::Running { path, id } => format!(
            "{} changed since an attempt at {id} began that may still run; wait for its end, or {}",
            shown(path),
            accept(id)
        ),
    }
}
