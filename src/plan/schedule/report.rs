//! The plan as one value, with the structure of `plan --json`.

use super::makespan::Schedule;
use crate::domain::Text;
use crate::plan::graph::Node;
use serde::{Serialize, Serializer};

/// Minutes, serialized as an integer if they are whole.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Minutes(pub f64);

impl Minutes {
    /// Converts seconds to minutes.
    pub fn of(seconds: u64) -> Self {
        Self(seconds as f64 / 60.0)
    }

    /// Converts the minutes to seconds.
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
    /// The tasks of the path.
    pub tasks: Vec<Text>,
    /// The nodes of the tasks.
    #[serde(skip)]
    pub nodes: Vec<Node>,
    /// The duration of the path.
    pub minutes: Minutes,
}

/// The slack of a task.
#[derive(Clone, Debug, PartialEq)]
pub struct Slack {
    /// The task.
    pub task: Text,
    /// The node of the task.
    pub node: Node,
    /// How much later the task may end.
    pub late: Minutes,
}

/// The plan for one number of loops.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LoopsReport {
    /// The number of loops.
    pub loops: usize,
    /// When the last task ends.
    pub makespan_minutes: Minutes,
    /// How many times faster it is than one loop.
    pub speedup: f64,
}

/// The number of estimates from each source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct EstimateCounts {
    /// Estimates from the tasks.
    pub given: usize,
    /// Estimates from measurements.
    pub history: usize,
    /// Default estimates.
    pub default: usize,
}

/// The cost of barriers, compared with the plan without them.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BarrierCost {
    /// The number of waves without and with barriers.
    pub waves: (usize, usize),
    /// The shortest possible time without and with barriers.
    pub minutes: (Minutes, Minutes),
}

impl BarrierCost {
    /// Computes the cost from the extents of the plans without and with barriers.
    pub fn between(without: (usize, Minutes), with: (usize, Minutes)) -> Self {
        Self { waves: (without.0, with.0), minutes: (without.1, with.1) }
    }
}

/// A plan. Fields may be added but never renamed.
#[derive(Clone, Debug, Serialize)]
pub struct PlanReport {
    /// The version of this structure.
    pub schema_version: u32,
    /// The number of pending and in-progress tasks: those in waves and the stuck ones.
    pub tasks: usize,
    /// The number of dependencies between these tasks.
    pub edges: usize,
    /// What can run together, wave by wave.
    pub waves: Vec<Vec<Text>>,
    /// The number of parts into which each wave was split because of overlapping paths.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub wave_parts: Vec<usize>,
    /// The size of the largest wave.
    pub width: usize,
    /// The chain that decides when everything is done.
    pub critical_path: PathReport,
    /// The total time of all work.
    pub work_minutes: Minutes,
    /// The source of the least reliable estimate.
    pub estimates: &'static str,
    /// The number of estimates from each source.
    pub estimate_counts: EstimateCounts,
    /// The plan for each requested number of loops.
    pub loops: Vec<LoopsReport>,
    /// The smallest number of loops within 5 % of the best time.
    pub recommended_loops: usize,
    /// The plan for that number of loops.
    #[serde(skip)]
    pub recommended: LoopsReport,
    /// The beginning of the schedule for that number of loops.
    #[serde(skip)]
    pub schedule: Schedule,
    /// Whether running several loops is worthwhile, as a sentence.
    pub advice: String,
    /// Cycles of tasks that wait for each other.
    pub cycles: Vec<Vec<Text>>,
    /// Pending tasks that cannot run.
    pub stuck: Vec<Text>,
    /// The slack of each task in minutes.
    #[serde(serialize_with = "as_map")]
    pub slack: Vec<Slack>,
    /// The phases that are followed by a barrier.
    pub barriers: Vec<Text>,
    /// The cost of the barriers, if it was requested.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub barrier_cost: Option<BarrierCost>,
}

fn as_map<S: Serializer>(slack: &[Slack], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(slack.iter().map(|slack| (&slack.task, slack.late)))
}
