//! Views of queues that are made in memory.

mod attempts;
mod check;
mod dates;
mod event;
mod needs;
mod pauses;
mod plan;
mod since;
mod status;
mod table;
mod why;

use super::mask::Mask;
use super::style::Look;
use super::view::{Shown, Sources};
use super::{graph, json, next, table as tables, text};
use crate::domain::Liveness;
use crate::plan::{
    Agents, Conditions, CriticalPath, Estimates, Graph, Node, Order, Picture, QueueTasks, State,
    readiness,
};
use crate::platform::cells;
use crate::queue::Queue;
use chrono::{TimeZone, Utc};
use serde_json::{Value, json};
use std::path::Path;

fn queue(name: &str, tasks: &Value) -> Queue {
    let text = json!({"project": "demo", "tasks": tasks}).to_string();
    Queue::parse(Path::new(name), text.into_bytes()).expect("a queue")
}

fn sample() -> Queue {
    let claim = json!({"worker": "host:1:0badcafe", "attempt": 2, "since": "2026-01-19T14:35:45Z"});
    let tasks = json!([
        {"id": "A", "title": "Lay\nthe \u{1b}[31mfloor", "status": "done"},
        {"id": "B", "title": "Walls", "status": "in_progress", "attempts": 2, "claim": claim},
        {"id": "C", "title": "Roof", "status": "pending", "dependencies": ["B"], "priority": 1},
        {"id": "D", "title": "Door", "status": "blocked", "error": "no hinges, s3cret-word"},
        {"id": "E", "title": "Paint", "dependencies": ["D", "C"], "requires_approval": true},
        {"id": "F", "title": "Fence"},
        {"id": "G", "title": "Garden", "status": "parked"},
    ]);
    queue("q.json", &tasks)
}

/// Calls `see` with the views of `queues`; the tasks in `stale` have lost their workers.
fn with<T>(queues: &[Queue], stale: &[u32], see: impl FnOnce(&Sources<'_>, &Order) -> T) -> T {
    let names: Vec<String> =
        queues.iter().map(|q| q.path().with_extension("").display().to_string()).collect();
    let tasks: Vec<QueueTasks> = queues
        .iter()
        .zip(&names)
        .map(|(queue, name)| QueueTasks {
            name,
            path: queue.path(),
            root: Path::new("/project"),
            tasks: queue.tasks(),
            phases: queue.phases(),
        })
        .collect();
    let graph = Graph::build(&tasks);
    let now = Utc.with_ymd_and_hms(2026, 1, 19, 15, 0, 0).single().expect("a time");
    let mut conditions = Conditions::at(now, Agents::plain(&tasks));
    conditions.claims =
        stale.iter().map(|&node| (Node(node), Liveness::Dead { strays: false })).collect();
    let readiness = readiness(&graph, &tasks, &conditions);
    let shown: Vec<String> = queues.iter().map(|q| q.path().display().to_string()).collect();
    let mask = Mask::new(&[("DOOR_KEY".into(), "s3cret-word".into())]);
    let estimates = Estimates::new(&graph, &tasks, &crate::plan::EstimateRules::default());
    let served = queues.len();
    let sources = Sources {
        queues,
        shown: &shown,
        served,
        readiness: &readiness,
        mask: &mask,
        estimates: &estimates,
        known: None,
        naming: crate::plan::Naming::WithReason,
    };
    see(&sources, &Order::new(&graph, &tasks, &estimates))
}

#[track_caller]
fn fits(schema: &str, value: &Value) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("schemas/{schema}.schema.json"));
    let text = std::fs::read_to_string(path).expect("a schema");
    let schema = serde_json::from_str(&text).expect("JSON");
    if let Err(error) = jsonschema::validate(&schema, value) {
        panic!("{error} in {value}");
    }
}

fn parsed(value: &impl serde::Serialize) -> Value {
    serde_json::from_slice(&json::object(value).expect("JSON")).expect("JSON")
}

#[test]
fn status_text_groups_what_is_open() {
    let text = with(&[sample()], &[], |sources, _| {
        text::status(&sources.status(&|_| true, false, Shown::Open(200)), Look::PLAIN)
    });
    let listed = "\
         q.json (project demo): 7 tasks: 1 complete, 1 in progress, 1 ready, 2 waiting, 1 blocked, 1 parked (16%)\n\
         \x20 in_progress  B  Walls  attempt 2 by host:1:0badcafe\n\
         \x20 blocked      D  Door\n\
         \x20 ready        F  Fence\n\
         \x20 waiting      C  Roof   B (in_progress)\n\
         \x20 waiting      E  Paint  D (blocked); C (waiting); workloop approve E\n";
    assert!(text.starts_with("Needs you\n") && text.ends_with(&format!("\n\n{listed}")), "{text}");
}

#[test]
fn a_long_list_is_cut_and_says_so() {
    let view =
        with(&[sample()], &[], |sources, _| sources.status(&|_| true, false, Shown::Open(2)));
    assert_eq!((view.queues[0].tasks.len(), view.queues[0].hidden), (2, 3));
    let text = text::status(&view, Look { color: true, width: Some(40) });
    assert!(text.contains("(3 more open tasks; --table shows all)"), "{text}");
    assert!(text.contains("\u{1b}[36min_progress"), "{text}");
}

#[test]
fn a_task_whose_worker_is_gone_is_ready_again() {
    let view = with(&[sample()], &[1], |sources, _| sources.status(&|_| true, false, Shown::All));
    let queue = &view.queues[0];
    assert_eq!((queue.tasks[1].state, queue.summary.in_progress), (State::Ready, 1));
    assert_eq!((queue.counts.in_progress, queue.ready), (0, 2));
    assert!(text::status(&view, Look::PLAIN).contains("its worker is gone"));
}

/// The data of journals and folders is read only for the tasks that are shown, however many there
/// are.
#[test]
fn a_look_at_many_tasks_asks_about_few() {
    let tasks: Vec<Value> =
        (0..10_000).map(|n| json!({"id": format!("T{n}"), "title": "x"})).collect();
    let asked = std::cell::Cell::new(0);
    with(&[queue("q.json", &Value::Array(tasks))], &[], |sources, _| {
        let known = |_: Node| {
            asked.set(asked.get() + 1);
            super::known::Known::default()
        };
        let sources = Sources { known: Some(&known), ..*sources };
        let view = sources.status(&|_| true, false, Shown::Open(200));
        assert_eq!((view.queues[0].tasks.len(), view.queues[0].hidden), (200, 9_800));
    });
    assert_eq!(asked.get(), 200);
}

#[test]
fn who_waits_for_a_person_comes_first_with_the_command() {
    let view = with(&[sample()], &[], |sources, _| sources.status(&|_| true, false, Shown::All));
    let first = &view.needs_you[0];
    let command = "workloop why D, then workloop retry D";
    assert_eq!((first.id.as_str(), first.command.as_str()), ("D", command));
    for width in [60, 80, 120, 200] {
        let text = text::status(&view, Look { color: false, width: Some(width) });
        assert!(text.starts_with("Needs you\n  -  D"), "{text}");
        let line = text.lines().nth(1).unwrap_or_default();
        assert!(line.ends_with(command) && cells::width(line) <= width, "{line}");
    }
}

#[test]
fn a_row_of_the_table_has_its_times_and_one_sign() {
    let times = json!([
        {"id": "A", "title": "Walls", "status": "done", "started_at": "2026-01-19T10:00:00Z",
            "completed_at": "2026-01-19T10:07:00Z", "attempts": 1},
        {"id": "B", "title": "Roof"},
    ]);
    let table = with(&[queue("q.json", &times)], &[], |sources, _| {
        tables::status(&sources.written_status(&|_| true, false), Look::PLAIN)
    });
    let row = |id: &str| {
        let row = table.lines().find(|line| line.contains(id)).unwrap_or_default();
        row.split(['│', '┆']).map(|cell| cell.trim().to_owned()).collect::<Vec<_>>()
    };
    let heads = ["Window", "Subtask", "Status", "Start", "End", "Duration", "Notes"];
    assert_eq!(row("Window")[1..8], heads);
    let first = row("Walls");
    assert_eq!(
        (first[1].as_str(), first[3].as_str(), first[6].as_str()),
        ("-", "✓ complete", "7 min")
    );
    assert_eq!(row("Roof")[3..8], ["○ ready", "-", "-", "-", "-"]);
}

#[test]
fn status_json_has_every_task_in_the_shape_of_its_schema() {
    let value =
        with(&[sample()], &[], |sources, _| parsed(&sources.status(&|_| true, false, Shown::All)));
    fits("status", &value);
    let queue = &value["queues"][0];
    assert_eq!(queue["tasks"].as_array().map(Vec::len), Some(7));
    assert_eq!(
        queue["summary"],
        json!({"total": 7, "pending": 3, "in_progress": 1, "blocked": 1, "complete": 1, "parked": 1})
    );
    assert_eq!(queue["tasks"][0]["status"], "done");
    assert_eq!(queue["tasks"][0]["state"], "complete");
    assert_eq!(
        queue["tasks"][2]["waiting_for"][0],
        json!({"kind": "dependency", "what": "B (in_progress)"})
    );
    assert_eq!(queue["tasks"][3]["error"], "no hinges, [masked]");
}

#[test]
fn filters_count_only_what_they_let_through() {
    let view =
        with(&[sample()], &[], |sources, _| sources.status(&|node| node.0 >= 5, true, Shown::All));
    let summary = view.queues[0].summary;
    assert_eq!((summary.total, summary.pending, summary.parked), (2, 1, 1));
}

#[test]
fn no_row_is_wider_than_the_terminal() {
    let long = "a title that goes on and on, with 日本語 and 🦀 in it, until nothing more fits";
    let error = "step test: exit status 1, because of a reason that is long enough to be cut off";
    let tasks = json!([
        {"id": "A-1", "title": long, "status": "blocked", "error": error},
        {"id": "日本-2", "title": "短い", "status": "blocked", "error": error},
        {"id": "C", "title": long, "status": "pending", "dependencies": ["A-1", "日本-2"]},
    ]);
    for width in [60, 80, 120] {
        let text = with(&[queue("q.json", &tasks)], &[], |sources, _| {
            let look = Look { color: false, width: Some(width) };
            text::status(&sources.status(&|_| true, false, Shown::Open(200)), look)
        });
        let widths: Vec<usize> = text.lines().map(cells::width).collect();
        assert!(widths.iter().all(|cells| *cells <= width), "{width}: {widths:?}\n{text}");
        assert!(widths[1..].iter().any(|cells| *cells + 2 >= width), "{width}: {widths:?}\n{text}");
    }
}

#[test]
fn a_table_escapes_what_a_terminal_would_act_on() {
    let table = with(&[sample()], &[], |sources, _| {
        let view = sources.written_status(&|_| true, false);
        tables::status(&view, Look { color: false, width: Some(100) })
    });
    assert!(table.contains("Lay the ␛[31mfloor") && !table.contains('\u{1b}'), "{table}");
    assert!(table.lines().all(|line| line.chars().count() <= 110), "{table}");
}

#[test]
fn a_long_table_has_all_rows_under_several_headings() {
    let ids: Vec<String> = (0..2_001).map(|number| format!("T{number}")).collect();
    let tasks: Vec<Value> = ids.iter().map(|id| json!({"id": id, "title": "x"})).collect();
    let queue = queue("q.json", &Value::Array(tasks));
    let table = with(&[queue], &[], |sources, _| {
        tables::status(&sources.written_status(&|_| true, false), Look::PLAIN)
    });
    let row = |id: &String| table.matches(&format!(" {id}  x ")).count() == 1;
    assert!(ids.iter().all(row), "{table}");
    assert_eq!(table.matches("Subtask").count(), 3, "{table}");
}

#[test]
fn next_tells_rank_and_reason() {
    let text = with(&[sample()], &[1], |sources, order| {
        let view = sources.next(order, 1, &|_| true);
        fits("next", &parsed(&view));
        let tasks: Vec<_> = view.tasks.iter().collect();
        assert_eq!((view.ready, tasks.len()), (2, 1));
        assert_eq!((tasks[0].id.as_str(), tasks[0].rank), ("B", 1));
        let mut text = Vec::new();
        next::text(&view, Look::PLAIN, &mut text).unwrap();
        String::from_utf8(text).unwrap()
    });
    assert!(text.starts_with("1  B  Walls\n   priority 1 (from C, which waits for it)"), "{text}");
    assert!(text.ends_with("(1 more; --all shows them)\n"), "{text}");
}

#[test]
fn the_graph_as_data_has_states_and_edges() {
    let view = with(&[sample()], &[], |sources, _| {
        let critical = CriticalPath::default();
        let picture = Picture {
            readiness: sources.readiness,
            critical: &critical,
            title: &|node| sources.title(node),
            selected: &|node| node.0 != 5,
            all: false,
        };
        parsed(&graph::view(sources, &picture))
    });
    fits("graph", &view);
    assert_eq!(view["tasks"].as_array().map(Vec::len), Some(5));
    let edge = json!({"from": "B", "to": "C", "kind": "dependency", "critical": false});
    assert_eq!(view["edges"][0], edge);
}
