//! Writes what was decided into a draft: the text of the queue and the lines of its journal.

use super::decide::Plan;
use super::follow_ups::{self, FollowUps};
use super::record::Decision;
use super::recovery::Dead;
use super::slot_ix::SlotIx;
use crate::claims::Keeper;
use crate::config::Config;
use crate::domain::{
    Change, Changes, ClaimToken, EventKind, Field, ReasonCode, Status, Transition, Usage, WorkerId,
    Write, timestamp,
};
use crate::engine::attempt::{Finished, usage};
use crate::platform::fault::{self, Fault};
use crate::platform::ids::Ids;
use crate::project::QueueSet;
use crate::store::{Actor, Draft, Place, StoreError, TaskRef};
use serde_json::{Map, Value, json};
use std::collections::HashMap;

/// A task that a slot is to run.
#[derive(Clone, Debug)]
pub(crate) struct Claimed {
    pub(crate) slot: SlotIx,
    /// The task's place in the store.
    pub(crate) place: Place,
    /// The fencing token of its claim.
    pub(crate) token: ClaimToken,
}

/// A change of another loop that this one is to land.
#[derive(Clone, Debug)]
pub(crate) struct Adopted {
    pub(crate) task: TaskRef,
    /// The fencing token of its new claim.
    pub(crate) token: ClaimToken,
    pub(crate) change: Change,
}

/// What is needed to create claims.
pub(super) struct Signs<'a> {
    pub(super) set: &'a QueueSet,
    pub(super) keeper: &'a Keeper,
    pub(super) workers: &'a [WorkerId],
    pub(super) ids: &'a dyn Ids,
    /// The claim tags of tasks that are tried again: their supervisors still have them.
    pub(super) kept: HashMap<Place, String>,
}

/// Writes what the result of `finished` means for the task at `place`. Returns the follow-ups that
/// came with it.
pub(super) fn write(
    draft: &mut Draft<'_>,
    place: Place,
    finished: &Finished,
    decision: &Decision,
    config: &Config,
) -> Result<FollowUps, StoreError> {
    let Finished { job, report, result, .. } = finished;
    let mut data = Map::new();
    data.insert("outcome".to_owned(), json!(report.outcome));
    data.insert("verdict".to_owned(), json!(report.verdict));
    data.insert("reason".to_owned(), json!(report.reason));
    if let Some(code) = decision.code {
        // The code that a hook names is the person's own.
        let own = report.code().filter(|_| code == ReasonCode::Hook);
        data.insert("reason_code".to_owned(), json!(own.unwrap_or(code.word())));
    }
    let flaky = report.flaky();
    if !flaky.is_empty() {
        data.insert("flaky".to_owned(), json!(flaky));
    }
    let actor = Actor::Worker(job.token.clone());
    if report.reason_code == Some(ReasonCode::UsageLimit) {
        let limit =
            json!({"agent": job.agent.as_ref().map(|agent| &agent.profile), "run": report.agent});
        let limit = limit.as_object().cloned().unwrap_or_default();
        draft.record(place, EventKind::UsageLimit, &actor, limit);
    }
    if report.reason_code == Some(ReasonCode::Tampered) {
        draft.record(place, EventKind::Tampered, &actor, data.clone());
    }
    if let Some(work) = &finished.work {
        data.insert("work".to_owned(), json!(work));
    }
    let used = used(finished);
    // Of this attempt alone: sums in the journal could not be added up. Unknown amounts are left
    // out.
    if used.cost_usd > 0.0 {
        data.insert("cost_usd".to_owned(), json!(in_millionths(used.cost_usd)));
    }
    if used.tokens > 0 {
        data.insert("tokens".to_owned(), json!(used.tokens));
    }
    if let Some(landed) = finished.landed() {
        let place_of = json!({"commit": landed.commit, "tree": landed.tree});
        let landed = place_of.as_object().cloned().unwrap_or_default();
        draft.record(place, EventKind::Landed, &actor, landed);
    }
    let mut made = FollowUps::default();
    if matches!(decision.transition, Transition::Complete(..) | Transition::Review(..)) {
        made = follow_ups::add(draft, place, &actor, &result.follow_ups, config);
        data.extend(made.to_json().map(|made| ("follow_ups".to_owned(), made)));
    }
    let mut besides = spent(draft, place, &used);
    if let Some(agent) = &decision.escalated_to {
        data.insert("escalated_to".to_owned(), json!(agent));
        besides.push((Field::EscalatedTo, Write::Set(json!(agent))));
    }
    draft.transition_and(place, &decision.transition, besides, (&actor, data))?;
    Ok(made)
}

/// Returns what the attempt used. A landing or a verification has no agent that uses anything.
fn used(finished: &Finished) -> Usage {
    let agent = finished.job.agent.as_ref();
    agent.map_or_else(Usage::default, |agent| usage(&finished.report, agent.tool.cost_estimate_usd))
}

fn in_millionths(amount: f64) -> f64 {
    (amount * 1e6).round() / 1e6
}

/// Adds what the attempt used to the sums of the task, as far as it is known.
fn spent(draft: &Draft<'_>, place: Place, used: &Usage) -> Changes {
    let queue = &draft.queues()[place.queue];
    let before = |field| queue.value(place.task, field);
    let mut changes = Changes::new();
    if used.cost_usd > 0.0 {
        let sum =
            before(Field::CostUsd).and_then(|cost| cost.as_f64()).unwrap_or(0.0) + used.cost_usd;
        changes.push((Field::CostUsd, Write::Set(json!(in_millionths(sum)))));
    }
    if used.tokens > 0 {
        let sum = before(Field::Tokens).and_then(|tokens| tokens.as_u64()).unwrap_or(0);
        changes.push((Field::Tokens, Write::Set(json!(sum.saturating_add(used.tokens)))));
    }
    changes
}

/// Ends the claim of a dead worker, if it is still in the queue.
pub(super) fn take_over(draft: &mut Draft<'_>, dead: &Dead) -> Result<(), StoreError> {
    let Some(place) = dead.task.place(draft.queues()) else { return Ok(()) };
    let record = draft.task(place);
    if record.status != Status::InProgress || record.claim() != dead.claim.as_ref() {
        return Ok(());
    }
    let mut data = Map::new();
    data.insert("claim".to_owned(), dead.claim.as_ref().map_or(Value::Null, |c| json!(c)));
    draft.transition(place, &Transition::TakeOver, &Actor::Loop, data)
}

/// Takes over a change that waits to land and whose worker died. Returns `None` if the dead claim
/// is no longer in the queue.
pub(super) fn adopt(
    draft: &mut Draft<'_>,
    dead: &Dead,
    signs: &Signs<'_>,
) -> Result<Option<Adopted>, StoreError> {
    let Some(place) = dead.task.place(draft.queues()) else { return Ok(None) };
    let record = draft.task(place);
    let (Status::InProgress, Some(change)) = (record.status, record.change().cloned()) else {
        return Ok(None);
    };
    // The dead claim was read from a text that was set back, and has been repaired since.
    if record.claim() != dead.claim.as_ref() && !fault::is(Fault::StaleAdopted) {
        return Ok(None);
    }
    let Some(worker) = signs.workers.last() else { return Ok(None) };
    let attempt = dead.claim.as_ref().map_or(record.attempts, |claim| claim.attempt);
    let token = ClaimToken { worker: worker.clone(), attempt };
    let claim = signs.keeper.claim(&token, timestamp(draft.now()), signs.ids.hex32());
    let actor = Actor::Worker(token.clone());
    draft.transition(place, &Transition::Adopt(claim), &actor, Map::new())?;
    Ok(Some(Adopted { task: dead.task.clone(), token, change }))
}

/// Writes a plan. Returns what was claimed.
pub(super) fn apply(
    plan: &Plan,
    draft: &mut Draft<'_>,
    signs: &Signs<'_>,
) -> Result<Vec<Claimed>, StoreError> {
    for (place, status, reason) in &plan.settle {
        let settle = Transition::Settle(*status, reason.clone());
        draft.transition(*place, &settle, &Actor::Loop, Map::new())?;
    }
    plan.claims.iter().map(|(slot, place)| signs.claim(draft, *slot, *place)).collect()
}

impl Signs<'_> {
    fn claim(
        &self,
        draft: &mut Draft<'_>,
        slot: SlotIx,
        place: Place,
    ) -> Result<Claimed, StoreError> {
        let task = draft.task(place);
        let key = self.set.queue(place.queue).task(task.id.as_str());
        let state = self.set.state(place.queue);
        let unread = StoreError::io("list the attempts in", state.attempts(&key));
        let folders = state.attempt_numbers(&key).map_err(unread)?;
        // Two attempts must not share a folder after a file was set back.
        let attempt = task.attempts.max(folders.last().copied().unwrap_or(0)).saturating_add(1);
        let token = ClaimToken { worker: self.workers[slot.index()].clone(), attempt };
        let tag = self.kept.get(&place).cloned().unwrap_or_else(|| self.ids.hex32());
        let claim = self.keeper.claim(&token, timestamp(draft.now()), tag);
        let actor = Actor::Worker(token.clone());
        draft.transition(place, &Transition::Claim(claim), &actor, Map::new())?;
        Ok(Claimed { slot, place, token })
    }
}
