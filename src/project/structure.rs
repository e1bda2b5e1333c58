//! The planner's view of the loaded queues. Everything that depends only on their structure is
//! cached.

use super::history::{self, History};
use super::queues::QueueSet;
use crate::domain::{Field, Status};
use crate::plan::{
    Agents, EstimateRules, Estimates, Experience, Graph, Node, Order, QueueTasks, Source,
};
use crate::queue::Queue;
use crate::store::log::Span;
use std::sync::Arc;

/// The maximum number of broken references with which a graph is cached.
const MANY_BROKEN: usize = 10_000;

/// Builds graphs. Keeps the last one as long as the structure of the queues stays the same.
#[derive(Debug, Default)]
pub(crate) struct Planner {
    rules: EstimateRules,
    /// The last structure, and the key of the queues from which it was built.
    kept: Option<(Vec<u64>, Arc<Structure>)>,
}

/// Returns the estimate rules for the tasks of `queues`, from the configured efforts and the recent
/// measurements in the journals.
pub(crate) fn measured(set: &QueueSet, queues: &[Queue]) -> EstimateRules {
    experienced(set, queues).0
}

/// Returns the estimate rules, and how far estimates by these rules were off.
pub(crate) fn experienced(set: &QueueSet, queues: &[Queue]) -> (EstimateRules, Experience) {
    let histories = of_each(set, queues, Span::Recent);
    let history = history::medians(queues.iter().zip(&histories));
    let rules = EstimateRules { history, ..configured(set) };
    let experience = history::experience(queues.iter().zip(&histories), &rules);
    (rules, experience)
}

/// Returns the rules by which a loop ranks tasks. Journals are read only if some task has no
/// estimate of its own.
pub(crate) fn ranking_rules(set: &QueueSet, queues: &[Queue]) -> EstimateRules {
    let rules = configured(set);
    let mut open = queues.iter().flat_map(Queue::tasks).filter(|task| task.status.is_open());
    if open.any(|task| rules.minutes(task).1 == Source::Default) {
        return measured(set, queues);
    }
    rules
}

/// Returns the times of each queue's tasks, as far back as the journals go.
pub(crate) fn histories(set: &QueueSet, queues: &[Queue]) -> Vec<History> {
    of_each(set, queues, Span::All)
}

/// Returns the times in the journal of each queue. A journal of several queues is read once.
fn of_each(set: &QueueSet, queues: &[Queue], span: Span) -> Vec<History> {
    let mut histories = vec![History::default(); queues.len()];
    for (log, of) in set.logs(queues.len()) {
        let history = History::read(log.events(span));
        for queue in of {
            histories[queue.index()].clone_from(&history);
        }
    }
    histories
}

fn configured(set: &QueueSet) -> EstimateRules {
    EstimateRules { effort_minutes: set.config.effort_minutes, ..EstimateRules::default() }
}

/// Everything that depends only on the structure of the queues.
#[derive(Debug)]
pub(crate) struct Structure {
    /// All tasks with their dependencies.
    pub graph: Graph,
    /// The agent of each task.
    pub agents: Agents,
    /// How long each task takes.
    pub estimates: Estimates,
}

impl Planner {
    /// Creates a planner that estimates by `rules`.
    pub(crate) fn new(rules: EstimateRules) -> Self {
        Self { rules, kept: None }
    }

    /// Returns the structure of `queues`. It is rebuilt only if it changed.
    pub(crate) fn structure(&mut self, set: &QueueSet, queues: &[Queue]) -> Arc<Structure> {
        let key: Vec<u64> = queues.iter().map(Queue::structure).collect();
        if let Some((_, kept)) = self.kept.as_ref().filter(|(of, _)| *of == key) {
            return Arc::clone(kept);
        }
        // The old structure is dropped first, because two of them may need a lot of memory.
        self.kept = None;
        let built = Arc::new(Structure::build(set, queues, &self.rules));
        // Broken references take more memory than the text that contains them.
        if built.graph.broken().len() <= MANY_BROKEN {
            self.kept = Some((key, Arc::clone(&built)));
        }
        built
    }
}

impl Structure {
    /// Builds the structure of `queues`, with estimates by `rules`. Callers that need it only once
    /// avoid the hash of all tasks that a planner uses as its cache key.
    pub(crate) fn build(set: &QueueSet, queues: &[Queue], rules: &EstimateRules) -> Self {
        let tasks = set.tasks(queues);
        let graph = Graph::build(&tasks);
        let agents = Agents::new(&tasks, |task| set.limit(task));
        let estimates = Estimates::new(&graph, &tasks, rules);
        Self { graph, agents, estimates }
    }

    /// Returns the unknown status word of a task.
    pub(crate) fn unknown_word(&self, queues: &[Queue], node: Node) -> Option<String> {
        let (queue, index) = self.graph.location(node);
        let is_unknown = queues[queue].tasks()[index].status == Status::Unknown;
        let word = queues[queue].text(index, Field::Status).filter(|_| is_unknown)?;
        // A text that is long enough to be truncated is not a word.
        Some(word.chars().take(40).collect())
    }

    /// Returns the order in which tasks are claimed while their states are as in `tasks`.
    pub(crate) fn order(&self, tasks: &[QueueTasks<'_>]) -> Order {
        Order::new(&self.graph, tasks, &self.estimates)
    }
}
