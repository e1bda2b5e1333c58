//! Finds everything odd in the graph of all loaded queues, for `check`.

use super::broken::broken_text;
use super::nearest::Hints;
use super::node::{Broken, BrokenKind, Node, QueueTasks};
use super::task_graph::Graph;
use crate::domain::{Field, Status, Task, Text};
use crate::plan::fast::FastMap;
use std::collections::BTreeSet;
use xxhash_rust::xxh3::Xxh3Default;

/// More loops than this cause a warning.
const MANY_LOOPS: usize = 15;

/// The severity of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Tasks wait because of it.
    Error,
    /// Probably unintended.
    Warning,
}

impl Severity {
    /// Returns the word used in messages and JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

/// Something odd in the graph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanFinding {
    /// One of [`CODES`].
    pub code: &'static str,
    /// The severity.
    pub severity: Severity,
    /// The task, if the finding is about one.
    pub node: Option<Node>,
    /// The field of the task, if the finding is about one.
    pub field: Option<Field>,
    /// The element of the field, as it is written.
    pub element: Option<String>,
    /// The description of the finding.
    pub message: String,
}

/// The code, severity and explanation of every finding of the planner.
pub const CODES: &[(&str, &str, &str)] = &[
    ("cycle", "error", "tasks wait for each other in a cycle; none of them can ever run"),
    ("self-dependency", "error", "a task waits for itself"),
    ("unknown-id", "error", "no loaded queue has a task of this id (a warning on a finished task)"),
    ("ambiguous-id", "error", "several loaded queues have a task of this id (likewise)"),
    (
        "no-dependency",
        "warning",
        "a key that may name tasks contains something that is not a task id",
    ),
    ("listed-before-dependency", "warning", "an open task is listed before one that it depends on"),
    ("done-before-dependency", "warning", "a task is complete and one that it depends on is not"),
    ("dependency-blocked", "warning", "an open task depends on a blocked one"),
    ("dependency-parked", "warning", "an open task depends on a parked one"),
    ("duplicate-work", "warning", "two tasks have the same files and the same description"),
    (
        "same-id-different-dependencies",
        "warning",
        "an id exists in several queues with different dependencies",
    ),
    ("too-many-loops", "warning", "more than 15 loops were requested"),
];

/// A finding whose message is not computed yet.
pub struct PlanFound<'a> {
    /// One of [`CODES`].
    pub code: &'static str,
    /// The severity.
    pub severity: Severity,
    /// The task.
    pub node: Node,
    /// The field of the task, if the finding is about one.
    pub field: Option<Field>,
    element: &'a dyn Fn() -> Option<String>,
    message: &'a dyn Fn() -> String,
}

impl PlanFound<'_> {
    /// Computes the finding.
    pub fn made(&self) -> PlanFinding {
        let (code, severity, field) = (self.code, self.severity, self.field);
        let (element, message) = ((self.element)(), (self.message)());
        PlanFinding { code, severity, node: Some(self.node), field, element, message }
    }
}

/// The input of the search for findings.
pub struct FindingsInput<'a> {
    /// The graph.
    pub graph: &'a Graph,
    /// The queues from which the graph was built.
    pub queues: &'a [QueueTasks<'a>],
    /// Returns the description of a task, from the text of its queue.
    pub description: &'a dyn Fn(Node) -> Option<String>,
}

/// Returns the findings, in list order of their tasks.
pub fn findings(input: &FindingsInput) -> Vec<PlanFinding> {
    let mut all = Vec::new();
    each_finding(input, &mut |finding| all.push(finding.made()));
    // A stable sort keeps the findings of one task in the order of the codes.
    all.sort_by_key(|finding| finding.node);
    all
}

/// Passes each finding to `see`, kind by kind. They are not collected, because there may be too
/// many to keep in memory.
pub fn each_finding(input: &FindingsInput, see: &mut dyn FnMut(PlanFound<'_>)) {
    let tasks = input.queues.iter().flat_map(|queue| queue.tasks).collect();
    let mut search = Search { graph: input.graph, tasks, see };
    search.broken();
    search.cycles();
    search.dependencies();
    search.duplicates(input.description);
    search.shared_ids(input.queues);
}

/// Returns a warning about more loops than a person can supervise.
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

struct Search<'a, 'f> {
    graph: &'a Graph,
    tasks: Vec<&'a Task>,
    see: &'f mut dyn FnMut(PlanFound<'_>),
}

impl<'a> Search<'a, '_> {
    fn task(&self, node: Node) -> &'a Task {
        self.tasks[node.0 as usize]
    }

    fn warn(
        &mut self,
        code: &'static str,
        node: Node,
        element: &dyn Fn() -> Option<(Field, String)>,
        message: &dyn Fn() -> String,
    ) {
        let found = element();
        let (severity, field) = (Severity::Warning, found.as_ref().map(|(field, _)| *field));
        let element = &|| found.as_ref().map(|(_, text)| text.clone());
        (self.see)(PlanFound { code, severity, node, field, element, message });
    }

    fn broken(&mut self) {
        let hints = Hints::default();
        let graph = self.graph;
        for broken in graph.broken() {
            let Broken { node, field, text, why } = broken;
            let code = match why {
                BrokenKind::Itself => "self-dependency",
                BrokenKind::Unknown => "unknown-id",
                BrokenKind::Ambiguous(_) => "ambiguous-id",
                BrokenKind::Words => "no-dependency",
            };
            let harmless = self.task(*node).status == Status::Complete || !broken.holds();
            (self.see)(PlanFound {
                code,
                severity: if harmless { Severity::Warning } else { Severity::Error },
                node: *node,
                field: Some(*field),
                element: &|| Some(text.to_string()),
                message: &|| match why {
                    BrokenKind::Itself => format!("{text} depends on itself"),
                    BrokenKind::Words => format!(
                        "`{}` holds {:?}, which is not the id of a task: it is not read as a \
                         dependency",
                        field.key(),
                        clip(text)
                    ),
                    BrokenKind::Unknown if *field == Field::Phase => {
                        format!("its phase depends on {}", broken_text(graph, broken, &hints))
                    }
                    BrokenKind::Unknown | BrokenKind::Ambiguous(_) => {
                        broken_text(graph, broken, &hints)
                    }
                },
            });
        }
    }

    fn cycles(&mut self) {
        for cycle in self.graph.cycles() {
            let Some(&first) = cycle.first() else { continue };
            let next = cycle.get(1).copied().unwrap_or(first);
            let element = element(self.graph, self.task(first), next);
            (self.see)(PlanFound {
                code: "cycle",
                severity: Severity::Error,
                node: first,
                field: element.as_ref().map(|(field, _)| *field),
                element: &|| element.as_ref().map(|(_, text)| text.clone()),
                message: &|| format!("{} can never run", self.graph.cycle_text(&cycle)),
            });
        }
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

    /// Returns for every task whether it is complete. An epic is complete when its children are.
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
        let task = self.task(node);
        let name = || {
            let by = if graph.is_by_blocks(first.0, node.0) { " (by its `blocks`)" } else { "" };
            format!("{}{by}", graph.reference(first))
        };
        let element = || element(graph, task, first);
        if open == Status::Complete {
            self.warn("done-before-dependency", node, &element, &|| {
                format!("complete, although {}, on which it depends, is {other}", name())
            });
            return;
        }
        if !open.is_open() {
            return;
        }
        let below = graph.location(node).0 == graph.location(first).0 && first > node;
        if below && !graph.share_cycle(node.0, first.0) {
            self.warn("listed-before-dependency", node, &element, &|| {
                format!("is listed before {}, on which it depends", name())
            });
        }
        let code = match other {
            Status::Blocked => "dependency-blocked",
            Status::Parked => "dependency-parked",
            Status::Pending | Status::InProgress | Status::Complete | Status::Unknown => return,
        };
        let message = || format!("depends on {}, which is {other}", name());
        self.warn(code, node, &element, &message);
    }

    fn duplicates(&mut self, description: &dyn Fn(Node) -> Option<String>) {
        let mut first_of: FastMap<u128, Node> = FastMap::default();
        for node in self.graph.nodes() {
            let task = self.task(node);
            if task.files().is_empty() || task.is_gate() {
                continue;
            }
            let text = description(node).map(|text| normalised(&text)).unwrap_or_default();
            if text.is_empty() {
                continue;
            }
            let first = *first_of.entry(work(task, &text)).or_insert(node);
            let open = |node: Node| self.task(node).status != Status::Complete;
            if first == node || !open(first) && !open(node) {
                continue;
            }
            let (graph, earlier) = (self.graph, self.task(first));
            (self.see)(PlanFound {
                code: "duplicate-work",
                severity: Severity::Warning,
                node,
                field: Some(Field::Description),
                element: &|| task.files().first().map(Text::to_string),
                message: &|| {
                    let same = graph.reference(first);
                    format!("same files and description as {same} ({})", earlier.status)
                },
            });
        }
    }

    fn shared_ids(&mut self, queues: &[QueueTasks]) {
        let mut first_of: FastMap<&str, Node> = FastMap::default();
        let graph = self.graph;
        for node in graph.nodes().filter(|&node| graph.is_shared(node)) {
            let first = *first_of.entry(graph.id(node)).or_insert(node);
            // In different files, the same text may refer to different tasks.
            let differ = |node: Node| -> (BTreeSet<&str>, BTreeSet<Node>) {
                let texts = self.task(node).waits_for().map(|(_, text)| text.as_str()).collect();
                (texts, graph.dependencies(node).collect())
            };
            if differ(first) != differ(node) {
                self.warn("same-id-different-dependencies", node, &|| None, &|| {
                    let (id, other) = (graph.id(node), queues[graph.location(first).0].name);
                    format!("{id} exists in queue {other} too, with different dependencies")
                });
            }
        }
    }
}

/// Returns how `task` writes its dependency `first`.
fn element(graph: &Graph, task: &Task, first: Node) -> Option<(Field, String)> {
    let id = graph.id(first);
    let exact = task.waits_for().find(|(_, text)| *text == id);
    let found = exact.or_else(|| task.waits_for().find(|(_, text)| text.ends_with(id)));
    found.map(|(field, text)| (field, text.to_string()))
}

/// Returns the start of a text that may be long.
fn clip(text: &str) -> &str {
    text.char_indices().nth(60).map_or(text, |(at, _)| &text[..at])
}

/// Returns a hash of a task's files and its normalized description, so that the texts of all tasks
/// need not be in memory.
fn work(task: &Task, description: &str) -> u128 {
    let files = task.files().iter();
    let files = files.map(|file| file.trim_start_matches("./").trim_end_matches('/'));
    let mut hasher = Xxh3Default::new();
    for file in files.collect::<BTreeSet<&str>>() {
        hasher.update(file.as_bytes());
        hasher.update(b"\n");
    }
    hasher.update(description.as_bytes());
    hasher.digest128()
}

/// Returns letters and digits in lower case, with single spaces between words.
fn normalised(text: &str) -> String {
    let mut normal = String::with_capacity(text.len());
    for word in text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
        if !normal.is_empty() {
            normal.push(' ');
        }
        normal.extend(word.chars().flat_map(char::to_lowercase));
    }
    normal
}
