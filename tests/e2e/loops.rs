//! Several loops on one queue: every task runs once, never twice at the same time, and readers
//! never wait.

use crate::processes::lacks;
use crate::sandbox::{Running, Sandbox, all_end_well, flat_queue, queue, task, wait_until};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicBool, Ordering};

/// Counts the tasks with this status, as a reader with `jq` would.
fn counted(queue: &Value, status: &str) -> usize {
    queue["tasks"].as_array().expect("tasks").iter().filter(|task| task["status"] == status).count()
}

/// Reads the queue in a tight loop until `stop` is set. Every read must be complete, with a correct
/// summary. Returns the number of reads.
fn read_all_the_time(sandbox: &Sandbox, stop: &AtomicBool) -> usize {
    let mut reads = 0;
    while !stop.load(Ordering::Relaxed) {
        let queue = sandbox.read("q.json");
        reads += 1;
        if queue["summary"].is_null() {
            continue;
        }
        for status in ["pending", "in_progress", "blocked", "complete"] {
            assert_eq!(
                queue["summary"][status],
                counted(&queue, status),
                "{status} at read {reads}"
            );
        }
    }
    reads
}

#[test]
fn eight_loops_do_two_hundred_tasks_once_each() {
    if lacks("flock") {
        return;
    }
    let (list, ids) = flat_queue(200);
    // Long enough that some run at the same time on a busy machine, too.
    let sandbox = Sandbox::new().queue("q.json", &list).script("default", "sleep 0.05");
    let stop = AtomicBool::new(false);
    let reads = std::thread::scope(|scope| {
        let reader = scope.spawn(|| read_all_the_time(&sandbox, &stop));
        let loops: Vec<Running> = (0..8).map(|_| sandbox.spawn(["run", "q.json"])).collect();
        let judged = std::panic::catch_unwind(|| all_end_well(loops));
        stop.store(true, Ordering::Relaxed);
        let reads = reader.join();
        judged.map(|()| reads)
    });
    let reads = reads.expect("every loop ended well").expect("every read was complete");
    assert!(reads > 100, "only {reads} reads");
    let oracle = sandbox.oracle();
    oracle.each_exactly_once(&ids);
    assert!(oracle.most_at_once() > 1, "the loops ran at the same time");
    assert_eq!(sandbox.read("q.json")["summary"]["complete"], 200);
    sandbox.nothing_left();
}

#[test]
fn jobs_in_one_process_run_at_once_and_not_more() {
    if lacks("flock") {
        return;
    }
    let (list, ids) = flat_queue(12);
    let sandbox = Sandbox::new().queue("q.json", &list).script("default", "sleep 0.2");
    sandbox.run(["run", "q.json", "--jobs", "4"]).exits(0);
    let oracle = sandbox.oracle();
    oracle.each_exactly_once(&ids);
    assert!((2..=4).contains(&oracle.most_at_once()), "{}", oracle.most_at_once());
    sandbox.nothing_left();
}

#[test]
fn loops_share_a_graph_without_breaking_its_order() {
    if lacks("flock") {
        return;
    }
    let tasks: Vec<(String, Vec<String>)> = (0..40)
        .map(|n: usize| {
            let needed = [n.checked_sub(3), n.checked_sub(7)].into_iter().flatten();
            (format!("N{n:02}"), needed.map(|d| format!("N{d:02}")).collect())
        })
        .collect();
    let list: Vec<Value> = tasks
        .iter()
        .map(|(id, needed)| json!({"id": id, "title": id, "status": "pending", "depends_on": needed}))
        .collect();
    let sandbox = Sandbox::new().queue("q.json", &json!({"tasks": list}));
    let loops: Vec<Running> = (0..4).map(|_| sandbox.spawn(["run", "q.json"])).collect();
    all_end_well(loops);
    let oracle = sandbox.oracle();
    for (id, needed) in &tasks {
        use crate::fake_agent::Moment::{End, Start};
        for dependency in needed {
            assert!(
                oracle.first(Start, id) > oracle.first(End, dependency),
                "{id} before {dependency}"
            );
        }
    }
    assert!(oracle.overlaps().is_empty());
}

#[test]
fn a_second_loop_leaves_when_nothing_can_become_ready_for_it() {
    let sandbox = Sandbox::new().queue("q.json", &queue(&[("A", &[])])).script("A", "sleep 2");
    let first = sandbox.spawn(["run", "q.json"]);
    wait_until("the task runs", || sandbox.oracle().starts("A") == 1);
    let second = sandbox.run(["run", "q.json"]);
    assert!(matches!(second.status, 0 | 7), "{second}");
    first.ends().exits(0);
    assert_eq!(sandbox.oracle().starts("A"), 1);
}

#[test]
fn a_person_edits_while_a_task_runs() {
    if lacks("jq") {
        return;
    }
    let sandbox = Sandbox::new()
        .queue("q.json", &queue(&[("A", &[]), ("B", &["A"])]))
        .script("A", "sleep 0.5");
    let running = sandbox.spawn(["run", "q.json"]);
    wait_until("the task runs", || sandbox.oracle().starts("A") == 1);
    let edit = r#"flock . sh -c 'jq ".tasks[1].title = \"By hand\" | .mine = 1.50" q.json >t && mv t q.json'"#;
    assert!(sandbox.shell(edit));
    running.ends().exits(0);
    let queue = sandbox.read("q.json");
    assert_eq!(task(&queue, "B")["title"], "By hand");
    assert_eq!(queue["mine"], json!(1.5));
    assert_eq!(queue["summary"]["complete"], 2);
}

/// A loop that has a result in each of its turns still checks the claims of others once a second:
/// the task of a dead worker, which is first in rank, does not wait until nothing else is ready.
#[test]
fn a_busy_loop_takes_over_what_a_dead_one_left() {
    if lacks("flock") {
        return;
    }
    let (list, ids) = flat_queue(60);
    let sandbox = Sandbox::new()
        .queue("q.json", &list)
        .script("default", "sleep 0.05")
        .script("T001", "hang");
    let dying = sandbox.spawn(["run", "q.json", "--task-id", "T001"]);
    wait_until("the first agent runs", || sandbox.oracle().starts("T001") == 1);
    let busy = sandbox.spawn(["run", "q.json"]);
    wait_until("the other loop is busy", || sandbox.oracle().ends("T002") == 1);
    sandbox.rescript("T001", "");
    drop(dying);
    busy.ends().exits(0);
    let oracle = sandbox.oracle();
    let started = oracle.started();
    assert_eq!((oracle.starts("T001"), oracle.overlaps().len()), (2, 0));
    let again = started.iter().rposition(|id| *id == "T001");
    assert!(again < Some(ids.len() - 5), "it came last: {again:?} of {}", started.len());
}
