//! What must not use attempts, delay other tasks, or be repeated without effect.

use crate::fake_agent::CONFIG;
use crate::processes::lacks;
use crate::sandbox::{Sandbox, flat_queue, queue, task, wait_until};
use serde_json::{Value, json};

/// Returns the reason codes of the journal for a task.
fn codes(sandbox: &Sandbox, id: &str) -> Vec<String> {
    let journal = String::from_utf8(sandbox.bytes(".workloop/events.jsonl")).expect("text");
    let events = journal.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let of_task = events.filter(|event| event["task"] == id);
    of_task.filter_map(|event| Some(event["data"]["reason_code"].as_str()?.to_owned())).collect()
}

#[test]
fn questions_are_no_failures_and_cost_nothing() {
    let (mut list, ids) = flat_queue(7);
    list["tasks"][6]["dependencies"] = json!(["T001"]);
    let ask = r#"result {"status": "needs_input", "question": "which?"}"#;
    let sandbox = Sandbox::new().queue("q.json", &list).script("default", ask);
    let last = "6 questions wait: workloop answer T001 TEXT";
    sandbox.run(["run", "q.json"]).exits(7).says(last);
    let list = sandbox.read("q.json");
    for id in &ids[..6] {
        assert_eq!(sandbox.oracle().starts(id), 1);
        let asked = task(&list, id);
        assert_eq!((&asked["status"], &asked["budget_used"]), (&json!("blocked"), &json!(0)));
        assert_eq!(asked["error"], "question: which?");
        assert_eq!(codes(&sandbox, id), ["question"]);
    }
    // Another process reports the same, even without the state folder.
    sandbox.run(["run", "q.json"]).exits(7).says(last);
    assert!(sandbox.shell("rm -rf .workloop"));
    sandbox.run(["run", "q.json"]).exits(7).says(last);
    sandbox.run(["wait", "--work-queue", "q.json"]).exits(7).says(last);
    // A task that fails after an answer has its full budget.
    sandbox.rescript("T001", "keep-prompt");
    sandbox.run(["answer", "T001", "red", "--work-queue", "q.json"]).exits(0);
    sandbox.run(["run", "q.json", "--task-id", "T001"]).exits(0);
    let prompt = String::from_utf8_lossy(&sandbox.bytes("prompts/T001.2")).into_owned();
    assert!(prompt.contains("which?") && prompt.contains("red"), "{prompt}");
}

/// Three attempts with the same output, and two with the same change; different outputs are
/// progress.
#[test]
fn attempts_that_come_to_the_same_are_left_to_a_person() {
    if lacks("git") {
        return;
    }
    let (list, _) = flat_queue(1);
    let run = |agent: &str, verify: &str| {
        let toml = format!(
            "[agents.default]\nrun = '{agent}'\n[[verify]]\nname = \"test\"\nrun = '{verify}'\n\
             [limits]\nuntouched = false # the steps are red without an attempt\n"
        );
        let sandbox = Sandbox::new().config(&toml).queue("q.json", &list);
        assert!(sandbox.shell("git init -q . && echo .workloop >.gitignore && git add . && git -c user.name=t -c user.email=t@example.org commit -qm one"));
        sandbox.run(["run", "q.json"]).exits(5);
        let error = task(&sandbox.read("q.json"), "T001")["error"].clone();
        (codes(&sandbox, "T001"), error.as_str().unwrap_or_default().to_owned(), sandbox)
    };
    let (codes_of, error, sandbox) = run("true", "date +%N; mktemp -u; false");
    assert_eq!(codes_of, ["tests_failed", "tests_failed", "no_progress"]);
    let why = "no progress: 3 attempts in a row failed with the same output \
               (step test: exit status 1); 2 of 5 attempts are left";
    assert_eq!(error, why);
    // A person's `retry` starts the count again.
    sandbox.run(["retry", "T001", "--work-queue", "q.json"]).exits(0);
    sandbox.run(["run", "q.json"]).exits(5);
    assert_eq!(codes(&sandbox, "T001").len(), 6);
    let (codes_of, error, _) = run("echo same >made", "echo $WORKLOOP_ATTEMPT | tr 1-5 a-e; false");
    assert_eq!(codes_of, ["tests_failed", "no_progress"]);
    assert!(error.starts_with("no progress: 2 attempts in a row made the same change"), "{error}");
    let (codes_of, error, _) =
        run("echo $WORKLOOP_ATTEMPT >made", "echo $WORKLOOP_ATTEMPT | tr 1-5 a-e; false");
    assert_eq!(codes_of, ["tests_failed"; 5]);
    assert_eq!(error, "step test: exit status 1 (attempt 5 of 5)");
}

/// A temporary outage uses no budget, its pause is visible, and all tasks are done in the end.
#[test]
fn an_outage_costs_a_few_starts_and_nothing_else() {
    let toml = "[agents.default]\nrun = 'echo x >>starts; test ! -e down'\n\
                [[verify]]\nname = \"any\"\nrun = \"true\"\n";
    let (list, _) = flat_queue(10);
    let sandbox = Sandbox::new().config(toml).queue("q.json", &list).file("down", "");
    let running = sandbox.spawn(["run", "q.json", "--jobs", "2"]);
    let status = || sandbox.run(["status", "q.json", "--json"]).json();
    let mut seen = Value::Null;
    wait_until("the second pause is shown", || {
        seen = status()["pauses"][0].clone();
        let starts = std::fs::metadata(sandbox.path("starts")).map_or(0, |meta| meta.len());
        starts > 4 && !seen.is_null()
    });
    assert_eq!((&seen["agent"], &seen["kind"]), (&json!("default"), &json!("transient")));
    assert_eq!(seen["reason"], "agent: exit status 1");
    let why = sandbox.run(["why", "T010", "--work-queue", "q.json"]);
    why.exits(0).says("agent default failed").says("within seconds");
    assert!(sandbox.shell("rm down"));
    running.ends().exits(0);
    let starts = sandbox.bytes("starts").len() / 2;
    assert!(starts <= 10 + 6, "{starts} starts for 10 tasks");
    assert!(status()["pauses"].as_array().is_some_and(Vec::is_empty));
}

/// If an agent fails for only one task while others work, the task pays for it.
#[test]
fn a_task_that_alone_breaks_its_agent_is_blocked() {
    let (list, _) = flat_queue(3);
    let sandbox = Sandbox::new().queue("q.json", &list).script("T001", "say no\nexit 1");
    sandbox.run(["run", "q.json"]).exits(5).closes_with(&["T001"]);
    assert_eq!(sandbox.status("T001"), "blocked");
    assert_eq!(
        (sandbox.status("T002"), sandbox.status("T003")),
        ("complete".into(), "complete".into())
    );
    assert_eq!(codes(&sandbox, "T001").last().map(String::as_str), Some("no_progress"));
}

/// A person does not have to wait for the end of a pause.
#[test]
fn a_retry_ends_the_pause_of_its_agent() {
    let toml =
        "[agents.default]\nrun = 'test ! -e down'\n[[verify]]\nname = \"any\"\nrun = \"true\"\n";
    let (list, _) = flat_queue(1);
    let sandbox = Sandbox::new().config(toml).queue("q.json", &list).file("down", "");
    sandbox.run(["run", "q.json", "--max-iterations", "3"]).exits(6);
    let pauses = sandbox.run(["status", "q.json"]);
    pauses.exits(0).says("paused: agent default failed 3 times within seconds; next try at");
    assert!(sandbox.shell("rm down"));
    sandbox.run(["retry", "T001", "--work-queue", "q.json"]).exits(0);
    sandbox.run(["run", "q.json", "--max-minutes", "0.02"]).exits(0);
}

#[test]
fn a_red_gate_runs_its_steps_once() {
    let list = json!({"tasks": [{"id": "G", "title": "gate", "type": "gate"}]});
    let toml = "[[verify]]\nname = \"count\"\nrun = 'echo x >>ran; false'\n";
    let sandbox = Sandbox::new().config(toml).queue("q.json", &list);
    sandbox.run(["run", "q.json"]).exits(5).closes_with(&["G"]);
    assert_eq!(sandbox.bytes("ran"), b"x\n");
    assert_eq!(codes(&sandbox, "G"), ["tests_failed"]);
    sandbox.run(["retry", "G", "--work-queue", "q.json"]).exits(0);
    sandbox.run(["run", "q.json"]).exits(5);
    assert_eq!(sandbox.bytes("ran"), b"x\nx\n");
}

/// A wrong profile, agent or value blocks only the task that has it.
#[test]
fn what_one_task_cannot_get_blocks_no_other() {
    let (mut list, _) = flat_queue(2);
    let bad = |id: &str, key: &str, value: Value| json!({"id": id, "title": id, "priority": 0, key: value});
    let tasks = list["tasks"].as_array_mut().expect("a list");
    tasks.push(bad("profile", "verify", json!("quik")));
    tasks.push(bad("agent", "agent", json!("nobody")));
    tasks.push(bad("file", "file", json!("a\u{0}b")));
    tasks.push(bad("title", "title", json!("n\u{0}l")));
    let listed = CONFIG
        .replace(r#"["sh", "fake-agent.sh"]"#, r#"["sh", "fake-agent.sh", "{title}", "{file}"]"#);
    let sandbox = Sandbox::new()
        .config(&format!("{listed}\n[agents]\nstrict = true\n"))
        .queue("q.json", &list);
    let ran = sandbox.run(["run", "q.json"]);
    ran.exits(5).closes_with(&["profile", "agent", "file"]);
    let ran = sandbox.run(["check", "q.json"]);
    ran.exits(3).says("unknown profile quik; there are: default");
    for (id, code, why) in [
        ("profile", "unknown_profile", "unknown profile quik; there are: default"),
        ("agent", "unknown_agent", "unknown agent nobody; there are: default"),
        ("file", "bad_task", "an argument of agent would contain a NUL, which no command line can"),
    ] {
        let list = sandbox.read("q.json");
        assert_eq!(task(&list, id)["status"], "blocked");
        assert_eq!(task(&list, id)["error"], why);
        assert_eq!(codes(&sandbox, id), [code], "{id}");
        assert_eq!(sandbox.oracle().starts(id), 0);
    }
    for id in ["T001", "T002", "title"] {
        assert_eq!(sandbox.status(id), "complete", "{id}");
    }
}

#[test]
fn a_text_that_no_command_line_takes_blocks_its_task() {
    let (mut list, _) = flat_queue(1);
    let tasks = list["tasks"].as_array_mut().expect("a list");
    tasks.push(json!({"id": "title", "title": "x".repeat(200_000), "priority": 0}));
    tasks.push(json!({"id": "i".repeat(140_000), "title": "id", "priority": 0}));
    let listed =
        CONFIG.replace(r#"["sh", "fake-agent.sh"]"#, r#"["sh", "fake-agent.sh", "{title}"]"#);
    let sandbox = Sandbox::new().config(&listed).queue("q.json", &list);
    sandbox.run(["run", "q.json"]).exits(5);
    assert_eq!(sandbox.status("T001"), "complete");
    assert_eq!(codes(&sandbox, "title"), ["bad_task"]);
    assert_eq!(codes(&sandbox, &"i".repeat(140_000)), ["bad_task"]);
}

#[test]
fn add_and_edit_refuse_what_a_run_could_not_use() {
    let sandbox = Sandbox::new().queue("q.json", &queue(&[("A", &[])]));
    let before = sandbox.bytes("q.json");
    let why = "unknown profile quik; there are: default";
    let here = ["--work-queue", "q.json"];
    sandbox.run(["add", "--title", "t", "--verify", "quik", here[0], here[1]]).exits(2).says(why);
    sandbox.run(["edit", "A", "--verify", "quik", here[0], here[1]]).exits(2).says(why);
    assert_eq!(sandbox.bytes("q.json"), before);
    // An existing wrong value does not prevent edits of other fields.
    let mut list = queue(&[("A", &[])]);
    list["tasks"][0]["verify"] = json!("quik");
    let sandbox = sandbox.queue("q.json", &list);
    sandbox.run(["edit", "A", "--title", "t", here[0], here[1]]).exits(0);
    sandbox.run(["edit", "A", "--verify", "default", here[0], here[1]]).exits(0);
    // Without a configuration it is unknown which names are missing.
    let bare = Sandbox::new().config("").queue("q.json", &queue(&[]));
    bare.run(["add", "--title", "t", "--verify", "quik", here[0], here[1]]).exits(0);
}

/// A person who has fixed the agent does not have to wait for the end of its pause.
#[test]
fn resume_has_an_agent_that_rests_tried_at_once() {
    if lacks("jq") {
        return;
    }
    let toml = "[agents.default]\nrun = 'test -e mended'\n[[verify]]\nrun = 'true'\n";
    let sandbox = Sandbox::new().config(toml).queue("q.json", &queue(&[("A", &[])]));
    sandbox.run(["run", "q.json", "--max-iterations", "1"]).exits(6);
    let far = "for file in .workloop/pauses/*.json; do \
               jq '.until = (now + 250 | todate)' $file >t && mv t $file; done; touch mended";
    assert!(sandbox.shell(far));
    let running = sandbox.spawn(["run", "q.json"]);
    wait_until("it waits", || running.output().contains("next try at"));
    let ran = sandbox.run(["resume", "q.json"]).exits(0);
    ran.says("agent default is retried at once");
    running.ends().exits(0);
    let ran = sandbox.run(["resume", "q.json"]).exits(0);
    assert!(!ran.stdout.contains("agent"), "{ran}");
}

/// An agent that removes a tool of its verification must not end every run.
#[test]
fn a_tool_that_an_attempt_removed_fails_its_step() {
    for check in ["'./check.sh'", "['./check.sh']"] {
        let toml = format!(
            "[agents.default]\nrun = 'test \"$WORKLOOP_TASK_ID\" = T001 || rm -f check.sh'\n\
             [[verify]]\nname = \"check\"\nrun = {check}\n[limits]\nattempts = 2\n"
        );
        let (mut list, _) = flat_queue(2);
        // A file that the task owns is not guarded.
        list["tasks"][1]["file"] = json!("check.sh");
        let sandbox = Sandbox::new().config(&toml).queue("q.json", &list);
        assert!(sandbox.shell("printf '#!/bin/sh\\n' >check.sh && chmod +x check.sh"));
        sandbox.run(["run", "q.json"]).exits(5);
        assert_eq!(sandbox.status("T001"), "complete", "{check}");
        assert_eq!(codes(&sandbox, "T002"), ["tests_failed", "tests_failed"], "{check}");
        let log = sandbox.run(["log", "T002", "--work-queue", "q.json"]);
        log.exits(0).says("check.sh: not found");
        // A new run knows nothing of earlier command lines.
        let again = sandbox.run(["retry", "T002", "--work-queue", "q.json"]);
        again.exits(0);
        sandbox.run(["run", "q.json"]).exits(2);
        assert_eq!(sandbox.status("T002"), "pending", "{check}");
    }
}
