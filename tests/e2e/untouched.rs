//! The tree that attempts begin with: it is verified once for each profile and tree, failures are
//! named, and a run ends if a blocked task left the tree red.

use crate::processes::lacks;
use crate::sandbox::{Ran, Sandbox, queue, task, wait_until};
use serde_json::{Value, json};

/// Records, outside the tree, that a step judges the untouched tree.
const NOTE: &str =
    "test -z \"$WORKLOOP_TREE_CHECK\" || echo \"check [$WORKLOOP_TASK_ID]\" >>../log";

/// Returns a sandbox whose agent records its start, keeps its prompt and runs `agent`, and whose
/// single step records when it judges the untouched tree and runs `verify`.
fn sandbox(agent: &str, verify: &str, list: &Value) -> Sandbox {
    let config = format!(
        "[agents.default]\nrun = '''echo \"start $WORKLOOP_TASK_ID\" >>../log; \
         cat >../prompt.$WORKLOOP_TASK_ID.$WORKLOOP_ATTEMPT; {agent}'''\n\
         [[verify]]\nname = \"test\"\nrun = '''{NOTE}; {verify}'''\n[limits]\nattempts = 2\n"
    );
    Sandbox::new().config(&config).queue("q.json", list)
}

/// Returns what was recorded, in order.
fn log(sandbox: &Sandbox) -> Vec<String> {
    let text = std::fs::read_to_string(sandbox.path("../log")).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

fn checks(sandbox: &Sandbox) -> usize {
    log(sandbox).iter().filter(|line| line.starts_with("check")).count()
}

fn prompt(sandbox: &Sandbox, name: &str) -> String {
    String::from_utf8_lossy(&sandbox.bytes(format!("../prompt.{name}").as_str())).into_owned()
}

fn events(sandbox: &Sandbox) -> Vec<Value> {
    let said = sandbox.run(["events", "--json", "q.json"]).exits(0).stdout;
    said.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

/// Returns the line of a run about the tree.
fn line<'a>(ran: &'a Ran, head: &str) -> Option<&'a str> {
    ran.stderr.lines().find(|line| line.contains(head) && line.contains("untouched tree"))
}

#[test]
fn a_green_tree_is_verified_once_and_says_little() {
    let list = queue(&[("A", &[]), ("B", &[]), ("C", &["A"])]);
    let sandbox = sandbox("true", "true", &list);
    let ran = sandbox.run(["run", "q.json"]).exits(0);
    assert_eq!(log(&sandbox), ["check []", "start A", "start B", "start C"]);
    assert!(line(&ran, "PASS").is_some_and(|line| line.contains("profile default")), "{ran}");
    assert!(!prompt(&sandbox, "A.1").contains("untouched"));
    let status = sandbox.run(["status", "q.json"]).exits(0);
    assert!(!status.stdout.contains("untouched"), "{status}");
    sandbox.nothing_left();
}

/// Only the profiles of ready tasks are judged. Placeholders for fields of a task are empty, and a
/// gate needs no profile.
#[test]
fn only_profiles_of_ready_tasks_are_judged() {
    let step = |profile: &str| {
        format!(
            "[[verify]]\nprofile = \"{profile}\"\nname = \"{profile}\"\nrun = [\"sh\", \"-c\", \
             'test -z \"$WORKLOOP_TREE_CHECK\" || echo \"$# $0$WORKLOOP_TASK_ID\" >>../log', \
             \"{profile}\", \"{{tests}}\"]\n"
        )
    };
    let mut list = queue(&[("A", &[]), ("B", &["A"]), ("C", &["B"]), ("D", &["C"])]);
    for (at, profile) in ["default", "ui", "default", "never"].iter().enumerate() {
        list["tasks"][at]["verify"] = json!(profile);
        list["tasks"][at]["tests"] = json!(["one", "two"]);
    }
    list["tasks"][2]["type"] = json!("gate");
    list["tasks"][3]["agent"] = json!("human");
    let agent = "[agents.default]\nrun = 'true'\n";
    let config = ["default", "ui", "never"].map(step).concat();
    let sandbox = Sandbox::new().config(&format!("{agent}{config}")).queue("q.json", &list);
    sandbox.run(["run", "q.json"]).exits(7);
    assert_eq!(log(&sandbox), ["0 default", "0 ui"]);
    // With `untouched = false`, nothing is judged.
    let sandbox = Sandbox::new()
        .config(&format!("{agent}{config}[limits]\nuntouched = false\n"))
        .queue("q.json", &list);
    sandbox.run(["run", "q.json"]).exits(7);
    assert!(log(&sandbox).is_empty());
}

/// The failure is named in the line of the run, in the prompt, in the feedback, in `status` and in
/// `why`, until a task has fixed it.
#[test]
fn a_red_tree_is_named_and_stops_nothing() {
    let list = queue(&[("A", &[]), ("B", &["A"])]);
    let agent = "test $WORKLOOP_ATTEMPT != 2 || touch mended";
    let verify = "test -e mended || { echo broken at $(date +%N); false; }";
    let sandbox = sandbox(agent, verify, &list);
    let running = sandbox.run(["run", "q.json", "--max-iterations", "1"]).exits(6);
    let told = line(&running, "FAIL").unwrap_or_default();
    assert!(told.contains(" profile default ("), "{running}");
    assert!(told.contains(" s)  step test: exit status 1; "), "{running}");
    assert!(told.contains("tasks begin anyway"), "{running}");
    running.says("it already failed on the untouched tree, with the same output");
    let first = prompt(&sandbox, "A.1");
    assert!(first.contains("## What failed before this task began"), "{first}");
    assert!(first.contains("step `test` already failed on that untouched tree"), "{first}");
    assert!(first.contains("broken at "), "{first}");
    let again = sandbox.run(["prompt", "A", "--work-queue", "q.json"]).exits(0).stdout;
    assert!(again.contains("already failed on the untouched tree"), "{again}");
    let why = sandbox.run(["why", "A", "--work-queue", "q.json"]).exits(0);
    why.says("it already failed on the untouched tree");
    let status = sandbox.run(["status", "q.json"]).exits(0);
    status
        .says("the untouched tree was red when it was last verified (profile default): step test");
    // A has begun, and its own work is in the tree. The tree is judged when A has passed.
    sandbox.run(["run", "q.json"]).exits(0);
    assert!(prompt(&sandbox, "A.2").contains("already failed on the untouched tree"));
    assert_eq!(log(&sandbox), ["check []", "start A", "start A", "start B"]);
    assert!(!prompt(&sandbox, "B.1").contains("untouched"));
    let status = sandbox.run(["status", "q.json"]).exits(0);
    assert!(!status.stdout.contains("untouched"), "{status}");
}

/// The verification of the task that fixes the tree in the same run counts as that of the tree.
#[test]
fn a_tree_that_was_mended_is_not_red_for_the_next_task() {
    let list = queue(&[("A", &[]), ("B", &["A"])]);
    let sandbox = sandbox("touch mended", "test -e mended", &list);
    sandbox.run(["run", "q.json"]).exits(0);
    assert_eq!(log(&sandbox), ["check []", "start A", "start B"]);
    assert!(prompt(&sandbox, "A.1").contains("untouched tree"));
    assert!(!prompt(&sandbox, "B.1").contains("untouched"));
    let status = sandbox.run(["status", "q.json"]).exits(0);
    assert!(!status.stdout.contains("untouched"), "{status}");
}

/// The next run does not judge the same tree again, but a different tree is judged; with git and
/// without.
#[test]
fn a_tree_is_remembered_by_what_is_in_it() {
    if lacks("git") {
        return;
    }
    let list = queue(&[("A", &[]), ("B", &[]), ("C", &[]), ("D", &[])]);
    for git in [false, true] {
        let sandbox = sandbox("true", "test ! -e red", &list);
        let sandbox = if git { sandbox.committed() } else { sandbox };
        let once = ["run", "q.json", "--max-iterations", "1"];
        sandbox.run(once).exits(6);
        sandbox.run(once).exits(6);
        assert_eq!(checks(&sandbox), 1, "git: {git}");
        assert!(sandbox.shell("touch red"));
        let ran = sandbox.run(once).exits(6);
        assert_eq!(checks(&sandbox), 2, "git: {git}");
        assert!(line(&ran, "FAIL").is_some(), "{ran}");
        // The known result is still reported.
        assert!(sandbox.shell("rm red && rm ../log"));
        let ran = sandbox.run(["run", "q.json", "--task-id", "D"]).exits(0);
        assert_eq!(checks(&sandbox), 0, "git: {git}");
        assert!(line(&ran, "FAIL").is_none() && line(&ran, "PASS").is_none(), "{ran}");
    }
}

/// The next run reports a tree that is known to be red, without running a step.
#[test]
fn a_red_tree_that_is_known_is_named_again() {
    if lacks("git") {
        return;
    }
    let sandbox = sandbox("true", "false", &queue(&[("A", &[]), ("B", &[])])).committed();
    let once = |id| ["run", "q.json", "--max-iterations", "1", "--task-id", id];
    sandbox.run(once("A")).exits(6);
    let ran = sandbox.run(once("B")).exits(6);
    assert!(line(&ran, "FAIL").is_some_and(|line| line.contains("as found before")), "{ran}");
    assert!(prompt(&sandbox, "B.1").contains("untouched tree"));
    assert_eq!(log(&sandbox), ["check []", "start A", "start B"]);
}

/// Another loop on another queue of the project waits for the verdict about the tree, and does not
/// judge while attempts run.
#[test]
fn nothing_is_claimed_beside_a_verification_of_the_tree_and_the_reverse() {
    let wait = |file: &str| {
        format!("n=0; until test -e ../{file} || test $((n += 1)) -gt 3000; do sleep 0.02; done")
    };
    let verify = format!("test -z \"$WORKLOOP_TREE_CHECK\" || {{ {}; }}", wait("judge"));
    let agent = format!("case $WORKLOOP_TASK_ID in A) {};; esac", wait("work"));
    let sandbox = sandbox(&agent, &verify, &queue(&[("A", &[])]))
        .queue("other/r.json", &queue(&[("B", &[])]));
    // A queue that is not configured is an ordinary file of the tree.
    let config = String::from_utf8(sandbox.bytes("workloop.toml")).expect("text");
    let sandbox = sandbox.config(&format!("queues = [\"*.json\", \"other/*.json\"]\n{config}"));
    let first = sandbox.spawn(["run", "q.json"]);
    wait_until("the tree is judged", || checks(&sandbox) == 1);
    let second = sandbox.spawn(["run", "other/r.json"]);
    let waits = "another loop verifies the untouched tree";
    wait_until("the second loop waits", || second.output().contains(waits));
    assert_eq!(log(&sandbox), ["check []"]);
    assert!(sandbox.shell("touch ../judge"));
    second.ends().exits(0);
    assert!(sandbox.shell("touch ../work"));
    first.ends().exits(0);
    // The first loop judged. The other one found the result, or a running attempt.
    assert_eq!(checks(&sandbox), 1);
    assert_eq!(log(&sandbox).len(), 3);
}

/// A loop that ends, by itself or by a signal, ends the verification of the tree with it.
#[test]
fn a_stop_ends_the_verification_of_the_tree() {
    let verify = "test -z \"$WORKLOOP_TREE_CHECK\" || sleep 600";
    let sandbox = sandbox("true", verify, &queue(&[("A", &[])]));
    let running = sandbox.spawn(["run", "q.json"]);
    wait_until("the tree is judged", || checks(&sandbox) == 1);
    sandbox.run(["stop", "q.json"]).exits(0);
    running.ends().exits(6);
    assert_eq!(log(&sandbox), ["check []"]);
    sandbox.nothing_left();
    // There is no result, so the tree is judged again.
    let running = sandbox.spawn(["run", "q.json"]);
    wait_until("the tree is judged again", || checks(&sandbox) == 2);
    running.signal(rustix::process::Signal::TERM);
    running.ends().exits(143);
}

/// What the steps write into the queue meanwhile is treated as an agent's edit.
#[test]
fn a_verification_of_the_tree_completes_no_task() {
    if lacks("jq") {
        return;
    }
    let edit = "(.tasks[]|.status)=\"complete\"|(.tasks[]|.passes)=true";
    let write = format!("jq '{edit}' q.json >t && mv t q.json");
    let verify = format!("test -z \"$WORKLOOP_TREE_CHECK\" || test ! -e evil || {{ {write}; }}");
    let sandbox = sandbox("true", &verify, &queue(&[("A", &[]), ("B", &[])]));
    sandbox.run(["run", "q.json", "--max-iterations", "1"]).exits(6);
    assert!(sandbox.shell("touch evil"));
    sandbox.run(["run", "q.json"]).exits(0).says("put back");
    assert_eq!(log(&sandbox), ["check []", "start A", "check []", "start B"]);
}

/// A is blocked and leaves a file that breaks the test for all. B fails only because of that.
const LEAVES: &str = "test $WORKLOOP_TASK_ID != A || touch broken";
const BROKEN: &str = "test ! -e broken || { echo broken by a file, $(date +%N); false; }";

fn three() -> Value {
    let mut list = queue(&[("A", &[]), ("B", &[]), ("C", &[])]);
    list["tasks"][0]["max_iterations"] = json!(1);
    list
}

#[test]
fn a_tree_that_is_left_red_ends_the_run() {
    let sandbox = sandbox(LEAVES, BROKEN, &three());
    let ran = sandbox.run(["run", "q.json"]).exits(5);
    assert_eq!(log(&sandbox), ["check []", "start A", "check []", "start B"]);
    let told = line(&ran, "FAIL").unwrap_or_default();
    assert!(told.contains("it was green before A was blocked"), "{ran}");
    ran.closes_with(&[
        "stopped: the tree is red since A was blocked: step test: exit status 1, and B failed in the \
         same way; 0 of 3 complete; fix the tree",
    ]);
    assert!(prompt(&sandbox, "B.1").contains("It passed before these tasks were blocked: A."));
    let states = ["A", "B", "C"].map(|id| sandbox.status(id));
    assert_eq!(states, ["blocked", "pending", "pending"]);
    assert_eq!(task(&sandbox.read("q.json"), "B")["attempts"], 1);
    let of_code = |event: &&Value| event["data"]["reason_code"] == "left_red";
    let codes: Vec<Value> = events(&sandbox).iter().filter(of_code).cloned().collect();
    let names: Vec<_> = codes.iter().map(|event| event["event"].as_str().unwrap_or("")).collect();
    assert_eq!(names, ["retried", "loop_finished"]);
    let why = sandbox.run(["why", "B", "--json", "--work-queue", "q.json"]).exits(0).json();
    assert_eq!(why["attempts"][0]["reason_code"], "left_red");
    // After the fix the tree is judged again, and the run continues.
    assert!(sandbox.shell("rm broken"));
    sandbox.run(["run", "q.json"]).exits(5);
    let states = ["A", "B", "C"].map(|id| sandbox.status(id));
    assert_eq!(states, ["blocked", "complete", "complete"]);
}

/// A step that prints nothing also has an output, but no log that could be named.
#[test]
fn a_silent_step_leaves_red_as_any_other() {
    let sandbox = sandbox(LEAVES, "test ! -e broken", &three());
    let ran = sandbox.run(["run", "q.json"]).exits(5).says("the tree is red since A was blocked");
    assert!(!ran.stderr.contains("verify-1.out"), "{ran}");
    assert_eq!(sandbox.status("B"), "pending");
}

/// The run continues if the tree was red before, if B fails for another reason, or if B fixes the
/// tree.
#[test]
fn other_failures_do_not_end_the_run() {
    let own =
        format!("test \"$WORKLOOP_TASK_ID\" != B || {{ echo of its own; false; }} && {BROKEN}");
    let mends = format!("{LEAVES}; test $WORKLOOP_TASK_ID != B || rm broken");
    for (before, agent, verify, left) in [
        ("touch broken", LEAVES, BROKEN, "blocked,blocked"),
        ("true", LEAVES, own.as_str(), "blocked,blocked"),
        ("true", mends.as_str(), BROKEN, "blocked,complete"),
    ] {
        let mut list = three();
        list["tasks"].as_array_mut().expect("a list").truncate(2);
        let sandbox = sandbox(agent, verify, &list);
        assert!(sandbox.shell(before));
        let ran = sandbox.run(["run", "q.json"]).exits(5);
        let states = ["A", "B"].map(|id| sandbox.status(id)).join(",");
        assert_eq!(states, left, "{ran}");
        assert!(!ran.stderr.contains("the tree is red"), "{ran}");
    }
}
