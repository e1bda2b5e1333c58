use super::sandbox::Sandbox;
use serde_json::json;

fn house() -> Sandbox {
    Sandbox::new(json!([
        {"id": "B", "title": "Walls", "status": "blocked", "error": "step unit: exit status 1\u{1b}",
         "phase": "shell"},
        {"id": "C", "title": "Roof", "dependencies": ["B"], "estimated_minutes": 30},
        {"id": "D", "title": "Door", "requires_approval": true},
        {"id": "E", "title": "Paint", "dependencies": ["D", "C"], "estimated_minutes": 30},
        {"id": "P", "title": "Pond", "status": "parked"},
    ]))
}

#[test]
fn tasks_that_need_a_person_come_with_what_they_hold_up() {
    let sandbox = house();
    assert_eq!(
        sandbox.reads("blockers").printed(),
        "2 tasks wait behind tasks that need a person\n\
         \n\
         B  blocked  step unit: exit status 1␛\n\
         \x20 holds up 2 tasks, 1 h of work: C and E\n\
         \x20 one of them waits for nothing else\n\
         \x20 workloop why B, then workloop retry B\n\
         D  waiting  Door\n\
         \x20 holds up 1 task, 30 min of work: E\n\
         \x20 each of them waits for others, too\n\
         \x20 workloop approve D\n\
         \n\
         1 task waits for a person and holds nothing up: workloop status\n"
    );
    let value = sandbox.reads("blockers --json").json("blockers");
    assert_eq!((&value["held_up"], &value["harmless"]), (&json!(2), &json!(1)));
    assert_eq!(
        value["blockers"][0],
        json!({
            "id": "B", "queue": "queues/q.json", "title": "Walls", "state": "blocked",
            "reason_code": null, "text": "step unit: exit status 1\u{1b}", "holds_up": ["C", "E"],
            "frees": 1, "work_minutes": 60, "command": "workloop why B, then workloop retry B",
        })
    );
}

#[test]
fn a_filter_chooses_the_tasks_that_need_a_person() {
    let sandbox = house();
    let value = sandbox.reads("blockers --json --phase shell").json("blockers");
    let ids: Vec<_> =
        value["blockers"].as_array().expect("a list").iter().map(|one| &one["id"]).collect();
    assert_eq!(ids, ["B"]);
    let text = "error: no task has phase roof; there are: shell\n";
    sandbox.refuses("blockers --phase roof", 2, text);
}

#[test]
fn commands_name_the_queue_that_was_named() {
    let sandbox = house().queue("other", json!([]));
    let text = sandbox.reads("blockers queues/q.json").printed();
    let commands: Vec<&str> = text
        .lines()
        .filter_map(|line| line.split_once("workloop "))
        .map(|(_, rest)| rest)
        .collect();
    let named = " --work-queue queues/q.json";
    assert_eq!(
        commands,
        [
            &format!("why B{named}, then workloop retry B{named}"),
            &format!("approve D{named}"),
            &format!("status{named}"),
        ]
    );
}

#[test]
fn nothing_may_be_held_up() {
    for tasks in [json!([]), json!([{"id": "A"}]), json!([{"id": "A", "status": "complete"}])] {
        let sandbox = Sandbox::new(tasks);
        assert_eq!(sandbox.reads("blockers").printed(), "nothing holds other tasks up\n");
        let none = json!({"schema_version": 1, "blockers": [], "held_up": 0, "harmless": 0});
        assert_eq!(sandbox.reads("blockers --json").json("blockers"), none);
    }
}
