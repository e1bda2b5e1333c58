//! Everything odd in the graph of all loaded queues, for `check`.

use super::explain::broken_text;
use super::fast::FastMap;
use super::graph::{Broken, BrokenKind, Graph, Node, QueueTasks};
use super::nearest::Hints;
use crate::domain::{Field, Status, Task, Text};
use std::collections::BTreeSet;

/// From this many loops on a warning is due.
const MANY_LOOPS: usize = 15;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Tasks stand still because of it.
    Error,
    /// Most likely not meant.
    Warning,
}

impl Severity {
    /// The word in messages and JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

/// Something odd.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanFinding {
    /// One of [`CODES`].
    pub code: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// The task, where there is one.
    pub node: Option<Node>,
    /// The field of the task.
    pub field: Option<Field>,
    /// The element of the field as it is written.
    pub element: Option<String>,
    /// What is odd, in words.
    pub message: String,
}

/// Code, severity and explanation of every finding of the planner.
pub const CODES: &[(&str, &str, &str)] = &[
    ("cycle", "error", "tasks wait for each other in a circle; none of them can ever run"),
    ("self-dependency", "error", "a task waits for itself"),
    ("unknown-id", "error", "no loaded queue has a task of this id (a warning on a finished task)"),
    ("ambiguous-id", "error", "several loaded queues have a task of this id (likewise)"),
    ("listed-before-dependency", "warning", "an open task stands above one that it depends on"),
    ("done-before-dependency", "warning", "a task is complete and one that it depends on is not"),
    ("dependency-blocked", "warning", "an open task depends on a blocked one"),
    ("dependency-parked", "warning", "an open task depends on a parked one"),
    ("duplicate-work", "warning", "two tasks have the same files and the same description"),
    (
        "same-id-different-dependencies",
        "warning",
        "an id stands in several queues with different dependencies",
    ),
    ("too-many-loops", "warning", "more than 15 loops were asked for"),
];

/// What findings are looked for in.
pub struct FindingsInput<'a> {
    /// The graph.
    pub graph: &'a Graph,
    /// The queues it was built from.
    pub queues: &'a [QueueTasks<'a>],
    /// The description of a task, from its queue's own text.
    pub description: &'a dyn Fn(Node) -> Option<String>,
}

/// Lists the findings, in list order of their tasks.
pub fn findings(input: &FindingsInput) -> Vec<PlanFinding> {
    let mut search = Search {
        graph: input.graph,
        tasks: input.queues.iter().flat_map(|queue| queue.tasks).collect(),
        found: Vec::new(),
    };
    search.broken();
    search.cycles();
    search.dependencies();
    search.duplicates(input.description);
    search.shared_ids(input.queues);
    // A stable sort keeps the findings of one task in the order of the codes.
    search.found.sort_by_key(|finding| finding.node);
    search.found
}

/// Warns of more loops than anybody can look after.
pub fn too_many_loops(loops: usize) -> Option<PlanFinding> {
    (loops > MANY_LOOPS).then(|| PlanFinding {
        code: "too-many-loops",
        severity: Severity::Warning,
        node: None,
        field: None,
        element: None,
        message: format!(
            "{loops} loops: beyond {MANY_LOOPS} they mostly wait for each other, for the machine \
             and for you; see what `plan` recommends"
        ),
    })
}

struct Search<'a> {
    graph: &'a Graph,
    tasks: Vec<&'a Task>,
    found: Vec<PlanFinding>,
}

impl<'a> Search<'a> {
    fn task(&self, node: Node) -> &'a Task {
        self.tasks[node.0 as usize]
    }

    fn warn(&mut self, code: &'static str, node: Node, element: Option<String>, message: String) {
        let field = Some(Field::Dependencies);
        let severity = Severity::Warning;
        self.found.push(PlanFinding { code, severity, node: Some(node), field, element, message });
    }

    fn broken(&mut self) {
        let hints = Hints::default();
        for broken in self.graph.broken() {
            let Broken { node, field, text, why } = broken;
            let (_, what) = broken_text(self.graph, broken, &hints);
            let (code, message) = match why {
                BrokenKind::Itself => ("self-dependency", format!("{text} depends on itself")),
                BrokenKind::Unknown => ("unknown-id", what),
                BrokenKind::Ambiguous(_) => ("ambiguous-id", what),
            };
            let harmless = self.task(*node).status == Status::Complete || !broken.holds();
            self.found.push(PlanFinding {
                code,
                severity: if harmless { Severity::Warning } else { Severity::Error },
                node: Some(*node),
                field: Some(*field),
                element: Some(text.to_string()),
                message,
            });
        }
    }

    fn cycles(&mut self) {
        for cycle in self.graph.cycles() {
            let Some(&first) = cycle.first() else { continue };
            let next = cycle.get(1).copied().unwrap_or(first);
            let element = self.element(first, next);
            self.found.push(PlanFinding {
                code: "cycle",
                severity: Severity::Error,
                node: Some(first),
                field: element.is_some().then_some(Field::Dependencies),
                element,
                message: format!("{} can never run", self.graph.cycle_text(&cycle)),
            });
        }
    }

    /// How `node` writes its dependency `first`.
    fn element(&self, node: Node, first: Node) -> Option<String> {
        let id = self.graph.id(first).as_str();
        let written = self.task(node).dependencies();
        let exact = written.iter().find(|text| *text == id);
        exact.or_else(|| written.iter().find(|text| text.ends_with(id))).map(Text::to_string)
    }

    fn dependencies(&mut self) {
        let graph = self.graph;
        let done = self.really_done();
        for node in graph.nodes() {
            for first in graph.dependencies(node) {
                self.dependency(node, first, done[first.0 as usize]);
            }
        }
    }

    /// For every task whether it is complete; an epic is with its children.
    fn really_done(&self) -> Vec<bool> {
        let mut done = vec![false; self.graph.size()];
        for &node in self.graph.order() {
            let children = match self.graph.is_helper(node) {
                true => continue,
                false => self.graph.children_of(node),
            };
            done[node as usize] = if children.is_empty() {
                self.tasks[node as usize].status == Status::Complete
            } else {
                children.iter().all(|&child| done[child as usize])
            };
        }
        done
    }

    fn dependency(&mut self, node: Node, first: Node, done: bool) {
        let graph = self.graph;
        let (open, other) = (self.task(node).status, self.task(first).status);
        if done {
            return;
        }
        let name = graph.reference(first);
        let element = self.element(node, first);
        if open == Status::Complete {
            let message = format!("complete, although {name}, on which it depends, is {other}");
            self.warn("done-before-dependency", node, element, message);
            return;
        }
        if !open.is_open() {
            return;
        }
        let below = graph.location(node).0 == graph.location(first).0 && first > node;
        if below && !graph.knotted(node.0, first.0) {
            let message = format!("stands above {name}, on which it depends");
            self.warn("listed-before-dependency", node, element.clone(), message);
        }
        let code = match other {
            Status::Blocked => "dependency-blocked",
            Status::Parked => "dependency-parked",
            Status::Pending | Status::InProgress | Status::Complete | Status::Unknown => return,
        };
        self.warn(code, node, element, format!("depends on {name}, which is {other}"));
    }

    fn duplicates(&mut self, description: &dyn Fn(Node) -> Option<String>) {
        let mut first_of: FastMap<String, Node> = FastMap::default();
        for node in self.graph.nodes() {
            let task = self.task(node);
            if task.files().is_empty() || task.is_gate() {
                continue;
            }
            let text = description(node).map(|text| normalised(&text)).unwrap_or_default();
            if text.is_empty() {
                continue;
            }
            let files: BTreeSet<&str> = task
                .files()
                .iter()
                .map(|file| file.trim_start_matches("./").trim_end_matches('/'))
                .collect();
            let key = files.into_iter().chain([&*text]).collect::<Vec<_>>().join("\n");
            let first = *first_of.entry(key).or_insert(node);
            let open = |node: Node| self.task(node).status != Status::Complete;
            if first == node || !open(first) && !open(node) {
                continue;
            }
            let file = task.files().first().map(Text::to_string);
            let same = self.graph.reference(first);
            let message =
                format!("same files and description as {same} ({})", self.task(first).status);
            self.found.push(PlanFinding {
                code: "duplicate-work",
                severity: Severity::Warning,
                node: Some(node),
                field: Some(Field::Description),
                element: file,
                message,
            });
        }
    }

    fn shared_ids(&mut self, queues: &[QueueTasks]) {
        let mut first_of: FastMap<&str, Node> = FastMap::default();
        let graph = self.graph;
        for node in graph.nodes().filter(|&node| graph.is_shared(node)) {
            let first = *first_of.entry(graph.id(node).as_str()).or_insert(node);
            // The same text means different tasks where each file has one of its own.
            let differ = |node: Node| -> (BTreeSet<&str>, BTreeSet<Node>) {
                let texts = self.task(node).dependencies().iter().map(Text::as_str).collect();
                (texts, graph.dependencies(node).collect())
            };
            if differ(first) != differ(node) {
                let other = queues[graph.location(first).0].name;
                let id = graph.id(node);
                let message =
                    format!("{id} stands in queue {other} too, with different dependencies");
                self.warn("same-id-different-dependencies", node, None, message);
            }
        }
    }
}

/// Letters and digits in lower case, with single spaces between words.
fn normalised(text: &str) -> String {
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect::<Vec<_>>().join(" ")
}
