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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{CriticalPath, Naming};
    use crate::views::sample::seen;
    use serde_json::{Value, json};

    /// Returns the picture of all tasks of a queue, or of the open ones.
    fn drawn(tasks: &Value, critical: &CriticalPath, all: bool) -> Value {
        seen(&[("q.json", &json!({"tasks": tasks}))], |sources| {
            let sources = Sources { naming: Naming::Brief, ..sources };
            let picture = Picture {
                readiness: sources.readiness,
                critical,
                title: &|node| sources.title(node),
                selected: &|_| true,
                all,
            };
            serde_json::to_value(view(&sources, &picture)).expect("JSON")
        })
    }

    #[test]
    fn edges_have_their_kind_and_who_declared_them() {
        let tasks = json!([
            {"id": "A", "title": "s3cret-word", "blocks": ["B"]},
            {"id": "B", "title": "b", "dependencies": ["D"]},
            {"id": "E", "title": "e", "child_tasks": ["B"]},
            {"id": "D", "title": "d", "status": "in_progress"},
        ]);
        let critical = CriticalPath { tasks: vec![Node(0), Node(1)], ..CriticalPath::default() };
        let value = drawn(&tasks, &critical, true);
        let task = |id: &str, title: &str, state: &str, critical: bool| json!({"id": id, "queue": "q.json", "title": title, "state": state, "critical": critical});
        assert_eq!(
            value["tasks"],
            json!([
                task("A", "[masked]", "ready", true),
                task("B", "b", "waiting", true),
                task("E", "e", "waiting", false),
                task("D", "d", "in_progress", false),
            ])
        );
        let edges = value["edges"].as_array().expect("a list");
        let edge = |from: &str| edges.iter().find(|edge| edge["from"] == from).expect("an edge");
        assert_eq!(
            edge("A"),
            &json!({"from": "A", "to": "B", "kind": "dependency", "by_blocks": true, "critical": true})
        );
        assert_eq!(edge("B"), &json!({"from": "B", "to": "E", "kind": "child", "critical": false}));
        assert_eq!(
            edge("D"),
            &json!({"from": "D", "to": "B", "kind": "dependency", "critical": false})
        );
        assert_eq!((edges.len(), &value["critical_path"]), (3, &json!(["A", "B"])));
    }

    #[test]
    fn complete_tasks_are_drawn_only_if_all_are() {
        let tasks = json!([
            {"id": "A", "title": "a", "status": "complete"},
            {"id": "B", "title": "b", "dependencies": ["A"]},
        ]);
        let ids = |all: bool| {
            let value = drawn(&tasks, &CriticalPath::default(), all);
            let ids = value["tasks"].as_array().expect("a list").iter();
            let ids: Vec<String> =
                ids.filter_map(|task| task["id"].as_str().map(str::to_owned)).collect();
            (ids, value["edges"].as_array().map(Vec::len))
        };
        assert_eq!(ids(false), (vec!["B".to_owned()], Some(0)));
        assert_eq!(ids(true), (vec!["A".to_owned(), "B".to_owned()], Some(1)));
    }
}
