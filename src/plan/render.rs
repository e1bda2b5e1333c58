//! The graph as text for Mermaid and Graphviz: critical path highlighted, blocked tasks red,
//! complete tasks grey.

use super::graph::{Graph, Node};
use super::now::{Readiness, State};
use super::schedule::CriticalPath;
use crate::platform::cells;
use crate::platform::terminal::steers;
use std::collections::HashSet;
use std::io::{self, Write};

/// The number of characters after which a title is truncated.
const TITLE: usize = 60;

/// The contents of a picture.
pub struct Picture<'a> {
    /// The states of the tasks.
    pub readiness: &'a Readiness<'a>,
    /// The critical path, which is highlighted.
    pub critical: &'a CriticalPath,
    /// Returns the title of a task, from the text of its queue.
    pub title: &'a dyn Fn(Node) -> String,
    /// Returns whether a task is included.
    pub selected: &'a dyn Fn(Node) -> bool,
    /// Whether complete tasks are included.
    pub all: bool,
}

/// How a task is drawn.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Look {
    Ready,
    Waiting,
    Running,
    Done,
    Blocked,
    Parked,
}

impl Look {
    const ALL: [(Self, &'static str, &'static str); 6] = [
        (Self::Ready, "ready", "#d7ecd9"),
        (Self::Waiting, "waiting", "#ffffff"),
        (Self::Running, "running", "#cfe2f7"),
        (Self::Done, "done", "#d0d0d0"),
        (Self::Blocked, "blocked", "#f4b6b6"),
        (Self::Parked, "parked", "#ececec"),
    ];

    fn of(state: State) -> Self {
        match state {
            State::Ready => Self::Ready,
            State::Waiting => Self::Waiting,
            State::InProgress => Self::Running,
            State::Complete => Self::Done,
            State::Blocked => Self::Blocked,
            State::Parked => Self::Parked,
        }
    }

    fn entry(self) -> (&'static str, &'static str) {
        let found = Self::ALL.iter().find(|(look, ..)| *look == self);
        found.map_or(("waiting", "#ffffff"), |(_, name, colour)| (name, colour))
    }
}

/// An edge of the picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PictureEdge {
    /// The task that comes first.
    pub from: Node,
    /// The task that waits for it.
    pub to: Node,
    /// Whether the edge leads from a child to its epic.
    pub child: bool,
    /// Whether the edge is on the critical path.
    pub critical: bool,
}

impl Picture<'_> {
    fn graph(&self) -> &Graph {
        self.readiness.graph()
    }

    fn shows(&self, node: Node) -> bool {
        (self.all || self.readiness.state(node) != State::Complete) && (self.selected)(node)
    }

    /// Returns the tasks that are drawn.
    pub fn nodes(&self) -> impl Iterator<Item = Node> + '_ {
        self.graph().nodes().filter(|&node| self.shows(node))
    }

    /// Returns the edges between the tasks that are drawn.
    pub fn edges(&self) -> impl Iterator<Item = PictureEdge> + '_ {
        let graph = self.graph();
        let steps: HashSet<(Node, Node)> =
            self.critical.tasks.windows(2).map(|pair| (pair[0], pair[1])).collect();
        let firsts = move |to: Node| {
            let named = graph.dependencies(to).map(|from| (from, false));
            let children = graph.children(to).map(|from| (from, true));
            named.chain(children).map(move |(from, child)| (from, to, child))
        };
        let all = self.nodes().flat_map(firsts).filter(|&(from, ..)| self.shows(from));
        all.map(move |(from, to, child)| {
            let critical = steps.contains(&(from, to));
            PictureEdge { from, to, child, critical }
        })
    }

    fn label(&self, node: Node) -> (String, String) {
        let id = self.graph().reference(node);
        let title = one_line(&(self.title)(node));
        (id.clone(), if title == id { String::new() } else { title })
    }

    /// Writes the graph as a Mermaid flowchart.
    ///
    /// # Errors
    /// Returns an error if writing to `out` fails.
    pub fn mermaid(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "flowchart LR")?;
        for node in self.nodes() {
            let (id, title) = self.label(node);
            let (look, _) = Look::of(self.readiness.state(node)).entry();
            let gap = if title.is_empty() { "" } else { "<br/>" };
            let label = format!("{}{gap}{}", mermaid_text(&id), mermaid_text(&title));
            writeln!(out, "    n{}[\"{label}\"]:::{look}", node.0)?;
        }
        let mut thick = Vec::new();
        for (number, edge) in self.edges().enumerate() {
            if edge.critical {
                thick.push(number.to_string());
            }
            let arrow = match (edge.critical, edge.child) {
                (true, _) => "==>",
                (false, true) => "-.->",
                (false, false) => "-->",
            };
            writeln!(out, "    n{} {arrow} n{}", edge.from.0, edge.to.0)?;
        }
        for (_, name, colour) in Look::ALL {
            writeln!(out, "    classDef {name} fill:{colour},stroke:#555555,color:#111111")?;
        }
        writeln!(out, "    classDef critical stroke:#b36b00,stroke-width:3px")?;
        let marked = self.critical.tasks.iter().filter(|&&node| self.shows(node));
        let marked: Vec<String> = marked.map(|node| format!("n{}", node.0)).collect();
        if !marked.is_empty() {
            writeln!(out, "    class {} critical", marked.join(","))?;
        }
        if !thick.is_empty() {
            writeln!(out, "    linkStyle {} stroke:#b36b00", thick.join(","))?;
        }
        Ok(())
    }

    /// Writes the graph in the Graphviz language.
    ///
    /// # Errors
    /// Returns an error if writing to `out` fails.
    pub fn dot(&self, out: &mut dyn Write) -> io::Result<()> {
        let critical: HashSet<Node> = self.critical.tasks.iter().copied().collect();
        writeln!(
            out,
            "digraph queue {{\n    rankdir=LR;\n    \
             node [shape=box, style=\"filled,rounded\", fontname=\"sans-serif\", color=\"#555555\"];"
        )?;
        for node in self.nodes() {
            let (id, title) = self.label(node);
            let (_, colour) = Look::of(self.readiness.state(node)).entry();
            let gap = if title.is_empty() { "" } else { "\\n" };
            let label = format!("{}{gap}{}", dot_text(&id), dot_text(&title));
            let mark =
                if critical.contains(&node) { ", color=\"#b36b00\", penwidth=3" } else { "" };
            writeln!(out, "    n{} [label=\"{label}\", fillcolor=\"{colour}\"{mark}];", node.0)?;
        }
        for edge in self.edges() {
            let style = match (edge.critical, edge.child) {
                (true, _) => " [color=\"#b36b00\", penwidth=3]",
                (false, true) => " [style=dashed]",
                (false, false) => "",
            };
            writeln!(out, "    n{} -> n{}{style};", edge.from.0, edge.to.0)?;
        }
        writeln!(out, "}}")
    }
}

/// Returns the beginning of a text, on one line.
fn one_line(text: &str) -> String {
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
        if line.len() > 4 * TITLE {
            break;
        }
    }
    if cells::width(&line) <= TITLE {
        return line;
    }
    format!("{}…", cells::cut(&line, TITLE - 1).trim_end())
}

/// Escapes a text for a quoted Mermaid label. All characters with a special meaning become
/// entities.
fn mermaid_text(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        if steers(letter) {
            safe.push(' ');
        } else if matches!(
            letter,
            '"' | '#' | ';' | '&' | '<' | '>' | '`' | '\\' | '*' | '_' | '{' | '}' | '$'
        ) {
            safe.push_str(&format!("#{};", u32::from(letter)));
        } else {
            safe.push(letter);
        }
    }
    safe
}

/// Escapes a text for a quoted Graphviz string, in which entities have the same meaning as in HTML.
fn dot_text(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '"' | '\\' => safe.extend(['\\', letter]),
            '&' => safe.push_str("&amp;"),
            letter if steers(letter) => safe.push(' '),
            letter => safe.push(letter),
        }
    }
    safe
}
