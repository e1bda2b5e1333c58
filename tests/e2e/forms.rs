//! Queue files in the forms of other tools: what runs, in which order, how it ends, and the
//! resulting file. Each file is invented, after forms that exist in public.

use crate::sandbox::Sandbox;
use serde_json::{Value, json};

/// A file, and the expected result of a run.
struct Row {
    name: &'static str,
    file: Value,
    /// The tasks for which an agent is started, in order.
    ran: &'static str,
    status: i32,
    /// Values after the run, by JSON pointer; null means absent.
    after: &'static [(&'static str, &'static str)],
    /// Texts that the run prints.
    says: &'static [&'static str],
}

fn lists_and_states() -> Vec<Row> {
    vec![
        Row {
            name: "stories with passes",
            file: json!({"branchName": "tea/leaves", "userStories": [
                {"id": "US-001", "title": "Warm the pot", "priority": 1, "passes": true},
                {"id": "US-002", "title": "Pour the water", "priority": 2, "passes": false},
                {"id": "US-003", "title": "Wait", "priority": 3, "passes": false},
            ]}),
            ran: "US-002 US-003",
            status: 0,
            after: &[
                ("/userStories/0/attempts", "null"),
                ("/userStories/1/passes", "true"),
                ("/userStories/1/status", "null"),
                ("/userStories/2/passes", "true"),
                ("/summary/complete", "3"),
            ],
            says: &["all 3 tasks are complete"],
        },
        Row {
            name: "a list by itself with numbers and flags",
            file: json!([
                {"id": 1, "title": "Sow", "dependencies": [2], "done": false},
                {"id": 2, "title": "Dig", "done": false},
                {"id": 3, "title": "Fence", "done": true},
            ]),
            ran: "2 1",
            status: 0,
            after: &[
                ("/0/id", "1"),
                ("/0/done", "true"),
                ("/0/status", "null"),
                ("/1/done", "true"),
                ("/2/attempts", "null"),
            ],
            says: &[],
        },
        Row {
            name: "jobs with a state in words",
            file: json!({"jobs": [
                {"id": "bake", "title": "Bake", "state": "To Do", "depends_on": "knead"},
                {"id": "knead", "title": "Knead", "state": "Verified"},
            ]}),
            ran: "bake",
            status: 0,
            after: &[("/jobs/0/state", "\"Verified\""), ("/jobs/0/status", "null")],
            says: &[],
        },
    ]
}

fn orders_and_words() -> Vec<Row> {
    vec![
        Row {
            name: "orders in other words",
            file: json!({"tasks": [
                {"id": "serve", "title": "Serve", "blockedBy": ["cook"], "needs": "hot plates"},
                {"id": "cook", "title": "Cook", "steps": [{"id": 1, "dependencies": ["shop"]}]},
                {"id": "shop", "title": "Shop", "waits": ["serve"], "titel": "?"},
                {"id": "list", "title": "Write the list", "blocks": ["shop"]},
            ]}),
            ran: "list shop cook serve",
            status: 0,
            after: &[("/tasks/3/status", "\"complete\"")],
            says: &[
                "`waits` names tasks of this file (`serve`) but is not read",
                "`titel` is not a known key; `title` is probably meant",
            ],
        },
        Row {
            name: "a word that nobody knows, and a person's task",
            file: json!({"tasks": [
                {"id": "a", "title": "A", "status": "under review"},
                {"id": "b", "title": "B", "after": ["a"]},
                {"id": "c", "title": "C", "type": "Human"},
            ]}),
            ran: "",
            status: 5,
            after: &[("/tasks/0/status", "\"under review\"")],
            says: &["0 of 3 complete; 2 cannot continue (a: status `under review` is unknown): \
                 workloop why a --work-queue q.json; 1 waiting for a person (c): workloop done c \
                 --work-queue q.json"],
        },
    ]
}

fn text(sandbox: &Sandbox, name: &str) -> String {
    String::from_utf8(sandbox.bytes(name)).expect("UTF-8")
}

#[test]
fn each_form_runs_as_it_is() {
    for row in lists_and_states().into_iter().chain(orders_and_words()) {
        let before = serde_json::to_string_pretty(&row.file).expect("JSON");
        let sandbox = Sandbox::new().file("q.json", &before).file("ran", "");
        sandbox.run(["check", "q.json"]);
        assert_eq!(text(&sandbox, "q.json"), before, "{}", row.name);
        let agent = "echo $WORKLOOP_TASK_ID >> ran";
        let mut ran = sandbox.run(["run", "q.json", "--agent", agent, "--verify", "true"]);
        ran = ran.exits(row.status);
        for says in row.says {
            ran = ran.says(says);
        }
        let started = text(&sandbox, "ran").lines().collect::<Vec<_>>().join(" ");
        assert_eq!(started, row.ran, "{}: {ran}", row.name);
        let after: Value = serde_json::from_str(&text(&sandbox, "q.json")).expect("JSON");
        for (pointer, value) in row.after {
            let found = after.pointer(pointer).cloned().unwrap_or_default();
            assert_eq!(found.to_string(), *value, "{}: {pointer} in {after}", row.name);
        }
    }
}

#[test]
fn an_unknown_state_word_is_named_where_it_has_an_effect() {
    let file = json!({"tasks": [
        {"id": "a", "title": "A", "status": "under review"},
        {"id": "b", "title": "B", "after": ["a"]},
    ]});
    let sandbox = Sandbox::new().queue("q.json", &file);
    sandbox
        .run(["why", "b", "q.json"])
        .exits(0)
        .says("it depends on a (waiting: its status `under review` is unknown)");
    sandbox.run(["done", "a", "q.json", "--by", "Ann", "--note", "as agreed"]).exits(0);
    let why = sandbox.run(["why", "a", "q.json"]).exits(0);
    why.says(": Ann completed it at ").says(": as agreed.");
    let why = sandbox.run(["why", "a", "q.json", "--json"]).exits(0);
    assert_eq!(why.json()["completion_note"], "as agreed", "{why}");
    let status = sandbox.run(["status", "q.json", "--json"]);
    assert_eq!(status.json()["queues"][0]["tasks"][0]["completed_by"], "Ann", "{status}");
}
