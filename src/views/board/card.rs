//! What boards show about one task.

use crate::domain::{Field, QueueIx};
use crate::plan::{Node, State, WaitingKind};
use crate::views::deadline;
use crate::views::progress::Progress;
use crate::views::view::{Sources, TaskView};
use chrono::{DateTime, Duration, SecondsFormat, Utc};
use serde_json::Value;

/// The input of a board.
#[derive(Clone, Copy)]
pub(crate) struct Board<'a> {
    /// The queues, by the names that the board uses for them.
    pub sources: Sources<'a>,
    /// The indexes of the queues to show, in order.
    pub order: &'a [QueueIx],
    /// The time that decides which tasks are late.
    pub now: DateTime<Utc>,
}

/// A task on a board.
pub(super) struct Card {
    /// The data that every view shows.
    pub(super) task: TaskView,
    pub(super) deadline: Option<deadline::Deadline>,
    /// The number of its dependencies, and the names of those that are not complete.
    pub(super) depends: (usize, Vec<String>),
    /// When it will be complete: as reported, otherwise by its estimate.
    pub(super) eta: Option<String>,
}

impl Board<'_> {
    /// Returns the card of a task.
    pub(super) fn card(&self, node: Node) -> Card {
        let (queue, index) = self.sources.place(node);
        let readiness = self.sources.readiness;
        let graph = readiness.graph();
        let task = self.sources.task(node);
        let mut depends = (0, Vec::new());
        for first in graph.dependencies(node) {
            depends.0 += 1;
            if readiness.state(first) != State::Complete {
                depends.1.push(graph.reference(first));
            }
        }
        // Names of tasks that do not exist, or that are ambiguous.
        for waiting in &task.waiting_for {
            if matches!(waiting.kind, WaitingKind::Unknown | WaitingKind::Ambiguous) {
                depends.0 += 1;
                depends.1.push(waiting.what.clone());
            }
        }
        let deadline = deadline::of(queue, index, self.now);
        let eta = self.eta(node, &task);
        Card { task, deadline, depends, eta }
    }

    fn eta(&self, node: Node, task: &TaskView) -> Option<String> {
        if task.state == State::Complete {
            return None;
        }
        if let Some(said) = task.progress.as_ref().and_then(|progress| progress.eta.clone()) {
            return Some(said);
        }
        let since = task.since.as_deref().filter(|_| task.state == State::InProgress)?;
        let since = DateTime::parse_from_rfc3339(since).ok()?.with_timezone(&Utc);
        let takes = i64::try_from(self.sources.estimates.seconds(node)).ok()?;
        let end = since.checked_add_signed(Duration::try_seconds(takes)?)?;
        let minute = end.to_rfc3339_opts(SecondsFormat::Secs, true);
        Some(format!("{} by its estimate", minute.replace(":00Z", "Z").replace('T', " ")))
    }

    /// Returns who is notified of a complete task: those that it names, and those that depend on
    /// it.
    pub(super) fn notified(&self, node: Node) -> Vec<String> {
        let (queue, index) = self.sources.place(node);
        let graph = self.sources.readiness.graph();
        let named = queue.tasks()[index].notify().iter();
        let named = named.map(|name| self.sources.mask.text(name).into_owned());
        let mut all: Vec<String> = named.collect();
        for next in graph.dependants(node) {
            let reference = graph.reference(next);
            if !all.contains(&reference) {
                all.push(reference);
            }
        }
        all
    }

    /// Returns the artifacts of a task as texts.
    pub(super) fn artifacts(&self, node: Node) -> Vec<String> {
        let (queue, index) = self.sources.place(node);
        if queue.raw(index, Field::Artifacts).is_none() {
            return Vec::new();
        }
        let Some(Value::Array(list)) = queue.value(index, Field::Artifacts) else {
            return Vec::new();
        };
        let text = |value: &Value| match value.as_str() {
            Some(text) => self.sources.mask.text(text).into_owned(),
            None => self.sources.mask.text(&value.to_string()).into_owned(),
        };
        list.iter().map(text).collect()
    }

    /// Returns the agent's summary of its work.
    pub(super) fn summary(&self, node: Node) -> Option<String> {
        let (queue, index) = self.sources.place(node);
        queue.raw(index, Field::ResultSummary)?;
        let text = queue.text(index, Field::ResultSummary)?;
        Some(self.sources.mask.text(&text).into_owned())
    }
}

impl Card {
    /// Returns how much of it is done, in percent.
    pub(super) fn percent(&self) -> u8 {
        if self.task.state == State::Complete {
            return 100;
        }
        self.told().and_then(|progress| progress.percent).unwrap_or(0)
    }

    /// Returns its reported progress.
    pub(super) fn told(&self) -> Option<&Progress> {
        self.task.progress.as_deref()
    }

    /// Returns the next step: as reported, otherwise the first step that is not done.
    pub(super) fn next(&self) -> Option<String> {
        let told = self.told().filter(|_| self.task.state != State::Complete)?;
        let step = || told.steps.iter().find(|step| !step.done).map(|step| step.title.clone());
        told.next.clone().or_else(step)
    }

    /// Returns the reasons why it waits besides other tasks.
    pub(super) fn blockers(&self) -> Vec<String> {
        let task = &self.task;
        if task.state == State::Blocked {
            return vec![task.error.clone().unwrap_or_else(|| "blocked".to_owned())];
        }
        let beside = task.waiting_for.iter().filter(|waiting| match waiting.kind {
            WaitingKind::Dependency
            | WaitingKind::Unknown
            | WaitingKind::Ambiguous
            | WaitingKind::Children
            | WaitingKind::Phase => false,
            WaitingKind::Approval
            | WaitingKind::Scope
            | WaitingKind::NotBefore
            | WaitingKind::Cycle
            | WaitingKind::AgentLimit
            | WaitingKind::ForeignClaim
            | WaitingKind::Pause
            | WaitingKind::Invalid
            | WaitingKind::Manual
            | WaitingKind::Budget => true,
        });
        beside.map(|waiting| waiting.what.clone()).collect()
    }
}
