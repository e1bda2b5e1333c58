//! Builds a report from queues and journals.

use super::attempts::Attempt;
use super::journals::{Journals, hooks};
use super::measures::{busy, flags, lessons, metrics, minutes_of, rounded};
use super::model::{Found, PhaseRow, Report, Span, TaskRow, Validation};
use super::notes::Noted;
use crate::domain::{Field, QueueIx, Status, Verdict, timestamp};
use crate::plan::{Node, State};
use crate::store::queue_name;
use crate::views::deadline;
use crate::views::progress::{self, Share};
use crate::views::summary::Summary;
use crate::views::view::Sources;
use chrono::{DateTime, Utc};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// The input of a report.
pub(crate) struct Input<'a> {
    /// The queues.
    pub sources: Sources<'a>,
    /// The data of their journals.
    pub journals: &'a Journals,
    /// The time.
    pub now: DateTime<Utc>,
    /// Attempts that ended before it do not count.
    pub since: Option<DateTime<Utc>>,
    /// Returns whether a task is selected.
    pub selected: &'a dyn Fn(Node) -> bool,
    /// Returns the last lines of the latest failure of a task.
    pub output: &'a dyn Fn(Node) -> Option<String>,
    /// Returns the findings of the attempt of a task with this number.
    pub found: &'a dyn Fn(Node, u32) -> Option<Found>,
    /// Returns when a file of the project of a queue was created, if known.
    pub born: &'a dyn Fn(QueueIx, &str) -> Option<DateTime<Utc>>,
}

/// Builds the report.
pub(crate) fn build(input: &Input<'_>) -> Report {
    let graph = input.sources.readiness.graph();
    let served = QueueIx::first(input.sources.served);
    let nodes: Vec<Node> = served
        .flat_map(|queue| graph.queue_nodes(queue))
        .filter(|n| (input.selected)(*n))
        .collect();
    let (mut summary, mut share) = (Summary::default(), Share::default());
    let mut files: BTreeMap<String, bool> = BTreeMap::new();
    let mut ambiguous: BTreeSet<String> = BTreeSet::new();
    let mut tasks = Vec::with_capacity(nodes.len());
    let mut all: Vec<(usize, &Attempt)> = Vec::new();
    for &node in &nodes {
        summary.add(input.sources.readiness.task(node).status);
        input.sources.weigh(node, &mut share);
        let attempts = input.attempts(node);
        input.files(node, attempts, &mut files);
        ambiguous.extend(input.listed(node, attempts, Field::FilesAmbiguous));
        all.extend(attempts.iter().map(|attempt| (tasks.len(), attempt)));
        tasks.push(input.row(node, attempts));
    }
    let metrics = metrics(&tasks, &all);
    let notes = input.notes(&nodes);
    // A file that one task certainly changed is not ambiguous.
    ambiguous.retain(|path| !files.contains_key(path));
    let (created, modified): (Vec<_>, Vec<_>) = files.into_iter().partition(|(_, new)| *new);
    let names = |files: Vec<(String, bool)>| files.into_iter().map(|(path, _)| path).collect();
    let known: Vec<f64> = tasks.iter().filter_map(|task| task.cost_usd).collect();
    let tokens: Vec<u64> = tasks.iter().filter_map(|task| task.tokens).collect();
    Report {
        schema_version: 1,
        generated_at: timestamp(input.now),
        since: input.since.map(timestamp),
        summary,
        percent: share.percent(),
        attempts: all.len(),
        minutes: rounded(all.iter().map(|(_, attempt)| minutes_of(attempt.millis())).sum()),
        busy_minutes: rounded(busy(&all)),
        cost_usd: (!known.is_empty()).then(|| known.iter().sum()),
        tokens: (!tokens.is_empty()).then(|| tokens.iter().sum()),
        red_flags: flags(&tasks, &all, &metrics),
        lessons: lessons(&tasks, &all, input.sources.mask),
        phases: phases(&tasks, &input.sources),
        validation: validation(&tasks),
        tampered: notes.iter().filter(|note| **note == Noted::Tampered).count(),
        hooks: hooks(&notes),
        files_created: names(created),
        files_modified: names(modified),
        files_ambiguous: ambiguous.into_iter().collect(),
        metrics,
        left: None,
        forecast: None,
        tasks,
    }
}

impl<'a> Input<'a> {
    /// Returns the attempts of a task that count.
    fn attempts(&self, node: Node) -> &'a [Attempt] {
        let (queue, _) = self.sources.readiness.graph().location(node);
        let id = self.sources.readiness.graph().id(node);
        let all = self
            .journals
            .of(queue)
            .map_or(&[][..], |of| of.of(&queue_name(&self.sources.queues[queue]), id));
        let Some(since) = self.since.map(|since| since.timestamp_millis()) else { return all };
        let first = all.iter().position(|attempt| attempt.ended.is_none_or(|ended| ended >= since));
        &all[first.unwrap_or(all.len())..]
    }

    /// Returns the notes of journals about runs and about `nodes`.
    fn notes(&self, nodes: &[Node]) -> Vec<Noted> {
        let graph = self.sources.readiness.graph();
        let named = |node: &Node| {
            let (queue, _) = graph.location(*node);
            (queue_name(&self.sources.queues[queue]), graph.id(*node).to_owned())
        };
        let meant: HashSet<(String, String)> = nodes.iter().map(named).collect();
        let since = self.since.map(|since| since.timestamp_millis());
        self.journals.notes(since, &meant).collect()
    }

    fn row(&self, node: Node, attempts: &[Attempt]) -> TaskRow {
        let view = self.sources.task(node);
        let (queue, index) = self.sources.place(node);
        let task = &queue.tasks()[index];
        let text = |field| {
            let text = queue.raw(index, field).and_then(|_| queue.text(index, field))?;
            Some(self.sources.mask.text(&text).into_owned())
        };
        let number = |key: &str| queue.member(index, key)?.parse::<f64>().ok();
        let of_attempts = |known: &dyn Fn(&Attempt) -> Option<f64>| {
            let known: Vec<f64> = attempts.iter().filter_map(known).collect();
            (!known.is_empty()).then(|| known.iter().sum::<f64>())
        };
        // The task's sums are over all its attempts: with a start time only the attempts' own
        // numbers count.
        let told = |key: &str| number(key).filter(|_| self.since.is_none());
        let cost = of_attempts(&|attempt| attempt.cost_usd).or_else(|| told("cost_usd"));
        let tokens = of_attempts(&|attempt| attempt.tokens.map(|tokens| tokens as f64));
        let ended = attempts.iter().rev().find_map(|attempt| attempt.ended);
        let at = |millis: i64| DateTime::<Utc>::from_timestamp_millis(millis).map(timestamp);
        let deadline = deadline::of(queue, index, self.now);
        let last = attempts.last();
        let found = last.and_then(|last| (self.found)(node, last.number)).unwrap_or_default();
        TaskRow {
            id: view.id,
            queue: self.sources.queue_of(node).to_owned(),
            title: view.title,
            status: view.status,
            state: view.word,
            phase: task.phase().map(|text| self.sources.mask.text(text).into_owned()),
            epic: task.epic().map(|text| self.sources.mask.text(text).into_owned()),
            percent: progress::percent(queue, index),
            attempts: attempts.len(),
            started_at: attempts
                .first()
                .and_then(|first| at(first.started))
                .or_else(|| text(Field::StartedAt).filter(|_| self.since.is_none())),
            ended_at: ended
                .and_then(at)
                .or_else(|| text(Field::CompletedAt).filter(|_| view.state == State::Complete)),
            minutes: rounded(attempts.iter().map(|a| minutes_of(a.millis())).sum()),
            estimated_minutes: rounded(self.sources.estimates.minutes(node)),
            estimate_source: self.sources.estimates.source(node),
            cost_usd: cost,
            tokens: tokens.or_else(|| told("tokens")).map(|tokens| tokens as u64),
            verdict: task.verdict,
            reason_code: last
                .and_then(|last| last.code.clone())
                .filter(|_| view.state != State::Complete),
            error: view.error,
            late: deadline.as_ref().is_some_and(|deadline| deadline.is_late),
            deadline: deadline.map(|deadline| self.sources.mask.text(&deadline.text).into_owned()),
            discovered_by: text(Field::DiscoveredBy),
            completed_by: view.completed_by,
            landed_commit: view.landed_commit,
            found,
            output: (view.state == State::Blocked).then(|| (self.output)(node)).flatten(),
            waits_for: view.waiting_for.into_iter().map(|waiting| waiting.what).collect(),
            spans: attempts.iter().filter_map(span).collect(),
        }
    }

    /// Returns the paths that a field of a task lists, if its attempts count.
    fn listed(&self, node: Node, attempts: &[Attempt], field: Field) -> Vec<String> {
        let (queue, index) = self.sources.place(node);
        let counts = self.since.is_none() || !attempts.is_empty();
        if !counts || queue.raw(index, field).is_none() {
            return Vec::new();
        }
        let Some(Value::Array(list)) = queue.value(index, field) else { return Vec::new() };
        let hidden = |path: &str| self.sources.mask.text(path).into_owned();
        list.iter().filter_map(Value::as_str).map(hidden).collect()
    }

    /// Adds the files that a task changed, and whether it created them.
    fn files(&self, node: Node, attempts: &[Attempt], files: &mut BTreeMap<String, bool>) {
        let (number, _) = self.sources.readiness.graph().location(node);
        let began = attempts.first().map(|first| first.started);
        for path in self.listed(node, attempts, Field::FilesActuallyChanged) {
            let born = (self.born)(number, &path).map(|born| born.timestamp_millis());
            let is_new = born.zip(began).is_some_and(|(born, began)| born >= began);
            *files.entry(path).or_default() |= is_new;
        }
    }
}

fn span(attempt: &Attempt) -> Option<Span> {
    let to = attempt.ended?;
    let (passed, cost_usd) = (attempt.passed(), attempt.cost_usd);
    Some(Span { from: attempt.started, to: to.max(attempt.started), passed, cost_usd })
}

fn validation(tasks: &[TaskRow]) -> Validation {
    let mut counts = Validation::default();
    for task in tasks.iter().filter(|task| task.state == State::Complete.word()) {
        match task.verdict {
            Some(Verdict::Pass) => counts.pass += 1,
            Some(Verdict::Skipped) => counts.skipped += 1,
            Some(Verdict::Fail | Verdict::Blocked) | None => counts.unknown += 1,
        }
    }
    counts
}

/// Returns the phases of each queue: those of its list first, then others in order of appearance.
fn phases(tasks: &[TaskRow], sources: &Sources<'_>) -> Vec<PhaseRow> {
    let mut rows: Vec<PhaseRow> = Vec::new();
    let mut states: Vec<[bool; 3]> = Vec::new();
    for (queue, shown) in sources.queues.iter().zip(sources.shown).take(sources.served) {
        for phase in queue.phases() {
            let name = Some(sources.mask.text(&phase.name).into_owned()).filter(|n| !n.is_empty());
            rows.push(row(shown, Some(sources.mask.text(&phase.phase).into_owned()), name));
            states.push([false; 3]);
        }
    }
    for task in tasks {
        let is_of = |row: &PhaseRow| {
            row.queue == task.queue
                && (row.phase == task.phase || (row.name.is_some() && row.name == task.phase))
        };
        let at = rows.iter().position(is_of).unwrap_or_else(|| {
            rows.push(row(&task.queue, task.phase.clone(), None));
            states.push([false; 3]);
            rows.len() - 1
        });
        rows[at].tasks += 1;
        rows[at].minutes = rounded(rows[at].minutes + task.minutes);
        match Status::from_word(task.state) {
            Status::Complete => rows[at].complete += 1,
            Status::Blocked => states[at][0] = true,
            Status::InProgress => states[at][1] = true,
            Status::Parked => states[at][2] = true,
            Status::Pending | Status::Unknown => {}
        }
    }
    for (row, [blocked, running, _]) in rows.iter_mut().zip(&states) {
        row.status = match (row.complete == row.tasks, blocked, *running || row.complete > 0) {
            (true, ..) if row.tasks > 0 => "complete",
            (_, true, _) => "blocked",
            (_, _, true) => "in_progress",
            _ => "pending",
        };
    }
    rows
}

fn row(queue: &str, phase: Option<String>, name: Option<String>) -> PhaseRow {
    let queue = queue.to_owned();
    PhaseRow { queue, phase, name, tasks: 0, complete: 0, status: "pending", minutes: 0.0 }
}
