//! The plan as one value, in the shape of `plan --json`.

use super::makespan::Schedule;
use crate::domain::Text;
use crate::plan::graph::Node;
use serde::{Serialize, Serializer};

/// Minutes; written as an integer where they are whole.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Minutes(pub f64);

impl Minutes {
    /// From seconds.
    pub fn of(seconds: u64) -> Self {
        Self(seconds as f64 / 60.0)
    }

    /// The same in seconds.
    pub fn seconds(self) -> u64 {
        (self.0 * 60.0).round() as u64
    }
}

impl Serialize for Minutes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.fract() == 0.0 {
            serializer.serialize_u64(self.0 as u64)
        } else {
            serializer.serialize_f64((self.0 * 1000.0).round() / 1000.0)
        }
    }
}

/// The critical path of a plan.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PathReport {
    /// Its tasks.
    pub tasks: Vec<Text>,
    /// The same in the graph.
    #[serde(skip)]
    pub nodes: Vec<Node>,
    /// How long it takes.
    pub minutes: Minutes,
}

/// By how much a task may be late.
#[derive(Clone, Debug, PartialEq)]
pub struct Slack {
    /// The task.
    pub task: Text,
    /// The same in the graph.
    pub node: Node,
    /// By how much.
    pub late: Minutes,
}

/// The plan for one number of loops.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LoopsReport {
    /// The number of loops.
    pub loops: usize,
    /// When the last task ends.
    pub makespan_minutes: Minutes,
    /// How many times faster than one loop.
    pub speedup: f64,
}

/// How many estimates come from where.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct EstimateCounts {
    /// From the tasks.
    pub given: usize,
    /// Measured.
    pub history: usize,
    /// Guessed.
    pub default: usize,
}

/// What barriers cost, against the plan without them.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BarrierCost {
    /// Waves without and with them.
    pub waves: (usize, usize),
    /// Shortest possible time without and with them.
    pub minutes: (Minutes, Minutes),
}

impl BarrierCost {
    /// From the extents of the plans without and with barriers.
    pub fn between(without: (usize, Minutes), with: (usize, Minutes)) -> Self {
        Self { waves: (without.0, with.0), minutes: (without.1, with.1) }
    }
}

/// A plan. Fields may be added, never renamed.
#[derive(Clone, Debug, Serialize)]
pub struct PlanReport {
    /// Version of this shape.
    pub schema_version: u32,
    /// Pending and in-progress tasks: those of the waves and the stuck ones.
    pub tasks: usize,
    /// Dependencies between these.
    pub edges: usize,
    /// What can run together, wave after wave.
    pub waves: Vec<Vec<Text>>,
    /// How many parts each wave was split into because of overlapping paths.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub wave_parts: Vec<usize>,
    /// The most tasks of one wave.
    pub width: usize,
    /// The chain that decides when everything is done.
    pub critical_path: PathReport,
    /// All work together.
    pub work_minutes: Minutes,
    /// Where the least sure estimate comes from.
    pub estimates: &'static str,
    /// How many come from where.
    pub estimate_counts: EstimateCounts,
    /// The plan for each number of loops asked for.
    pub loops: Vec<LoopsReport>,
    /// The smallest number of loops within 5 % of the best time.
    pub recommended_loops: usize,
    /// The plan for that number.
    #[serde(skip)]
    pub recommended: LoopsReport,
    /// The beginning of the schedule for that number.
    #[serde(skip)]
    pub schedule: Schedule,
    /// Whether running several loops is worth it, in a sentence.
    pub advice: String,
    /// Tasks that wait for each other.
    pub cycles: Vec<Vec<Text>>,
    /// Pending tasks that cannot run.
    pub stuck: Vec<Text>,
    /// By how many minutes a task may be late.
    #[serde(serialize_with = "as_map")]
    pub slack: Vec<Slack>,
    /// Phases after which there is a barrier.
    pub barriers: Vec<Text>,
    /// What the barriers cost, where that was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub barrier_cost: Option<BarrierCost>,
}

fn as_map<S: Serializer>(slack: &[Slack], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(slack.iter().map(|slack| (&slack.task, slack.late)))
}
