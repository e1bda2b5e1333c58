//! How verbs name tasks: by the plain id where it is unique, else with the queue.

use super::sandbox::Sandbox;
use serde_json::{Value, json};

/// Returns two queues that both have A, in this state; B is in one of them.
fn both(state: &Value) -> Sandbox {
    let task = |id: &str| {
        let mut task = json!({"id": id, "title": id});
        task.as_object_mut().expect("a task").extend(state.as_object().expect("fields").clone());
        task
    };
    Sandbox::new(json!([task("A"), task("B")]))
        .queue("other", json!([task("A")]))
        .config("queues = [\"queues/*.json\"]\n")
}

#[test]
fn a_verb_that_writes_names_what_it_changed() {
    let (pending, blocked) = (json!({}), json!({"status": "blocked", "error": "x"}));
    let parked = json!({"status": "parked"});
    for (state, verb, done) in [
        (&pending, "block --because x", "blocked"),
        (&pending, "cancel --yes", "cancelled and parked"),
        (&pending, "done", "complete, not verified"),
        (&pending, "park", "parked"),
        (&json!({"requires_approval": true}), "approve", "approved"),
        (&blocked, "retry", "pending again, with a new budget"),
        (&blocked, "reset", "pending, as if never run"),
        (&parked, "unpark", "pending again"),
    ] {
        let sandbox = both(state);
        let text = sandbox.run(&format!("{verb} q:A other:A B")).printed();
        let wanted = format!("q:A: {done}\nother:A: {done}\nB: {done}\n");
        assert_eq!(text, wanted, "{verb}");
    }
}

#[test]
fn a_verb_for_all_tasks_names_each_of_them() {
    let blocked = json!({"status": "blocked", "error": "x", "attempts": 1});
    for (verb, done) in [
        ("retry --failed", "pending again, with a new budget"),
        ("reset --all --yes", "pending, as if never run"),
    ] {
        let text = both(&blocked).run(verb).printed();
        let wanted = format!("other:A: {done}\nq:A: {done}\nB: {done}\n");
        assert_eq!(text, wanted, "{verb}");
    }
}

#[test]
fn verbs_of_one_task_name_it_too() {
    let blocked = json!({"status": "blocked", "error": "x"});
    let text = both(&blocked).run("answer other:A yes").printed();
    assert_eq!(text, "other:A: answered, pending again\n");
    assert_eq!(both(&blocked).run("edit q:A --title t").printed(), "q:A: edited\n");
    assert_eq!(both(&blocked).run("edit B --title t").printed(), "B: edited\n");
}

/// Returns two queues with the same ids, one of which depends on the other.
fn linked() -> Sandbox {
    let blocked =
        |title: &str| json!({"id": "C", "title": title, "status": "blocked", "error": "x"});
    let tasks = json!([
        {"id": "A", "title": "Walls"},
        {"id": "B", "title": "Roof", "dependencies": ["other:A"]},
        blocked("Door"),
        {"id": "D", "title": "Paint", "dependencies": ["C"]},
    ]);
    let other = json!([
        {"id": "A", "title": "Ground", "agent": "nobody"},
        blocked("Pond"),
        {"id": "E", "title": "Fish", "dependencies": ["C"]},
    ]);
    Sandbox::complete(tasks).queue("other", other)
}

#[test]
fn a_graph_names_tasks_and_ends_of_edges_by_reference() {
    let sandbox = linked();
    let value = sandbox.reads("graph --json").json("graph");
    let tasks = value["tasks"].as_array().expect("tasks").iter();
    let ids: Vec<&Value> = tasks.map(|task| &task["id"]).collect();
    assert_eq!(ids, ["other:A", "other:C", "E", "q:A", "B", "q:C", "D"]);
    let edges = value["edges"].as_array().expect("edges").iter();
    let ends: Vec<(&Value, &Value)> = edges.map(|edge| (&edge["from"], &edge["to"])).collect();
    let (from, to) = (json!(["other:C", "other:A", "q:C"]), json!(["E", "B", "D"]));
    let wanted: Vec<(&Value, &Value)> = (0..3).map(|n| (&from[n], &to[n])).collect();
    assert_eq!(ends, wanted);
    assert_eq!(value["critical_path"], json!(["other:A", "B"]));
    // A queue that is only referred to is not drawn, but its ids are not unique.
    let one = sandbox.reads("graph --format dot queues/q.json").printed();
    let labels: Vec<&str> = one
        .lines()
        .filter_map(|line| line.split_once("[label=\""))
        .map(|(_, rest)| rest.split('\\').next().unwrap_or_default())
        .collect();
    assert_eq!(labels, ["q:A", "B", "q:C", "D"]);
}

#[test]
fn what_needs_a_person_is_named_with_its_queue() {
    assert_eq!(
        linked().reads("blockers").printed(),
        "2 tasks wait behind tasks that need a person\n\
         \n\
         other:C  blocked  x\n\
         \x20 holds up 1 task, 30 min of work: E\n\
         \x20 workloop why other:C, then workloop retry other:C\n\
         q:C  blocked  x\n\
         \x20 holds up 1 task, 30 min of work: D\n\
         \x20 workloop why q:C, then workloop retry q:C\n"
    );
}

#[test]
fn findings_name_the_task_and_the_file() {
    let value = linked().reads("check --json").json("check");
    let findings = value["findings"].as_array().expect("findings").iter();
    let found: Vec<Value> =
        findings.map(|one| json!([one["code"], one["queue"], one["task"]])).collect();
    assert_eq!(
        found,
        [
            json!(["agent-default", "queues/other.json", "other:A"]),
            json!(["dependency-blocked", "queues/other.json", "E"]),
            json!(["dependency-blocked", "queues/q.json", "D"]),
        ]
    );
}

#[test]
fn a_todo_list_has_a_section_for_each_queue() {
    assert_eq!(
        linked().reads("board --style todo").printed(),
        "# Todo\n\
         \n\
         ## queues/other.json\n\
         \n\
         ### Tasks\n\
         \n\
         - [ ] Task other:A: Ground\n\
         - [ ] Task other:C: Pond (blocked)\n\
         - [ ] Task E: Fish\n\
         \n\
         **Progress**: 0/3 tasks complete (0%)\n\
         \n\
         ## queues/q.json\n\
         \n\
         ### Tasks\n\
         \n\
         - [ ] Task q:A: Walls\n\
         - [ ] Task B: Roof\n\
         - [ ] Task q:C: Door (blocked)\n\
         - [ ] Task D: Paint\n\
         \n\
         **Progress**: 0/4 tasks complete (0%)\n"
    );
}
