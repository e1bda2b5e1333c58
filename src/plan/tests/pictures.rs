//! Tests pictures as a whole: each look, the escapes, and rows that do not fit.

use super::*;

/// Returns the Mermaid and the Graphviz text of a queue.
fn pictures(tasks: Vec<Task>, title: &dyn Fn(&str) -> String, all: bool) -> [String; 2] {
    let sample = Sample::new("q", tasks);
    let queues = [sample.view()];
    let graph = Graph::build(&queues);
    let estimates = Estimates::new(&graph, &queues, &EstimateRules::default());
    let conditions = Conditions::at(noon(), Agents::plain(&queues));
    let readiness = crate::plan::readiness(&graph, &queues, &conditions);
    let work = Workload::new(&graph, &queues, &estimates, |_| true);
    let critical = critical_path(&work);
    let title = |node: Node| title(graph.id(node));
    let picture = Picture {
        readiness: &readiness,
        critical: &critical,
        title: &title,
        selected: &|_| true,
        all,
    };
    let (mut mermaid, mut dot) = (Vec::new(), Vec::new());
    picture.mermaid(&mut mermaid).and_then(|()| picture.dot(&mut dot)).expect("written");
    [mermaid, dot].map(|text| String::from_utf8(text).expect("UTF-8"))
}

fn every_state() -> Vec<Task> {
    vec![
        with(task("done", &[]), is(Status::Complete)),
        with(task("runs", &[]), is(Status::InProgress)),
        task("ready", &["done"]),
        task("waits", &["ready"]),
        with(task("bad", &[]), is(Status::Blocked)),
        with(task("aside", &["bad"]), is(Status::Parked)),
    ]
}

#[test]
fn a_flowchart_shows_every_state_and_the_critical_path() {
    let [mermaid, dot] = pictures(every_state(), &str::to_owned, true);
    let classes = [
        ("ready", "#d7ecd9"),
        ("waiting", "#ffffff"),
        ("running", "#cfe2f7"),
        ("done", "#d0d0d0"),
        ("blocked", "#f4b6b6"),
        ("parked", "#ececec"),
    ];
    let classes: String = classes
        .iter()
        .map(|(name, colour)| {
            format!("    classDef {name} fill:{colour},stroke:#555555,color:#111111\n")
        })
        .collect();
    assert_eq!(
        mermaid,
        format!(
            "flowchart LR\n    n0[\"done\"]:::done\n    n1[\"runs\"]:::running\n    n2[\"ready\"]:::ready\n    \
             n3[\"waits\"]:::waiting\n    n4[\"bad\"]:::blocked\n    n5[\"aside\"]:::parked\n    n0 --> n2\n    \
             n2 ==> n3\n    n4 --> n5\n{classes}    classDef critical stroke:#b36b00,stroke-width:3px\n    \
             class n2,n3 critical\n    linkStyle 1 stroke:#b36b00\n"
        )
    );
    let node = |number: u32, name: &str, colour: &str, mark: &str| {
        format!("    n{number} [label=\"{name}\", fillcolor=\"{colour}\"{mark}];\n")
    };
    let mark = ", color=\"#b36b00\", penwidth=3";
    let nodes = [
        node(0, "done", "#d0d0d0", ""),
        node(1, "runs", "#cfe2f7", ""),
        node(2, "ready", "#d7ecd9", mark),
        node(3, "waits", "#ffffff", mark),
        node(4, "bad", "#f4b6b6", ""),
        node(5, "aside", "#ececec", ""),
    ];
    assert_eq!(
        dot,
        format!(
            "digraph queue {{\n    rankdir=LR;\n    node [shape=box, style=\"filled,rounded\", \
             fontname=\"sans-serif\", color=\"#555555\"];\n{}    n0 -> n2;\n    \
             n2 -> n3 [color=\"#b36b00\", penwidth=3];\n    n4 -> n5;\n}}\n",
            nodes.concat()
        )
    );
}

#[test]
fn nothing_on_the_critical_path_leaves_no_mark() {
    let [mermaid, dot] =
        pictures(vec![with(task("a", &[]), is(Status::Blocked))], &str::to_owned, true);
    assert!(!mermaid.contains("linkStyle") && !mermaid.contains(" critical\n"), "{mermaid}");
    assert!(!dot.contains("penwidth"), "{dot}");
    let [open, _] = pictures(every_state(), &str::to_owned, false);
    assert!(!open.contains("n0[") && !open.contains("n0 -->"), "{open}");
}

#[test]
fn titles_are_on_one_line_escaped_and_cut_at_sixty_cells() {
    let labels = |title: &str| {
        let [mermaid, dot] = pictures(vec![task("a", &[])], &|_| title.to_owned(), true);
        let between = |text: &str, begin: &str, end: &str| {
            let rest = text.split_once(begin).expect("begin").1;
            rest.split_once(end).expect("end").0.to_owned()
        };
        (between(&mermaid, "n0[\"", "\"]:::"), between(&dot, "label=\"", "\", fillcolor"))
    };
    let pair = |one: &str, other: &str| (one.to_owned(), other.to_owned());
    assert_eq!(labels("a"), pair("a", "a"), "a title that is the id says nothing more");
    assert_eq!(labels(" two\n\n lines\t"), pair("a<br/>two lines", "a\\ntwo lines"));
    assert_eq!(
        labels("\"#;&<>`\\*_{}$"),
        pair(
            "a<br/>#34;#35;#59;#38;#60;#62;#96;#92;#42;#95;#123;#125;#36;",
            "a\\n\\\"#;&amp;<>`\\\\*_{}$"
        )
    );
    assert_eq!(labels("x\u{1b}[31my\u{202e}z"), pair("a<br/>x [31my z", "a\\nx [31my z"));
    let sixty = "x".repeat(60);
    assert_eq!(labels(&sixty).0, format!("a<br/>{sixty}"));
    assert_eq!(labels(&format!("{sixty}y")).0, format!("a<br/>{}…", &sixty[..59]));
    // A blank before the cut is left out, and wide letters take two cells.
    assert_eq!(labels(&format!("{} yy", "x".repeat(58))).0, format!("a<br/>{}…", "x".repeat(58)));
    assert_eq!(labels(&"語".repeat(31)).0, format!("a<br/>{}…", "語".repeat(29)));
    let long = "word ".repeat(10_000);
    assert!(labels(&long).0.len() < 80);
}

#[test]
fn an_edge_is_one_of_a_dependency_or_of_a_child() {
    let kid = with(task("kid", &[]), |task| task.set_text(Field::Parent, "epic"));
    let [mermaid, dot] =
        pictures(vec![kid, task("epic", &[]), task("x", &["epic"])], &str::to_owned, true);
    assert!(mermaid.contains("n0 -.-> n1\n") && mermaid.contains("n1 --> n2\n"), "{mermaid}");
    assert!(dot.contains("n0 -> n1 [style=dashed];\n") && dot.contains("n1 -> n2;\n"), "{dot}");
}

fn drawn(slots: &[(u64, u64)], total: u64, width: usize, id: &str) -> String {
    let tasks: Vec<Task> = (0..slots.len()).map(|n| task(&format!("{id}{n}"), &[])).collect();
    let sample = Sample::new("q", tasks);
    let queues = [sample.view()];
    let graph = Graph::build(&queues);
    let slot = |(at, (start, end)): (usize, &(u64, u64))| Slot {
        node: Node(at as u32),
        lane: at as u32,
        start: *start,
        end: *end,
    };
    let slots = slots.iter().enumerate().map(slot).collect();
    gantt(&graph, &Schedule { seconds: total, slots, hidden: 0 }, &[Node(0)], width)
}

#[test]
fn bars_begin_and_end_in_proportion() {
    let text =
        drawn(&[(0, 600), (600, 1200), (1190, 1200), (0, 1200), (1200, 1200)], 1200, 40, "t");
    assert_eq!(
        text,
        "1  t0  ############.............  10 min\n\
         2  t1  ............=============  10 min\n\
         3  t2  ........................=    10 s\n\
         4  t3  =========================  20 min\n\
         5  t4  ........................=   0 min\n\
         \x20      0                  20 min\n"
    );
}

#[test]
fn a_bar_that_is_too_short_is_a_stroke() {
    let text = drawn(&[(0, 1), (500, 501), (0, 1000)], 1000, 30, "t");
    let bars: Vec<&str> = text.lines().take(3).filter_map(|line| line.split("  ").nth(2)).collect();
    assert_eq!(bars, ["|..............", ".......|.......", "==============="]);
}

#[test]
fn an_empty_schedule_and_a_narrow_page_have_a_chart_too() {
    assert_eq!(drawn(&[], 0, 40, "t"), format!("{}0{}0 min\n", " ".repeat(5), " ".repeat(27)));
    // Ten cells of bars are drawn on any page, and names are cut to eight.
    let text = drawn(&[(0, 60)], 60, 5, "a-long-name-");
    let first = text.lines().next().expect("a row");
    assert_eq!(first, "1  a-long-…  ##########  1 min");
}

#[test]
fn sixty_rows_are_drawn_and_the_rest_is_counted() {
    let rows = |count: usize| {
        let text = drawn(&vec![(0, 60); count], 60, 60, "t");
        (text.lines().count(), text.lines().rev().nth(1).map(str::to_owned).expect("a row"))
    };
    let (lines, last) = rows(60);
    assert_eq!((lines, last.contains("t59")), (61, true));
    let (lines, last) = rows(63);
    assert_eq!((lines, last.trim()), (62, "(3 more)"));
}

#[test]
fn control_characters_of_an_id_reach_no_terminal() {
    let text = drawn(&[(0, 60)], 60, 60, "a\u{1b}[31m\u{202e}");
    assert!(text.starts_with("1  a?[31m?0  #"), "{text}");
}
