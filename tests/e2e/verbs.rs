//! The verbs for people: each makes its transition and refuses an illegal one.

use crate::processes::lacks;
use crate::sandbox::{Ran, Sandbox, queue, task, wait_until};
use serde_json::{Value, json};

const HERE: [&str; 2] = ["--work-queue", "q.json"];

fn blocked() -> Sandbox {
    let mut list = queue(&[("A", &[]), ("B", &["A"]), ("C", &[])]);
    list["tasks"][0]["max_iterations"] = json!(1);
    let sandbox = Sandbox::new().queue("q.json", &list).script("A", "nothing");
    sandbox.run(["run", "q.json"]).exits(5);
    assert_eq!(sandbox.status("A"), "blocked");
    sandbox
}

fn field(sandbox: &Sandbox, id: &str, key: &str) -> Value {
    task(&sandbox.read("q.json"), id)[key].clone()
}

#[test]
fn retry_gives_a_blocked_task_a_new_budget() {
    for arguments in [["retry", "A", HERE[0], HERE[1]], ["retry", "--failed", HERE[0], HERE[1]]] {
        let sandbox = blocked();
        sandbox.run(arguments).exits(0);
        assert_eq!(sandbox.status("A"), "pending");
        assert_eq!(sandbox.read("q.json")["summary"]["blocked"], 0);
        sandbox.rescript("A", "");
        sandbox.run(["run", "q.json"]).exits(0);
        assert_eq!(field(&sandbox, "A", "attempts"), 2, "attempts never decrease");
        assert_eq!(sandbox.oracle().starts("C"), 1, "what is complete is not done again");
    }
}

#[test]
fn reset_makes_a_task_as_if_never_run() {
    let sandbox = blocked();
    sandbox.run(["reset", "C", HERE[0], HERE[1]]).exits(0);
    assert_eq!((sandbox.status("A"), sandbox.status("C")), ("blocked".into(), "pending".into()));
    sandbox.run(["reset", "--all", "--yes", HERE[0], HERE[1]]).exits(0);
    let queue = sandbox.read("q.json");
    assert_eq!(queue["summary"]["pending"], 3);
    for id in ["A", "B", "C"] {
        let task = task(&queue, id);
        for key in ["error", "verification_verdict", "completed_at", "claim"] {
            assert!(task[key].is_null(), "{key} of {task}");
        }
        assert_ne!(task["passes"], true, "{task}");
    }
    sandbox.rescript("A", "");
    sandbox.run(["run", "q.json"]).exits(0);
}

/// More tasks than fit into one transition.
#[test]
fn very_many_tasks_are_put_back() {
    let list = |status: &str, stale: &str| {
        let mut tasks: Vec<Value> =
            (0..5003).map(|n| json!({"id": format!("T{n}"), "status": status})).collect();
        tasks.push(json!({"id": "last", "status": stale}));
        json!({"tasks": tasks})
    };
    let sandbox = Sandbox::new()
        .queue("done.json", &list("complete", "in_progress"))
        .queue("broken.json", &list("blocked", "complete"));
    let pending = |queue: &str| sandbox.read(queue)["summary"]["pending"].clone();
    let lines = |ran: Ran| ran.exits(0).stdout.lines().count();
    assert_eq!(lines(sandbox.run(["reset", "--all", "--yes", "done.json"])), 5004);
    assert_eq!(pending("done.json"), 5004);
    assert_eq!(lines(sandbox.run(["retry", "--failed", "broken.json"])), 5003);
    assert_eq!(pending("broken.json"), 5003);
    assert_eq!(task(&sandbox.read("broken.json"), "last")["status"], "complete");
}

#[test]
fn block_park_and_back() {
    let sandbox = Sandbox::new().queue("q.json", &queue(&[("A", &[]), ("B", &[])]));
    sandbox.run(["block", "A", "--because", "the mill is closed", HERE[0], HERE[1]]).exits(0);
    assert_eq!(sandbox.status("A"), "blocked");
    assert_eq!(field(&sandbox, "A", "error"), "the mill is closed");
    sandbox.run(["park", "B", HERE[0], HERE[1]]).exits(0);
    assert_eq!(sandbox.status("B"), "parked");
    let summary = sandbox.read("q.json")["summary"].clone();
    assert_eq!((&summary["blocked"], &summary["parked"]), (&json!(1), &json!(1)));
    sandbox.run(["run", "q.json"]).exits(5);
    assert!(sandbox.oracle().entries.is_empty());
    sandbox.run(["unpark", "B", HERE[0], HERE[1]]).exits(0);
    assert_eq!(sandbox.status("B"), "pending");
    sandbox.run(["retry", "A", HERE[0], HERE[1]]).exits(0);
    sandbox.run(["run", "q.json"]).exits(0);
}

#[test]
fn an_illegal_transition_is_refused_and_names_the_legal_ones() {
    let sandbox = Sandbox::new().queue("q.json", &queue(&[("A", &[])]));
    let before = sandbox.bytes("q.json");
    for verb in ["unpark", "release", "retry", "approve"] {
        let ran = sandbox.run([verb, "A", HERE[0], HERE[1]]).exits(2);
        assert!(ran.stderr.contains("legal"), "{ran}");
        assert_eq!(sandbox.bytes("q.json"), before, "{verb}");
    }
    sandbox.run(["answer", "A", "yes", HERE[0], HERE[1]]).exits(2);
    sandbox.run(["park", "no-such-task", HERE[0], HERE[1]]).exits(2).says("no-such-task");
    assert_eq!(sandbox.bytes("q.json"), before);
}

#[test]
fn release_of_a_living_claim_needs_force() {
    if lacks("flock") {
        return;
    }
    let sandbox = Sandbox::new().queue("q.json", &queue(&[("A", &[])])).script("A", "hang");
    let running = sandbox.spawn(["run", "q.json"]);
    wait_until("the agent runs", || sandbox.oracle().starts("A") == 1);
    sandbox.run(["release", "A", HERE[0], HERE[1]]).exits(2).says("--force");
    assert_eq!(sandbox.status("A"), "in_progress");
    sandbox.rescript("A", "");
    sandbox.run(["release", "A", "--force", HERE[0], HERE[1]]).exits(0);
    running.ends().exits(0);
    let oracle = sandbox.oracle();
    assert_eq!((oracle.ends("A"), oracle.overlaps().len()), (1, 0));
    sandbox.nothing_left();
}

#[test]
fn a_claim_of_another_machine_is_left_to_a_person() {
    let mut list = queue(&[("A", &[])]);
    list["tasks"][0]["status"] = json!("in_progress");
    list["tasks"][0]["attempts"] = json!(1);
    list["tasks"][0]["claim"] = json!({"worker": "elsewhere:4711:0badcafe", "attempt": 1,
        "since": "2020-01-19T14:35:45Z", "host": "00000000", "boot": "00000000", "start": 1});
    let sandbox = Sandbox::new().queue("q.json", &list);
    sandbox.run(["run", "q.json"]).exits(7);
    assert!(sandbox.oracle().entries.is_empty());
    sandbox.run(["release", "A", "--force", HERE[0], HERE[1]]).exits(0);
    assert_eq!(sandbox.status("A"), "pending");
    sandbox.run(["run", "q.json"]).exits(0);
}

#[test]
fn a_stale_status_without_a_claim_is_picked_up_again() {
    let mut list = queue(&[("A", &[])]);
    list["tasks"][0]["status"] = json!("in_progress");
    let sandbox = Sandbox::new().queue("q.json", &list);
    sandbox.run(["run", "q.json"]).exits(0);
    assert_eq!(sandbox.oracle().starts("A"), 1);
}

#[test]
fn add_takes_json_and_refuses_a_second_of_the_same() {
    let sandbox = Sandbox::new().queue("q.json", &queue(&[("A", &[])]));
    let before = String::from_utf8(sandbox.bytes("q.json")).expect("UTF-8");
    let added = r#"{"id": "B", "title": "Make B", "dependencies": ["A"], "mine": 1.50}"#;
    let add = ["add", HERE[0], HERE[1], "-"];
    sandbox.run_with(add, added).exits(0).says("B");
    let after = String::from_utf8(sandbox.bytes("q.json")).expect("UTF-8");
    assert!(after.contains("1.50"), "{after}");
    assert!(after.contains(before.lines().nth(3).unwrap_or_default()), "{after}");
    assert_eq!(field(&sandbox, "B", "status"), "pending");
    assert_eq!(sandbox.read("q.json")["summary"]["total"], 2);
    sandbox.run_with(add, added).exits(2);
    sandbox.run_with(add, "{not json").exits(2);
    assert_eq!(sandbox.bytes("q.json"), after.as_bytes());
    sandbox.run(["run", "q.json"]).exits(0);
    assert_eq!(sandbox.oracle().started(), ["A", "B"]);
}

#[test]
fn add_makes_an_id_when_none_is_given() {
    let sandbox = Sandbox::new().queue("q.json", &queue(&[("A", &[])]));
    sandbox.run(["add", HERE[0], HERE[1], "--title", "Paint the door"]).exits(0);
    let queue = sandbox.read("q.json");
    let made = &queue["tasks"][1];
    assert_eq!(made["title"], "Paint the door");
    assert!(made["id"].as_str().is_some_and(|id| !id.is_empty()), "{made}");
}

#[test]
fn edit_changes_the_named_fields_and_nothing_else() {
    let sandbox = Sandbox::new().queue("q.json", &queue(&[("A", &[]), ("B", &["A"])]));
    let change = r#"{"title": "Make A well", "priority": 1}"#;
    sandbox.run_with(["edit", "A", HERE[0], HERE[1], "-"], change).exits(0);
    assert_eq!(field(&sandbox, "A", "title"), "Make A well");
    assert_eq!(field(&sandbox, "A", "priority"), 1);
    assert_eq!(field(&sandbox, "B", "title"), "Make B");
    let before = sandbox.bytes("q.json");
    sandbox.run_with(["edit", "A", HERE[0], HERE[1], "-"], r#"{"id": "B"}"#).exits(2);
    assert_eq!(sandbox.bytes("q.json"), before);
}

#[test]
fn progress_is_kept_on_the_task() {
    let sandbox = Sandbox::new().queue("q.json", &queue(&[("A", &[])]));
    let note = ["progress", "A", "--percent", "40", "--note", "walls stand", HERE[0], HERE[1]];
    sandbox.run(note).exits(0);
    let progress = field(&sandbox, "A", "progress");
    assert_eq!(progress["percent"], 40, "{progress}");
    assert!(progress.to_string().contains("walls stand"), "{progress}");
}

#[test]
fn init_writes_a_configuration_and_a_queue_and_never_over_one() {
    let sandbox = Sandbox::new();
    std::fs::remove_file(sandbox.path("workloop.toml")).expect("removed");
    sandbox.run(["init"]).exits(0);
    let config = sandbox.bytes("workloop.toml");
    assert!(!config.is_empty());
    let again = sandbox.run(["init"]);
    assert_eq!(sandbox.bytes("workloop.toml"), config, "{again}");
    sandbox.run(["check"]).exits(0);
}

/// `init` configures private trees if they are possible and contain the verification. `run` with
/// several agents in one tree explains what private trees would change.
#[test]
fn init_configures_private_trees_where_possible() {
    if lacks("git") {
        return;
    }
    let sandbox = Sandbox::new();
    let remove = || std::fs::remove_file(sandbox.path("workloop.toml")).expect("removed");
    let init = |said: &str| {
        remove();
        let told = sandbox.run(["init", "--agent", "true", "--verify", "./verify.sh"]).exits(0);
        assert!(told.stdout.contains(said), "{told}");
        String::from_utf8_lossy(&sandbox.bytes("workloop.toml")).into_owned()
    };
    init("isolation: shared; this is not a git work tree");
    let git =
        "git init -q -b work . && git config user.email t@example.org && git config user.name t";
    assert!(sandbox.shell(git));
    init("isolation: shared; there is no commit to start from. Commit something first");
    assert!(sandbox.shell(
        "printf '#!/bin/sh\\n' >verify.sh; chmod +x verify.sh; echo {} >package-lock.json
         git add package-lock.json && git commit -qm one"
    ));
    let shared = init("isolation: shared; verify.sh is not committed");
    assert!(shared.contains("[isolation]\nmode = \"shared\"\n# Not private: "), "{shared}");
    let note = "note: 2 agents share one tree; with mode = \"private\"";
    let ran = sandbox.run(["run", "--jobs", "2"]).exits(0);
    assert_eq!(ran.stderr.matches(note).count(), 1, "{ran}");
    for flag in ["-q", "--json"] {
        let ran = sandbox.run(["run", "--jobs", "2", flag]).exits(0);
        assert!(!ran.stderr.contains(note), "{ran}");
    }
    assert!(!sandbox.run(["run"]).exits(0).stderr.contains("note:"));
    assert!(sandbox.shell("git add verify.sh && git commit -qm two"));
    init("not tried yet: a run verifies the branch in such a tree before an agent starts");
    let private = init("isolation: private; verified work lands on work, one commit per task");
    for line in ["mode = \"private\"", "target = \"work\"", "setup = [\"npm ci\"]"] {
        assert!(private.contains(line), "{private}");
    }
    assert!(!sandbox.run(["run", "--jobs", "2"]).exits(0).stderr.contains("note:"));
}

#[test]
fn prompt_shows_what_the_next_attempt_would_get() {
    let mut list = queue(&[("A", &[])]);
    list["tasks"][0]["description"] = json!("Use the long nails.");
    list["tasks"][0]["acceptance_criteria"] = json!(["nothing creaks"]);
    let sandbox = Sandbox::new().queue("q.json", &list).script("A", "keep-prompt");
    let preview = sandbox.run(["prompt", "A", HERE[0], HERE[1]]).exits(0);
    assert!(preview.stdout.contains("Use the long nails."), "{preview}");
    assert!(preview.stdout.contains("nothing creaks"), "{preview}");
    sandbox.run(["run", "q.json"]).exits(0);
    let given = String::from_utf8_lossy(&sandbox.bytes("prompts/A.1")).into_owned();
    assert_eq!(preview.stdout.trim_end(), given.trim_end());
}
