//! Estimates how long a task takes: from the file, or else from measurements, or else from a
//! default.

use super::graph::{Graph, Node, QueueTasks};
use crate::domain::{Effort, Task};
use serde::Serialize;
use std::collections::HashMap;

/// The estimate for a task about which nothing is known.
const DEFAULT_MINUTES: f64 = 30.0;

/// The longest accepted estimate: a hundred years.
const MOST_MINUTES: f64 = 52_560_000.0;

/// The source of an estimate, most reliable first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// The task's own estimate.
    Given,
    /// The median of finished tasks of the same type and agent.
    History,
    /// The default, because nothing is known.
    Default,
}

impl Source {
    /// Returns the word used in the plan's JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Given => "given",
            Self::History => "history",
            Self::Default => "default",
        }
    }
}

/// The parameters of estimates.
#[derive(Clone, Debug)]
pub struct EstimateRules {
    /// The minutes of the efforts S, M, L and XL.
    pub effort_minutes: [f64; 4],
    /// The median minutes by (type, agent), both as returned by [`history_key`].
    pub history: HashMap<(String, String), f64>,
}

impl Default for EstimateRules {
    fn default() -> Self {
        Self { effort_minutes: [60.0, 240.0, 480.0, 960.0], history: HashMap::new() }
    }
}

/// Returns a type or agent as a key of the history. Case and separators are ignored.
pub fn history_key(name: Option<&str>) -> String {
    let letters = name.unwrap_or("").chars().filter(|c| !matches!(c, '-' | '_' | ' '));
    letters.flat_map(char::to_lowercase).collect()
}

impl EstimateRules {
    /// Returns the minutes of a task and the source of the estimate.
    pub fn minutes(&self, task: &Task) -> (f64, Source) {
        let estimate = task.estimate();
        let believed = |minutes: f64| {
            (minutes.is_finite() && minutes >= 0.0).then(|| minutes.min(MOST_MINUTES))
        };
        let given = estimate
            .minutes
            .and_then(believed)
            .or_else(|| estimate.hours.and_then(|(low, high)| believed((low + high) * 30.0)))
            .or_else(|| estimate.effort.and_then(|effort| believed(self.effort(effort))));
        if let Some(minutes) = given {
            return (minutes, Source::Given);
        }
        if self.history.is_empty() {
            return (DEFAULT_MINUTES, Source::Default);
        }
        let key = (history_key(task.kind()), history_key(task.agent()));
        match self.history.get(&key).copied().and_then(believed) {
            Some(minutes) => (minutes, Source::History),
            None => (DEFAULT_MINUTES, Source::Default),
        }
    }

    fn effort(&self, effort: Effort) -> f64 {
        let [s, m, l, xl] = self.effort_minutes;
        match effort {
            Effort::S => s,
            Effort::M => m,
            Effort::L => l,
            Effort::XL => xl,
        }
    }
}

/// The estimates of all tasks, in whole seconds so that sums are exact. An epic takes no time of
/// its own.
#[derive(Clone, Debug)]
pub struct Estimates {
    /// 32 bits are enough for a hundred years.
    seconds: Vec<u32>,
    sources: Vec<Source>,
}

impl Estimates {
    /// Estimates every task.
    pub fn new(graph: &Graph, queues: &[QueueTasks], rules: &EstimateRules) -> Self {
        let mut seconds = Vec::with_capacity(graph.len());
        let mut sources = Vec::with_capacity(graph.len());
        for task in queues.iter().flat_map(|queue| queue.tasks) {
            let (minutes, source) = rules.minutes(task);
            let epic = graph.is_epic(Node(seconds.len() as u32));
            seconds.push(if epic { 0 } else { (minutes * 60.0).round() as u32 });
            sources.push(source);
        }
        Self { seconds, sources }
    }

    /// Returns the estimate of a task in seconds.
    pub fn seconds(&self, node: Node) -> u64 {
        u64::from(self.short_seconds(node))
    }

    pub(super) fn short_seconds(&self, node: Node) -> u32 {
        self.seconds[node.0 as usize]
    }

    /// Returns the estimate of a task in minutes.
    pub fn minutes(&self, node: Node) -> f64 {
        self.seconds(node) as f64 / 60.0
    }

    /// Returns the source of the estimate of a task.
    pub fn source(&self, node: Node) -> Source {
        self.sources[node.0 as usize]
    }
}

/// Formats a duration: `45 min`, `2 h`, `2 h 30 min`.
pub fn duration_text(seconds: u64) -> String {
    let minutes = (seconds + 30) / 60;
    match (minutes / 60, minutes % 60) {
        (0, 0) if seconds > 0 => format!("{seconds} s"),
        (0, minutes) => format!("{minutes} min"),
        (hours, 0) => format!("{hours} h"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}
