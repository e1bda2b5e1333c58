//! A verification without an attempt: the steps of a task, run once on the present tree.
//!
//! Meanwhile the caller, and the supervisor under which the steps run, hold the claim lock of the
//! task, so that no loop takes the task. The queue is not written.

use super::finished::Finished;
use super::fixed::Fixed;
use super::guarded::judged_by_tampered;
use super::known_commands::KnownCommands;
use super::prepare::Source;
use super::run;
use super::tamper::Watch;
use super::with::{Steering, With};
use crate::agent::{FEEDBACK_BYTES, bound_file};
use crate::claims::Keeper;
use crate::config::ChoiceError;
use crate::domain::{ClaimToken, Verdict, WorkerId};
use crate::platform::clock::Clock;
use crate::platform::ids::{Ids, RandomIds};
use crate::store::attempts::NO_ATTEMPT;
use crate::store::{Place, StoreError, TaskKey, place_of};
use crate::supervisor::{Launch, Supervisor};
use std::io;
use std::path::Path;
use std::sync::Arc;

/// What such a verification needs.
pub(crate) struct Judging<'a> {
    /// The queues, their graph, and the environment.
    pub source: Source<'a>,
    /// The path of our own program, for the supervisor.
    pub exe: &'a Path,
    /// The clock.
    pub clock: &'a dyn Clock,
    /// The worker under whose name the steps run.
    pub worker: WorkerId,
}

/// The result of such a verification.
#[derive(Clone, Debug)]
pub(crate) struct Judged {
    /// PASS or FAIL; `None` if a step could not be run to its end, so that nothing is known.
    pub verdict: Option<Verdict>,
    /// The step that did not pass, and how it ended.
    pub failed: Option<(String, String)>,
    /// Why there is no verdict, if no step says so.
    pub reason: Option<String>,
    /// The output of that step, bounded, without the secrets of the environment.
    pub said: String,
    /// What else went wrong.
    pub warnings: Vec<String>,
}

/// Why the verification did not run.
#[derive(Debug, thiserror::Error)]
pub enum JudgeError {
    /// The claim lock cannot be taken.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The task is being worked on.
    #[error("task {0} is being worked on")]
    Busy(String),
    /// No verification is configured for the task.
    #[error(transparent)]
    Choice(#[from] ChoiceError),
    /// The task asks for something that does not exist.
    #[error("{0}")]
    Refused(String),
    /// It is unknown whether attempts changed what judges the task.
    #[error("cannot read what judged earlier attempts")]
    Judges(#[source] io::Error),
    /// The supervisor cannot be started.
    #[error("failed to start the supervisor")]
    Supervisor(#[source] io::Error),
}

impl Judging<'_> {
    /// Runs the verification of the task at `place`; its claim lock stays with `keeper`.
    ///
    /// # Errors
    /// [`JudgeError`] when it was not run.
    pub(crate) fn judge(&self, place: Place, keeper: &mut Keeper) -> Result<Judged, JudgeError> {
        let set = self.source.set;
        let task = &self.source.queues[place.queue].tasks()[place.task];
        let real = set.real(place.queue);
        let key = TaskKey::new(real, task.id.as_str());
        let busy = || JudgeError::Busy(task.id.to_string());
        if !keeper.take(real, &key, task.claim())? {
            return Err(busy());
        }
        let lock = keeper.lock_of(&key).and_then(|hold| hold.lock()).ok_or_else(busy)?;
        let token = ClaimToken { worker: self.worker.clone(), attempt: NO_ATTEMPT };
        let fixed = Fixed::of(&set.config, self.source.vars);
        let mut job = self.source.job(place, token, &fixed)?;
        if let Some(refusal) = job.refusal {
            return Err(JudgeError::Refused(refusal.reason));
        }
        let distrusted = judged_by_tampered(&job, self.clock);
        if let Some(reason) = distrusted.map_err(JudgeError::Judges)? {
            return Err(JudgeError::Refused(format!("task {}: {reason}", job.id)));
        }
        job.agent = None;
        // No agent works meanwhile: if a judging file changes, a person or a step changed it.
        job.watch = Watch::default();
        job.prompt = Ok(None);
        // The task has no claim, or the claim of a dead worker.
        job.tag = key.tag(place_of(real), &RandomIds.hex32());
        let launch = Launch { exe: self.exe, tag: &job.tag, env: self.source.vars };
        let mut supervisor = Supervisor::start(&launch, lock).map_err(JudgeError::Supervisor)?;
        let steering = Steering { cancelled: Arc::default(), on_still: Box::new(|_| {}) };
        let known = KnownCommands::default();
        let with = With {
            supervisor: &mut supervisor,
            steering: &steering,
            known: &known,
            exe: self.exe,
            env: self.source.vars,
            clock: self.clock,
        };
        let finished = run::run(job, with, &mut |_| {});
        supervisor.finish().map_err(JudgeError::Supervisor)?;
        Ok(judged(finished))
    }
}

fn judged(finished: Finished) -> Judged {
    let Finished { job, report, warnings, .. } = finished;
    let failed = report.steps.last().filter(|step| step.is_red());
    let said = failed.map(|step| bound_file(&job.folder.file(&step.log), FEEDBACK_BYTES / 4));
    let said = said.and_then(Result::ok).unwrap_or_default();
    Judged {
        verdict: report.verdict,
        failed: failed.map(|step| (step.name.clone(), step.ended())),
        reason: report.reason.clone(),
        said: job.mask.text(&said).into_owned(),
        warnings,
    }
}

#[cfg(test)]
mod tests;
