//! Collects what a decision needs, takes the locks for it, and makes the change.

use super::answers;
use super::apply::{self, Signs};
use super::change::{Made, Recorded, Work, too_many_failures};
use super::decide::{Plan, Refused, Room, Seen, decide};
use super::forecast::Forecast;
use super::on_red;
use super::over::over;
use super::record::{self, After, Budgets, Facts};
use super::recovery::{self, Others};
use super::resting::{Due, Resting};
use super::reviews;
use super::trees::{Profile, TreeKnowledge, Wanted, judged, tree_key};
use crate::claims::{Keeper, fencing};
use crate::domain::{ClaimToken, Liveness, Outcome, QueueIx, ReasonCode, WorkerId};
use crate::engine::attempt::Finished;
use crate::plan;
use crate::platform::clock::Clock;
use crate::platform::fault::{self, Fault};
use crate::platform::ids::Ids;
use crate::project::{Neighbours, Planner, QueueSet, Scope, Seen as Around, Structure};
use crate::queue::Queue;
use crate::store::attempts::{conflicts_in_a_row, lost_in_a_row};
use crate::store::{Draft, Place, StateDir, StoreError, TaskKey, Trees};
use chrono::{DateTime, Utc};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// What a loop reads outside the queues.
struct Look<'a> {
    now: DateTime<Utc>,
    /// Served queues that are paused.
    paused: &'a HashSet<QueueIx>,
    /// Tasks whose worker cannot be determined from here.
    untold: &'a HashSet<Place>,
    /// Whether an agent whose pause is over counts as resting.
    due: Due,
}

/// Decides under the lock, and keeps what it learned between two changes.
pub(crate) struct Dispatcher {
    planner: Planner,
    keeper: Keeper,
    neighbours: Neighbours,
    resting: Resting,
    trees: TreeKnowledge,
    ids: Arc<dyn Ids>,
    clock: Arc<dyn Clock>,
    /// The worker of each slot.
    workers: Vec<WorkerId>,
    scope: Scope,
}

impl std::fmt::Debug for Dispatcher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Dispatcher").field("workers", &self.workers).finish_non_exhaustive()
    }
}

impl Dispatcher {
    /// Creates a dispatcher that knows nothing yet. It takes claims through `keeper` for `workers`,
    /// one for each slot.
    pub(crate) fn new(
        planner: Planner,
        keeper: Keeper,
        workers: Vec<WorkerId>,
        scope: Scope,
        (clock, ids): (Arc<dyn Clock>, Arc<dyn Ids>),
    ) -> Self {
        let (neighbours, resting) = (Neighbours::default(), Resting::of_loop(clock.now()));
        let trees = TreeKnowledge::default();
        Self { planner, keeper, neighbours, resting, trees, ids, clock, workers, scope }
    }

    /// Makes the change. May be called again if the file changed meanwhile.
    pub(crate) fn change(
        &mut self,
        draft: &mut Draft<'_>,
        set: &QueueSet,
        work: &Work<'_>,
    ) -> Result<Made, StoreError> {
        let mut made = Made::default();
        let mut kept = HashMap::new();
        let mut again = Vec::new();
        for (number, (slot, finished)) in work.finished.iter().enumerate() {
            let after = self.record(draft, set, finished, &mut made.warnings)?;
            self.trees.learn_from(finished, &after);
            // A supervisor that vanished holds no claim to continue with. A change that did not
            // land is tried again in a slot for attempts.
            let is_attempt = finished.job.to_land.is_none() && finished.change.is_none();
            let is_held = finished.report.outcome != Outcome::Lost && is_attempt;
            if matches!(after, After::Again(_)) && is_held {
                again.push((*slot, finished));
            }
            made.recorded.push(Recorded { number, after });
        }
        for review in work.reviews {
            made.reviews.extend(reviews::decided(draft, set, review));
        }
        let signs = self.signs(set, HashMap::new());
        for dead in work.dead {
            let place = dead.task.place(draft.queues());
            let waits = place.is_some_and(|place| draft.task(place).change().is_some());
            if waits && !fault::is(Fault::ChangeForgotten) {
                made.adopted.extend(apply::adopt(draft, dead, &signs)?);
            } else {
                apply::take_over(draft, dead)?;
            }
        }
        let (free, paused, spendable) = (work.free.as_slice(), &work.paused, &work.spendable);
        let mut room = Room { free, again: Vec::new(), most: work.most, spendable, paused };
        for (slot, finished) in again {
            let queue = finished.job.queue;
            let Some(task) = draft.queues()[queue].index_of(&finished.job.id) else { continue };
            let place = Place { queue, task };
            room.again.push((slot, place));
            kept.insert(place, finished.job.tag.random().to_owned());
        }
        if too_many_failures(&made.recorded, work.failures_left) || draft.holds_any() {
            room.most = 0;
        }
        let plan = self.plan(draft, set, &room, &mut made)?;
        made.claimed = apply::apply(&plan, draft, &self.signs(set, kept))?;
        made.warnings.extend(plan.warnings);
        (made.tried, made.too_dear, made.left) = (plan.tried, plan.too_dear, plan.left);
        Ok(made)
    }

    fn signs<'a>(&'a self, set: &'a QueueSet, kept: HashMap<Place, String>) -> Signs<'a> {
        let (keeper, workers, ids) = (&self.keeper, self.workers.as_slice(), &*self.ids);
        Signs { set, keeper, workers, ids, kept }
    }

    /// Writes the result of one attempt.
    fn record(
        &self,
        draft: &mut Draft<'_>,
        set: &QueueSet,
        finished: &Finished,
        warnings: &mut Vec<String>,
    ) -> Result<After, StoreError> {
        let Finished { job, report, .. } = finished;
        let queue = job.queue;
        let Some(task) = draft.queues()[queue].index_of(&job.id) else {
            return Ok(After::Lost("it is no longer in the queue".to_owned()));
        };
        let place = Place { queue, task };
        if let Some(why) = lost(set, draft, place, &job.token) {
            return Ok(After::Lost(why));
        }
        let facts = Facts::of(finished);
        // It still waits for the same thing.
        if let Some(change) = facts.change.as_ref()
            && draft.task(place).change() == Some(change)
        {
            return Ok(After::Lands(change.obstacle.clone()));
        }
        let limits = &set.config.limits;
        let budgets = Budgets {
            attempts: limits.attempts.value,
            crashes: limits.crashes.value,
            conflicts: set.config.landing.conflicts.value,
        };
        // Computed only if it matters, because it reads the folders of earlier attempts.
        let before = |in_a_row: fn(&StateDir, &TaskKey) -> u32| {
            in_a_row(&job.state, &job.key).saturating_sub(1)
        };
        let is_lost = report.outcome == Outcome::Lost;
        let is_conflict = report.reason_code == Some(ReasonCode::Conflict);
        let facts = Facts {
            lost_before: if is_lost { before(lost_in_a_row) } else { 0 },
            conflicts_before: if is_conflict { before(conflicts_in_a_row) } else { 0 },
            ..facts
        };
        let agent = job.agent.as_ref().map_or("", |agent| agent.profile.as_str());
        let escalation = |code| set.config.escalation_of(code, agent);
        let over = over(limits, draft.task(place), finished);
        let mends = on_red::mend(draft, place, finished, (&set.config, &mut *warnings));
        let facts = Facts { over, mends, escalation: &escalation, ..facts };
        let decision = record::decide(draft.task(place), facts, budgets);
        let follow_ups = apply::write(draft, place, finished, &decision, &set.config)?;
        warnings.extend(follow_ups.warnings);
        answers::give(draft, place, finished)?;
        Ok(decision.after)
    }

    /// Decides what is claimed and takes the locks for it, again until everything in the plan is
    /// available. The processes are read after all locks of a plan were taken.
    fn plan(
        &mut self,
        draft: &Draft<'_>,
        set: &QueueSet,
        room: &Room<'_>,
        made: &mut Made,
    ) -> Result<Plan, StoreError> {
        let queues = draft.queues();
        let structure = self.planner.structure(set, queues);
        // Which worker has a running task makes no difference to what can be claimed.
        let untold = HashSet::new();
        let (now, paused) = (draft.now(), room.paused);
        let look = Look { now, paused, untold: &untold, due: Due::Ours };
        let conditions = self.conditions(set, queues, &structure, &look)?;
        let tasks = set.tasks(queues);
        let mut refused = Refused::default();
        loop {
            let judged = judged(set);
            let seen = Seen {
                set,
                queues,
                structure: &structure,
                conditions: &conditions,
                scope: &self.scope,
                resting: &self.resting,
                untouched: self.trees.untouched(),
                judged: &judged,
            };
            let ready = plan::readiness(&structure.graph, &tasks, &conditions);
            let plan = decide(&seen, ready, room, &refused);
            self.trees.found_judged(if plan.has_work { judged } else { Vec::new() });
            if let Some((slot, profile)) = plan.judge.clone()
                && made.wanted.is_none()
            {
                match self.take_tree(set, &profile, &mut made.warnings)? {
                    Some(wanted) => made.wanted = Some((slot, wanted)),
                    None => {
                        refused.trees.insert(profile.key);
                        continue;
                    }
                }
            }
            let new = self.refused(set, draft, &plan, room)?;
            if new.is_empty() {
                return Ok(plan);
            }
            refused.tasks.extend(new);
        }
    }

    /// Takes the locks to judge a tree; `None` if they are not available now.
    fn take_tree(
        &mut self,
        set: &QueueSet,
        profile: &Profile,
        warnings: &mut Vec<String>,
    ) -> Result<Option<Wanted>, StoreError> {
        let lock = match Trees::of(&profile.key.root).lock() {
            Ok(lock) => lock,
            Err(error) => {
                let root = profile.key.root.display();
                warnings.push(format!("the tree in {root} is not verified: {error}"));
                self.trees.give_up(&profile.key);
                None
            }
        };
        let Some(lock) = lock else { return Ok(None) };
        let (real, key) = (set.real(profile.queue), tree_key(set, profile.queue));
        let taken = self.keeper.take(real, &key, None)?;
        Ok(taken.then(|| Wanted::new(profile.clone(), lock)))
    }

    /// Returns the tasks of a plan that cannot begin: their claims are held, or processes run for
    /// them.
    fn refused(
        &mut self,
        set: &QueueSet,
        draft: &Draft<'_>,
        plan: &Plan,
        room: &Room<'_>,
    ) -> Result<Vec<Place>, StoreError> {
        let mut refused = Vec::new();
        for (_, place) in &plan.claims {
            // Its supervisor still holds the claim.
            if room.again.iter().any(|(_, again)| again == place) {
                continue;
            }
            let real = set.real(place.queue);
            let key = TaskKey::new(real, draft.task(*place).id.as_str());
            if !self.keeper.lock(real, &key)? {
                refused.push(*place);
            }
        }
        if !refused.is_empty() {
            return Ok(refused);
        }
        let places: Vec<Place> = plan.claims.iter().map(|(_, place)| *place).collect();
        let tasks = places.iter().map(|place| (set.real(place.queue), draft.task(*place)));
        let carried = self.keeper.refused(&tasks.collect::<Vec<_>>())?;
        Ok(carried.into_iter().map(|at| places[at]).collect())
    }

    /// Returns the conditions outside the queues.
    fn conditions(
        &mut self,
        set: &QueueSet,
        queues: &[Queue],
        structure: &Structure,
        look: &Look<'_>,
    ) -> Result<plan::Conditions, StoreError> {
        let reader = self.keeper.reader();
        let others = crate::project::others_claims(set, queues, set.served(), &reader);
        let untold = look.untold.iter().map(|at| (*at, Liveness::Foreign));
        let here = self.clock.monotonic();
        let around = Around {
            now: look.now,
            paused: look.paused.clone(),
            agent_pauses: self.resting.look(set, (look.now, here), look.due),
            claims: others.into_iter().chain(untold).collect(),
            outside: self.neighbours.running(set, queues, &reader)?,
        };
        Ok(around.conditions(set, queues, structure))
    }

    /// Returns the state of the work, as far as it is known without the lock.
    ///
    /// # Errors
    /// Returns an error if it cannot be determined now.
    pub(crate) fn forecast(
        &mut self,
        set: &QueueSet,
        queues: &[Queue],
        paused: &HashSet<QueueIx>,
        untold: &HashSet<Place>,
    ) -> Result<Forecast, StoreError> {
        let structure = self.planner.structure(set, queues);
        let look = Look { now: self.clock.now(), paused, untold, due: Due::Free };
        let conditions = self.conditions(set, queues, &structure, &look)?;
        Ok(Forecast::of(set, queues, &structure, &self.scope, &conditions))
    }

    /// Reads the claims of others. The locks of those of dead workers are held now.
    ///
    /// # Errors
    /// [`StoreError`] when locks or processes cannot be read.
    pub(crate) fn others(
        &mut self,
        set: &QueueSet,
        queues: &[Queue],
        own: &HashSet<ClaimToken>,
    ) -> Result<Others, StoreError> {
        recovery::look_at_others(set, queues, own, &mut self.keeper)
    }

    /// Returns the structure of `queues`.
    pub(crate) fn structure(&mut self, set: &QueueSet, queues: &[Queue]) -> Arc<Structure> {
        self.planner.structure(set, queues)
    }

    /// Returns the keeper, which holds claim locks for this process.
    pub(crate) fn keeper(&mut self) -> &mut Keeper {
        &mut self.keeper
    }

    /// Returns a name of this loop that no other loop has.
    pub(crate) fn name(&self) -> String {
        self.workers.first().map(ToString::to_string).unwrap_or_default()
    }

    /// Returns the other queues of the projects.
    pub(crate) fn neighbours(&self) -> &Neighbours {
        &self.neighbours
    }

    /// Returns the agents that rest.
    pub(crate) fn resting(&self) -> &Resting {
        &self.resting
    }

    /// Returns the agents that rest, to update them.
    pub(crate) fn resting_mut(&mut self) -> &mut Resting {
        &mut self.resting
    }

    /// Returns what is known about trees.
    pub(crate) fn trees(&self) -> &TreeKnowledge {
        &self.trees
    }

    /// Returns what is known about trees, to update it.
    pub(crate) fn trees_mut(&mut self) -> &mut TreeKnowledge {
        &mut self.trees
    }
}

/// Returns why a result must not be written; `None` if it may be written.
fn lost(set: &QueueSet, draft: &Draft<'_>, place: Place, token: &ClaimToken) -> Option<String> {
    if fault::is(Fault::TokenIgnored) {
        return None;
    }
    fencing::lost(&**set.claims(), set.real(place.queue), draft.task(place), token)
}
