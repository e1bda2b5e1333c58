//! `graph --format json`: tasks and edges as data.

use super::json::Made;
use super::view::Sources;
use crate::plan::{Node, Picture, PictureEdge};
use serde::Serialize;
use std::collections::HashSet;

/// The graph; tasks and edges are created while they are written.
#[derive(Serialize)]
pub struct GraphView<'a> {
    /// Version of this shape.
    pub schema_version: u32,
    /// The tasks.
    pub tasks: Made<'a, Node, GraphTask>,
    /// The dependencies.
    pub edges: Made<'a, PictureEdge, GraphEdge>,
    /// The chain that determines when everything is done.
    pub critical_path: Vec<String>,
}

/// A task of the graph.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct GraphTask {
    /// Its reference.
    pub id: String,
    /// The path of its queue.
    pub queue: String,
    /// Its title.
    pub title: String,
    /// Its state.
    pub state: &'static str,
    /// Whether it is on the critical path.
    pub critical: bool,
}

/// An edge of the graph.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct GraphEdge {
    /// The dependency.
    pub from: String,
    /// The task that waits for it.
    pub to: String,
    /// `dependency`, or `child` from a child to its epic.
    pub kind: &'static str,
    /// Whether only `from` declares it, in its `blocks`.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub by_blocks: bool,
    /// Whether it is on the critical path.
    pub critical: bool,
}

/// Returns the picture as data.
pub fn view<'a>(sources: &'a Sources<'_>, picture: &Picture<'_>) -> GraphView<'a> {
    let graph = sources.readiness.graph();
    let critical: HashSet<Node> = picture.critical.tasks.iter().copied().collect();
    let nodes = picture.nodes().collect();
    let edges = move |edge: &PictureEdge| GraphEdge {
        from: graph.reference(edge.from),
        to: graph.reference(edge.to),
        kind: if edge.child { "child" } else { "dependency" },
        by_blocks: !edge.child && graph.is_by_blocks(edge.from.0, edge.to.0),
        critical: edge.critical,
    };
    let tasks = move |&node: &Node| GraphTask {
        id: graph.reference(node),
        queue: sources.queue_of(node).to_owned(),
        title: sources.title(node),
        state: sources.readiness.state(node).word(),
        critical: critical.contains(&node),
    };
    let keys = picture.edges().collect();
    GraphView {
        schema_version: 1,
        tasks: Made { keys: nodes, make: Box::new(tasks) },
        edges: Made { keys, make: Box::new(edges) },
        critical_path: picture.critical.tasks.iter().map(|&node| graph.reference(node)).collect(),
    }
}
