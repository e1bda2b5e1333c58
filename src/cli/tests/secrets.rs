//! Values of variables that look like secrets, in what verbs show.

use super::sandbox::Sandbox;
use serde_json::json;

const SECRET: &str = "s3cret-word";

/// Returns a project in which titles, reasons and outputs contain the value of a variable.
fn sandbox() -> Sandbox {
    let title = format!("the key is {SECRET}");
    let failed = json!({"verdict": "FAIL", "reason": title});
    let event = |attempt: u32| {
        json!({"event": "retried", "task": "B", "worker": "host:7:0000000a", "attempt": attempt,
               "data": {"reason": title}})
    };
    Sandbox::new(json!([
        {"id": "A", "title": title, "requires_approval": true},
        {"id": "B", "title": title, "status": "blocked", "error": title, "attempts": 3},
        {"id": "C", "title": title, "dependencies": ["A", "B"]},
        {"id": "R", "title": title, "status": "blocked", "error": "review: look", "attempts": 1,
         "passes": false, "verification_verdict": "PASS", "files_actually_changed": [format!("{SECRET}.rs")]},
    ]))
    .var("DOOR_KEY", SECRET)
    .reported("B", 3, failed)
    .attempt("B", 3, &[("agent.out", &title)])
    .journal(&[event(1), event(2), event(3)])
}

#[test]
fn no_verb_shows_a_secret() {
    for line in [
        "graph",
        "graph --json",
        "graph --format dot",
        "blockers",
        "blockers --json",
        "board",
        "board --json",
        "board --style todo",
        "board --style progress",
        "log B",
        "log B --json",
        "events",
        "events --json",
        "events --style log",
        "doctor",
        "doctor --json",
        "approve R",
    ] {
        let ran = sandbox().run(line);
        // Markdown escapes the brackets.
        assert!(ran.out.contains("[masked"), "{line}: {}", ran.out);
        assert!(!ran.out.contains(SECRET) && !ran.err.contains(SECRET), "{line}: {}", ran.out);
    }
}

#[test]
fn short_values_and_other_variables_are_shown() {
    for (name, value) in [("DOOR_KEY", "the"), ("DOOR", SECRET)] {
        let sandbox = sandbox().without("DOOR_KEY").var(name, value);
        let text = sandbox.reads("graph").printed();
        assert!(text.contains(&format!("the key is {SECRET}")), "{name}: {text}");
    }
}
