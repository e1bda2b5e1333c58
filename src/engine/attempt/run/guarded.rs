//! What an attempt comes to when something that judges it changed meanwhile.

use super::super::end::{End, environment};
use super::super::tamper::Tampering;
use super::Progress;
use crate::domain::{Outcome, ReasonCode, Verdict};
use crate::platform::fault::{self, Fault};
use crate::store::attempts;

impl Progress<'_> {
    /// The end of the attempt, if nothing that judges changed until then: however it ended, the next
    /// attempt would take what it finds for what a person wrote.
    pub(super) fn untampered(&mut self, end: End) -> End {
        let told = end.code == Some(ReasonCode::Tampered) || self.steps.is_empty();
        let found = if told { None } else { self.tampered(&end.outcome) };
        found.unwrap_or(end)
    }

    /// The end of the attempt, if something that judges is not what it was at the claim.
    pub(super) fn tampered(&mut self, outcome: &Outcome) -> Option<End> {
        if std::mem::replace(&mut self.looked, true) && fault::is(Fault::GuardOnce) {
            return None;
        }
        let id = &self.job.id;
        let code = Some(ReasonCode::Tampered);
        let found = match self.guard.look(&self.job.folder) {
            Ok(found) => found?,
            Err(error) => {
                return Some(environment(format!("cannot look at what judges the work: {error}")));
            }
        };
        match found {
            Tampering::File(path, what) => {
                let reason = if self.job.purpose.is_attempt() {
                    format!(
                        "tampered: {path} was {what} during the attempt; look at it, then workloop \
                         retry {id} takes it as it is (a task that is to change it names it in its \
                         files)"
                    )
                } else {
                    format!(
                        "tampered: {path} was {what} by a verification of the tree before any agent \
                         began; look at it, then the next run takes it as it is"
                    )
                };
                let outcome = outcome.clone();
                Some(End { outcome, verdict: Some(Verdict::Blocked), reason: Some(reason), code })
            }
            Tampering::Config(said) => {
                self.warnings.push(format!("{id}: {said}"));
                // A person may have done it, but not twice while the same task is worked on.
                let reports = attempts::reports(&self.job.state, &self.job.key);
                let again = reports.last().is_some_and(|last| last.reason_code == code);
                let verdict = again.then_some(Verdict::Blocked);
                let outcome = if again { outcome.clone() } else { Outcome::Interrupted };
                let reason = Some(format!("tampered: {said}"));
                Some(End { outcome, verdict, reason, code })
            }
        }
    }
}
