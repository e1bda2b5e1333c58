//! The scripted agent and its log, from which tests judge what ran without asking the program.

use crate::sandbox::Sandbox;
use std::collections::BTreeMap;

/// The agent itself; the comment at its top describes its commands.
pub(crate) const SCRIPT: &str = include_str!("fake-agent.sh");

/// A configuration that runs the scripted agent and accepts its product.
pub(crate) const CONFIG: &str = r#"
[agents.default]
run = ["sh", "fake-agent.sh"]
timeout = "30s"
grace = "1s"

# It changes nothing that tasks declare.
[guardrails]
require_changes = "none"

[[verify]]
name = "made"
# A verification of the untouched tree is about no task.
run = 'test -n "$WORKLOOP_TREE_CHECK" || test -e "made/$WORKLOOP_TASK_ID" || { echo "nothing was made" >&2; exit 1; }'
timeout = "20s"
"#;

/// The event of a line of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    Start,
    End,
    Overlap,
}

/// A line of the log.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) moment: Moment,
    pub(crate) task: String,
    pub(crate) nanos: u64,
}

/// Everything that the agents of a sandbox logged, in the order of the log.
#[derive(Debug, Default)]
pub(crate) struct Oracle {
    pub(crate) entries: Vec<Entry>,
}

impl Oracle {
    pub(crate) fn read(sandbox: &Sandbox) -> Self {
        let log = std::fs::read_to_string(sandbox.path("oracle/log")).unwrap_or_default();
        Self { entries: log.lines().filter_map(entry).collect() }
    }

    /// Returns the tasks whose agents were started, in order.
    pub(crate) fn started(&self) -> Vec<&str> {
        self.of(Moment::Start).map(|entry| entry.task.as_str()).collect()
    }

    pub(crate) fn starts(&self, task: &str) -> usize {
        self.started().iter().filter(|started| **started == task).count()
    }

    pub(crate) fn ends(&self, task: &str) -> usize {
        self.of(Moment::End).filter(|entry| entry.task == task).count()
    }

    /// Returns the tasks of which an agent was started while another one of the same task was
    /// alive.
    pub(crate) fn overlaps(&self) -> Vec<&str> {
        self.of(Moment::Overlap).map(|entry| entry.task.as_str()).collect()
    }

    /// Returns the time of the first such event of a task, in nanoseconds.
    pub(crate) fn first(&self, moment: Moment, task: &str) -> Option<u64> {
        self.of(moment).find(|entry| entry.task == task).map(|entry| entry.nanos)
    }

    /// Returns whether agents of the two tasks ran at the same time. Only for tasks with one
    /// attempt.
    pub(crate) fn met(&self, one: &str, other: &str) -> bool {
        let of = |task| (self.first(Moment::Start, task), self.first(Moment::End, task));
        let ((start, end), (other_start, other_end)) = (of(one), of(other));
        start.is_some() && other_start.is_some() && start < other_end && other_start < end
    }

    /// Returns the largest number of agents that ran at the same time. Only for runs in which none
    /// was killed.
    pub(crate) fn most_at_once(&self) -> usize {
        let mut running = 0_usize;
        let mut most = 0;
        for entry in &self.entries {
            match entry.moment {
                Moment::Start => running += 1,
                Moment::End => running = running.saturating_sub(1),
                Moment::Overlap => {}
            }
            most = most.max(running);
        }
        most
    }

    /// Asserts that each of `tasks` started exactly once and none overlapped.
    pub(crate) fn each_exactly_once(&self, tasks: &[String]) {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for task in self.started() {
            *counts.entry(task).or_default() += 1;
        }
        let wrong: Vec<_> = tasks
            .iter()
            .map(|task| (task, counts.get(task.as_str()).copied().unwrap_or(0)))
            .filter(|(_, count)| *count != 1)
            .collect();
        assert!(wrong.is_empty(), "not started exactly once: {wrong:?}");
        assert_eq!(counts.len(), tasks.len(), "unknown tasks were started");
        assert_eq!(self.overlaps(), Vec::<&str>::new(), "ran twice at the same time");
    }

    fn of(&self, moment: Moment) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(move |entry| entry.moment == moment)
    }
}

fn entry(line: &str) -> Option<Entry> {
    let mut words = line.split(' ');
    let moment = match words.next()? {
        "start" => Moment::Start,
        "end" => Moment::End,
        "overlap" => Moment::Overlap,
        _ => return None,
    };
    let task = words.next()?.to_owned();
    let nanos = words.nth(2)?.parse().ok()?;
    Some(Entry { moment, task, nanos })
}
