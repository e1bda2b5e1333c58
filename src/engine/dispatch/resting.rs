//! Agents that fail within seconds, or that report that they cannot work now, rest. No loop of the
//! project or of the account starts them until a pause is over; then one attempt tries.
//!
//! The files of project and account ([`Backoffs`]) record which agents rest. They are read whenever
//! something is to be claimed, even under the lock of the queue, but changed only without it.

use super::pauses::{known, pause, put_stand_ins};
use crate::config::Config;
use crate::domain::{Backoff, PauseKind, Rest};
use crate::engine::attempt::{AgentKey, key_of};
use crate::plan::{AgentPause, Node};
use crate::platform::clock::Clock;
use crate::platform::ids::Ids;
use crate::project::QueueSet;
use crate::project::Structure;
use crate::store::Backoffs;
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::time::{Duration, Instant};

/// A run ends when an agent has failed for this long.
const GIVEN_UP: Duration = Duration::from_secs(600);
/// If a pause is at least this long, and the agent failed for as many tasks as may be blocked in a
/// row, the run ends.
const LONG: chrono::TimeDelta = chrono::TimeDelta::seconds(225);

/// What a loop knows about agents that rest.
#[derive(Debug, Default)]
pub(crate) struct Resting {
    /// The failure series that were read.
    seen: HashMap<AgentKey, Seen>,
    /// Agents that this loop may try with one attempt, and the tasks that they failed for.
    tries: HashMap<AgentKey, HashSet<String>>,
    /// The active pauses, as of the last look.
    held: Vec<AgentPause>,
    /// When this loop began; `None` for a view.
    began: Option<DateTime<Utc>>,
}

/// A failure series, on the monotonic clock of this process.
#[derive(Debug)]
struct Seen {
    since: DateTime<Utc>,
    first: Instant,
    until: DateTime<Utc>,
    ends: Instant,
    last: Backoff,
}

/// Whether an agent whose pause is over counts as resting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    /// No: the first loop to claim tries it.
    Free,
    /// Yes, except those that this loop may try.
    Ours,
}

/// Returns the active pauses of agents in the projects of `set`.
pub(crate) fn agent_pauses(set: &QueueSet, now: DateTime<Utc>) -> Vec<AgentPause> {
    // Without earlier knowledge, the recorded pauses count, whatever this process's clock says.
    Resting::default().look(set, (now, Instant::now()), Due::Free)
}

/// Ends the pause of an agent in the project at `root`, or of its account, because a person says
/// so.
pub(crate) fn end_pause(
    config: &Config,
    root: &Path,
    agent: &str,
    ids: &dyn Ids,
) -> std::io::Result<()> {
    let (state, name) = key_of(config, root, agent);
    let backoffs = Backoffs::at(&state);
    if backoffs.get(&name)?.is_none() {
        return Ok(());
    }
    backoffs.change(&name, ids, |_| (None, ()))
}

/// Ends the pauses of all agents in the project at `root`. Returns the names of the agents.
pub(crate) fn end_pauses(
    config: &Config,
    root: &Path,
    ids: &dyn Ids,
) -> std::io::Result<Vec<String>> {
    let mut agents = Vec::new();
    for (agent, _, (state, name), backoff) in known(config, root) {
        if backoff.failures > 0 {
            Backoffs::at(&state).change(&name, ids, |_| (None, ()))?;
            agents.push(agent);
        }
    }
    Ok(agents)
}

impl Resting {
    /// Returns what a loop knows that begins at `now`: nothing.
    pub(super) fn of_loop(now: DateTime<Utc>) -> Self {
        Self { began: Some(now), ..Self::default() }
    }

    /// Returns the pauses that are active now.
    pub(super) fn look(
        &mut self,
        set: &QueueSet,
        times: (DateTime<Utc>, Instant),
        due: Due,
    ) -> Vec<AgentPause> {
        let mut pauses = Vec::new();
        let mut there = HashSet::new();
        let mut roots: Vec<&Path> = set.all_roots().collect();
        roots.sort_unstable();
        roots.dedup();
        for root in roots {
            for (agent, account, key, backoff) in known(&set.config, root) {
                there.insert(key.clone());
                let rest = self.rest(&key, &backoff, times);
                let ours = due == Due::Ours && self.tries.contains_key(&key);
                let held = match rest {
                    Rest::Over => false,
                    Rest::Lasts(_) => !ours,
                    Rest::Due => due == Due::Ours && !ours,
                };
                if held {
                    pauses.push(pause(root, (agent, account), &backoff));
                }
            }
        }
        put_stand_ins(&mut pauses, &set.config);
        self.seen.retain(|key, _| there.contains(key));
        self.held.clone_from(&pauses);
        pauses
    }

    /// Returns whether an agent rests, according to its file.
    fn rest_by_clock(&self, backoff: &Backoff, now: DateTime<Utc>) -> Rest {
        let rest = backoff.rest(now);
        if backoff.kind != PauseKind::Auth || rest == Rest::Over {
            return rest;
        }
        // Only a person ends it, by starting a run after it was found.
        match self.began.is_some_and(|began| backoff.last < began) {
            false => Rest::Lasts(TimeDelta::hours(1)),
            true if !backoff.trying => Rest::Due,
            // The loop that tries it is done soon, or gone.
            true => rest,
        }
    }

    /// Returns whether an agent rests by the monotonic clock: changing the time of day must not
    /// make a pause longer.
    fn rest(
        &mut self,
        key: &AgentKey,
        backoff: &Backoff,
        (now, here): (DateTime<Utc>, Instant),
    ) -> Rest {
        let rest = self.rest_by_clock(backoff, now);
        if rest == Rest::Over {
            self.seen.remove(key);
            return rest;
        }
        let left = match rest {
            Rest::Lasts(left) => left.to_std().unwrap_or_default(),
            Rest::Over | Rest::Due => Duration::ZERO,
        };
        let fresh = || Seen {
            since: backoff.since,
            first: here,
            until: backoff.until,
            ends: here + left,
            last: backoff.clone(),
        };
        let seen = self.seen.entry(key.clone()).or_insert_with(fresh);
        if seen.since != backoff.since {
            *seen = fresh();
        }
        if seen.until != backoff.until {
            (seen.until, seen.ends) = (backoff.until, here + left);
        }
        seen.last.clone_from(backoff);
        let ended = matches!(rest, Rest::Lasts(_)) && seen.ends <= here;
        match (ended, backoff.trying) {
            (false, _) => rest,
            (true, true) => Rest::Over,
            (true, false) => Rest::Due,
        }
    }

    /// Returns the time from `here` until the next pause ends. A pause that is already over is left
    /// to a loop with an idle slot.
    pub(crate) fn left(&self, here: Instant) -> Option<Duration> {
        let left = self.seen.values().filter_map(|seen| seen.ends.checked_duration_since(here));
        left.filter(|left| !left.is_zero()).min()
    }

    /// Returns the active pauses, as of the last look.
    pub(crate) fn held(&self) -> &[AgentPause] {
        &self.held
    }

    /// Returns why the run must end, if an agent has failed for minutes until `here`; `most` is how
    /// many different tasks may fail.
    pub(crate) fn given_up(&self, most: usize, here: Instant) -> Option<String> {
        let failing = |seen: &Seen| here.saturating_duration_since(seen.first);
        let over = |seen: &&Seen| {
            let long = seen.last.until - seen.last.last >= LONG && seen.last.tasks.len() >= most;
            // If the agent itself reports why it cannot work, the run waits for it.
            let quick = seen.last.kind == PauseKind::Quick;
            quick && (failing(seen) >= GIVEN_UP || long)
        };
        let seen = self.seen.values().find(over)?;
        let minutes = (failing(seen).as_secs() / 60).max(1);
        let last = &seen.last;
        let tasks = last.tasks.len();
        let tasks = if tasks == 1 { "1 task".to_owned() } else { format!("{tasks} tasks") };
        Some(format!("{} for {minutes} min ({tasks}): {}", last.sentence(), last.reason))
    }

    /// Returns the agents that are tried: one attempt of each may be claimed.
    pub(super) fn trials(&self) -> Trials<'_> {
        Trials { tries: &self.tries, used: HashSet::new() }
    }

    /// Takes the right to try agents whose pause is over, unless another loop has it. Returns
    /// warnings for a person.
    pub(crate) fn try_agents(
        &mut self,
        set: &QueueSet,
        clock: &dyn Clock,
        ids: &dyn Ids,
    ) -> Vec<String> {
        let (now, here) = (clock.now(), clock.monotonic());
        self.look(set, (now, here), Due::Ours);
        let held = self.held.iter().map(|pause| key_of(&set.config, &pause.root, &pause.agent));
        let held: HashSet<AgentKey> = held.collect();
        let is_over = |key: &AgentKey| self.seen.get(key).is_some_and(|seen| seen.ends <= here);
        let due: Vec<AgentKey> = held.into_iter().filter(is_over).collect();
        let mut warnings = Vec::new();
        for key in due {
            let taken = Backoffs::at(&key.0).change(&key.1, ids, |mut before| {
                let tasks = before.as_ref().map(|b| b.tasks.iter().cloned().collect());
                // It is due by the monotonic clock, whatever the time of day is.
                let taken = before.as_mut().filter(|b| !b.trying).is_some_and(|backoff| {
                    let now = now.max(backoff.until);
                    backoff.try_now(now)
                });
                (before, tasks.filter(|_| taken))
            });
            match taken {
                Ok(Some(tasks)) => {
                    self.tries.insert(key, tasks);
                }
                Ok(None) => {}
                // Two tries are better than none.
                Err(error) => {
                    warnings.push(format!("cannot record that agent {} is tried: {error}", key.1));
                    self.tries.insert(key, HashSet::new());
                }
            }
        }
        warnings
    }

    /// Gives back the right to try agents for which no task was claimed.
    pub(crate) fn give_tries_back(
        &mut self,
        used: &HashSet<AgentKey>,
        clock: &dyn Clock,
        ids: &dyn Ids,
    ) {
        let tries = std::mem::take(&mut self.tries);
        for (state, agent) in tries.into_keys().filter(|key| !used.contains(key)) {
            let now = clock.now();
            let given = Backoffs::at(&state).change(&agent, ids, |mut before| {
                before.iter_mut().for_each(|backoff| backoff.not_tried(now));
                (before, ())
            });
            // If this fails, the agent is tried some seconds later.
            drop(given);
        }
    }
}

/// The attempts that try an agent, while tasks are chosen.
pub(super) struct Trials<'a> {
    tries: &'a HashMap<AgentKey, HashSet<String>>,
    used: HashSet<AgentKey>,
}

impl Trials<'_> {
    /// Returns the key of the agent of a task; `None` if no agent is being tried.
    pub(super) fn agent(
        &self,
        set: &QueueSet,
        structure: &Structure,
        node: Node,
    ) -> Option<AgentKey> {
        if self.tries.is_empty() {
            return None;
        }
        let (queue, _) = structure.graph.location(node);
        let agent = structure.agents.of(node)?;
        Some(key_of(&set.config, set.root(queue), &agent.name))
    }

    /// Returns whether one more attempt of the agent may be claimed.
    pub(super) fn admits(&self, key: Option<&AgentKey>) -> bool {
        key.is_none_or(|key| !self.used.contains(key))
    }

    /// Records that an attempt is claimed.
    pub(super) fn claim(&mut self, key: Option<AgentKey>) {
        self.used.extend(key.filter(|key| self.tries.contains_key(key)));
    }

    /// Sorts tasks for which a tried agent failed behind the others, which tell more about the
    /// agent.
    pub(super) fn put_failed_last(
        &self,
        ranked: &mut [Node],
        set: &QueueSet,
        structure: &Structure,
    ) {
        if self.tries.is_empty() {
            return;
        }
        ranked.sort_by_cached_key(|node| {
            let agent = self.agent(set, structure, *node);
            let (queue, _) = structure.graph.location(*node);
            let key = set.queue(queue).task(structure.graph.id(*node));
            let failed = agent.and_then(|agent| self.tries.get(&agent));
            failed.is_some_and(|failed| failed.contains(&key.id16))
        });
    }

    /// Returns the agents for which an attempt was claimed.
    pub(super) fn used(self) -> HashSet<AgentKey> {
        self.used
    }
}

#[cfg(test)]
mod tests;
