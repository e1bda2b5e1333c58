//! What was judged lands; what it became on a target that moved is judged again.

use super::super::apart::Apart;
use super::super::end::{End, environment};
use super::super::tamper::{Guard, earlier};
use super::{OnStage, Progress};
use crate::domain::{Outcome, ReasonCode, Verdict};
use crate::platform::ids::RandomIds;
use crate::workspace::{
    Captured, Entries, Entry, LandError, Landed, Landing, Message, Oid, Reverted, Wanted, Whose,
    Work, ref_part,
};
use std::path::Path;

impl Progress<'_> {
    /// Lands what was judged; judges again what it became on a target that moved.
    pub(super) fn land(&mut self, passed: End, on_stage: OnStage<'_>) -> End {
        let job = self.job;
        let captured = self.trees.as_mut().and_then(|trees| trees.captured.take());
        let (Some(apart), Some(captured)) = (&job.apart, captured) else { return passed };
        if captured.deltas.is_empty() {
            return passed;
        }
        let mut entry = self.entry(apart, captured);
        loop {
            let landed = match one_landing(apart, &mut entry) {
                Ok(landed) => landed,
                Err(error) => return environment(format!("cannot land the change: {error}")),
            };
            let end = match landed {
                Landed::Done { .. } | Landed::Covered { .. } => passed,
                Landed::Judge { commit, tree, onto } => {
                    match self.again(&commit, &onto, on_stage) {
                        Ok(()) => {
                            entry.work.judged.push(tree);
                            continue;
                        }
                        Err(end) => end,
                    }
                }
                Landed::Conflict { paths, .. } => {
                    let paths = paths.iter().map(|path| path.as_path());
                    let why =
                        format!("the change does not merge with what landed: {}", list(paths));
                    failed(&passed.outcome, ReasonCode::Conflict, why)
                }
                Landed::RevertsOthers(found) => {
                    let why =
                        format!("the change would undo what others landed: {}", undone(&found));
                    failed(&passed.outcome, ReasonCode::RevertsOthers, why)
                }
                Landed::Waits(obstacle) => {
                    blocked(&passed.outcome, ReasonCode::Environment, obstacle.to_string())
                }
            };
            let left = Entries::of(&apart.repository)
                .and_then(|entries| entries.leave(&apart.repository, &entry));
            if let Err(error) = left {
                self.commands.warn(format!("failed to end the wait of the change: {error}"));
            }
            return end;
        }
    }

    /// Judges the change as it is on `onto`.
    fn again(&mut self, commit: &Oid, onto: &Oid, on_stage: OnStage<'_>) -> Result<(), End> {
        let job = self.job;
        // What judges is that of the new base: others may have changed it, and it landed.
        self.judge_at(&Wanted::commit(onto.clone()))?;
        let memory = earlier(&job.state, &job.key, job.token.attempt);
        let guard =
            Guard::take(&job.watch, &memory.map_err(|error| environment(error.to_string()))?);
        self.commands.guard(guard);
        self.judge_at(&Wanted { base: onto.clone(), files: commit.clone() })?;
        let end = self.verify(on_stage);
        match end.verdict {
            Some(Verdict::Pass | Verdict::Skipped) => Ok(()),
            Some(Verdict::Fail | Verdict::Blocked) | None => Err(end),
        }
    }

    fn entry(&self, apart: &Apart, captured: Captured) -> Entry {
        let job = self.job;
        let attempt = job.token.attempt;
        let whose = Whose {
            queue: apart.queue.clone(),
            part: ref_part(&job.id),
            attempt,
            worker: job.token.worker.to_string(),
            since: self.commands.clock().now().timestamp(),
        };
        let Captured { base, commit, tree, .. } = captured;
        let declared = job.named_files.clone();
        let work = Work { base, change: commit, judged: vec![tree], declared };
        let message = Message {
            task: job.id.clone(),
            title: job.title.clone(),
            summary: self.result.summary.clone().unwrap_or_default(),
            attempt,
            verdict: crate::workspace::Verdict::Pass,
            receipt: format!("{}/{attempt}", job.id),
        };
        Entry::new(whose, work, message)
    }
}

/// Completes what others left, and lands.
fn one_landing(apart: &Apart, entry: &mut Entry) -> Result<Landed, LandError> {
    let landing = Landing::begin(&apart.repository, None, &mut |_, _| {})?;
    landing.recover(&RandomIds)?;
    landing.entries().enter(&apart.repository, entry, &RandomIds)?;
    landing.land(entry, &RandomIds)
}

fn failed(outcome: &Outcome, code: ReasonCode, reason: String) -> End {
    let (verdict, reason, code) = (Some(Verdict::Fail), Some(reason), Some(code));
    End { outcome: outcome.clone(), verdict, reason, code }
}

pub(super) fn blocked(outcome: &Outcome, code: ReasonCode, reason: String) -> End {
    End { verdict: Some(Verdict::Blocked), ..failed(outcome, code, reason) }
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
