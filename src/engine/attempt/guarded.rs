//! Ends an attempt if one of the files that judge it has changed.

use super::end::{End, environment};
use super::job::Job;
use super::tamper::{Guard, TamperedFiles, Tampering, Watch};
use crate::domain::{Outcome, ReasonCode, Verdict};
use crate::platform::fault::{self, Fault};
use crate::store::attempts::{self, AttemptFolder};
use std::io;

/// What is guarded during an attempt.
pub(super) struct Guarded {
    guard: Guard,
    /// The files that steps named at the base, relative to the project root.
    named: Vec<String>,
    /// Whether it was checked before.
    looked: bool,
}

impl Guarded {
    /// Starts guarding.
    pub(super) fn new(guard: Guard) -> Self {
        let named = guard.named().to_vec();
        Self { guard, named, looked: false }
    }

    /// Returns the guard for a tree that now has the change, which is judged separately.
    pub(super) fn at_change(self, watch: &Watch) -> Self {
        Self { guard: self.guard.at_change(watch), ..self }
    }

    /// Returns the files that steps named at the base, relative to the project root.
    pub(super) fn named(&self) -> &[String] {
        &self.named
    }

    /// Records what is guarded, for people and for the next attempt.
    pub(super) fn keep(&self, folder: &AttemptFolder) -> io::Result<()> {
        self.guard.keep(folder)
    }

    /// Returns the end of the attempt before it begins, if an attempt at another task changed one
    /// of the files that judge it.
    pub(super) fn distrusted(&self, job: &Job, left: &TamperedFiles) -> Option<End> {
        if fault::is(Fault::TamperedBelieved) {
            return None;
        }
        let (path, other) = left.judging(&self.guard, &job.key)?;
        Some(environment(format!(
            "{} is still as an attempt at {other} left it, and {other} was blocked for that; put it back, or \
             check it and accept it with workloop retry {other}",
            self.guard.shown(&path)
        )))
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
        let found = match self.guard.look(&job.folder) {
            Ok(found) => found?,
            Err(error) => {
                return Some(environment(format!("cannot check the judging files: {error}")));
            }
        };
        match found {
            Tampering::File(path, what) => {
                if job.apart.is_none() && job.purpose.is_attempt() {
                    left.note(&path, &job.key, id);
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
                         began; check it, then the next run accepts it as it is"
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
