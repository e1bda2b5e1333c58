use super::sandbox::Sandbox;
use serde_json::{Value, json};

fn house() -> Sandbox {
    Sandbox::new(json!([
        {"id": "A", "title": "Ground", "status": "complete"},
        {"id": "B", "title": "Walls [x] \"`y`\u{1b}", "dependencies": ["A"], "status": "blocked",
         "phase": "shell", "tags": ["brick"]},
        {"id": "C", "title": "Roof", "dependencies": ["B"]},
        {"id": "D", "title": "Door", "status": "parked"},
        {"id": "F", "title": "Fence", "phase": "shell", "estimated_minutes": 90},
        {"id": "G", "title": "Gate", "dependencies": ["F"]},
    ]))
}

/// Returns the lines of a picture that are about nodes, edges and the critical path.
fn drawn(text: &str) -> Vec<&str> {
    let lines = text.lines().map(str::trim);
    lines.filter(|line| line.starts_with('n') || line.starts_with("class n")).collect()
}

#[test]
fn the_open_tasks_are_drawn_with_their_states_and_the_critical_path() {
    let text = house().reads("graph").printed();
    assert!(text.starts_with("flowchart LR\n"), "{text}");
    assert_eq!(
        drawn(&text),
        [
            "n1[\"B<br/>Walls [x] #34;#96;y#96; \"]:::blocked",
            "n2[\"C<br/>Roof\"]:::waiting",
            "n3[\"D<br/>Door\"]:::parked",
            "n4[\"F<br/>Fence\"]:::ready",
            "n5[\"G<br/>Gate\"]:::waiting",
            "n1 --> n2",
            "n4 ==> n5",
            "class n4,n5 critical",
        ]
    );
}

#[test]
fn complete_tasks_are_drawn_if_all_are_wanted() {
    let sandbox = house();
    let text = sandbox.reads("graph --all").printed();
    let all = drawn(&text);
    assert_eq!(all[0], "n0[\"A<br/>Ground\"]:::done");
    assert!(all.contains(&"n0 --> n1"), "{text}");
    assert_eq!(all.len(), drawn(&sandbox.reads("graph").printed()).len() + 2);
}

#[test]
fn dot_is_complete_and_quotes_titles() {
    let text = house().reads("graph --format dot --phase shell").printed();
    assert_eq!(
        text,
        "digraph queue {\n\
         \x20   rankdir=LR;\n\
         \x20   node [shape=box, style=\"filled,rounded\", fontname=\"sans-serif\", color=\"#555555\"];\n\
         \x20   n1 [label=\"B\\nWalls [x] \\\"`y` \", fillcolor=\"#f4b6b6\"];\n\
         \x20   n4 [label=\"F\\nFence\", fillcolor=\"#d7ecd9\", color=\"#b36b00\", penwidth=3];\n\
         }\n"
    );
}

#[test]
fn json_names_tasks_edges_and_the_critical_path() {
    let sandbox = house();
    let value = sandbox.reads("graph --json").json("graph");
    let ids = |list: &Value, key: &str| -> Vec<Value> {
        list.as_array().expect("a list").iter().map(|one| one[key].clone()).collect()
    };
    assert_eq!(ids(&value["tasks"], "id"), ["B", "C", "D", "F", "G"]);
    assert_eq!(ids(&value["tasks"], "state"), ["blocked", "waiting", "parked", "ready", "waiting"]);
    assert_eq!(
        value["edges"],
        json!([
            {"from": "B", "to": "C", "kind": "dependency", "critical": false},
            {"from": "F", "to": "G", "kind": "dependency", "critical": true},
        ])
    );
    assert_eq!(value["critical_path"], json!(["F", "G"]));
    let same = sandbox.reads("graph --format json").json("graph");
    assert_eq!(same, value);
    let err = sandbox.run("graph --json --format dot").failed(2);
    assert!(
        err.starts_with("error: the argument '--json' cannot be used with '--format <FORMAT>'"),
        "{err}"
    );
}

#[test]
fn filters_choose_tasks_and_those_that_match_none_are_refused() {
    let sandbox = house();
    let count = |line: &str| {
        drawn(&sandbox.reads(line).printed()).iter().filter(|l| l.contains("[\"")).count()
    };
    for (line, tasks) in [
        ("graph --phase shell", 2),
        ("graph --tag brick", 1),
        ("graph --tag brick --phase shell", 1),
        ("graph --tag brick --tag other", 1),
    ] {
        assert_eq!(count(line), tasks, "{line}");
    }
    for (line, text) in [
        ("graph --phase shel", "no task has phase shel; there are: shell; did you mean shell?"),
        ("graph --track x", "no task has track x; no task has any"),
        ("graph --tag brick --type bugfix", "no task has type bugfix; no task has any"),
    ] {
        sandbox.refuses(line, 2, &format!("error: {text}\n"));
    }
}

#[test]
fn mermaid_is_warned_of_at_500_edges_and_other_formats_are_not() {
    let chain = |edges: usize| {
        let task = |n: usize| match n {
            0 => json!({"id": "T0"}),
            n => json!({"id": format!("T{n}"), "dependencies": [format!("T{}", n - 1)]}),
        };
        Sandbox::new((0..=edges).map(task).collect())
    };
    assert_eq!(chain(499).run("graph").err, "");
    let sandbox = chain(500);
    let ran = sandbox.reads("graph");
    assert_eq!(
        (ran.exit, ran.err.as_str()),
        (
            0,
            "warning: Mermaid draws fewer than 500 edges unless maxEdges is raised, and this graph \
             has 500; a filter such as --phase draws a part, --format dot has no limit\n"
        )
    );
    for line in ["graph --format dot", "graph --json"] {
        assert_eq!(sandbox.run(line).err, "", "{line}");
    }
}

#[test]
fn an_empty_queue_is_an_empty_picture() {
    let sandbox = Sandbox::new(json!([]));
    assert_eq!(drawn(&sandbox.reads("graph").printed()), [""; 0]);
    let value = sandbox.reads("graph --json").json("graph");
    let none = json!({"schema_version": 1, "tasks": [], "edges": [], "critical_path": []});
    assert_eq!(value, none);
}
