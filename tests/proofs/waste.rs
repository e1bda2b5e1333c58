//! What must not be paid for twice, each with its broken twin.

use crate::sandbox::{Sandbox, flat_queue};
use crate::twins::{holds, unless};

#[test]
fn a_question_is_no_failure() {
    holds("question-counts", |sandbox: Sandbox| {
        let ask = r#"result {"status": "needs_input", "question": "which?"}"#;
        let (list, _) = flat_queue(6);
        let sandbox = sandbox.queue("q.json", &list).script("default", ask);
        drop(sandbox.run(["run", "q.json"]));
        let asked = sandbox.oracle().started().len();
        let used = sandbox.read("q.json")["tasks"][0]["budget_used"].clone();
        let mut broken = unless(asked == 6, "a question ended the run");
        broken.extend(unless(used == 0, "a question cost budget"));
        broken
    });
}

#[test]
fn attempts_that_come_to_the_same_are_not_repeated() {
    holds("no-progress-ignored", |sandbox: Sandbox| {
        let sandbox = sandbox.script("default", "nothing");
        drop(sandbox.run(["run", "q.json", "--task-id", "T001"]));
        let started = sandbox.oracle().started().len();
        unless(started == 3, &format!("{started} attempts failed with the same output"))
    });
}

/// The agent fails in its first two starts, and works from then on.
#[test]
fn an_outage_uses_up_no_budget() {
    holds("no-back-off", |sandbox: Sandbox| {
        let toml = "[agents.default]\nrun = 'echo x >>starts; test $(wc -l <starts) -gt 2'\n\
                    [[verify]]\nname = \"any\"\nrun = \"true\"\n[limits]\nattempts = 2\n";
        let sandbox = sandbox.config(toml);
        let ran = sandbox.run(["run", "q.json"]);
        let complete = sandbox.read("q.json")["summary"]["complete"] == 3;
        drop(ran);
        unless(complete, "an outage blocked a task")
    });
}
