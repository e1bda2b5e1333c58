use super::sandbox::{Sandbox, elsewhere};
use serde_json::{Value, json};

fn sandbox() -> Sandbox {
    Sandbox::new(json!([
        {"id": "A", "title": "Walls", "dependencies": ["B", "C"], "own": {"k": 1, "j": 2}},
        {"id": "B", "title": "Ground", "status": "complete"},
        {"id": "C", "title": "Gate"},
        {"id": "R", "title": "Roof", "status": "in_progress", "attempts": 1, "claim": elsewhere(1)},
    ]))
}

#[test]
fn flags_and_json_change_fields_and_the_journal_names_them() {
    let sandbox = sandbox();
    assert_eq!(sandbox.run("edit A --title Wall --tag x --tag y").printed(), "A: edited\n");
    let line = r#"edit A '{"title": null, "own": {"k": 1.50}, "new": [1]}' --description d"#;
    assert_eq!(sandbox.run(line).printed(), "A: edited\n");
    assert_eq!(sandbox.run("edit A --unset new -q").printed(), "");
    let task = json!({"id": "A", "dependencies": ["B", "C"], "own": {"k": 1.5}, "tags": ["x", "y"],
                      "description": "d"});
    assert_eq!(Value::Object(sandbox.task("A")), task);
    assert!(sandbox.text("queues/q.json").contains("\"k\": 1.50"), "the number as written");
    let fields: Vec<Value> =
        sandbox.events().into_iter().map(|event| event["data"]["fields"].clone()).collect();
    assert_eq!(
        fields,
        [
            json!({"title": "Wall", "tags": ["x", "y"]}),
            json!({"title": null, "own": {"k": 1.5}, "new": [1], "description": "d"}),
            json!({"new": null}),
        ]
    );
}

#[test]
fn an_edit_that_changes_nothing_is_no_event() {
    let sandbox = sandbox();
    let before = sandbox.text("queues/q.json");
    assert_eq!(sandbox.run("edit A --title Walls").printed(), "A: edited\n");
    assert_eq!(sandbox.text("queues/q.json"), before);
    assert!(!sandbox.path("queues/.workloop/events.jsonl").exists());
}

#[test]
fn a_dependency_is_dropped_with_a_reason_that_stays() {
    let sandbox = sandbox();
    let line = "edit A --drop-dependency C --because 'the gate is open'";
    assert_eq!(sandbox.run(line).printed(), "A: edited\n");
    let task = sandbox.task("A");
    assert_eq!(task["dependencies"], json!(["B"]));
    let dropped = &task["dropped_dependencies"][0];
    assert_eq!((&dropped["id"], &dropped["because"]), (&json!("C"), &json!("the gate is open")));
    assert!(dropped["at"].is_string(), "{dropped}");
    assert_eq!(sandbox.events()[0]["data"]["dropped"][0], *dropped);
    let text = "error: task A does not depend on C; it depends on B\n";
    sandbox.refuses(line, 2, text);
    let text = "error: task C does not depend on B; it depends on nothing\n";
    sandbox.refuses("edit C --drop-dependency B --because x", 2, text);
}

#[test]
fn what_cannot_be_edited_is_refused() {
    let sandbox = sandbox();
    for (line, text) in [
        ("edit A '[1]'", "the changes must be a JSON object"),
        ("edit A '{]'", "argument:1:2: invalid JSON: key must be a string"),
        (
            "edit A --set id=AA",
            "the id of task A cannot be changed: other tasks and the journal refer to it",
        ),
        (
            "edit A --unset id",
            "the id of task A cannot be changed: other tasks and the journal refer to it",
        ),
        ("edit A --unset nope", "the task has no `nope`; it has id, title, dependencies, own"),
        ("edit C --set claim=1", "claim of task C cannot be edited: the program writes that"),
        (
            "edit R --set attempts=0 --set title=x",
            "attempts of task R cannot be edited: the program writes that while the task is claimed",
        ),
        (
            "edit A --not-before tomorrow",
            "`not_before` must be a time such as 2026-01-19T14:35:45Z",
        ),
        (
            "edit A --drop-dependency B --because x --depends-on C",
            "--depends-on replaces the whole list; it cannot be used with --drop-dependency",
        ),
        ("edit A --set x", "--set takes KEY=VALUE, not \"x\""),
        ("edit X --title t", "there is no task `X` in queues/q.json"),
    ] {
        sandbox.refuses(line, 2, &format!("error: {text}\n"));
    }
    for (line, missing) in [
        ("edit A --drop-dependency C", "--because <TEXT>"),
        ("edit A --because x", "--drop-dependency <ID>"),
    ] {
        let err = sandbox.run(line).failed(2);
        let wanted =
            format!("error: the following required arguments were not provided:\n  {missing}\n");
        assert!(err.starts_with(&wanted), "{err}");
    }
}

#[test]
fn names_must_be_configured_unless_nothing_is() {
    assert_eq!(sandbox().run("edit C --agent x --verify y").printed(), "C: edited\n");
    let sandbox = sandbox().config(
        "[agents.coder]\nrun = \"true\"\n[[verify]]\nname = \"unit\"\nprofile = \"quick\"\nrun = \"true\"\n",
    );
    let text = "error: unknown agent codr (did you mean coder?); there are: coder\n";
    sandbox.refuses("edit C --agent codr", 2, text);
    let text = "error: unknown profile quik (did you mean quick?); there are: quick\n";
    sandbox.refuses("edit C --agent coder --verify quik", 2, text);
    assert_eq!(sandbox.run("edit C --agent coder --verify quick").printed(), "C: edited\n");
}

#[test]
fn an_edit_after_which_a_task_can_never_run_is_warned_of() {
    let sandbox = sandbox();
    let ran = sandbox.run("edit C --depends-on nope");
    let warning = "warning: C can never run: nope: no loaded queue has such a task\n";
    assert_eq!((ran.exit, ran.out.as_str(), ran.err.as_str()), (0, "C: edited\n", warning));
    let ran = sandbox.run("edit C --depends-on A");
    assert_eq!((ran.exit, ran.err.as_str()), (0, "warning: A -> C -> A can never run\n"));
}

#[test]
fn without_a_change_and_without_a_terminal_nothing_is_opened() {
    let text = "error: there is no terminal to open an editor on\n\
                hint: give the changes by flags, such as --title, or as a JSON object on stdin with -\n";
    let sandbox = sandbox().var("EDITOR", "touch opened");
    sandbox.refuses("edit A", 2, text);
    sandbox.refuses("edit A queues/q.json", 2, text);
}

#[test]
fn in_several_queues_the_edited_task_is_named_and_no_other_is_warned_of() {
    let sandbox = sandbox()
        .queue("other", json!([{"id": "C", "title": "x", "dependencies": ["nope"]}]))
        .config("queues = [\"queues/*.json\"]\n");
    let ran = sandbox.run("edit q:C --depends-on B");
    assert_eq!((ran.exit, ran.out.as_str(), ran.err.as_str()), (0, "q:C: edited\n", ""));
    let ran = sandbox.run("edit other:C --title y");
    let warning = "warning: other:C can never run: nope: no loaded queue has such a task\n";
    assert_eq!((ran.exit, ran.out.as_str(), ran.err.as_str()), (0, "other:C: edited\n", warning));
}

/// Returns the copy that the hint names, and removes it.
fn kept(err: &str) -> String {
    let (_, path) = err.split_once("hint: your text is kept in ").expect(err);
    let path = std::path::Path::new(path.trim_end());
    let text = std::fs::read_to_string(path).expect("the copy");
    std::fs::remove_file(path).expect("removed");
    text
}

#[test]
fn an_editor_edits_a_copy_and_what_it_changed_is_merged() {
    let sandbox = sandbox().editor("sed -i s/Walls/Wall/");
    assert_eq!(sandbox.run("edit A").printed(), "A: edited\n");
    assert_eq!(sandbox.task("A")["title"], "Wall");
    assert_eq!(sandbox.events()[0]["data"]["fields"], json!({"title": "Wall"}));
    // VISUAL comes first.
    let sandbox = sandbox.var("VISUAL", "sed -i s/Wall/Walls/");
    assert_eq!(sandbox.run("edit A").printed(), "A: edited\n");
    assert_eq!(sandbox.task("A")["title"], "Walls");
}

#[test]
fn an_editor_that_changes_nothing_writes_nothing() {
    let sandbox = sandbox().editor("true");
    let before = sandbox.text("queues/q.json");
    assert_eq!(sandbox.run("edit A").printed(), "A: not changed\n");
    assert_eq!(sandbox.run("edit A -q").printed(), "");
    assert_eq!(sandbox.text("queues/q.json"), before);
}

#[test]
fn the_copy_has_a_line_for_each_field_and_numbers_as_they_are_written() {
    let queue = r#"{"tasks": [{"id": "A", "n": 1.50, "list": []}]}"#;
    let sandbox = Sandbox::empty().file("queues/q.json", queue).editor("false");
    let copy = "{\n  \"id\": \"A\",\n  \"n\": 1.50,\n  \"list\": []\n}\n";
    assert_eq!(kept(&sandbox.run("edit A").failed(2)), copy);
}

#[test]
fn what_cannot_be_merged_is_kept_for_the_person() {
    let failed = sandbox().editor("false");
    let err = failed.run("edit A").failed(2);
    assert!(
        err.starts_with(
            "error: the editor false ended with exit status 1\nhint: your text is kept in "
        ),
        "{err}"
    );
    assert!(kept(&err).contains("\"title\": \"Walls\""));
    // Meanwhile, another program changes the same field, and another one.
    let both = "sed -i s/Walls/Mine/ \"$1\"; sed -i 's/Walls/Theirs/; s/\"k\": 1/\"k\": 7/' DIR/queues/q.json";
    let sandbox = sandbox();
    sandbox.put("both.sh", &both.replace("DIR", sandbox.path("").to_str().expect("text")));
    let sandbox = sandbox.editor("sh DIR/both.sh");
    let err = sandbox.run("edit A").failed(2);
    assert!(kept(&err).contains("\"title\": \"Mine\""), "{err}");
    assert_eq!(sandbox.task("A")["title"], "Theirs");
    assert!(err.starts_with("error: ") && err.contains("title"), "{err}");
}

#[test]
fn a_change_that_another_program_made_meanwhile_stays() {
    let other = "sed -i s/Walls/Mine/ \"$1\"; sed -i 's/\"k\": 1/\"k\": 7/' DIR/queues/q.json";
    let sandbox = sandbox();
    sandbox.put("other.sh", &other.replace("DIR", sandbox.path("").to_str().expect("text")));
    let sandbox = sandbox.editor("sh DIR/other.sh");
    assert_eq!(sandbox.run("edit A").printed(), "A: edited\n");
    let task = sandbox.task("A");
    assert_eq!((&task["title"], &task["own"]["k"]), (&json!("Mine"), &json!(7)));
}

#[test]
fn only_a_known_task_is_opened() {
    let sandbox = sandbox().editor("touch opened");
    let text = "error: there is no task `X` in queues/q.json\n";
    sandbox.refuses("edit X", 2, text);
    // Without a terminal, nothing is asked.
    let text = "error: there is no terminal to open an editor on\n\
                hint: give the changes by flags, such as --title, or as a JSON object on stdin with -\n";
    sandbox.refuses("edit A --non-interactive", 2, text);
    let ci = sandbox.var("CI", "TRUE");
    ci.refuses("edit A", 2, text);
}
