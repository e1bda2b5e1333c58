//! Steps of the verification: where they run, what they measure, and what is told of that.

use crate::sandbox::{Sandbox, queue, task};
use serde_json::{Value, json};

/// One step that measures, one that may fail, one that passes when it runs again, one elsewhere.
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
    assert!(
        sandbox.shell(
            "git init -q . && git add -A && git -c user.name=a -c user.email=b commit -qm c"
        )
    );
    sandbox
}

fn why(sandbox: &Sandbox, id: &str) -> Value {
    let ran = sandbox.run(["why", id, "--work-queue", "q.json", "--json"]).exits(0);
    serde_json::from_str(&ran.stdout).expect("JSON")
}

#[test]
fn measures_and_warnings_are_told_everywhere() {
    let sandbox = project(&[("GOOD", "83.5"), ("LOW", "71.5")]);
    sandbox.run(["run", "q.json"]).exits(5).says("measured 71.5 % (at least 80 %) from sum.json");
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
    let log = String::from_utf8_lossy(&log).into_owned();
    assert!(log.contains("docs: skipped: nothing changed that matches docs/**"), "{log}");
    assert!(log.contains("measured: 83.5 % (at least 80 %) from sum.json"), "{log}");
}
