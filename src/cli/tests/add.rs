use super::sandbox::Sandbox;
use serde_json::{Value, json};

fn sandbox() -> Sandbox {
    Sandbox::new(json!([
        {"id": "A", "title": "Walls", "dependencies": ["B"]},
        {"id": "B", "title": "Ground", "status": "complete"},
    ]))
}

/// Returns the ids in the queue.
fn ids(sandbox: &Sandbox) -> Vec<Value> {
    let queue: Value = serde_json::from_str(&sandbox.text("queues/q.json")).expect("JSON");
    queue["tasks"].as_array().expect("tasks").iter().map(|task| task["id"].clone()).collect()
}

#[test]
fn a_task_gets_the_id_that_is_printed() {
    let sandbox = sandbox();
    assert_eq!(sandbox.run("add --title 'The roof'").printed(), "T-001\n");
    let task = json!({"id": "T-001", "title": "The roof", "status": "pending"});
    assert_eq!(Value::Object(sandbox.task("T-001")), task);
    assert_eq!(
        sandbox.run("add --title 'The door' --id door -q").printed(),
        "door\n",
        "scripts need it"
    );
    assert_eq!(ids(&sandbox), ["A", "B", "T-001", "door"]);
    let kinds: Vec<Value> = sandbox.events().iter().map(|event| event["event"].clone()).collect();
    assert_eq!(kinds, ["added", "added"]);
}

#[test]
fn every_flag_sets_its_field() {
    let sandbox = sandbox();
    let line = "add --id Z --title t --description d --type bugfix --agent me --priority 2 \
                --depends-on A --depends-on B --file src/x.rs --scope src/** --scope lib/** \
                --test t1 --verify quick --phase 3 --track tr --epic e --tag x --tag y \
                --accept 'it works' --max-iterations 3 --estimated-minutes 30 \
                --not-before 2030-01-01T00:00:00Z --requires-approval --set n=1 --set s=x \
                --set o={\"k\":null} --set e=a=b";
    assert_eq!(sandbox.run(line).printed(), "Z\n");
    assert_eq!(
        Value::Object(sandbox.task("Z")),
        json!({
            "id": "Z", "title": "t", "description": "d", "status": "pending", "type": "bugfix",
            "agent": "me", "not_before": "2030-01-01T00:00:00Z", "priority": 2, "phase": "3",
            "track": "tr", "epic": "e", "dependencies": ["A", "B"],
            "scope": ["src/**", "lib/**"], "tests": ["t1"], "verify": ["quick"],
            "tags": ["x", "y"], "acceptance_criteria": ["it works"], "file": "src/x.rs",
            "max_iterations": 3, "estimated_minutes": 30, "requires_approval": true,
            "n": 1, "s": "x", "o": {"k": null}, "e": "a=b",
        })
    );
}

#[test]
fn json_is_a_task_or_a_list_and_keeps_what_it_says() {
    let sandbox = sandbox();
    let line = r#"add '{"title": "one", "own key": 1.50, "id": "J"}'"#;
    assert_eq!(sandbox.run(line).printed(), "J\n");
    assert!(sandbox.text("queues/q.json").contains("\"own key\": 1.50"), "the number as written");
    let line = r#"add '[{"title": "two"}, {"title": "three"}]'"#;
    assert_eq!(sandbox.run(line).printed(), "T-001\nT-002\n");
    assert_eq!(sandbox.run("add '[]'").printed(), "", "nothing is asked for");
    let line = r#"add '{"title": "four", "priority": 1}' --priority 5 --tag x"#;
    assert_eq!(sandbox.run(line).printed(), "T-003\n");
    let task = sandbox.task("T-003");
    assert_eq!((&task["priority"], &task["tags"]), (&json!(5), &json!(["x"])), "flags win");
}

#[test]
fn what_is_no_task_is_refused_and_nothing_is_added() {
    let sandbox = sandbox();
    for (line, text) in [
        ("add", "a task needs a title or a description"),
        ("add '{}' --id Q", "a task needs a title or a description"),
        ("add --title Walls --id A", "there is already a task `A`"),
        (
            "add '[{\"title\": \"x\"}, 3]'",
            "a task is a JSON object; several tasks are a list of objects",
        ),
        ("add '{broken'", "argument:1:2: invalid JSON: key must be a string"),
        ("add '{\"title\":\n \"x\" \"y\"}'", "argument:2:6: invalid JSON: expected `,` or `}`"),
        ("add --title x --set a", "--set takes KEY=VALUE, not \"a\""),
        ("add --title x --set =1", "--set takes KEY=VALUE, not \"=1\""),
        (
            "add '[{\"title\": \"x\"}, {\"title\": \"y\"}]' --id Q",
            "--id names one task, but the list has several",
        ),
        ("add '[{\"title\": \"x\"}, {\"title\": \"\"}]'", "a task needs a title or a description"),
        ("add --title x --discovered-by X", "there is no task `X` in queues/q.json"),
    ] {
        sandbox.refuses(line, 2, &format!("error: {text}\n"));
    }
}

#[test]
fn the_same_work_is_not_added_twice() {
    let sandbox = sandbox();
    sandbox.run("add --title 'The roof' --file a.rs").printed();
    let text = "error: task T-001 is the same work: it has the same text and the same file\n";
    sandbox.refuses("add --title 'the  ROOF' --file a.rs", 2, text);
    assert_eq!(sandbox.run("add --title 'The roof' --file b.rs").printed(), "T-002\n");
}

#[test]
fn a_task_remembers_the_one_whose_work_showed_it() {
    let sandbox = sandbox();
    assert_eq!(sandbox.run("add --title Crack --discovered-by A").printed(), "T-001\n");
    assert_eq!(sandbox.task("T-001")["discovered_by"], "A");
}

#[test]
fn a_task_that_can_never_run_is_added_with_a_warning() {
    let sandbox = sandbox();
    let ran = sandbox.run("add --title Roof --id R --depends-on nope\u{1b}");
    let warning = "warning: R can never run: nope␛: no loaded queue has such a task\n";
    assert_eq!((ran.exit, ran.out.as_str(), ran.err.as_str()), (0, "R\n", warning));
    let list = r#"add '[{"id": "X", "title": "x", "dependencies": ["Y"]}, {"id": "Y", "title": "y", "dependencies": ["X"]}]'"#;
    let ran = sandbox.run(list);
    assert_eq!((ran.exit, ran.err.as_str()), (0, "warning: X -> Y -> X can never run\n"));
}

#[test]
fn one_queue_is_named_and_it_must_be_readable() {
    let sandbox = sandbox().queue("other", json!([]));
    let both = "error: name the queue to add to: queues/q.json, queues/other.json\n";
    sandbox.refuses("add --title x queues/q.json queues/other.json", 2, both);
    assert_eq!(sandbox.run("add --title x queues/other.json").printed(), "T-001\n");
    assert_eq!(ids(&sandbox), ["A", "B"]);
    assert_eq!(
        sandbox.run("add '{\"title\": \"y\"}' --work-queue queues/q.json").printed(),
        "T-001\n"
    );
    let sandbox = sandbox.saved("queues/q.json", "{\"tasks\": [\n  {\"id\": \"A\"},,\n]}");
    let text = "error: queues/q.json:2:15: error[syntax]: expected a value\n\
                2 |   {\"id\": \"A\"},,\n\
                \x20 |               ^\n\
                hint: nothing was written; fix the file and run the command again\n";
    sandbox.refuses("add --title x queues/q.json", 3, text);
    let empty = Sandbox::empty();
    let text = "error: failed to find a queue: none in queues/ or tasks/ of DIR\n\
                hint: workloop init writes a first queue\n";
    empty.refuses("add --title x", 2, text);
}
