//! The conditions outside of the queues: the time, pauses, liveness of claims, limits.

use crate::domain::{Liveness, PauseKind, QueueIx, Task, Typed};
use crate::plan::estimate::history_key;
use crate::plan::graph::{Node, QueueTasks};
use chrono::{DateTime, Local, TimeDelta, Utc};
use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;

/// What happens when the paths of two tasks overlap.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ScopeMode {
    /// They never run at the same time.
    #[default]
    Serialize,
    /// They may run at the same time, and the overlap is reported.
    Warn,
    /// Overlaps are not checked.
    Off,
}

/// The limits of an agent, as far as they matter for picking tasks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentLimit {
    /// The name of the agent in the configuration.
    pub name: String,
    /// The maximum number of its tasks that may run at the same time in the project.
    pub max_parallel: Option<u32>,
    /// Whether a person does its tasks. They are never run.
    pub manual: bool,
}

/// The agent of each task. Copies share the table.
#[derive(Clone, Debug, Default)]
pub struct Agents(Arc<Table>);

#[derive(Debug, Default)]
struct Table {
    /// For every node an index into the list of agents.
    of: Vec<u32>,
    agents: Vec<AgentLimit>,
}

impl Agents {
    /// Calls `resolve` once for each distinct (agent, type) of the tasks.
    pub fn new(queues: &[QueueTasks], mut resolve: impl FnMut(&Task) -> AgentLimit) -> Self {
        let mut made = Table::default();
        let mut by_name: HashMap<String, u32> = HashMap::new();
        let mut known: HashMap<(Option<&str>, Option<&str>), u32> = HashMap::new();
        let mut last = None;
        for task in queues.iter().flat_map(|queue| queue.tasks) {
            let key = (task.agent(), task.kind());
            // Most tasks have the same agent and type as the one before.
            let index = match last {
                Some((same, index)) if same == key => index,
                _ => *known.entry(key).or_insert_with(|| {
                    let limit = resolve(task);
                    *by_name.entry(limit.name.clone()).or_insert_with(|| {
                        made.agents.push(limit);
                        made.agents.len() as u32 - 1
                    })
                }),
            };
            last = Some((key, index));
            made.of.push(index);
        }
        Self(Arc::new(made))
    }

    /// Returns the agents as the tasks name them: without limits, with `manual` and `human` as
    /// people.
    pub fn plain(queues: &[QueueTasks]) -> Self {
        Self::new(queues, |task| {
            let name = history_key(task.agent());
            let manual = task.is_persons();
            AgentLimit { name, max_parallel: None, manual }
        })
    }

    /// Returns the agent of a task.
    pub fn of(&self, node: Node) -> Option<&AgentLimit> {
        self.0.agents.get(*self.0.of.get(node.0 as usize)? as usize)
    }

    pub(crate) fn index(&self, node: u32) -> Option<usize> {
        self.0.of.get(node as usize).map(|&index| index as usize)
    }

    pub(crate) fn table(&self) -> &[AgentLimit] {
        &self.0.agents
    }
}

/// A running task that the loaded queues do not show as running: one of another queue of the same
/// project, or one that a person took away while its agent is being ended. Only its paths and its
/// use of the agent count.
#[derive(Clone, Debug)]
pub struct NeighbourTask {
    /// The reference of the task: `queue:ID`.
    pub name: String,
    /// The root of its project.
    pub root: PathBuf,
    /// The task.
    pub task: Task,
    /// Its agent, as named in the table of agents.
    pub agent: String,
    /// Whether another host has claimed it, so that its liveness cannot be determined here.
    pub foreign: bool,
}

/// An agent that is temporarily not started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentPause {
    /// The root of the project.
    pub root: PathBuf,
    /// The agent, as named in the table of agents.
    pub agent: String,
    /// The account whose pause it is, if it is the pause of an account.
    pub account: Option<String>,
    /// Why the agent is paused.
    pub kind: PauseKind,
    /// The agent that does its tasks in the meantime.
    pub stand_in: Option<String>,
    /// The time of its first failure.
    pub since: DateTime<Utc>,
    /// The agent is not started before this time.
    pub until: DateTime<Utc>,
    /// Whether one attempt is already trying it.
    pub trying: bool,
    /// How it failed, as a sentence.
    pub what: String,
    /// How it failed last, in one line.
    pub reason: String,
}

impl AgentPause {
    /// Describes the pause in a sentence, with times in the local time zone.
    pub fn sentence(&self, typed: &Typed) -> String {
        if self.trying {
            return format!("{}; one attempt tries it now", self.what);
        }
        let until = self.until.with_timezone(&Local);
        let today = self.until - self.since < TimeDelta::hours(20);
        let at = until.format(if today { "%H:%M:%S" } else { "%a %-d %b %H:%M" });
        let meanwhile = self.stand_in.as_ref();
        let meanwhile =
            meanwhile.map_or_else(String::new, |agent| format!("; {agent} works meanwhile"));
        let what = &self.what;
        match self.kind {
            PauseKind::Auth => format!("{what}; tried again by the next run{meanwhile}"),
            PauseKind::Quick | PauseKind::Transient | PauseKind::UsageLimit => {
                let resume = typed.verb("resume");
                format!("{what}; next try at {at}, or at once after {resume}{meanwhile}")
            }
        }
    }
}

/// Everything outside of the queues that decides what can run now.
#[derive(Clone, Debug)]
pub struct Conditions {
    /// The current time.
    pub now: DateTime<Utc>,
    /// The paused queues, by their index among the loaded ones.
    pub paused: HashSet<QueueIx>,
    /// The liveness of the claims of tasks in progress. A task without an entry has a live worker.
    pub claims: HashMap<Node, Liveness>,
    /// What happens when paths overlap.
    pub scopes: ScopeMode,
    /// The agent of each task.
    pub agents: Agents,
    /// Blocked tasks that wait for the answer to a question.
    pub questions: HashSet<Node>,
    /// Blocked tasks whose work passed and waits for a person's review.
    pub reviews: HashSet<Node>,
    /// Agents that are not started now.
    pub agent_pauses: Vec<AgentPause>,
    /// The attempt budget of a task that has none of its own.
    pub attempts: u32,
    /// Tasks that run in the project but not in the loaded queues.
    pub outside: Vec<NeighbourTask>,
    /// How suggested commands name the queues.
    pub typed: Typed,
}

impl Conditions {
    /// Returns conditions with only the time and the agents. Only tasks with a budget of their own
    /// are limited.
    pub fn at(now: DateTime<Utc>, agents: Agents) -> Self {
        Self {
            now,
            paused: HashSet::new(),
            claims: HashMap::new(),
            scopes: ScopeMode::default(),
            agents,
            questions: HashSet::new(),
            reviews: HashSet::new(),
            agent_pauses: Vec::new(),
            attempts: u32::MAX,
            outside: Vec::new(),
            typed: Typed::default(),
        }
    }
}
