//! What starts when: dependencies, priorities, approval, phases, and tasks that never start.

use crate::fake_agent::{CONFIG, Moment};
use crate::sandbox::{Sandbox, queue, task, wait_until};
use serde_json::json;

#[test]
fn dependencies_come_first_whatever_the_order_of_the_file() {
    for jobs in ["1", "4"] {
        let tasks = [
            ("roof", &["walls", "beams"][..]),
            ("walls", &["ground"]),
            ("beams", &["ground"]),
            ("ground", &[]),
            ("shed", &[]),
        ];
        let sandbox =
            Sandbox::new().queue("q.json", &queue(&tasks)).script("default", "sleep 0.05");
        sandbox.run(["run", "q.json", "--jobs", jobs]).exits(0);
        let oracle = sandbox.oracle();
        for (id, needed) in tasks {
            for dependency in needed {
                let (start, end) =
                    (oracle.first(Moment::Start, id), oracle.first(Moment::End, dependency));
                assert!(start > end, "{id} started before {dependency} ended, with {jobs} jobs");
            }
        }
        sandbox.nothing_left();
    }
}

#[test]
fn priority_first_then_the_order_of_the_list() {
    let mut list = queue(&[("A", &[]), ("B", &[]), ("C", &[]), ("D", &[]), ("E", &[])]);
    for (index, priority) in [(1, json!("P1")), (2, json!(0)), (3, json!("high")), (4, json!(null))]
    {
        list["tasks"][index]["priority"] = priority;
    }
    let sandbox = Sandbox::new().queue("q.json", &list);
    let next = sandbox.run(["next", "--all", "--json", "q.json"]).exits(0).json();
    let ids: Vec<&str> =
        next["tasks"].as_array().expect("tasks").iter().filter_map(|t| t["id"].as_str()).collect();
    assert_eq!(ids, ["C", "B", "D", "A", "E"]);
    sandbox.run(["run", "q.json"]).exits(0);
    assert_eq!(sandbox.oracle().started(), ["C", "B", "D", "A", "E"]);
}

#[test]
fn a_dry_run_prints_the_order_and_starts_nothing() {
    let sandbox = Sandbox::new().queue("q.json", &queue(&[("A", &[]), ("B", &["A"]), ("C", &[])]));
    let before = sandbox.bytes("q.json");
    let ran = sandbox.run(["run", "q.json", "--dry-run"]);
    let place = |id: &str| ran.stdout.find(&format!("Make {id}")).or_else(|| ran.stdout.find(id));
    assert!(place("A").is_some() && place("A") < place("C"), "{ran}");
    assert_eq!(sandbox.bytes("q.json"), before);
    assert!(sandbox.oracle().entries.is_empty());
}

#[test]
fn a_dry_run_sees_what_the_loop_would_see() {
    let tasks = json!([
        {"id": "A", "title": "a", "files": ["src/"]},
        {"id": "B", "title": "b"},
        {"id": "C", "title": "c", "status": "in_progress"},
    ]);
    let sandbox = Sandbox::new().queue("q.json", &json!({"tasks": tasks}));
    let listed = |sandbox: &Sandbox| {
        let ran = sandbox.run(["run", "q.json", "--dry-run"]).exits(0);
        let first = |line: &str| line.split_whitespace().next().unwrap_or_default().to_owned();
        (ran.stdout.lines().map(first).collect::<Vec<_>>(), ran.stderr)
    };
    assert_eq!(listed(&sandbox).0, ["A", "B", "C"], "a task whose worker is gone is claimed");
    sandbox.run(["pause", "q.json"]).exits(0);
    let (ids, said) = listed(&sandbox);
    assert!(ids.is_empty() && said.contains("nothing is ready: "), "{ids:?} {said}");
}

#[test]
fn an_id_means_the_same_for_every_verb() {
    let sandbox = Sandbox::new()
        .queue("q.json", &queue(&[("A", &[]), ("B1", &[])]))
        .queue("r.json", &queue(&[("A", &[])]));
    for verb in ["why", "park", "reset", "prompt", "approve"] {
        let run = |id: &str| {
            let both = [verb, id, "--work-queue", "q.json", "--work-queue", "r.json"];
            sandbox.run(both).exits(2).stderr
        };
        let said = run("A");
        assert!(said.contains("task id `A` exists in 2 queues: q:A, r:A"), "{verb}: {said}");
        let said = run("B2");
        let expected = "there is no task `B2` in q.json, r.json; did you mean `B1`?";
        assert!(said.contains(expected), "{verb}: {said}");
    }
}

#[test]
fn tasks_in_a_cycle_wait_and_the_rest_runs() {
    let tasks = queue(&[
        ("snake", &["tail"]),
        ("tail", &["snake"]),
        ("self", &["self"]),
        ("lost", &["no-such-task"]),
        ("fine", &[]),
    ]);
    let sandbox = Sandbox::new().queue("q.json", &tasks);
    sandbox.run(["run", "q.json"]).exits(5);
    assert_eq!(sandbox.oracle().started(), ["fine"]);
    for id in ["snake", "tail", "self", "lost"] {
        assert_eq!(sandbox.status(id), "pending", "{id}");
    }
}

#[test]
fn approval_holds_a_task_until_a_person_gives_it() {
    let mut list = queue(&[("A", &[]), ("B", &["A"])]);
    list["tasks"][0]["requires_approval"] = json!(["someone looked at it"]);
    let sandbox = Sandbox::new().queue("q.json", &list);
    sandbox.run(["run", "q.json"]).exits(7).closes_with(&["A"]);
    assert!(sandbox.oracle().entries.is_empty());
    sandbox.run(["approve", "A", "--work-queue", "q.json"]).exits(0);
    sandbox.run(["run", "q.json"]).exits(0);
    assert_eq!(sandbox.oracle().started(), ["A", "B"]);
    assert!(task(&sandbox.read("q.json"), "A")["approved_at"].is_string());
}

#[test]
fn a_phase_barrier_holds_the_next_phase() {
    let mut list = queue(&[("late", &[]), ("early", &[]), ("also-early", &[])]);
    for (index, phase) in [(0, 2), (1, 1), (2, 1)] {
        list["tasks"][index]["phase"] = json!(phase);
    }
    list["phases"] =
        json!([{"phase": 1, "name": "one", "barrier": true}, {"phase": 2, "name": "two"}]);
    let sandbox = Sandbox::new().queue("q.json", &list).script("default", "sleep 0.05");
    sandbox.run(["run", "q.json", "--jobs", "3"]).exits(0);
    let oracle = sandbox.oracle();
    assert_eq!(oracle.started().last(), Some(&"late"));
    assert!(oracle.first(Moment::Start, "late") > oracle.first(Moment::End, "early"));
    assert!(oracle.first(Moment::Start, "late") > oracle.first(Moment::End, "also-early"));
}

#[test]
fn parked_and_manual_tasks_are_left_alone() {
    let mut list =
        queue(&[("parked", &[]), ("by-hand", &[]), ("after", &["parked"]), ("free", &[])]);
    list["tasks"][0]["status"] = json!("parked");
    list["tasks"][1]["agent"] = json!("manual");
    let sandbox = Sandbox::new().queue("q.json", &list);
    let ran = sandbox.run(["run", "q.json"]);
    assert!(matches!(ran.status, 5 | 7), "{ran}");
    assert_eq!(sandbox.oracle().started(), ["free"]);
}

#[test]
fn only_the_chosen_task_runs() {
    let sandbox = Sandbox::new().queue("q.json", &queue(&[("A", &[]), ("B", &[]), ("C", &[])]));
    sandbox.run(["run", "q.json", "--task-id", "B"]).exits(0);
    assert_eq!(sandbox.oracle().started(), ["B"]);
}

#[test]
fn a_loop_wakes_up_when_another_queue_frees_its_task() {
    let both = format!("queues = [\"a.json\", \"b.json\"]\n{}", crate::fake_agent::CONFIG);
    let sandbox = Sandbox::new()
        .config(&both)
        .queue("a.json", &queue(&[("A1", &["b:B1"])]))
        .queue("b.json", &queue(&[("B1", &[])]))
        .script("B1", "sleep 0.2");
    let waiting = sandbox.spawn(["run", "a.json", "--when-empty", "wait"]);
    wait_until("the loop waits", || !waiting.output().is_empty());
    assert!(sandbox.oracle().entries.is_empty());
    sandbox.run(["run", "b.json"]).exits(0);
    wait_until("the other queue's task starts", || sandbox.oracle().starts("A1") == 1);
    let oracle = sandbox.oracle();
    let (end, start) = (oracle.first(Moment::End, "B1"), oracle.first(Moment::Start, "A1"));
    let nanos = start.expect("started") - end.expect("ended");
    assert!(nanos < 2_000_000_000, "the loop woke up after {} ms", nanos / 1_000_000);
    wait_until("it is complete", || task(&sandbox.read("a.json"), "A1")["status"] == "complete");
}

#[test]
fn one_loop_serves_several_queues() {
    let sandbox = Sandbox::new()
        .queue("a.json", &queue(&[("A1", &[]), ("A2", &["b:B1"])]))
        .queue("b.json", &queue(&[("B1", &["a.json#A1"])]));
    sandbox.run(["run", "a.json", "b.json"]).exits(0);
    assert_eq!(sandbox.oracle().started(), ["A1", "B1", "A2"]);
}

#[test]
fn a_suggested_command_can_be_typed() {
    let tasks = json!({"tasks": [
        {"id": "it's $(touch evil) done", "title": "a"},
        {"id": "B", "title": "b", "dependencies": ["it's $(touch evil) done"]},
        {"id": "-1", "title": "c", "type": "manual"},
    ]});
    let config = format!("{CONFIG}\n[limits]\nattempts = 1\nuntouched = false\n");
    let sandbox =
        Sandbox::new().config(&config).queue("my queue.json", &tasks).script("default", "nothing");
    let ran = sandbox.run(["run", "my queue.json"]).exits(5);
    let words = " --work-queue 'my queue.json'";
    let quoted = r"'it'\''s $(touch evil) done'";
    let retry = format!("workloop retry {quoted}{words}");
    let done = format!("workloop done{words} -- -1");
    let why = format!("workloop why {quoted}{words}, then {retry}");
    ran.closes_with(&[&why, &done]);
    let status = sandbox.run(["status", "my queue.json"]).exits(0);
    assert!(status.stdout.contains(&why) && status.stdout.contains(&done), "{status}");
    let reason = "step made: exit status 1";
    assert_eq!(status.stdout.matches(reason).count(), 1, "a reason is told once: {status}");
    let waits = sandbox.run(["why", "B", "my queue.json"]).exits(0);
    assert!(waits.stdout.contains(reason), "{waits}");
    for typed in [retry, done] {
        let program = env!("CARGO_BIN_EXE_workloop");
        let typed = typed.replacen("workloop", program, 1);
        assert!(sandbox.shell(&typed), "{typed}");
    }
    assert!(!sandbox.shell("test -e evil"));
    let list = sandbox.read("my queue.json");
    assert_eq!(list["tasks"][0]["status"], "pending", "{list}");
    assert_eq!(list["tasks"][2]["status"], "complete", "{list}");
}

#[test]
fn a_folder_is_no_queue_and_a_refusal_names_the_file_as_it_was_typed() {
    let sandbox = Sandbox::new().queue("queues/q.json", &json!({"tasks": []}));
    sandbox
        .run(["status", "queues"])
        .exits(2)
        .says("queues is a folder, not a queue; did you mean queues/q.json?");
    assert!(sandbox.shell("echo '{\"tasks\": [,]}' > queues/q.json"));
    for verb in ["run", "status", "next", "add"] {
        let ran = sandbox.run([verb, "--work-queue", "queues/q.json"]);
        assert!(ran.stderr.contains("error: queues/q.json:1:12: "), "{ran}");
    }
}
