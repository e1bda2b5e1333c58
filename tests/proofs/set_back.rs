//! Queues that are set back, removed for a moment, or saved again by others: each case is the
//! smallest one of a fault that the torture found.

use crate::processes::lacks;
use crate::sandbox::{Sandbox, queue, task, wait_until};

fn two() -> Sandbox {
    Sandbox::new().queue("q.json", &queue(&[("A", &[]), ("B", &["A"])]))
}

/// The state in which B was claimed is the text before the last transition. That this text is there
/// again does not make the transition's journal line void.
#[test]
fn a_copy_of_the_last_state_but_one_undoes_nothing() {
    if lacks("jq") {
        return;
    }
    let agent = "[agents.default]\nrun = 'test $WORKLOOP_TASK_ID = A || cp q.json saved; \
                 echo $WORKLOOP_TASK_ID >>ran'\n[[verify]]\nrun = 'test -e ran'\n";
    for restore in ["cp saved q.json", "jq --indent 7 . saved >t && mv t q.json"] {
        let sandbox = two().config(agent);
        sandbox.run(["run", "q.json"]).exits(0);
        assert!(sandbox.shell(restore));
        assert_eq!(sandbox.status("B"), "in_progress");
        sandbox.run(["run", "q.json"]).exits(0);
        assert_eq!(sandbox.bytes("ran"), b"A\nB\n", "after {restore}: B was done again");
        assert_eq!(task(&sandbox.read("q.json"), "B")["passes"], true);
    }
}

/// The file is the one that a waiting loop read last, while others finished the work.
#[test]
fn a_loop_that_remembers_the_old_text_does_nothing_again() {
    let sandbox = two().script("default", "").script("B", "sleep 0.1");
    assert!(sandbox.shell("cp q.json saved"));
    let waits = sandbox.spawn(["run", "q.json", "--task-id", "B", "--when-empty", "wait"]);
    wait_until("it waits", || waits.output().contains("waiting"));
    waits.signal(rustix::process::Signal::STOP);
    sandbox.run(["run", "q.json"]).exits(0);
    assert_eq!(sandbox.oracle().started(), ["A", "B"]);
    assert!(sandbox.shell("cp saved t && mv t q.json"));
    waits.signal(rustix::process::Signal::CONT);
    sandbox.run(["run", "q.json"]).exits(0);
    assert_eq!(sandbox.oracle().started(), ["A", "B"]);
}

#[test]
fn a_file_that_is_away_for_a_moment_ends_nothing() {
    let sandbox = two()
        .config("[agents.default]\nrun = 'mv q.json away; sleep 0.4; mv away q.json; sleep 0.4'\n");
    sandbox.run(["run", "q.json", "--no-verify"]).exits(0);
    assert_eq!(sandbox.read("q.json")["summary"]["complete"], 2);
}

/// Ends when the folder is gone, so that it is deleted at least once for the attempts of one
/// moment.
const UNTIL_DELETED: &str = "while [ -e .workloop/attempts ]; do sleep 0.01; done";

/// An attempt whose folder is deleted before its command starts creates it again: nothing but the
/// folder is missing.
#[test]
fn a_folder_that_is_deleted_all_the_time_ends_no_loop() {
    let ids: Vec<String> = (0..12).map(|n| format!("T{n:02}")).collect();
    let list: Vec<(&str, &[&str])> = ids.iter().map(|id| (id.as_str(), &[][..])).collect();
    let sandbox = Sandbox::new()
        .config(&format!("[agents.default]\nrun = '{UNTIL_DELETED}'\n[[verify]]\nrun = 'true'\n"))
        .queue("q.json", &queue(&list));
    let mut running = sandbox.spawn(["run", "q.json", "--jobs", "3"]);
    let mut deleted = 0;
    while !running.has_ended() {
        let gone = std::fs::remove_dir_all(sandbox.path(".workloop/attempts"));
        deleted += usize::from(gone.is_ok());
        // From time to time, leave a moment in which an attempt can start.
        std::thread::park_timeout(std::time::Duration::from_millis(2));
    }
    running.ends().exits(0);
    assert!(deleted > 2, "deleted {deleted} times only");
}

/// `git clean` deletes untracked files, and so the temp file of a write between its sync and its
/// rename: the text is written again.
#[test]
fn a_temp_file_that_is_deleted_ends_nothing() {
    let sandbox = two();
    let delete = "while test ! -e over; do rm -f .q.json.*.tmp; done";
    let statuses: Vec<i32> = std::thread::scope(|scope| {
        let cleaner = scope.spawn(|| sandbox.shell(delete));
        let edit = |number: i32| {
            let text = format!("edit {number}");
            sandbox.run(["edit", "A", "q.json", "--description", &text]).status
        };
        let statuses = (0..40).map(edit).collect();
        // Before any assertion: otherwise the cleaner would never end.
        drop(std::fs::write(sandbox.path("over"), ""));
        drop(cleaner.join());
        statuses
    });
    assert_eq!(statuses, [0; 40]);
    assert_eq!(task(&sandbox.read("q.json"), "A")["description"], "edit 39");
}

/// A loop that finds nothing to do still sweeps what a dead one left.
#[test]
fn a_run_without_work_sweeps_too() {
    let done = serde_json::json!({"tasks": [{"id": "A", "title": "x", "status": "complete"}]});
    let sandbox = Sandbox::new().queue("q.json", &done).queue("other/q.json", &done);
    let left = ["./.q.json.0badcafe.tmp", "other/.q.json.0badcafe.tmp"];
    assert!(sandbox.shell(&format!("touch {}", left.join(" "))));
    sandbox.run(["run", "q.json", "other/q.json"]).exits(0);
    assert!(left.iter().all(|path| !sandbox.path(path).exists()));
}

/// The file that comes back contains the claim of a dead worker, while another one runs the task.
/// The running one keeps its claim, and its result is written.
#[test]
fn an_older_claim_that_comes_back_takes_nothing_away() {
    let sandbox = Sandbox::new().queue("q.json", &queue(&[("A", &[])])).script("A", "hang");
    let first = sandbox.spawn(["run", "q.json"]);
    wait_until("the first agent runs", || sandbox.oracle().starts("A") == 1);
    assert!(sandbox.shell("cp q.json saved"));
    first.signal(rustix::process::Signal::KILL);
    drop(first);
    // A loop that finds the task held by a supervisor that is ending the tree leaves that to it.
    wait_until("the first tree is ended", || sandbox.strays().is_empty());
    sandbox.rescript("A", "sleep 0.5");
    let second = sandbox.spawn(["run", "q.json"]);
    wait_until("the second agent runs", || sandbox.oracle().starts("A") == 2);
    assert!(sandbox.shell("cp saved t && mv t q.json"));
    second.ends().exits(0);
    assert_eq!(sandbox.oracle().starts("A"), 2, "it was done again");
    assert_eq!(task(&sandbox.read("q.json"), "A")["passes"], true);
}

/// An agent writes to the queue what only a verification may decide, for its own task and for
/// another.
#[test]
fn only_a_verification_completes_a_task() {
    if lacks("jq") {
        return;
    }
    crate::twins::holds("edits-taken", |sandbox| {
        let edit = "(.tasks[0:2][]|.status)=\"complete\"|(.tasks[0:2][]|.passes)=true|\
                    del(.tasks[0].claim)";
        let config = format!(
            "[limits]\nattempts = 1\n[agents.default]\n\
             run = '''jq '{edit}' q.json >t && mv t q.json'''\n[[verify]]\nrun = 'false'\n"
        );
        let sandbox = sandbox.config(&config);
        sandbox.run(["run", "q.json", "--task-id", "T001"]);
        let states = ["T001", "T002"].map(|id| sandbox.status(id));
        crate::twins::unless(states == ["blocked", "pending"], &format!("they are {states:?}"))
    });
}

/// During each attempt, and again when the budget is used up, the file loses its record of
/// attempts.
#[test]
fn a_budget_ends_whatever_the_file_says() {
    if lacks("jq") {
        return;
    }
    crate::twins::holds("budget-forgotten", |sandbox| {
        let forget = "jq 'del(.tasks[0].attempts, .tasks[0].budget_used)' q.json >t && mv t q.json";
        let config = format!(
            "[limits]\nattempts = 2\n[agents.default]\nrun = \"\"\"\
             echo >>started; cat /proc/sys/kernel/random/uuid >work; {forget}\"\"\"\n\
             [[verify]]\nrun = 'false'\n"
        );
        let sandbox = sandbox.config(&config);
        let run = || sandbox.run(["run", "q.json", "--task-id", "T001", "--max-iterations", "6"]);
        run();
        let open =
            "jq '(.tasks[0]|.status)=\"pending\"|(.tasks[0]|.attempts)=0' q.json >t && mv t q.json";
        assert!(sandbox.shell(open));
        run();
        let starts = sandbox.bytes("started").len();
        crate::twins::unless(starts == 2, &format!("{starts} starts with a budget of two"))
    });
}

/// Queue and work are set back together, as by `git switch`: the task is then not complete.
#[test]
fn finished_work_that_is_gone_is_not_complete() {
    crate::twins::holds("set-back-believed", |sandbox| {
        let config =
            "[agents.default]\nrun = 'touch feature'\n[[verify]]\nrun = 'test -e feature'\n";
        let sandbox = sandbox.config(config);
        assert!(sandbox.shell("cp q.json saved"));
        sandbox.run(["run", "q.json", "--task-id", "T001"]).exits(0);
        assert!(sandbox.shell("cp saved t && mv t q.json; rm feature"));
        sandbox.run(["add", "q.json", "--title", "Another"]).exits(0);
        let status = sandbox.status("T001");
        crate::twins::unless(status == "pending", &format!("it is {status} without its work"))
    });
}

/// Work is set back, and the verification that must decide is killed once. The work is there and is
/// not done again. The same for an attempt whose only verification is killed.
#[test]
fn a_verification_that_was_killed_says_nothing() {
    crate::twins::holds("signal-believed", |sandbox| {
        let config = "[limits]\nattempts = 1\n[agents.default]\nrun = 'echo >>started'\n[[verify]]\n\
                      run = 'test -e started || exit 1; test -e killed || { touch killed; kill -9 $$; }'\n";
        let sandbox = sandbox.config(config);
        assert!(sandbox.shell("cp q.json saved; touch killed started"));
        // The tree is known to pass from here on.
        sandbox.run(["run", "q.json", "--task-id", "T002"]);
        assert!(sandbox.shell("rm killed started"));
        sandbox.run(["run", "q.json", "--task-id", "T001"]);
        let first = sandbox.status("T001");
        assert!(sandbox.shell("rm killed; cp saved t && mv t q.json"));
        sandbox.run(["run", "q.json", "--task-id", "T001"]);
        let (starts, second) = (sandbox.bytes("started").len(), sandbox.status("T001"));
        let came_to = [first.as_str(), second.as_str()];
        let fine = came_to == ["complete"; 2] && starts == 1;
        crate::twins::unless(fine, &format!("{came_to:?} after {starts} starts"))
    });
}

/// A typo while an attempt runs: the attempt continues, and its result is written when the file is
/// repaired.
#[test]
fn a_broken_queue_ends_no_loop() {
    crate::twins::holds("broken-ends", |sandbox| {
        let sandbox = sandbox.script("T001", "await go");
        let mut running = sandbox.spawn(["run", "q.json", "--task-id", "T001"]);
        wait_until("the agent runs", || sandbox.oracle().starts("T001") == 1);
        assert!(sandbox.shell("cp q.json saved; echo '{\"tasks\": [,' >q.json"));
        wait_until("it is noticed", || {
            running.has_ended() || running.output().contains("nothing is claimed until")
        });
        assert!(sandbox.shell("cp saved t && mv t q.json; touch go"));
        running.ends();
        let status = sandbox.status("T001");
        crate::twins::unless(status == "complete", &format!("it is {status}"))
    });
}

/// Without git, the folder of the queue does not contain what was done any more.
#[test]
fn finished_work_outlives_the_state_folder() {
    crate::twins::holds("backup-ignored", |sandbox| {
        assert!(sandbox.shell("cp q.json saved"));
        sandbox.run(["run", "q.json"]).exits(0);
        assert!(sandbox.shell("rm -rf .workloop; cp saved t && mv t q.json"));
        sandbox.run(["run", "q.json"]).exits(0);
        let starts = sandbox.oracle().started().len();
        crate::twins::unless(starts == 3, &format!("{starts} attempts were made of 3 tasks"))
    });
}
