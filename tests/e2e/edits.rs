//! Edits of a queue file beside attempts, and queues that git sets back: a task that says
//! `complete` is complete, and a budget ends.

use crate::processes::lacks;
use crate::sandbox::{Sandbox, all_end_well, queue, task, wait_until, with_each};
use serde_json::{Value, json};

/// Returns a sandbox with this agent and this verification, without git.
fn sandbox(agent: &str, verify: &str, queue: &Value) -> Sandbox {
    let config =
        format!("[agents.default]\nrun = '''{agent}'''\n[[verify]]\nrun = '''{verify}'''\n");
    Sandbox::new().config(&config).queue("q.json", queue)
}

/// Returns the same in a git repository with everything committed. Starts are counted outside it.
fn repository(agent: &str, verify: &str, queue: &Value) -> Sandbox {
    let agent = format!("echo $WORKLOOP_TASK_ID >>../starts; {agent}");
    let sandbox = sandbox(&agent, verify, queue);
    sandbox.committed()
}

fn starts(sandbox: &Sandbox) -> String {
    let text = std::fs::read_to_string(sandbox.path("../starts")).unwrap_or_default();
    text.lines().collect::<Vec<_>>().join(",")
}

fn two() -> Value {
    queue(&[("A", &[]), ("B", &[])])
}

#[test]
fn an_agent_completes_no_task_by_an_edit() {
    if lacks("jq") {
        return;
    }
    // It completes its own task, with and without the claim, and another one, by a program that
    // replaces the file.
    let edits = [
        "(.tasks[0]|.status)=\"complete\"|del(.tasks[0].claim)",
        "(.tasks[0]|.status)=\"complete\"|(.tasks[0]|.passes)=true",
        "(.tasks[1]|.status)=\"complete\"|(.tasks[1]|.passes)=true",
        "del(.tasks[1])",
        ".tasks|=(map(select(.id!=\"C\"))+[{id:\"C\",title:\"c\",status:\"complete\",passes:true}])",
    ];
    for edit in edits {
        let agent = format!("echo $WORKLOOP_TASK_ID >>ran; jq '{edit}' q.json >t && mv t q.json");
        let mut list = two();
        list["tasks"][0]["max_iterations"] = json!(2);
        list["tasks"][1]["max_iterations"] = json!(2);
        let sandbox = sandbox(&agent, "false", &list);
        let ran = sandbox.run(["run", "q.json"]).exits(5);
        let after = sandbox.read("q.json");
        for id in ["A", "B"] {
            let found = task(&after, id);
            assert_eq!(found["status"], "blocked", "{edit}: {ran}");
            assert_eq!(found["attempts"], 2, "{edit}");
        }
        ran.says("put back");
        let events = sandbox.run(["events", "--json", "q.json"]).exits(0).stdout;
        assert!(events.contains("put_back"), "{edit}");
        let status = sandbox.run(["status", "q.json"]).exits(0).stdout;
        assert!(status.contains("put back"), "{edit}: {status}");
    }
}

#[test]
fn a_gate_an_approval_and_a_dependency_hold_whatever_an_agent_writes() {
    if lacks("jq") {
        return;
    }
    let list = json!({"tasks": [
        {"id": "A", "title": "a", "status": "pending"},
        {"id": "B", "title": "b", "status": "pending", "requires_approval": true},
        {"id": "C", "title": "c", "status": "pending", "dependencies": ["B"]},
        {"id": "G", "title": "g", "status": "pending", "type": "gate", "verify": "red"},
    ]});
    let edit = "(.tasks[1]|.requires_approval)=false|(.tasks[2]|.dependencies)=[]|\
                (.tasks[3]|.type)=\"docs\"|del(.tasks[3].verify)";
    let config = format!(
        "[agents.default]\nrun = '''echo $WORKLOOP_TASK_ID >>ran; jq '{edit}' q.json >t && mv t q.json'''\n\
         [[verify]]\nrun = 'true'\n[[verify]]\nprofile = 'red'\nrun = 'false'\n"
    );
    let sandbox = Sandbox::new().config(&config).queue("q.json", &list);
    sandbox.run(["run", "q.json", "--task-id", "A"]).exits(0);
    sandbox.run(["run", "q.json"]);
    assert_eq!(sandbox.bytes("ran"), b"A\n");
    let after = sandbox.read("q.json");
    assert_eq!(task(&after, "B")["requires_approval"], true);
    assert_eq!(task(&after, "C")["dependencies"], json!(["B"]));
    assert_eq!(task(&after, "G")["type"], "gate");
    assert_ne!(task(&after, "G")["status"], "complete");
}

#[test]
fn what_a_person_edits_beside_attempts_is_there_afterwards() {
    if lacks("jq") {
        return;
    }
    let edit = "(.tasks[1]|.title)=\"New words\"|(.tasks[1]|.priority)=0|(.tasks[1]|.mine)=1|\
                .tasks+=[{id:\"N\",title:\"new\"}]|(.tasks[2]|.status)=\"parked\"";
    let agent = format!("test $WORKLOOP_TASK_ID != A || (jq '{edit}' q.json >t && mv t q.json)");
    let sandbox = sandbox(&agent, "true", &queue(&[("A", &[]), ("B", &[]), ("P", &[])]));
    sandbox.run(["run", "q.json"]);
    let after = sandbox.read("q.json");
    assert_eq!(
        (&task(&after, "B")["title"], &task(&after, "B")["mine"]),
        (&json!("New words"), &json!(1))
    );
    assert_eq!(task(&after, "P")["status"], "parked");
    for id in ["A", "B", "N"] {
        assert_eq!(task(&after, id)["status"], "complete", "{id}");
    }
}

#[test]
fn a_budget_ends_whatever_git_command_an_agent_runs() {
    if lacks("git") || lacks("jq") {
        return;
    }
    let mut list = queue(&[("A", &[])]);
    list["tasks"][0]["max_iterations"] = json!(2);
    for command in [
        "git checkout -q .",
        "git reset -q --hard",
        "git stash -q",
        "git stash -qa",
        "git clean -fdxq",
        "rm -rf .workloop",
        "git reset -q --hard; git clean -fdxq",
        "git clean -fdxq; git switch -qfc other$RANDOM$$",
        "jq '(.tasks[0]|.attempts)=0|(.tasks[0]|.max_iterations)=99' q.json >t && mv t q.json",
    ] {
        let sandbox = repository(command, "false", &list);
        sandbox.run(["run", "q.json"]).exits(5);
        assert_eq!(starts(&sandbox), "A,A", "{command}");
        let after = sandbox.read("q.json");
        let after = task(&after, "A");
        assert_eq!(
            (&after["status"], &after["attempts"]),
            (&json!("blocked"), &json!(2)),
            "{command}"
        );
    }
}

#[test]
fn finished_work_is_not_done_again_after_a_clean_sweep() {
    if lacks("git") {
        return;
    }
    let agent = "test $WORKLOOP_TASK_ID != C || test -e ../once || \
                 { touch ../once; git reset -q --hard; git clean -fdxq; }";
    let list = queue(&[("A", &[]), ("B", &["A"]), ("C", &["B"])]);
    let sandbox = repository(agent, "true", &list);
    sandbox.run(["run", "q.json"]).exits(0).says("set back with the queue: A, B");
    assert_eq!(starts(&sandbox), "A,B,C");
}

/// The first paragraph of README: a task that says `complete` was verified, on the current tree.
#[test]
fn a_task_is_not_complete_on_a_branch_without_its_work() {
    if lacks("git") {
        return;
    }
    let sandbox = repository("echo f >feature", "test -f feature", &queue(&[("A", &[])]));
    sandbox.run(["run", "q.json"]).exits(0);
    assert!(
        sandbox.shell("git switch -qc work; git add -A; git commit -qm work; git switch -q main")
    );
    assert!(!sandbox.path("feature").exists());
    sandbox.run(["add", "q.json", "--title", "Another"]).exits(0);
    assert_eq!(sandbox.status("A"), "pending");
    sandbox.run(["run", "q.json"]).exits(0).says("not in the tree");
    assert_eq!(starts(&sandbox), "A,A,T-001");
    assert!(sandbox.path("feature").exists());
}

#[test]
fn a_queue_alone_that_is_set_back_undoes_no_work_that_is_there() {
    if lacks("git") {
        return;
    }
    let sandbox =
        repository("echo f >feature", "test -f feature && test ! -e broken", &queue(&[("A", &[])]));
    sandbox.run(["run", "q.json"]).exits(0);
    // No verification runs: the files are unchanged, and what broke since is another matter.
    assert!(sandbox.shell("touch broken; git checkout -q q.json"));
    sandbox.run(["run", "q.json"]).exits(0).says("complete again");
    assert_eq!((starts(&sandbox).as_str(), sandbox.status("A").as_str()), ("A", "complete"));
}

/// The claim under which the tree is verified ends with that verification, because the next one
/// needs it.
#[test]
fn a_queue_that_is_set_back_again_and_again_stops_no_loop() {
    if lacks("git") {
        return;
    }
    let list = queue(&[("A", &[]), ("B", &["A"])]);
    let sandbox = repository("echo f >>feature", "test -f feature", &list);
    let waits = || sandbox.spawn(["run", "q.json", "--when-empty", "wait"]);
    let (one, two) = (waits(), waits());
    let complete = || ["A", "B"].iter().all(|id| sandbox.status(id) == "complete");
    wait_until("both tasks are done", complete);
    for time in ["once", "twice", "three times"] {
        // The files differ, so only a verification can decide.
        assert!(sandbox.shell("echo g >>feature; git checkout -q q.json"));
        wait_until(&format!("both are complete again, {time}"), complete);
    }
    sandbox.run(["stop", "q.json"]).exits(0);
    all_end_well([one, two]);
    assert_eq!(starts(&sandbox), "A,B");
}

/// As long as it is undecided whether the work of a task is still there, no edit of an agent
/// decides it.
#[test]
fn what_was_set_back_stays_undecided_through_edits_that_are_put_back() {
    if lacks("git") || lacks("jq") {
        return;
    }
    let list = queue(&[("A", &[]), ("B", &[])]);
    let sandbox = repository("echo f >>feature", "test -f feature", &list);
    sandbox.run(["run", "q.json"]).exits(0);
    for edit in ["(.tasks[]|.status)=\"complete\"|(.tasks[]|.passes)=true", "del(.tasks[0])"] {
        // The files differ, so only a verification can decide.
        assert!(sandbox.shell("echo g >>feature; git checkout -q q.json"));
        sandbox.run(["edit", "B", "--priority", "high", "q.json"]).exits(0);
        assert_eq!(sandbox.status("A"), "pending");
        assert!(sandbox.shell(&format!("jq '{edit}' q.json >t && mv t q.json")));
        sandbox.run(["run", "q.json"]).exits(0).says("passes on the tree as it is");
        assert_eq!((sandbox.status("A").as_str(), starts(&sandbox).as_str()), ("complete", "A,B"));
    }
}

/// What a person writes while everything is paused is accepted, whatever runs before and after.
#[test]
fn an_edit_in_a_pause_is_a_persons() {
    if lacks("jq") {
        return;
    }
    let sandbox = Sandbox::new().queue("q.json", &two()).script("A", "await go");
    let running = sandbox.spawn(["run", "q.json", "--task-id", "A"]);
    wait_until("the agent runs", || sandbox.oracle().starts("A") == 1);
    sandbox.run(["pause", "--wait", "q.json"]).exits(0);
    let edit = "jq '(.tasks[1]|.status)=\"complete\"|(.tasks[1]|.note)=\"by hand\"' q.json >t && mv t q.json";
    assert!(sandbox.shell(edit));
    sandbox.run(["resume", "q.json"]).exits(0);
    assert!(sandbox.shell("touch go"));
    running.ends().exits(0);
    let after = sandbox.read("q.json");
    assert_eq!(["A", "B"].map(|id| task(&after, id)["status"].clone()), ["complete", "complete"]);
    assert_eq!(task(&after, "B")["note"], "by hand");
}

/// The first process that reads the edit judges it so: another verb, or `resume` for a loop that
/// has not noticed the pause yet.
#[test]
fn an_edit_in_a_pause_is_a_persons_for_verbs_too() {
    if lacks("jq") {
        return;
    }
    let verbs = [&["edit", "B", "--priority", "high", "q.json"][..], &["resume", "q.json"]];
    with_each(verbs, |verb| {
        let mut list = two();
        list["tasks"][1]["requires_approval"] = json!(true);
        let sandbox = Sandbox::new().queue("q.json", &list).script("A", "await go");
        let waits = sandbox.spawn(["run", "q.json", "--task-id", "B", "--when-empty", "wait"]);
        wait_until("it waits", || waits.output().contains("waiting for a person"));
        let running = sandbox.spawn(["run", "q.json", "--task-id", "A"]);
        wait_until("the agent runs", || sandbox.oracle().starts("A") == 1);
        sandbox.run(["pause", "--wait", "q.json"]).exits(0);
        let edit = "jq '(.tasks[1]|.status)=\"complete\"|(.tasks[1]|.max_iterations)=99' q.json >t && \
                    mv t q.json";
        assert!(sandbox.shell(edit));
        sandbox.spawn_as(&sandbox.program, &[], verb).ends().exits(0);
        sandbox.run(["resume", "q.json"]).exits(0);
        assert!(sandbox.shell("touch go"));
        let ran = running.ends().exits(0);
        let after = sandbox.read("q.json");
        let states = ["A", "B"].map(|id| task(&after, id)["status"].clone());
        assert_eq!(states, ["complete", "complete"], "{verb:?}: {ran}");
        assert_eq!(task(&after, "B")["max_iterations"], 99, "{verb:?}");
    });
}

/// A syntax error, a missing file, a full disk: attempts continue, and their results are written as
/// soon as possible.
#[test]
fn a_queue_that_breaks_beside_attempts_costs_nothing() {
    let harms = [
        "sed -i 's/tasks/tasks\":[,/' q.json",
        "rm q.json",
        "echo '{\"tasks\":[{\"id\":1,}]}' >q.json",
    ];
    with_each(harms, |harm| {
        let sandbox = Sandbox::new().queue("q.json", &two()).script("A", "await go");
        let running = sandbox.spawn(["run", "q.json", "--when-empty", "wait"]);
        wait_until("the agent runs", || sandbox.oracle().starts("A") == 1);
        assert!(sandbox.shell(&format!("cp q.json saved; {harm}")));
        assert!(sandbox.shell("touch go"));
        wait_until("the loop reports it", || running.output().contains("the last good copy is"));
        wait_until("the agent has ended", || sandbox.oracle().ends("A") == 1);
        assert_eq!(sandbox.oracle().starts("B"), 0, "something was claimed");
        let copy = sandbox.path(".workloop/last-good/q.json");
        assert!(copy.exists(), "{harm}");
        std::fs::copy(&copy, sandbox.path("q.json")).expect("put back");
        wait_until("the other is done", || sandbox.status("B") == "complete");
        sandbox.run(["stop", "q.json"]).exits(0);
        let ran = running.ends().says("read and written again");
        assert_eq!(sandbox.status("A"), "complete", "{ran}");
        assert_eq!(sandbox.oracle().started(), ["A", "B"]);
    });
}

/// A signal ends a loop whose queue is broken; nothing is written into the broken file.
#[test]
fn a_loop_with_a_broken_queue_can_be_ended() {
    let sandbox = Sandbox::new().queue("q.json", &two()).script("A", "await go");
    let running = sandbox.spawn(["run", "q.json"]);
    wait_until("the agent runs", || sandbox.oracle().starts("A") == 1);
    assert!(sandbox.shell("echo broken >q.json; touch go"));
    wait_until("the loop reports it", || running.output().contains("nothing is claimed until"));
    wait_until("the agent has ended", || sandbox.oracle().ends("A") == 1);
    running.signal(rustix::process::Signal::TERM);
    running.ends().exits(143).says("kept in");
    assert_eq!(sandbox.bytes("q.json"), b"broken\n");
    sandbox.nothing_left();
}

/// A queue that is only read: what an agent writes into it starts no task that depends on it.
#[test]
fn an_edit_of_another_queue_starts_no_task_that_waits_for_it() {
    if lacks("jq") {
        return;
    }
    let other = json!({"tasks": [{"id": "X", "title": "x", "status": "pending"}]});
    let list = json!({"tasks": [
        {"id": "A", "title": "a", "status": "pending"},
        {"id": "B", "title": "b", "status": "pending", "dependencies": ["other:X"]},
    ]});
    let edit = "(.tasks[0]|.status)=\"complete\"|(.tasks[0]|.passes)=true";
    let agent =
        format!("echo $WORKLOOP_TASK_ID >>ran; jq '{edit}' other.json >t && mv t other.json");
    let sandbox = sandbox(&agent, "true", &list).queue("other.json", &other);
    // The queue has a record from before.
    sandbox.run(["edit", "X", "--priority", "high", "other.json"]).exits(0);
    sandbox.run(["run", "q.json"]).exits(7);
    assert_eq!(sandbox.bytes("ran"), b"A\n");
    assert_eq!(sandbox.status("B"), "pending");
    sandbox.run(["run", "other.json"]).exits(0).says("put back");
    assert_eq!(sandbox.bytes("ran"), b"A\nX\n");
    sandbox.run(["run", "q.json"]).exits(0);
}

/// A limit of file sizes is reported like a full disk; the program does not die of the signal.
#[test]
fn a_limit_of_file_sizes_is_reported() {
    let sandbox = Sandbox::new().queue("q.json", &two());
    let program = sandbox.program.display().to_string();
    let limited = format!(
        "(ulimit -f 1; exec {program} run q.json >out 2>&1) & pid=$!; n=0; \
         until grep -q 'too large' out || ! kill -0 $pid || [ $((n += 1)) -gt 1000 ]; \
         do sleep 0.02; done; kill $pid; wait $pid; echo $? >status"
    );
    sandbox.shell(&limited);
    let said = String::from_utf8_lossy(&sandbox.bytes("out")).into_owned();
    let status = String::from_utf8_lossy(&sandbox.bytes("status")).trim().to_owned();
    assert!(said.contains("File too large"), "{status}: {said}");
    assert_ne!(status, "153", "it died of the signal");
}

/// A verification that belongs to no attempt runs code that agents left behind: what it writes into
/// the queue counts no more than an edit of an agent.
#[test]
fn a_verification_of_the_tree_completes_nothing_by_an_edit() {
    if lacks("git") || lacks("jq") {
        return;
    }
    let edit = "(.tasks[]|.status)=\"complete\"|(.tasks[]|.passes)=true";
    let verify = format!("test ! -e evil || (jq '{edit}' q.json >t && mv t q.json; false)");
    let mut list = two();
    list["tasks"][1]["requires_approval"] = json!(true);
    let sandbox = repository("true", &verify, &list);
    sandbox.run(["run", "q.json"]).exits(7);
    assert_eq!(sandbox.status("A"), "complete");
    // A is set back, and there is no evidence that its work is still there.
    assert!(sandbox.shell("git checkout -q q.json; touch evil"));
    sandbox.run(["run", "q.json"]);
    assert_eq!(sandbox.status("B"), "pending", "the tree check completed it");
    let done = sandbox.run(["done", "B", "--verify", "q.json"]);
    assert_ne!(done.status, 0, "{done}");
    assert_eq!(sandbox.status("B"), "pending", "done completed it");
}

#[test]
fn a_barrier_between_phases_holds_whatever_an_agent_writes() {
    if lacks("jq") {
        return;
    }
    let list = json!({
        "phases": [{"phase": 1, "name": "one", "barrier": true}, {"phase": 2, "name": "two"}],
        "tasks": [
            {"id": "A", "title": "a", "status": "pending", "phase": 1, "max_iterations": 1},
            {"id": "B", "title": "b", "status": "pending", "phase": 2},
        ]
    });
    for edit in ["del(.phases)", ".phases[0].barrier=false", "(.tasks[1]|.phase)=1"] {
        let agent = format!("echo $WORKLOOP_TASK_ID >>ran; jq '{edit}' q.json >t && mv t q.json");
        let sandbox = sandbox(&agent, "false", &list);
        sandbox.run(["run", "q.json"]).exits(5).says("put back");
        assert_eq!(sandbox.bytes("ran"), b"A\n", "{edit}");
        let after = sandbox.read("q.json");
        assert_eq!(after["phases"], list["phases"], "{edit}");
        assert_eq!(task(&after, "B")["phase"], 2, "{edit}");
    }
}
