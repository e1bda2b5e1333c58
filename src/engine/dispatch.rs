//! The change under the lock: write what ended, then claim what is next, in one transition.

use super::after::After;
use super::attempt::Finished;
use super::attempt::Untouched;
use super::backoff::{AgentKey, Due, Resting};
use super::follow_ups::{self, FollowUps};
use super::neighbours::Neighbours;
use super::record::{Budgets, decide};
use super::recovery::Dead;
use super::tree_kind::Wanted;
use crate::claims::{Keeper, fencing};
use crate::domain::{
    ClaimToken, Cost, EventKind, Outcome, ReasonCode, Status, Task, Transition, Verdict, WorkerId,
    budget_of, budget_used_now, timestamp,
};
use crate::platform::clock::Clock;
use crate::platform::fault::{self, Fault};
use crate::platform::ids::Ids;
use crate::project::Planner;
use crate::project::QueueSet;
use crate::project::Scope;
use crate::store::attempts::lost_in_a_row;
use crate::store::{Actor, Draft, Place, StoreError, TaskKey};
use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};
use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;

/// What is to be done in one change.
#[derive(Debug, Default)]
pub(super) struct Work<'a> {
    /// Attempts that ended, with their slots.
    pub(super) finished: &'a [(usize, Finished)],
    /// Claims of dead workers.
    pub(super) dead: &'a [Dead],
    /// Slots that nothing runs in.
    pub(super) free: Vec<usize>,
    /// How many attempts may still begin.
    pub(super) most: usize,
    /// Served queues that are paused.
    pub(super) paused: HashSet<usize>,
    /// How many different tasks may still be blocked in a row before nothing more is claimed.
    pub(super) failures_left: usize,
}

/// What a loop knows besides the queues.
pub(super) struct Look<'a> {
    pub(super) now: DateTime<Utc>,
    /// Served queues that are paused.
    pub(super) paused: &'a HashSet<usize>,
    /// Tasks of which nobody here can say who has them.
    pub(super) untold: &'a HashSet<Place>,
    /// Whether an agent whose pause is over rests.
    pub(super) due: Due,
}

/// What the change did.
#[derive(Debug, Default)]
pub(super) struct Made {
    /// What became of each ended attempt.
    pub(super) recorded: Vec<Recorded>,
    /// What was claimed.
    pub(super) claimed: Vec<Claimed>,
    /// Agents whose pause is over and that one of the claimed attempts tries.
    pub(super) tried: HashSet<AgentKey>,
    /// The profile for which the tree is judged before anything of its project is claimed.
    pub(super) wanted: Option<Wanted>,
    /// For the person at the terminal.
    pub(super) warnings: Vec<String>,
}

/// An attempt whose result was written, or kept aside.
#[derive(Debug)]
pub(super) struct Recorded {
    /// Its index among those that ended.
    pub(super) number: usize,
    pub(super) after: After,
}

/// A task that a slot is to run.
#[derive(Clone, Debug)]
pub(super) struct Claimed {
    pub(super) slot: usize,
    pub(super) place: Place,
    pub(super) token: ClaimToken,
}

/// Decides under the lock; keeps what it learned between two changes.
pub(super) struct Dispatcher {
    pub(super) set: Arc<QueueSet>,
    pub(super) planner: Planner,
    pub(super) keeper: Keeper,
    pub(super) neighbours: Neighbours,
    pub(super) resting: Resting,
    pub(super) ids: Arc<dyn Ids>,
    pub(super) untouched: Untouched,
    /// Projects whose tree is being judged, as of the last change.
    pub(super) judged: Vec<PathBuf>,
    /// The worker of each slot.
    pub(super) workers: Vec<WorkerId>,
    pub(super) scope: Scope,
    pub(super) clock: Arc<dyn Clock>,
    /// Whether an epic's state is to be written, as of the last look.
    pub(super) unsettled: bool,
    /// Whether another loop works on what tasks of ours wait for, as of the last look.
    pub(super) others_work_towards_us: bool,
}

impl std::fmt::Debug for Dispatcher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Dispatcher").field("workers", &self.workers).finish_non_exhaustive()
    }
}

impl Dispatcher {
    /// Makes the change; may be called again when the file changed meanwhile.
    pub(super) fn change(
        &mut self,
        draft: &mut Draft<'_>,
        work: &Work<'_>,
    ) -> Result<Made, StoreError> {
        let mut made = Made::default();
        let mut again = Vec::new();
        for (number, (slot, finished)) in work.finished.iter().enumerate() {
            let mut follow_ups = FollowUps::default();
            let after = self.record(draft, finished, &mut follow_ups)?;
            made.warnings.extend(follow_ups.warnings);
            self.learn_from(finished, &after);
            // A supervisor that vanished holds no claim to go on with.
            if matches!(after, After::Again(_)) && finished.report.outcome != Outcome::Lost {
                again.push((*slot, finished));
            }
            made.recorded.push(Recorded { number, after });
        }
        for dead in work.dead {
            take_over(draft, dead)?;
        }
        let again = again.into_iter().filter_map(|(slot, finished): (usize, &Finished)| {
            let queue = finished.job.place.queue;
            let task = draft.queues()[queue].index_of(&finished.job.id)?;
            Some((slot, Place { queue, task }, finished.job.tag.random().to_owned()))
        });
        let again: Vec<_> = again.collect();
        let stop = too_many_failures(&made.recorded, work.failures_left) || draft.holds_any();
        let most = if stop { 0 } else { work.most };
        let at = again.iter().map(|(slot, place, _)| (*slot, *place)).collect();
        let choice = self.choose(draft, work, most, at)?;
        for (place, status, reason) in choice.settled {
            let settle = Transition::Settle(status, reason);
            draft.transition(place, &settle, &Actor::Loop, Map::new())?;
        }
        for (slot, place) in choice.claims {
            // Its supervisor holds the claim still, and carries the tag that it had.
            let kept = again.iter().find(|(_, at, _)| *at == place).map(|(.., tag)| tag.clone());
            let tag = kept.unwrap_or_else(|| self.ids.hex32());
            made.claimed.push(self.claim(draft, slot, place, tag)?);
        }
        made.tried = choice.tried;
        made.wanted = choice.wanted;
        made.warnings.extend(choice.warnings);
        Ok(made)
    }

    fn record(
        &self,
        draft: &mut Draft<'_>,
        finished: &Finished,
        follow_ups: &mut FollowUps,
    ) -> Result<After, StoreError> {
        let Finished { job, report, result, .. } = finished;
        let queue = job.place.queue;
        let Some(task) = draft.queues()[queue].index_of(&job.id) else {
            return Ok(After::Lost("it is no longer in the queue".to_owned()));
        };
        let place = Place { queue, task };
        if let Some(why) = self.lost(draft, place, &job.token) {
            return Ok(After::Lost(why));
        }
        let limits = &self.set.config.limits;
        let budgets = Budgets { attempts: limits.attempts.value, crashes: limits.crashes.value };
        // Asked for only where it counts: it opens the folders of earlier attempts.
        let lost = if report.outcome == Outcome::Lost {
            lost_in_a_row(&job.state, &job.key).saturating_sub(1)
        } else {
            0
        };
        let decided = decide(draft.task(place), report, finished.completion(), budgets, lost);
        let (transition, code) = outweighed(decided, draft.task(place), finished, budgets.attempts);
        let after = After::of(&transition, report);
        let mut data = Map::new();
        data.insert("outcome".to_owned(), json!(report.outcome));
        data.insert("verdict".to_owned(), json!(report.verdict));
        data.insert("reason".to_owned(), json!(report.reason));
        if let Some(code) = code {
            data.insert("reason_code".to_owned(), json!(code));
        }
        let actor = Actor::Worker(job.token.clone());
        if report.reason_code == Some(ReasonCode::Tampered) {
            draft.record(place, EventKind::Tampered, &actor, data.clone());
        }
        if let Some(work) = &finished.work {
            data.insert("work".to_owned(), json!(work));
        }
        if matches!(transition, Transition::Complete(..)) {
            let depth = limits.follow_up_depth.value;
            *follow_ups = follow_ups::add(draft, place, &actor, &result.follow_ups, depth);
            data.extend(follow_ups.to_json().map(|made| ("follow_ups".to_owned(), made)));
        }
        draft.transition(place, &transition, &actor, data)?;
        Ok(after)
    }

    /// Why a result may not be written; `None` when it may.
    fn lost(&self, draft: &Draft<'_>, place: Place, token: &ClaimToken) -> Option<String> {
        if fault::is(Fault::TokenIgnored) {
            return None;
        }
        fencing::lost(self.set.real(place.queue), draft.task(place), token)
    }

    fn claim(
        &self,
        draft: &mut Draft<'_>,
        slot: usize,
        place: Place,
        tag: String,
    ) -> Result<Claimed, StoreError> {
        let task = draft.task(place);
        let key = TaskKey::new(self.set.real(place.queue), task.id.as_str());
        let state = self.set.state(place.queue);
        let unread = StoreError::io("list the attempts in", state.attempts(&key));
        let folders = state.attempt_numbers(&key).map_err(unread)?;
        // A file that was set back must not make two attempts share a folder.
        let attempt = task.attempts.max(folders.last().copied().unwrap_or(0)).saturating_add(1);
        let token = ClaimToken { worker: self.workers[slot].clone(), attempt };
        let claim = self.keeper.claim(&token, timestamp(draft.now()), tag);
        let actor = Actor::Worker(token.clone());
        draft.transition(place, &Transition::Claim(claim), &actor, Map::new())?;
        Ok(Claimed { slot, place, token })
    }
}

/// What was decided, and its code, unless something beside this one result outweighs it: the agent
/// fails for everybody, or the attempts of the task come to the same again.
fn outweighed(
    decided: Transition,
    task: &Task,
    finished: &Finished,
    default: u32,
) -> (Transition, Option<ReasonCode>) {
    let Finished { report, streak, cost, .. } = finished;
    if *cost == Some(Cost::Free) {
        let reason = report.reason.clone().unwrap_or_default();
        return (Transition::Interrupt { reason }, Some(ReasonCode::Transient));
    }
    let (used, budget) = (budget_used_now(task), budget_of(task, default));
    if matches!(decided, Transition::Fail { .. })
        && *cost != Some(Cost::First)
        && let Some(reason) = streak.no_progress(report, used, budget)
    {
        let verdict = Verdict::Fail;
        return (Transition::GiveUp { verdict, reason }, Some(ReasonCode::NoProgress));
    }
    (decided, report.reason_code)
}

/// Whether the blocked ones among `recorded` use up what is left before the run must end.
fn too_many_failures(recorded: &[Recorded], left: usize) -> bool {
    let mut in_a_row = 0;
    for recorded in recorded {
        match recorded.after {
            After::Complete => return false,
            After::Blocked(_) => in_a_row += 1,
            After::Asked(_) | After::Again(_) | After::Interrupted(_) | After::Lost(_) => {}
        }
    }
    in_a_row >= left
}

/// Ends the claim of a dead worker, if it still stands.
fn take_over(draft: &mut Draft<'_>, dead: &Dead) -> Result<(), StoreError> {
    let Some(task) = draft.queues()[dead.queue].index_of(&dead.id) else { return Ok(()) };
    let place = Place { queue: dead.queue, task };
    let record = draft.task(place);
    if record.status != Status::InProgress || record.claim() != dead.claim.as_ref() {
        return Ok(());
    }
    let mut data = Map::new();
    data.insert("claim".to_owned(), dead.claim.as_ref().map_or(Value::Null, |c| json!(c)));
    draft.transition(place, &Transition::TakeOver, &Actor::Loop, data)
}
