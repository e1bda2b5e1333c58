//! The planner's view of the loaded queues; what depends only on their structure is kept.

use super::history::{self, History};
use super::queues::QueueSet;
use crate::domain::{Field, Status};
use crate::plan::{
    Agents, EstimateRules, Estimates, Experience, Graph, Node, Order, QueueTasks, Source,
};
use crate::queue::Queue;
use crate::store::StateDir;
use crate::store::journal::Journal;
use std::sync::Arc;

/// With more references that lead nowhere a graph is built anew each time.
const MANY_BROKEN: usize = 10_000;

/// Builds graphs, and keeps the last one while the structure of the queues stays the same.
#[derive(Debug, Default)]
pub struct Planner {
    rules: EstimateRules,
    /// The last one, and what it was made of.
    kept: Option<(Vec<u64>, Arc<Structure>)>,
}

/// How estimates are made for the tasks of `queues`: what the configuration says of efforts, and
/// what the journals measured lately.
pub fn measured(set: &QueueSet, queues: &[Queue]) -> EstimateRules {
    experienced(set, queues).0
}

/// The same, with how far off estimates by these rules were.
pub fn experienced(set: &QueueSet, queues: &[Queue]) -> (EstimateRules, Experience) {
    let histories = of_each(set, queues, |journal| History::read(journal.recent()));
    let history = history::medians(queues.iter().zip(&histories));
    let rules = EstimateRules { history, ..configured(set) };
    let experience = history::experience(queues.iter().zip(&histories), &rules);
    (rules, experience)
}

/// The rules that a loop ranks by. Journals are read only if a task has no estimate of its own.
pub fn ranking_rules(set: &QueueSet, queues: &[Queue]) -> EstimateRules {
    let rules = configured(set);
    let mut open = queues.iter().flat_map(Queue::tasks).filter(|task| task.status.is_open());
    if open.any(|task| rules.minutes(task).1 == Source::Default) {
        return measured(set, queues);
    }
    rules
}

/// The times of each queue's tasks, as far back as the journals go.
pub fn histories(set: &QueueSet, queues: &[Queue]) -> Vec<History> {
    of_each(set, queues, |journal| History::read(journal.moments()))
}

/// What `read` says of the journal of each queue; one that several share is read once.
fn of_each(set: &QueueSet, queues: &[Queue], read: impl Fn(&Journal) -> History) -> Vec<History> {
    let states: Vec<StateDir> = (0..queues.len()).map(|queue| set.state(queue)).collect();
    let mut histories: Vec<History> = Vec::new();
    for (number, state) in states.iter().enumerate() {
        let known = states[..number].iter().position(|other| other == state);
        histories.push(match known {
            Some(at) => histories[at].clone(),
            None => read(&Journal::new(state.clone())),
        });
    }
    histories
}

fn configured(set: &QueueSet) -> EstimateRules {
    EstimateRules { effort_minutes: set.config.effort_minutes, ..EstimateRules::default() }
}

/// What depends only on the structure of the queues.
#[derive(Debug)]
pub struct Structure {
    /// All tasks and what they wait for.
    pub graph: Graph,
    /// The agent of each task.
    pub agents: Agents,
    /// How long each task takes.
    pub estimates: Estimates,
}

impl Planner {
    /// A planner that estimates by `rules`.
    pub fn new(rules: EstimateRules) -> Self {
        Self { rules, kept: None }
    }

    /// The structure of `queues`; built anew only when it changed.
    pub fn structure(&mut self, set: &QueueSet, queues: &[Queue]) -> Arc<Structure> {
        let key: Vec<u64> = queues.iter().map(Queue::structure).collect();
        if let Some((_, kept)) = self.kept.as_ref().filter(|(of, _)| *of == key) {
            return Arc::clone(kept);
        }
        // The old one goes first: two of them may need much memory.
        self.kept = None;
        let built = Arc::new(Structure::build(set, queues, &self.rules));
        // References that lead nowhere take more memory than the text that they are in.
        if built.graph.broken().len() <= MANY_BROKEN {
            self.kept = Some((key, Arc::clone(&built)));
        }
        built
    }
}

impl Structure {
    /// The structure of `queues`, estimated by `rules`. Who looks once is spared the hash of all
    /// tasks by which a planner sees that it may keep what it has.
    pub fn build(set: &QueueSet, queues: &[Queue], rules: &EstimateRules) -> Self {
        let tasks = set.tasks(queues);
        let graph = Graph::build(&tasks);
        let agents = Agents::new(&tasks, |task| set.limit(task));
        let estimates = Estimates::new(&graph, &tasks, rules);
        Self { graph, agents, estimates }
    }

    /// The word that is the state of a task and means nothing.
    pub fn unknown_word(&self, queues: &[Queue], node: Node) -> Option<String> {
        let (queue, index) = self.graph.location(node);
        let is_unknown = queues[queue].tasks()[index].status == Status::Unknown;
        let word = queues[queue].text(index, Field::Status).filter(|_| is_unknown)?;
        // A text that is long enough to be one is no word.
        Some(word.chars().take(40).collect())
    }

    /// The order of claims while the states are as in `tasks`.
    pub fn order(&self, tasks: &[QueueTasks<'_>]) -> Order {
        Order::new(&self.graph, tasks, &self.estimates)
    }
}
