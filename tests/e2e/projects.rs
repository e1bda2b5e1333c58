//! Several queues of one project: tasks with the same files, tasks that wait for other queues, and
//! the order between queues.
//!
//! The queues are in separate folders, and no configuration lists them together.

use crate::fake_agent::{CONFIG, Moment};
use crate::processes::lacks;
use crate::sandbox::{Running, Sandbox, all_end_well, queue, task, wait_until, with_each};
use serde_json::{Value, json};

/// Returns a queue of tasks that own paths, under the given keys.
fn owning(tasks: &[(&str, &str, &str)]) -> Value {
    let task = |(id, key, path): &(&str, &str, &str)| json!({"id": id, "title": id, "status": "pending", *key: [path]});
    json!({"tasks": tasks.iter().map(task).collect::<Vec<_>>()})
}

const ONE: [(&str, &str, &str); 4] = [
    ("A1", "files", "src/login.rs"),
    ("A2", "files", "src/"),
    ("A3", "scope", "src/**/*.rs"),
    ("A4", "files", "docs/a.md"),
];
const OTHER: [(&str, &str, &str); 4] = [
    ("B1", "files", "./src/login.rs"),
    ("B2", "scope", "src/*.rs"),
    ("B3", "files", "src/deep/x.rs"),
    ("B4", "files", "docs/b.md"),
];

fn overlap(one: &str, other: &str) -> bool {
    let src = |id: &str| !id.ends_with('4');
    // A path and a glob that does not match it do not overlap.
    let apart = [("A1", "B3"), ("B1", "B3"), ("B2", "B3")];
    src(one) && src(other) && !apart.contains(&(one, other))
}

#[test]
fn loops_over_two_queues_never_touch_the_same_files_at_once() {
    if lacks("flock") {
        return;
    }
    let sandbox = Sandbox::new()
        .queue("x/one.json", &owning(&ONE))
        .queue("y/other.json", &owning(&OTHER))
        .script("default", "sleep 0.1");
    let queues = ["x/one.json", "y/other.json", "x/one.json", "y/other.json"];
    let loops: Vec<Running> =
        queues.iter().map(|queue| sandbox.spawn(["run", queue, "--jobs", "3"])).collect();
    all_end_well(loops);
    let oracle = sandbox.oracle();
    let ids: Vec<String> = ONE.iter().chain(&OTHER).map(|(id, ..)| (*id).to_owned()).collect();
    oracle.each_exactly_once(&ids);
    for (number, one) in ids.iter().enumerate() {
        for other in &ids[number + 1..] {
            let both = overlap(one, other) && oracle.met(one, other);
            assert!(!both, "{one} and {other} ran at the same time");
        }
    }
    sandbox.nothing_left();
}

#[test]
fn where_scopes_are_off_they_meet() {
    for mode in ["off", "warn"] {
        let config = format!("{CONFIG}\n[limits]\nscopes = \"{mode}\"\n");
        let sandbox = Sandbox::new()
            .config(&config)
            .queue("x/one.json", &owning(&ONE[..1]))
            .queue("y/other.json", &owning(&OTHER[..1]))
            .script("A1", "meet B1")
            .script("B1", "meet A1");
        let loops = ["x/one.json", "y/other.json"].map(|queue| sandbox.spawn(["run", queue]));
        all_end_well(loops);
        assert!(sandbox.oracle().met("A1", "B1"), "with scopes = {mode}");
    }
}

#[test]
fn the_holder_of_a_file_is_named_across_queues() {
    let sandbox = Sandbox::new()
        .queue("x/one.json", &owning(&ONE[..1]))
        .queue("y/other.json", &owning(&OTHER[..1]))
        .script("A1", "meet B1")
        .script("B1", "");
    let first = sandbox.spawn(["run", "x/one.json"]);
    wait_until("A1 runs", || sandbox.oracle().starts("A1") == 1);
    sandbox.run(["why", "B1", "y/other.json"]).exits(0).says("src/login.rs, held by one:A1");
    let status = sandbox.run(["status", "--json", "y/other.json"]).exits(0).json();
    let waits = &status["queues"][0]["tasks"][0]["waiting_for"][0];
    assert_eq!(waits["kind"], "scope", "{status}");
    let second = sandbox.spawn(["run", "y/other.json"]);
    wait_until("the other loop waits", || second.output().contains("waiting for tasks of other"));
    // A1 works until B1 starts, which must not happen: B1 can start only after A1 has ended.
    assert_eq!(sandbox.oracle().starts("B1"), 0);
    sandbox.run(["cancel", "A1", "x/one.json"]).exits(0);
    second.ends().exits(0);
    first.ends().exits(0);
    assert!(!sandbox.oracle().met("A1", "B1"));
}

#[test]
fn a_cancelled_task_holds_its_files_until_its_agent_ended() {
    // The other task is in another queue, then in the same one.
    with_each(["y/other.json", "x/one.json"], |other| {
        let mut tasks = owning(&ONE[..1]);
        let others = owning(&OTHER[..1]);
        let sandbox = if other == "x/one.json" {
            tasks["tasks"].as_array_mut().unwrap().push(others["tasks"][0].clone());
            Sandbox::new().queue("x/one.json", &tasks)
        } else {
            Sandbox::new().queue("x/one.json", &tasks).queue(other, &others)
        };
        let sandbox = sandbox.script("A1", "ignore-term\nmeet B1").script("B1", "");
        let first = sandbox.spawn(["run", "x/one.json", "--task-id", "A1"]);
        wait_until("A1 runs", || sandbox.oracle().starts("A1") == 1);
        let second = sandbox.spawn(["run", other, "--task-id", "B1", "--when-empty", "wait"]);
        wait_until("the other loop waits", || second.output().contains("waiting"));
        sandbox.run(["cancel", "A1", "x/one.json"]).exits(0);
        wait_until("B1 is done", || task(&sandbox.read(other), "B1")["status"] == "complete");
        drop(first);
        assert!(!sandbox.oracle().met("A1", "B1"), "B1 began beside A1, with {other}");
    });
}

#[test]
fn a_project_that_is_cleaned_keeps_its_loops_apart() {
    let sandbox = Sandbox::new()
        .queue("x/one.json", &owning(&ONE[..1]))
        .queue("y/other.json", &owning(&OTHER[..1]))
        .script("A1", "meet B1");
    let first = sandbox.spawn(["run", "x/one.json"]);
    wait_until("A1 runs", || sandbox.oracle().starts("A1") == 1);
    assert!(sandbox.shell("mv .workloop gone"));
    wait_until("the loop entered its queue again", || {
        sandbox.run(["why", "B1", "y/other.json"]).stdout.contains("held by one:A1")
    });
    drop(first);
}

#[test]
fn a_killed_loop_leaves_its_files_to_others() {
    let sandbox = Sandbox::new()
        .queue("x/one.json", &owning(&ONE[..1]))
        .queue("y/other.json", &owning(&OTHER[..1]))
        .script("A1", "hang");
    let first = sandbox.spawn(["run", "x/one.json"]);
    wait_until("A1 runs", || sandbox.oracle().starts("A1") == 1);
    first.signal(rustix::process::Signal::KILL);
    drop(first);
    assert_eq!(sandbox.read("x/one.json")["tasks"][0]["status"], "in_progress");
    sandbox.run(["run", "y/other.json"]).exits(0);
    sandbox.nothing_left();
}

#[test]
fn an_agent_has_one_limit_over_all_loops_and_queues() {
    let config = CONFIG.replace("grace", "max_parallel = 2\ngrace");
    let tasks = |letter: &str| {
        let id =
            |n: usize| json!({"id": format!("{letter}{n}"), "title": "x", "status": "pending"});
        json!({"tasks": (0..6).map(id).collect::<Vec<_>>()})
    };
    let sandbox = Sandbox::new()
        .config(&config)
        .queue("x/one.json", &tasks("A"))
        .queue("y/other.json", &tasks("B"))
        .script("default", "sleep 0.1");
    let queues = ["x/one.json", "y/other.json"];
    let loops: Vec<Running> =
        queues.iter().map(|queue| sandbox.spawn(["run", queue, "--jobs", "4"])).collect();
    all_end_well(loops);
    assert_eq!(sandbox.oracle().started().len(), 12);
    assert!(sandbox.oracle().most_at_once() <= 2, "{}", sandbox.oracle().most_at_once());
}

#[test]
fn a_loop_stays_while_another_works_towards_it() {
    let sandbox = Sandbox::new()
        .queue("x/one.json", &queue(&[("A", &[]), ("A2", &["A"])]))
        .queue("y/other.json", &queue(&[("B", &["../x/one.json#A2"])]))
        .script("A", "sleep 0.7");
    let one = sandbox.spawn(["run", "x/one.json"]);
    wait_until("A runs", || sandbox.oracle().starts("A") == 1);
    sandbox.run(["run", "y/other.json", "--when-empty", "exit"]).exits(0);
    one.ends().exits(0);
    let oracle = sandbox.oracle();
    assert!(oracle.first(Moment::Start, "B") > oracle.first(Moment::End, "A2"));
    // It ends if no other loop works towards it.
    let sandbox = Sandbox::new()
        .queue("x/one.json", &queue(&[("A", &[])]))
        .queue("y/other.json", &queue(&[("B", &["../x/one.json#A"])]));
    sandbox.run(["run", "y/other.json"]).exits(7).says("another queue or worker (A)");
}

#[test]
fn queues_that_come_later_are_followed() {
    let sandbox =
        Sandbox::new().queue("y/other.json", &queue(&[("B", &["../x/one.json#A"]), ("C", &["B"])]));
    let waiting = sandbox.spawn(["run", "y/other.json", "--when-empty", "wait"]);
    wait_until("the loop waits", || waiting.output().contains("waiting"));
    let sandbox = sandbox.queue("x/one.json", &queue(&[("A", &[])]));
    sandbox.run(["run", "x/one.json"]).exits(0);
    wait_until("C is done", || task(&sandbox.read("y/other.json"), "C")["status"] == "complete");
    // A queue is replaced by a new file, and a task then depends on another queue.
    let sandbox = sandbox.queue("z/third.json", &queue(&[("Z", &[])]));
    let more = r#"{"id": "D", "title": "D", "dependencies": ["../z/third.json#Z"]}"#;
    sandbox.run_with(["add", "-", "y/other.json"], more).exits(0);
    sandbox.run(["run", "z/third.json"]).exits(0);
    wait_until("D is done", || task(&sandbox.read("y/other.json"), "D")["status"] == "complete");
    sandbox.run(["stop", "y/other.json"]).exits(0);
    waiting.ends().exits(0);
}

#[test]
fn two_queues_are_served_by_effective_priority() {
    let of = |id: &str, priority: u8, needed: &[&str]| json!({"id": id, "title": id, "status": "pending", "priority": priority, "dependencies": needed});
    let one = json!({"tasks": [of("A", 2, &[]), of("B", 3, &[]), of("C", 1, &[])]});
    let other = json!({"tasks": [of("D", 1, &[]), of("E", 3, &[]), of("F", 0, &["E"])]});
    let sandbox = Sandbox::new()
        .config(&format!("queues = [\"queues/*.json\"]\n{CONFIG}"))
        .queue("queues/one.json", &one)
        .queue("queues/other.json", &other);
    sandbox.run(["run", "--queue", "one", "--queue", "other"]).exits(0);
    assert_eq!(sandbox.oracle().started(), ["E", "F", "C", "D", "A", "B"]);
}
