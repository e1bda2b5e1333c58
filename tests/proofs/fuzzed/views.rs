//! All views: no text controls a terminal, or escapes its line, its cell or its quotes.

use serde_json::{Value, json};
use std::path::Path;
use workloop::plan::{
    self, Agents, Conditions, EstimateRules, Estimates, Graph, Naming, Node, Picture, QueueTasks,
    Workload,
};
use workloop::queue::Queue;
use workloop::testing::platform::cells;
use workloop::testing::platform::clock::{Clock as _, SystemClock};
use workloop::testing::views::mask::Mask;
use workloop::testing::views::style::{self, Look};
use workloop::testing::views::view::{Shown, Sources};
use workloop::testing::views::{check, escape, graph, json, next, table, text, why};

const SECRET: &str = "s3cret-value";

/// Checks the escaping functions themselves.
pub(super) fn escapes(bytes: &[u8]) {
    let given = String::from_utf8_lossy(bytes).into_owned();
    let line = escape::line(&given);
    super::is_inert(&line);
    assert!(!line.contains(['\n', '\t']) && escape::line(&line) == line);
    let lines = escape::lines(&given);
    super::is_inert(&lines);
    assert_eq!(lines.matches('\n').count(), given.matches('\n').count());
    assert_eq!(escape::lines(&lines), lines);
    assert!(cells::width(&style::fitted(&given, 9)) <= 9);
    super::is_inert(&style::listed(&[given.clone(), given.clone()], 1));
    let again = super::json_is_inert(&given);
    assert_eq!(again, Value::from(given.clone()));
    let raw = json!({given.as_str(): [given]}).to_string();
    let safe = json::inert(&raw);
    super::is_inert(&safe);
    let [before, after] = [&raw, &*safe].map(|text| serde_json::from_str::<Value>(text).ok());
    assert!(before.is_some() && before == after);
    masked(bytes, &given);
}

fn masked(bytes: &[u8], given: &str) {
    let mask = Mask::new(&[("A_KEY".into(), SECRET.into()), ("B_PASS".into(), "value9".into())]);
    let safe = mask.text(given);
    assert!(!safe.contains(SECRET) && !safe.contains("value9"), "{safe:?}");
    let mut out = Vec::new();
    mask.bytes(bytes, &mut out);
    assert!(!out.windows(SECRET.len()).any(|part| part == SECRET.as_bytes()));
    assert!(mask.unsure(bytes) < SECRET.len());
}

/// Shows a queue, whose ids and titles are the lines of the bytes, in every view.
pub(super) fn pictures(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let words = ["pending", "blocked", "parked", "complete", "in_progress", "odd"];
    let mut tasks: Vec<Value> = Vec::new();
    for (n, line) in text.split("\n\n").take(12).enumerate() {
        let needs = text.split("\n\n").nth(n / 2).unwrap_or_default();
        tasks.push(json!({
            "id": format!("{n}{line}"), "title": line, "status": words[n % 6], "error": line,
            "dependencies": [format!("{}{needs}", n / 2), line], "phase": line, "file": line,
            "estimated_minutes": n, "track": line, "parent": line,
        }));
    }
    let text =
        json!({"project": text, "phases": [{"phase": text, "barrier": true}], "tasks": tasks});
    let Ok(queue) = Queue::parse(Path::new("q.json"), text.to_string().into_bytes()) else {
        return;
    };
    let tasks = [QueueTasks {
        name: "q",
        path: Path::new("/p/q.json"),
        root: Path::new("/p"),
        tasks: queue.tasks(),
        phases: queue.phases(),
    }];
    seen(&queue, &tasks);
}

fn seen(queue: &Queue, tasks: &[QueueTasks<'_>]) {
    let dag = Graph::build(tasks);
    let conditions = Conditions::at(SystemClock.now(), Agents::plain(tasks));
    let error = |node: Node| queue.text(dag.location(node).1, workloop::domain::Field::Error);
    let readiness = plan::readiness(&dag, tasks, &conditions).with_reasons(error);
    let estimates = Estimates::new(&dag, tasks, &EstimateRules::default());
    let (mask, shown) = (Mask::default(), [queue.project().unwrap_or_default().to_owned()]);
    let queues = std::slice::from_ref(queue);
    let (readiness, mask, estimates) = (&readiness, &mask, &estimates);
    let naming = Naming::WithReason;
    let sources = Sources {
        queues,
        shown: &shown,
        served: 1,
        readiness,
        mask,
        estimates,
        known: None,
        naming,
    };
    let work = Workload::new(&dag, tasks, estimates, |_| true);
    let critical = plan::critical_path(&work);
    let title = |node: Node| sources.title(node);
    let all = |_: Node| true;
    let picture =
        Picture { readiness, critical: &critical, title: &title, selected: &all, all: true };
    mermaid(&written(|out| picture.mermaid(out)), queue.tasks().len());
    dot(&written(|out| picture.dot(out)), queue.tasks().len());
    super::json_is_inert(&graph::view(&sources, &picture));
    // One width per queue, chosen by the bytes.
    let widths = [None, Some(41), Some(200)];
    for width in [widths[queue.to_bytes().len() % 3]] {
        let look = Look { color: false, width };
        let view = sources.status(&all, false, Shown::All);
        super::is_inert(&text::status(&view, look));
        let table = table::status(&sources.written_status(&all, false), look);
        super::is_inert(&table);
        rows(&table, queue.tasks().len(), width);
        for node in dag.nodes() {
            super::is_inert(&why::text(&sources.why(node, Vec::new(), Some("x".to_owned())), look));
        }
        let order = plan::Order::new(&dag, tasks, estimates);
        super::is_inert(&written(|out| next::text(&sources.next(&order, 99, &all), look, out)));
        let checked = check::Checked { queues, shown: &shown, served: 1, graph: &dag, tasks };
        let mut found = check::Findings::default();
        checked.findings(&mut found);
        let found = check::CheckView::new(found);
        super::is_inert(&check::text(&found, "q.json", look));
        super::json_is_inert(&found);
    }
    super::json_is_inert(&sources.written_status(&all, true));
}

/// Checks that no cell broke out of its row. With a frame, every row is as wide as the frame.
/// Without one, as on narrow terminals, every task has one line.
fn rows(table: &str, count: usize, width: Option<usize>) {
    let frame = |line: &&str| line.starts_with(['┌', '├', '╞', '└']);
    // The title above takes several lines on a narrow terminal.
    let heads = |line: &&str| line.starts_with("Window") || frame(line);
    let rows = table.lines().skip(1).skip_while(|line| !heads(line));
    let inside: Vec<&str> = rows.filter(|line| !line.is_empty()).collect();
    if width.is_some_and(|width| width < 100) {
        let headings = count.div_ceil(1_000).max(1);
        assert_eq!(inside.len(), count + headings, "{table}");
        return;
    }
    // A long list is several tables, each as wide as it needs.
    let mut width = 0;
    for frame in table.lines().filter(frame) {
        let now = frame.chars().count();
        width = if frame.starts_with('┌') { now } else { width };
        assert_eq!(now, width, "{table}");
    }
    let broken = inside.iter().filter(|line| !frame(line) && !line.starts_with('│'));
    assert_eq!(broken.collect::<Vec<_>>(), Vec::<&&str>::new(), "{table}");
}

/// Checks that each line of a flowchart is one that the program writes.
fn mermaid(text: &str, count: usize) {
    super::is_inert(text);
    let mut nodes = 0;
    for line in text.lines() {
        let rest = line.trim_start();
        let fixed = ["flowchart LR", "classDef ", "class n", "linkStyle "];
        if fixed.iter().any(|start| rest.starts_with(start)) {
            continue;
        }
        if let Some((from, label)) = rest.split_once("[\"") {
            let (label, class) = label.rsplit_once("\"]:::").expect("a label ends");
            let plain = label.replace("<br/>", "");
            assert!(!plain.contains(['"', '<', '>', '`', '\n']), "{line}");
            assert!(
                from.starts_with('n') && class.chars().all(|c| c.is_ascii_lowercase()),
                "{line}"
            );
            nodes += 1;
        } else {
            let words: Vec<&str> = rest.split(' ').collect();
            assert!(words.len() == 3 && words[0].starts_with('n'), "{line}");
        }
    }
    assert_eq!(nodes, count);
}

/// Checks that a drawing contains text of the queue only inside quotes.
fn dot(text: &str, count: usize) {
    super::is_inert(text);
    let (mut outside, mut quoted, mut escaped) = (String::new(), false, false);
    for c in text.chars() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '\n' => assert!(!quoted, "a text goes over its line: {text}"),
            _ if quoted => {}
            c => outside.push(c),
        }
    }
    assert!(!quoted && !escaped, "{text}");
    assert_eq!(outside.matches("[label=").count(), count, "{outside}");
    let known = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789{}[]=,;->_ .";
    assert!(outside.chars().all(|c| known.contains(c)), "{outside}");
}

fn written(write: impl FnOnce(&mut dyn std::io::Write) -> std::io::Result<()>) -> String {
    let mut bytes = Vec::new();
    write(&mut bytes).expect("a vector takes everything");
    String::from_utf8(bytes).expect("text")
}
