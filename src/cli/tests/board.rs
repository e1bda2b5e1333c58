use super::sandbox::Sandbox;
use serde_json::json;

fn house() -> Sandbox {
    Sandbox::new(json!([
        {"id": "A", "title": "Ground", "status": "complete", "phase": "shell"},
        {"id": "B", "title": "Walls [x] | `y`\u{1b}", "dependencies": ["A"], "status": "blocked",
         "error": "step unit: exit status 1", "phase": "shell"},
        {"id": "C", "title": "Roof", "dependencies": ["B"]},
        {"id": "D", "title": "Door", "requires_approval": true},
        {"id": "F", "title": "Fence"},
    ]))
    .config("queues = [\"queues/*.json\"]\n")
}

const KANBAN: &str = "\
    # Board\n\
    \n\
    | Queue | Tasks | Done | Blocked | In progress | Ready | Waiting | Complete | Parked |\n\
    | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n\
    | queues/q.json | 5 | 20% | 1 | 0 | 1 | 2 | 1 | 0 |\n\
    \n\
    ## Blocked (1)\n\
    \n\
    - [ ] **B** Walls \\[x\\] \\| \\`y\\`␛ — step unit: exit status 1\n\
    \n\
    ## In progress (0)\n\
    \n\
    ## Ready (1)\n\
    \n\
    - [ ] **F** Fence\n\
    \n\
    ## Waiting (2)\n\
    \n\
    - [ ] **C** Roof — waits for B\n\
    - [ ] **D** Door — workloop approve D\n\
    \n\
    ## Complete (1)\n\
    \n\
    - [x] **A** Ground\n\
    \n\
    ## Parked (0)\n";

const TODO: &str = "\
    # Todo\n\
    \n\
    ### Phase shell\n\
    \n\
    - [x] Task A: Ground\n\
    - [ ] Task B: Walls \\[x\\] \\| \\`y\\`␛ (blocked)\n\
    \n\
    ### Tasks without a phase\n\
    \n\
    - [ ] Task C: Roof\n\
    - [ ] Task D: Door\n\
    - [ ] Task F: Fence\n\
    \n\
    **Progress**: 1/5 tasks complete (20%)\n\
    **Current Phase**: Phase shell\n";

#[test]
fn the_style_is_that_of_the_flag_else_of_the_configuration_else_kanban() {
    let sandbox = house();
    assert_eq!(sandbox.reads("board").printed(), KANBAN);
    assert_eq!(sandbox.reads("board --style todo").printed(), TODO);
    let text = sandbox.reads("board --style progress").printed();
    assert!(text.starts_with("# Progress\n\nOverall: 20% complete\n\n## A: Ground\n"), "{text}");
    let sandbox = sandbox.config("[board]\npath = \"BOARD.md\"\nstyle = \"todo\"\n");
    assert_eq!(sandbox.reads("board").printed(), TODO);
    assert_eq!(sandbox.reads("board --style kanban").printed(), KANBAN);
    assert!(!sandbox.path("BOARD.md").exists(), "a verb that reads writes no board");
    let err = sandbox.run("board --style list").failed(2);
    assert!(err.starts_with("error: invalid value 'list' for '--style <STYLE>'"), "{err}");
}

#[test]
fn json_has_the_lists_of_all_queues() {
    let sandbox = house().queue("extra", json!([{"id": "X", "status": "parked"}]));
    let value = sandbox.reads("board --json").json("board");
    let lists = value["lists"].as_array().expect("lists");
    let found: Vec<(String, Vec<&str>)> = lists
        .iter()
        .map(|list| {
            let tasks = list["tasks"].as_array().expect("tasks");
            let ids = tasks.iter().filter_map(|task| task["id"].as_str()).collect();
            (list["state"].as_str().expect("a state").to_owned(), ids)
        })
        .collect();
    let list = |state: &str, ids: &[&'static str]| (state.to_owned(), ids.to_vec());
    assert_eq!(
        found,
        [
            list("blocked", &["B"]),
            list("in_progress", &[]),
            list("ready", &["F"]),
            list("waiting", &["C", "D"]),
            list("complete", &["A"]),
            list("parked", &["X"]),
        ]
    );
    let queues: Vec<_> =
        value["queues"].as_array().expect("queues").iter().map(|queue| &queue["path"]).collect();
    assert_eq!(queues, ["queues/extra.json", "queues/q.json"]);
    assert_eq!(value["percent"], 20, "parked tasks do not count");
}

#[test]
fn a_wrong_configuration_is_a_warning_to_a_verb_that_reads() {
    let sandbox = house().config("[board]\nstyle = \"tood\"\n");
    let ran = sandbox.reads("board");
    assert_eq!((ran.exit, ran.out.as_str()), (0, KANBAN));
    assert_eq!(
        ran.err,
        "warning: failed to read the configuration\n\
         DIR/workloop.toml:2:9: style must be \"kanban\" or \"progress\" or \"todo\"\n\
         2 | style = \"tood\"\n\
         \x20 |         ^\n"
    );
}

#[test]
fn an_empty_queue_has_an_empty_board() {
    let sandbox = Sandbox::new(json!([])).config("");
    let text = sandbox.reads("board").printed();
    assert!(text.contains("\n| queues/q.json | 0 | - | 0 | 0 | 0 | 0 | 0 | 0 |\n"), "{text}");
    assert_eq!(text.matches("(0)").count(), 6, "{text}");
    assert!(!text.contains("- ["), "{text}");
}
