//! Files of tools that store the state of a task as true or false.

use crate::sandbox::Sandbox;
use crate::twins::holds;
use serde_json::{Value, json};

const FLAGS: [&str; 3] = ["passes", "done", "completed"];

/// Finished work is not done again, and completion is written where the tool looks for it, and
/// nowhere else.
fn written_where_it_was_read(sandbox: Sandbox) -> Vec<String> {
    let mut broken = Vec::new();
    for flag in FLAGS {
        let task = |id: &str, is_done: bool| json!({"id": format!("{flag}-{id}"), "title": id, flag: is_done});
        let name = format!("{flag}.json");
        let path = sandbox.path(&name);
        let list: Value = json!({"tasks": [task("old", true), task("new", false)]});
        std::fs::write(path, list.to_string()).expect("written");
        let ran = sandbox.run(["run", &name]);
        let (oracle, list) = (sandbox.oracle(), sandbox.read(&name));
        let starts = ["old", "new"].map(|id| oracle.starts(&format!("{flag}-{id}")));
        if starts != [0, 1] {
            broken.push(format!("{flag}: the old and the new task were started {starts:?} times"));
        }
        let tasks = list["tasks"].as_array().expect("a list");
        if ran.status != 0
            || tasks.iter().any(|task| task[flag] != true || task.get("status").is_some())
        {
            broken.push(format!("{flag}: {tasks:?}\n{ran}"));
        }
    }
    broken
}

#[test]
fn a_flag_is_the_state_and_stays_it() {
    holds("flag-unread", written_where_it_was_read);
    holds("flag-unwritten", written_where_it_was_read);
}
