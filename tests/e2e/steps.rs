//! Steps of the verification: where they run, what they measure, and where that is reported.

use crate::processes::lacks;
use crate::sandbox::{Sandbox, queue, task};
use serde_json::{Value, json};

/// One step that measures, one that may fail, one that passes when it is run again, and one in
/// another folder.
const CONFIG: &str = r#"
[agents.default]
run = "mkdir -p web; cp script/$WORKLOOP_TASK_ID web/$WORKLOOP_TASK_ID.cov; echo x > web/made.$WORKLOOP_TASK_ID"
[[verify]]
name = "coverage"
cwd = "web"
env = { SUM = "sum" }
run = "printf '{\"pct\": %s}' \"$(cat $WORKLOOP_TASK_ID.cov)\" > $SUM.json; pwd -P"
measure = { json_pointer = "/pct", file = "sum.json", min = 80, unit = "%" }
[[verify]]
name = "lint"
run = "exit 3"
allow_failure = true
[[verify]]
name = "shaky"
run = "test -e $WORKLOOP_ATTEMPT_DIR/tried || { touch $WORKLOOP_ATTEMPT_DIR/tried; exit 1; }"
retries = 1
[[verify]]
name = "docs"
run = "exit 9"
inputs = ["docs/**"]
[limits]
attempts = 1
untouched = false
"#;

fn project(tasks: &[(&str, &str)]) -> Sandbox {
    let ids: Vec<(&str, &[&str])> = tasks.iter().map(|(id, _)| (*id, &[][..])).collect();
    let mut sandbox = Sandbox::new().config(CONFIG).queue("q.json", &queue(&ids));
    for (id, value) in tasks {
        sandbox = sandbox.script(id, value);
    }
    sandbox.committed()
}

fn why(sandbox: &Sandbox, id: &str) -> Value {
    let ran = sandbox.run(["why", id, "--work-queue", "q.json", "--json"]).exits(0);
    serde_json::from_str(&ran.stdout).expect("JSON")
}

#[test]
fn measures_and_warnings_are_in_every_view() {
    if lacks("git") {
        return;
    }
    let sandbox = project(&[("GOOD", "83.5"), ("LOW", "71.5")]);
    sandbox.run(["run", "q.json"]).exits(5).says("measured 71.5 % (at least 80 %) from sum.json");
    let report = sandbox.run(["report", "q.json", "--json"]).exits(0).json();
    let measure =
        json!({"step": "coverage", "value": 71.5, "min": 80.0, "unit": "%", "file": "sum.json"});
    assert_eq!(report["tasks"][1]["measures"], json!([measure]));
    let (queue, log) = (sandbox.read("q.json"), sandbox.bytes(".workloop/verification.log"));
    let warnings = json!([
        "step lint: exit status 3, which it may",
        "step shaky is flaky: it passed when it ran again"
    ]);
    assert_eq!(task(&queue, "GOOD")["verification_warnings"], warnings);
    let found = why(&sandbox, "GOOD");
    let attempt = &found["attempts"][0];
    let measure =
        json!({"step": "coverage", "value": 83.5, "min": 80.0, "unit": "%", "file": "sum.json"});
    assert_eq!(attempt["measures"], json!([measure]));
    assert_eq!(attempt["warnings"], warnings);
    let low = why(&sandbox, "LOW");
    assert_eq!(low["attempts"][0]["measures"][0]["value"], 71.5);
    assert_eq!(low["attempts"][0]["reason_code"], "tests_failed");
    let text = sandbox.run(["why", "GOOD", "--work-queue", "q.json"]).exits(0).stdout;
    assert!(text.contains("coverage: 83.5 % (at least 80 %) from sum.json"), "{text}");
    assert!(text.contains("warning: step lint: exit status 3, which it may"), "{text}");
    assert!(
        text.contains("Flaky: step shaky passed only when it ran again, in 1 attempt."),
        "{text}"
    );
    let status = sandbox.run(["status", "q.json", "--json"]).exits(0).json();
    let flaky = &status["flaky"];
    assert_eq!((&flaky[0]["step"], &flaky[0]["times"]), (&json!("shaky"), &json!(1)), "{flaky}");
    let log = String::from_utf8_lossy(&log).into_owned();
    assert!(log.contains("docs: skipped: nothing changed that matches docs/**"), "{log}");
    assert!(log.contains("measured: 83.5 % (at least 80 %) from sum.json"), "{log}");
}

/// Tests as TAP, one of which failed before. Their results are in a file that agents change.
const ITEMS: &str = r#"
[agents.default]
run = "cp script/$WORKLOOP_TASK_ID state"
[[verify]]
name = "test"
run = "cat state; ! grep -q ^not state"
report = { parser = "tap" }
[profiles.default]
baseline = "no-new-failures"
[limits]
attempts = 1
"#;

#[test]
fn items_are_compared_with_what_the_task_began_with() {
    let lines = |items: &[&str]| format!("{}\n1..{}\n", items.join("\n"), items.len());
    let base = lines(&["ok a", "not ok b", "ok c"]);
    let cases = [
        ("SAME", lines(&["ok a", "not ok b", "ok c", "ok d"])),
        ("NEW", lines(&["not ok a", "not ok b", "ok c", "ok d"])),
        ("LOST", lines(&["ok a", "not ok b", "ok d", "ok e # SKIP"])),
        ("CUT", "ok a\nnot ok b\nok c\nok d\n".to_owned()),
        ("FIXED", lines(&["ok a", "ok b", "ok c", "ok d"])),
    ];
    for (id, state) in cases {
        let files = [("files", json!(["state"]))];
        let mut tasks = queue(&[(id, &[])]);
        for (key, value) in files {
            tasks["tasks"][0][key] = value;
        }
        let sandbox = Sandbox::new().config(ITEMS).queue("q.json", &tasks).file("state", &base);
        let sandbox = sandbox.script(id, state.trim_end());
        let status = sandbox.run(["run", "q.json"]).status;
        let attempt = why(&sandbox, id)["attempts"][0].clone();
        let items = &attempt["items"];
        match id {
            "SAME" => assert_eq!((status, &items["old"]), (0, &json!(["b"]))),
            "NEW" => assert_eq!((status, &items["new"]), (5, &json!(["a"]))),
            "LOST" => {
                assert_eq!((status, &items["lost"]), (5, &json!(["c"])));
                assert_eq!(attempt["reason_code"], "items_lost");
            }
            "CUT" => {
                let reason = attempt["reason"].as_str().unwrap_or_default();
                assert!(status == 5 && reason.contains("cannot be used"), "{reason}");
            }
            _ => assert_eq!((status, &items["fixed"]), (0, &json!(["b"]))),
        }
    }
}

/// Two steps that wait for each other, and one that needs them.
const PARALLEL: &str = r#"
[agents.default]
run = "true"
[[verify]]
name = "a"
run = "touch a.there; until test -e b.there; do sleep 0.02; done"
timeout = "30s"
[[verify]]
name = "b"
run = "touch b.there; until test -e a.there; do sleep 0.02; done; exit $(cat exit)"
timeout = "30s"
[[verify]]
name = "c"
needs = ["a", "b"]
run = "test -e a.there && touch c.there"
[profiles.default]
parallel = true
[limits]
attempts = 1
untouched = false
"#;

#[test]
fn steps_of_a_parallel_profile_run_at_once() {
    let sandbox = Sandbox::new().config(PARALLEL).queue("q.json", &queue(&[("A", &[])]));
    let sandbox = sandbox.file("exit", "0");
    sandbox.run(["run", "q.json"]).exits(0);
    assert!(sandbox.path("c.there").exists());
    assert_eq!(sandbox.strays(), Vec::<u32>::new());
    let sandbox = sandbox.file("exit", "4").queue("r.json", &queue(&[("B", &[])]));
    assert!(sandbox.shell("rm *.there"));
    sandbox.run(["run", "r.json"]).exits(5).says("step b: exit status 4");
    assert!(!sandbox.path("c.there").exists());
}
