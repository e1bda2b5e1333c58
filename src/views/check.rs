//! `check`: all errors and warnings, sorted by file and line, with the line shown.

use super::escape;
use super::style::{Look, color, count};
use crate::domain::QueueIx;
use crate::plan::{FindingsInput, Graph, Node, QueueTasks};
use crate::platform::fault::{self, Fault};
use crate::queue::{Finding, Position, Queue, Refused, Severity};
use anstyle::AnsiColor;
use serde::Serialize;
use std::collections::HashMap;
use std::fmt::Write;

/// Codes that concern neither the text of a queue nor the graph.
pub const CODES: &[(&str, Severity, &str)] = &[
    ("config", Severity::Error, "the configuration cannot be used"),
    ("no-queue", Severity::Error, "there is no queue, or the named one does not exist"),
    ("unreadable", Severity::Error, "a queue cannot be read"),
    ("unsafe-place", Severity::Error, "run and writing verbs refuse the queue or its folder"),
    ("no-root", Severity::Error, "the project root does not exist"),
    ("no-agent", Severity::Error, "no agent is configured; without workloop.toml a warning"),
    ("no-verification", Severity::Error, "no verification; without workloop.toml a warning"),
    ("no-program", Severity::Error, "the program of an agent or a step does not exist"),
    ("unknown-agent", Severity::Error, "with agents.strict: a task names an agent without section"),
    ("agent-default", Severity::Warning, "a task names an agent without section; default runs it"),
    ("unknown-profile", Severity::Error, "a verification profile that is not configured"),
    ("newer-queue", Severity::Warning, "a newer program wrote the queue; it is read, not written"),
    ("newer-journal", Severity::Warning, "a newer program wrote the journal; run refuses to"),
    ("newer-claim", Severity::Warning, "a newer program wrote a claim"),
    ("budget-used", Severity::Warning, "an open task has no attempt left; an edit gives none back"),
    ("unset-variable", Severity::Warning, "a run text reads a variable that its command lacks"),
    ("no-backup", Severity::Warning, "the records are lost if .workloop/ is deleted"),
    ("places-inside", Severity::Error, "private trees would be inside the project"),
    ("hidden-folder", Severity::Error, "the folder of a hidden step cannot be used"),
    ("unused-service", Severity::Warning, "a service that no profile names"),
    ("no-effect", Severity::Warning, "a key has no effect because of other settings"),
    ("unguarded-script", Severity::Warning, "tasks may change a script that a gate runs"),
    ("tampered-file", Severity::Warning, "an attempt changed a judging file; it judges nothing"),
];

/// An error or a warning.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FindingView {
    /// `error` or `warning`.
    #[serde(serialize_with = "as_word")]
    pub severity: Severity,
    /// The stable name of its kind.
    pub code: &'static str,
    /// The path of the queue or of the configuration.
    pub queue: String,
    /// 1-based.
    pub line: Option<u32>,
    /// 1-based, in characters.
    pub column: Option<u32>,
    /// The task.
    pub task: Option<String>,
    /// The message.
    pub message: String,
    /// The line with a caret below the column.
    #[serde(skip)]
    pub excerpt: String,
}

/// Findings of one kind in one file that are not listed one by one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MoreView {
    /// `error` or `warning`.
    #[serde(serialize_with = "as_word")]
    pub severity: Severity,
    /// The stable name of their kind.
    pub code: &'static str,
    /// The path of the queue or of the configuration.
    pub queue: String,
    /// The number of findings besides those that are listed.
    pub count: usize,
}

/// All findings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CheckView {
    /// Version of this shape.
    pub schema_version: u32,
    /// The findings, by file and line.
    pub findings: Vec<FindingView>,
    /// Findings that are not listed because there are too many.
    pub more: Vec<MoreView>,
}

/// The most findings of one kind that are listed for one file.
const MOST: usize = 1_000;

/// Collects findings: for each kind in a file the first thousand, and the total number.
#[derive(Debug, Default)]
pub struct Findings {
    listed: Vec<FindingView>,
    counts: HashMap<String, HashMap<(&'static str, Severity), usize>>,
}

impl Findings {
    /// Adds a finding.
    pub fn add(&mut self, found: FindingView) {
        if self.counts_one(&found.queue, found.code, found.severity) {
            self.listed.push(found);
        }
    }

    /// Counts a finding; returns whether it is to be listed.
    fn counts_one(&mut self, file: &str, code: &'static str, severity: Severity) -> bool {
        if !self.counts.contains_key(file) {
            self.counts.insert(file.to_owned(), HashMap::new());
        }
        let Some(of_file) = self.counts.get_mut(file) else { return false };
        let count = of_file.entry((code, severity)).or_default();
        *count += 1;
        *count <= MOST || fault::is(Fault::FindingsUnbounded)
    }

    fn more(&self) -> Vec<MoreView> {
        let all = self.counts.iter().flat_map(|(file, kinds)| {
            kinds.iter().map(move |((code, severity), count)| MoreView {
                severity: *severity,
                code,
                queue: file.clone(),
                count: count.saturating_sub(MOST),
            })
        });
        let mut more: Vec<MoreView> = all.filter(|more| more.count > 0).collect();
        more.sort_by(|a, b| (&a.queue, a.severity, a.code).cmp(&(&b.queue, b.severity, b.code)));
        more
    }
}

fn as_word<S: serde::Serializer>(severity: &Severity, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&severity.to_string())
}

impl FindingView {
    /// Creates a finding without a position.
    pub fn placeless(code: &'static str, file: &str, message: impl Into<String>) -> Self {
        let known = CODES.iter().find(|(name, ..)| *name == code);
        Self {
            severity: known.map_or(Severity::Error, |(_, severity, _)| *severity),
            code,
            queue: file.to_owned(),
            line: None,
            column: None,
            task: None,
            message: message.into(),
            excerpt: String::new(),
        }
    }

    /// Adds a position, with the line to show.
    #[must_use]
    pub fn at(self, position: Position, excerpt: String) -> Self {
        Self { line: Some(position.line), column: Some(position.column), excerpt, ..self }
    }

    /// Adds a position and a task of `queue`.
    #[must_use]
    pub fn about(self, queue: &Queue, position: Position, task: String) -> Self {
        Self { task: Some(task), ..self }.at(position, queue.excerpt(position))
    }

    /// Creates the finding of a queue that was refused.
    pub fn refused(shown: &str, refused: &Refused) -> Self {
        Self { severity: Severity::Error, ..Self::placeless(refused.code, shown, &refused.reason) }
            .at(refused.position, refused.excerpt.clone())
    }
}

/// The input of `check`.
pub struct Checked<'a> {
    /// The queues.
    pub queues: &'a [Queue],
    /// Their paths as shown to people.
    pub shown: &'a [String],
    /// How many of them are checked; tasks only refer to the others.
    pub served: usize,
    /// Their tasks as a graph.
    pub graph: &'a Graph,
    /// The input of the graph.
    pub tasks: &'a [QueueTasks<'a>],
}

impl Checked<'_> {
    /// Adds the findings in the texts and the graph.
    pub fn findings(&self, all: &mut Findings) {
        for (number, queue) in QueueIx::each(&self.queues[..self.served]) {
            let shown = &self.shown[number];
            queue.each_finding(&mut |found| {
                if all.counts_one(shown, found.code, found.severity()) {
                    all.listed.push(self.of_queue(number, found.made()));
                }
            });
        }
        let description = |node: Node| {
            let (queue, index) = self.graph.location(node);
            self.queues[queue].text(index, crate::domain::Field::Description)
        };
        let input =
            FindingsInput { graph: self.graph, queues: self.tasks, description: &description };
        crate::plan::each_finding(&input, &mut |found| {
            let (number, index) = self.graph.location(found.node);
            let severity = match found.severity {
                crate::plan::Severity::Error => Severity::Error,
                crate::plan::Severity::Warning => Severity::Warning,
            };
            if number.index() < self.served
                && all.counts_one(&self.shown[number], found.code, severity)
            {
                let finding = found.made();
                let queue = &self.queues[number];
                let position = queue.locate(index, finding.field, finding.element.as_deref());
                let (shown, task) = (&self.shown[number], self.graph.reference(found.node));
                let view = FindingView::placeless(found.code, shown, finding.message);
                all.listed.push(FindingView { severity, ..view }.about(queue, position, task));
            }
        });
    }

    fn of_queue(&self, number: QueueIx, finding: Finding) -> FindingView {
        let queue = &self.queues[number];
        let Finding { severity, code, position, task, message } = finding;
        let task = task.map(|id| self.reference(number, id.as_str()));
        let view = FindingView::placeless(code, &self.shown[number], message);
        FindingView { severity, task, ..view }.at(position, queue.excerpt(position))
    }

    fn reference(&self, queue: QueueIx, id: &str) -> String {
        let index = self.queues[queue].index_of(id);
        index.map_or_else(|| id.to_owned(), |at| self.graph.reference(self.graph.node(queue, at)))
    }
}

impl CheckView {
    /// Sorts the findings.
    pub fn new(all: Findings) -> Self {
        let more = all.more();
        let mut findings = all.listed;
        findings.sort_by(|a, b| (&a.queue, a.line, a.column).cmp(&(&b.queue, b.line, b.column)));
        Self { schema_version: 1, findings, more }
    }

    /// Returns the numbers of errors and warnings.
    pub fn totals(&self) -> (usize, usize) {
        let of = |wanted: Severity| {
            let listed = self.findings.iter().filter(|found| found.severity == wanted).count();
            let more = self.more.iter().filter(|more| more.severity == wanted);
            listed + more.map(|more| more.count).sum::<usize>()
        };
        (of(Severity::Error), of(Severity::Warning))
    }
}

/// Renders `file:line:column: severity[code]: text`, the line with a caret, and the totals at the
/// end.
pub fn text(view: &CheckView, what: &str, look: Look) -> String {
    let mut text = String::new();
    for finding in &view.findings {
        let file = escape::line(&finding.queue);
        let place = match (finding.line, finding.column) {
            (Some(line), Some(column)) => format!("{file}:{line}:{column}"),
            (Some(line), None) => format!("{file}:{line}"),
            (None, _) => file.into_owned(),
        };
        let kind = kind(finding.severity, finding.code, look);
        let task = finding.task.as_deref().filter(|task| !finding.message.contains(*task));
        let task = task.map_or_else(String::new, |task| format!("{}: ", escape::line(task)));
        let _ = writeln!(text, "{place}: {kind}: {task}{}", escape::line(&finding.message));
        if !finding.excerpt.is_empty() {
            let _ = writeln!(text, "{}", escape::lines(&finding.excerpt));
        }
    }
    for more in &view.more {
        let (file, kind) = (escape::line(&more.queue), kind(more.severity, more.code, look));
        let _ = writeln!(text, "{file}: {kind}: and {} more of this kind", more.count);
    }
    let (errors, warnings) = view.totals();
    let total = match (errors, warnings) {
        (0, 0) => "nothing found".to_owned(),
        _ => {
            let errors = count(errors, "error", "errors");
            format!("{errors}, {}", count(warnings, "warning", "warnings"))
        }
    };
    let _ = writeln!(text, "{total} in {what}");
    text
}

fn kind(severity: Severity, code: &str, look: Look) -> String {
    let style = match severity {
        Severity::Error => color(AnsiColor::Red).bold(),
        Severity::Warning => color(AnsiColor::Yellow).bold(),
    };
    look.paint(style, format_args!("{severity}[{code}]")).to_string()
}
