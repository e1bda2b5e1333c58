//! `check`: everything wrong or odd, sorted by file and line, with the line shown.

use super::escape;
use super::style::{Look, color, count};
use crate::plan::{FindingsInput, Graph, Node, PlanFinding, QueueTasks};
use crate::queue::{Finding, Position, Queue, Refused, Severity, excerpt};
use anstyle::AnsiColor;
use serde::Serialize;
use std::fmt::Write;

/// Codes that concern neither the text of a queue nor the graph.
pub const CODES: &[(&str, Severity, &str)] = &[
    ("config", Severity::Error, "the configuration cannot be used"),
    ("unreadable", Severity::Error, "a queue cannot be read"),
    ("unknown-agent", Severity::Error, "with agents.strict: a task names an agent without section"),
    ("agent-default", Severity::Warning, "a task names an agent without section; default runs it"),
    ("unknown-profile", Severity::Error, "a verification profile that is not configured"),
    ("newer-queue", Severity::Warning, "a newer program wrote the queue; it is read, not written"),
    ("newer-journal", Severity::Warning, "a newer program wrote the journal; run refuses to"),
    ("newer-claim", Severity::Warning, "a newer program wrote a claim"),
];

/// One thing that is wrong or odd.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FindingView {
    /// `error` or `warning`.
    #[serde(serialize_with = "as_word")]
    pub severity: Severity,
    /// Stable name of its kind.
    pub code: String,
    /// The path of the queue or of the configuration.
    pub queue: String,
    /// 1-based.
    pub line: Option<u32>,
    /// 1-based, in characters.
    pub column: Option<u32>,
    /// The task.
    pub task: Option<String>,
    /// What is wrong.
    pub message: String,
    /// The line with a mark under the column.
    #[serde(skip)]
    pub excerpt: String,
}

/// All findings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CheckView {
    /// Version of this shape.
    pub schema_version: u32,
    /// The findings, by file and line.
    pub findings: Vec<FindingView>,
}

fn as_word<S: serde::Serializer>(severity: &Severity, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&severity.to_string())
}

impl FindingView {
    /// One without a place.
    pub fn placeless(code: &str, file: &str, message: impl Into<String>) -> Self {
        let known = CODES.iter().find(|(name, ..)| *name == code);
        Self {
            severity: known.map_or(Severity::Error, |(_, severity, _)| *severity),
            code: code.to_owned(),
            queue: file.to_owned(),
            line: None,
            column: None,
            task: None,
            message: message.into(),
            excerpt: String::new(),
        }
    }

    /// The same at a place with its line.
    #[must_use]
    pub fn at(mut self, position: Position, line: &str) -> Self {
        (self.line, self.column) = (Some(position.line), Some(position.column));
        if !line.trim().is_empty() {
            self.excerpt = excerpt(line, position);
        }
        self
    }

    /// The same about a task of `queue`.
    #[must_use]
    pub fn about(mut self, queue: &Queue, position: Position, task: String) -> Self {
        self.task = Some(task);
        self.at(position, &queue.line_text(position.line))
    }

    /// A queue that was refused.
    pub fn refused(shown: &str, refused: &Refused) -> Self {
        Self { severity: Severity::Error, ..Self::placeless(refused.code, shown, &refused.reason) }
            .at(refused.position, &refused.line)
    }

    /// A finding about the text of a queue; `task` is its reference.
    pub fn of_queue(shown: &str, queue: &Queue, finding: Finding, task: Option<String>) -> Self {
        let Finding { severity, code, position, message, .. } = finding;
        let view = Self { severity, task, ..Self::placeless(code, shown, message) };
        view.at(position, &queue.line_text(position.line))
    }

    /// A finding about the graph.
    fn of_plan(shown: &str, queue: &Queue, index: usize, found: PlanFinding, task: String) -> Self {
        let severity = match found.severity {
            crate::plan::Severity::Error => Severity::Error,
            crate::plan::Severity::Warning => Severity::Warning,
        };
        let position = queue.locate(index, found.field, found.element.as_deref());
        let view = Self { severity, ..Self::placeless(found.code, shown, found.message) };
        view.about(queue, position, task)
    }
}

/// What `check` looks at.
pub struct Checked<'a> {
    /// The queues.
    pub queues: &'a [Queue],
    /// Their paths as people know them.
    pub shown: &'a [String],
    /// How many of them are checked; the others are only referred to.
    pub served: usize,
    /// Their tasks as a graph.
    pub graph: &'a Graph,
    /// What the graph was built from.
    pub tasks: &'a [QueueTasks<'a>],
}

impl Checked<'_> {
    /// What is wrong with the texts and the graph.
    pub fn findings(&self) -> Vec<FindingView> {
        let mut all = Vec::new();
        for (number, queue) in self.queues[..self.served].iter().enumerate() {
            let shown = &self.shown[number];
            for finding in queue.findings() {
                let id = finding.task.as_ref().map(|id| self.reference(number, id.as_str()));
                all.push(FindingView::of_queue(shown, queue, finding, id));
            }
        }
        let description = |node: Node| {
            let (queue, index) = self.graph.location(node);
            self.queues[queue].text(index, crate::domain::Field::Description)
        };
        let input =
            FindingsInput { graph: self.graph, queues: self.tasks, description: &description };
        for finding in crate::plan::findings(&input) {
            let Some(node) = finding.node else { continue };
            let (number, index) = self.graph.location(node);
            if number < self.served {
                let (queue, shown) = (&self.queues[number], &self.shown[number]);
                let task = self.graph.reference(node);
                all.push(FindingView::of_plan(shown, queue, index, finding, task));
            }
        }
        all
    }

    fn reference(&self, queue: usize, id: &str) -> String {
        let index = self.queues[queue].index_of(id);
        index.map_or_else(|| id.to_owned(), |at| self.graph.reference(self.graph.node(queue, at)))
    }
}

impl CheckView {
    /// Sorts the findings.
    pub fn new(mut findings: Vec<FindingView>) -> Self {
        findings.sort_by(|a, b| (&a.queue, a.line, a.column).cmp(&(&b.queue, b.line, b.column)));
        Self { schema_version: 1, findings }
    }

    /// How many errors and warnings there are.
    pub fn totals(&self) -> (usize, usize) {
        let errors = self.findings.iter().filter(|f| f.severity == Severity::Error).count();
        (errors, self.findings.len() - errors)
    }
}

/// `file:line:column: severity[code]: text`, the line with a mark, and the totals at the end.
pub fn text(view: &CheckView, what: &str, look: Look) -> String {
    let mut text = String::new();
    for finding in &view.findings {
        let file = escape::line(&finding.queue);
        let place = match (finding.line, finding.column) {
            (Some(line), Some(column)) => format!("{file}:{line}:{column}"),
            (Some(line), None) => format!("{file}:{line}"),
            (None, _) => file.into_owned(),
        };
        let style = match finding.severity {
            Severity::Error => color(AnsiColor::Red).bold(),
            Severity::Warning => color(AnsiColor::Yellow).bold(),
        };
        let kind = look.paint(style, format_args!("{}[{}]", finding.severity, finding.code));
        let task = finding.task.as_deref().filter(|task| !finding.message.contains(*task));
        let task = task.map_or_else(String::new, |task| format!("{}: ", escape::line(task)));
        let _ = writeln!(text, "{place}: {kind}: {task}{}", escape::line(&finding.message));
        if !finding.excerpt.is_empty() {
            let _ = writeln!(text, "{}", escape::lines(&finding.excerpt));
        }
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
