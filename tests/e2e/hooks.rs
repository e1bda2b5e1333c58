//! Hooks: a person's commands before and after the stages of a run, and their vetoes.

use crate::fake_agent::{CONFIG, Oracle};
use crate::processes::lacks;
use crate::sandbox::{Sandbox, queue, task};
use serde_json::{Value, json};

/// Appends what a hook got in its variables as a line to a log in the project root.
const NOTE: &str = r#"echo "$WORKLOOP_HOOK $WORKLOOP_TASK_ID $WORKLOOP_ATTEMPT$WORKLOOP_VERDICT$WORKLOOP_EXIT_STATUS" >>hooks.log"#;

fn hooks(lines: &[(&str, &str)]) -> String {
    let lines = lines.iter().map(|(name, run)| format!("{name} = '''{run}'''\n"));
    format!("{CONFIG}\n[hooks]\n{}", lines.collect::<String>())
}

fn sandbox(lines: &[(&str, &str)], ids: &[&str]) -> Sandbox {
    let tasks: Vec<(&str, &[&str])> = ids.iter().map(|id| (*id, &[][..])).collect();
    Sandbox::new().config(&hooks(lines)).queue("q.json", &queue(&tasks))
}

/// Returns the attempts of a task from `why --json`.
fn attempts(sandbox: &Sandbox, id: &str) -> Vec<Value> {
    let why = sandbox.run(["why", id, "q.json", "--json"]).exits(0).json();
    why["attempts"].as_array().cloned().unwrap_or_default()
}

#[test]
fn hooks_run_in_the_order_of_the_stages() {
    let all = [
        "before_run",
        "before_task",
        "before_attempt",
        "before_verification",
        "after_verification",
        "after_attempt",
        "after_task",
        "after_run",
    ];
    // Processes that a hook leaves behind are ended with it, and a flood of output does no harm.
    let noisy = format!("{NOTE}; (sleep 300 &); head -c 2000000 /dev/zero; exit 3");
    let mut lines: Vec<(&str, &str)> = all.iter().map(|name| (*name, NOTE)).collect();
    lines[6].1 = &noisy;
    let sandbox = sandbox(&lines, &["A"]).script("A", "fail 1");
    let ran = sandbox.run(["run", "q.json"]).exits(0);
    ran.says("A: hook after_task: exit status 3");
    let log = String::from_utf8(sandbox.bytes("hooks.log")).expect("text");
    let attempt = |n: u32, verdict: &str| {
        format!(
            "before_attempt A {n}\nbefore_verification A {n}\nafter_verification A {n}{verdict}\n\
             after_attempt A {n}{verdict}\n"
        )
    };
    let expected = format!(
        "before_run  0\nbefore_task A 1\n{}{}after_task A 2PASS\nafter_run  00\n",
        attempt(1, "FAIL"),
        attempt(2, "PASS")
    );
    assert_eq!(log, expected);
    assert_eq!(sandbox.strays(), Vec::<u32>::new());
    let told = attempts(&sandbox, "A");
    assert_eq!(told[0]["hooks"].as_array().map(Vec::len), Some(5), "{}", told[0]);
    let events = sandbox.run(["events", "q.json", "--json"]).exits(0);
    let told = events.stdout.matches(r#""event":"hook""#).count();
    assert_eq!(told, 5 + 4 + 1 + 2, "hooks of the attempts, of the task and of the run");
    let of_run = |line: &&str| line.contains("_run\"") && line.contains(r#""event":"hook""#);
    let named = |line: &str| {
        let line: Value = serde_json::from_str(line).expect("JSON");
        (line["data"]["hook"].clone(), line["data"]["by"].clone(), line["task"].clone())
    };
    let around: Vec<_> = events.stdout.lines().filter(of_run).map(named).collect();
    let by = || json!("workloop");
    let expected =
        [(json!("before_run"), by(), Value::Null), (json!("after_run"), by(), Value::Null)];
    assert_eq!(around, expected);
    assert!(events.stdout.lines().next().is_some_and(|line| line.contains("before_run")));
    assert!(events.stdout.lines().last().is_some_and(|line| line.contains("after_run")));
    let report = sandbox.run(["report", "q.json", "--json"]).exits(0).json();
    let rows = report["hooks"].as_array().cloned().unwrap_or_default();
    let rows: Vec<_> =
        rows.iter().map(|row| json!([row["hook"], row["runs"], row["failed"]])).collect();
    assert_eq!(rows[..2], [json!(["before_run", 1, 0]), json!(["before_task", 1, 0])]);
    assert_eq!(rows[6..], [json!(["after_task", 1, 1]), json!(["after_run", 1, 0])]);
}

#[test]
fn a_hook_before_vetoes_with_a_reason() {
    // Before a run: nothing starts.
    let no = "echo freeze; printf 'no \\033[31mdeploys\\n' >&2; exit 4";
    let alone = sandbox(&[("before_run", no)], &["A"]);
    let before = alone.bytes("q.json");
    let ran = alone.run(["run", "q.json"]).exits(2);
    ran.says("hook before_run said no: freeze: no ").says("nothing was started");
    assert_eq!(alone.bytes("q.json"), before);
    assert_eq!(Oracle::read(&alone).started(), Vec::<&str>::new());
    let log = alone.run(["events", "q.json", "--style", "log"]).exits(0);
    log.says("hook before_run said no: freeze: no ");
    let report = alone.run(["report", "q.json", "--json"]).exits(0).json();
    let row = json!({"hook": "before_run", "runs": 1, "vetoes": 1, "failed": 0});
    let told = report["hooks"][0].as_object().expect("a row");
    assert!(row.as_object().expect("a row").iter().all(|(key, is)| told[key] == *is), "{told:?}");
    // Before a task: no agent, no attempt, and the code in every view.
    let only_a = format!("test $WORKLOOP_TASK_ID != A || {{ {no}; }}");
    let config = hooks(&[("before_task", &only_a)]) + "[limits.day]\nattempts = 9\n";
    let one = sandbox(&[], &["A", "B"]).config(&config);
    one.run(["run", "q.json"]).exits(5).says("hook before_task said no: freeze");
    let list = one.read("q.json");
    let blocked = task(&list, "A");
    assert_eq!((&blocked["status"], &blocked["budget_used"]), (&json!("blocked"), &json!(0)));
    assert_eq!(blocked["verification_verdict"], "BLOCKED");
    assert_eq!((one.status("B"), Oracle::read(&one).started()), ("complete".into(), vec!["B"]));
    assert_eq!(attempts(&one, "A")[0]["reason_code"], "freeze");
    let day: Value = serde_json::from_slice(&one.bytes(".workloop/spent/day.json")).expect("JSON");
    assert_eq!(day["used"]["attempts"], 1, "only B was begun: {day}");
    one.run(["why", "A", "q.json"]).exits(0).says("hook before_task said no: freeze");
    let status = one.run(["status", "q.json", "--json"]).exits(0).json();
    assert_eq!(status["queues"][0]["tasks"][0]["reason_code"], "freeze");
    let events = one.run(["events", "q.json", "--json"]).exits(0).stdout;
    let line = events.lines().find(|line| line.contains(r#""event":"blocked""#));
    let line: Value = serde_json::from_str(line.expect("a line")).expect("JSON");
    assert_eq!(line["data"]["reason_code"], "freeze");
    // Before the verification: the work exists but is never complete. A veto without a code is
    // `hook`.
    let late = sandbox(&[("before_verification", "exit 1")], &["A"]);
    late.run(["run", "q.json"]).exits(5).says("hook before_verification said no: exit status 1");
    assert_eq!((late.status("A"), Oracle::read(&late).started()), ("blocked".into(), vec!["A"]));
    assert_eq!(attempts(&late, "A")[0]["reason_code"], "hook");
}

#[test]
fn hooks_that_hang_and_hooks_that_agents_change() {
    // A hook that hangs is ended at its timeout, with all processes that it started.
    let hangs =
        sandbox(&[("before_attempt", "sleep 300 & sleep 300"), ("timeout", "200ms")], &["A"]);
    let ran = hangs.run(["run", "q.json"]).exits(5);
    ran.says("hook before_attempt said no: timed out");
    assert_eq!(hangs.strays(), Vec::<u32>::new());
    // An agent that rewrites the script of a hook gains nothing.
    let gate = sandbox(&[("before_verification", "sh gate.sh")], &["A"])
        .file("gate.sh", "echo closed; exit 1\n")
        .script("A", "sh echo exit 0 >gate.sh");
    gate.run(["run", "q.json"]).exits(5);
    assert_eq!(gate.status("A"), "blocked");
    let wrong = Sandbox::new().config("[hooks]\nbefore_tasks = \"true\"\n");
    let wrong = wrong.queue("q.json", &queue(&[("A", &[])]));
    wrong.run(["check", "q.json"]).exits(3).says("did you mean before_task?");
    wrong.run(["run", "q.json"]).exits(2);
}

#[test]
fn a_hook_before_landings_is_asked_once_and_keeps_the_branch_as_it_is() {
    if lacks("git") {
        return;
    }
    let config = "[isolation]\nmode = \"private\"\n[workspaces]\ndir = \"../trees\"\n\
         [agents.default]\nrun = \"echo x >$WORKLOOP_TASK_ID\"\n[[verify]]\nrun = \"true\"\n\
         [limits]\nuntouched = false\n[hooks]\nafter_landing = \"echo after $WORKLOOP_TASK_ID >>../log\"\n\
         before_landing = \"echo $WORKLOOP_TASK_ID >>../log; test $WORKLOOP_TASK_ID = B || { echo closed; exit 1; }\"\n";
    let sandbox = Sandbox::new().config(config).queue("q.json", &queue(&[("A", &[]), ("B", &[])]));
    let sandbox = sandbox.committed();
    sandbox.run(["run", "q.json"]).exits(5).says("hook before_landing said no: closed");
    let list = sandbox.read("q.json");
    let states = ["A", "B"].map(|id| task(&list, id)["status"].clone());
    assert_eq!(states, [json!("blocked"), json!("complete")]);
    assert_eq!(attempts(&sandbox, "A")[0]["reason_code"], "closed");
    assert!(
        sandbox.shell("test \"$(git log --format=%s | sort)\" = \"$(printf 'Make B\\nstart')\"")
    );
    assert!(sandbox.shell("test \"$(sort ../log)\" = \"$(printf 'A\\nB\\nafter B')\""));
}
