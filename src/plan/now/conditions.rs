//! What the world says besides the queues: the time, pauses, who holds what, limits.

use crate::domain::{Liveness, PauseKind, Task};
use crate::plan::estimate::history_key;
use crate::plan::graph::{Node, QueueTasks};
use chrono::{DateTime, Local, TimeDelta, Utc};
use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;

/// What overlapping paths of two tasks mean.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ScopeMode {
    /// They never run at the same time.
    #[default]
    Serialize,
    /// They may; the overlap is told.
    Warn,
    /// Nobody looks.
    Off,
}

/// An agent as far as picking is concerned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentLimit {
    /// Its name in the configuration.
    pub name: String,
    /// How many of its tasks may run at the same time in the project.
    pub max_parallel: Option<u32>,
    /// A person does its tasks; they are never run.
    pub manual: bool,
}

/// Which agent each task gets; a copy shares it.
#[derive(Clone, Debug, Default)]
pub struct Agents(Arc<Table>);

#[derive(Debug, Default)]
struct Table {
    /// For every node an index into the list of agents.
    of: Vec<u32>,
    agents: Vec<AgentLimit>,
}

impl Agents {
    /// Asks `resolve` for the agent of each different (agent, type) of the tasks once.
    pub fn new(queues: &[QueueTasks], mut resolve: impl FnMut(&Task) -> AgentLimit) -> Self {
        let mut made = Table::default();
        let mut by_name: HashMap<String, u32> = HashMap::new();
        let mut known: HashMap<(Option<&str>, Option<&str>), u32> = HashMap::new();
        let mut last = None;
        for task in queues.iter().flat_map(|queue| queue.tasks) {
            let key = (task.agent(), task.kind());
            // Most tasks are like the one before them.
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

    /// The agents as the tasks name them: no limits, `manual` and `human` are people.
    pub fn plain(queues: &[QueueTasks]) -> Self {
        Self::new(queues, |task| {
            let name = history_key(task.agent());
            let manual = task.is_persons();
            AgentLimit { name, max_parallel: None, manual }
        })
    }

    /// The agent of a task.
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

/// A running task that the loaded queues do not show as one: of another queue of the same project, or
/// one that a person took away, while its agent is being ended. It holds its paths and a place of
/// its agent, and nothing else of it counts.
#[derive(Clone, Debug)]
pub struct NeighbourTask {
    /// What it is called: `queue:ID`.
    pub name: String,
    /// The root of its project.
    pub root: PathBuf,
    /// The task.
    pub task: Task,
    /// Its agent, as the table of agents names it.
    pub agent: String,
    /// Another machine has it, of which nobody here can say whether it lives.
    pub foreign: bool,
}

/// An agent that is not started for a while.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentPause {
    /// The root of the project.
    pub root: PathBuf,
    /// The agent, as the table of agents names it.
    pub agent: String,
    /// The account whose pause it is, where it is one.
    pub account: Option<String>,
    /// Why.
    pub kind: PauseKind,
    /// The agent that does its tasks meanwhile.
    pub stand_in: Option<String>,
    /// Its first failure.
    pub since: DateTime<Utc>,
    /// It is not started before.
    pub until: DateTime<Utc>,
    /// One attempt tries it already.
    pub trying: bool,
    /// How it failed, as a sentence.
    pub what: String,
    /// How it failed last, in one line.
    pub reason: String,
}

impl AgentPause {
    /// The pause as a sentence, with the time of the place where it is read.
    pub fn sentence(&self) -> String {
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
                format!("{what}; next try at {at}, or at once after workloop resume{meanwhile}")
            }
        }
    }
}

/// Everything outside the queues that decides what can run now.
#[derive(Clone, Debug)]
pub struct Conditions {
    /// The time.
    pub now: DateTime<Utc>,
    /// Queues that are paused, by their place among the loaded ones.
    pub paused: HashSet<usize>,
    /// Who has tasks that are in progress. One of which nothing is said has a living worker.
    pub claims: HashMap<Node, Liveness>,
    /// What overlapping paths mean.
    pub scopes: ScopeMode,
    /// Which agent each task gets.
    pub agents: Agents,
    /// Blocked tasks that wait for the answer to a question.
    pub questions: HashSet<Node>,
    /// Blocked tasks whose work passed and waits for a person's yes.
    pub reviews: HashSet<Node>,
    /// Agents that are not started now.
    pub agent_pauses: Vec<AgentPause>,
    /// Budget of attempts of a task that has none of its own.
    pub attempts: u32,
    /// What runs in the project besides.
    pub outside: Vec<NeighbourTask>,
}

impl Conditions {
    /// Nothing but the time and the agents; budgets only where tasks have their own.
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
        }
    }
}
