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
