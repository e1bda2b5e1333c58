//! `prompt ID`: the exact prompt of the next attempt, and the environment of its commands.

use super::house::{AMBIGUOUS, house, of, refuses_bad_queues, two_houses};
use super::sandbox::Sandbox;
use serde_json::{Value, json};

const TESTED: &str =
    "[agents.default]\nrun = \"cat\"\n[[verify]]\nname = \"test\"\nrun = \"npm test\"\n";

/// Returns the parts of a prompt by their headings.
fn sections(prompt: &str) -> Vec<(&str, &str)> {
    let parts = prompt.split("\n## ").skip(1);
    parts.map(|part| part.split_once('\n').expect("a heading")).collect()
}

/// Returns a part of a prompt.
#[track_caller]
fn section<'a>(prompt: &'a str, heading: &str) -> &'a str {
    let all = sections(prompt);
    let found = all.into_iter().find(|(name, _)| *name == heading);
    found.unwrap_or_else(|| panic!("no {heading}: {prompt}")).1.trim()
}

#[test]
fn the_prompt_has_the_task_what_it_builds_on_and_how_it_is_judged() {
    let sandbox = house().config(TESTED);
    let prompt = sandbox.reads("prompt B").printed();
    assert!(prompt.starts_with("# Task B: Raise the walls\n\n"), "{prompt}");
    let names: Vec<&str> = sections(&prompt).into_iter().map(|(name, _)| name).collect();
    assert_eq!(
        names,
        [
            "Details",
            "What this task builds on",
            "How it is judged",
            "How to report progress",
            "How to report"
        ]
    );
    assert_eq!(
        section(&prompt, "Details"),
        "- **Priority**: 1\n- **Dependencies**:\n  - A\n- **Type**: build\n- **Estimated minutes**: 60\n- \
         **Phase**: 1"
    );
    assert_eq!(section(&prompt, "What this task builds on"), "### A: Lay the floor\n\nComplete.");
    let judged = section(&prompt, "How it is judged");
    assert!(judged.contains("\n- test: `npm test`\n"), "{judged}");
    let end = "This is attempt 1 of at most 5. Do not edit the queue file\n(DIR/queues/q.json) or weaken \
               the verification.";
    assert!(judged.ends_with(end), "{judged}");
    let report = section(&prompt, "How to report");
    assert!(
        report
            .starts_with("The working directory is DIR. You may write a JSON object to the file\n")
    );
}

#[test]
fn the_json_has_the_attempt_and_the_same_prompt() {
    let sandbox = house().config(TESTED);
    let json = sandbox.reads("prompt D --json").json("prompt");
    for (key, value) in [
        ("schema_version", json!(1)),
        ("id", json!("D")),
        ("queue", json!("queues/q.json")),
        ("attempt", json!(3)),
    ] {
        assert_eq!(json[key], value, "{key}");
    }
    let text = sandbox.reads("prompt D").printed();
    assert_eq!(json["prompt"], text.as_str());
    assert!(text.contains("\nThis is attempt 3 of at most 5."), "{text}");
    assert_eq!(json.get("environment"), None);
}

#[test]
fn without_an_agent_the_prompt_is_shown_with_a_warning() {
    let ran = house().reads("prompt B");
    assert_eq!(ran.exit, 0);
    assert!(ran.out.starts_with("# Task B: Raise the walls\n"), "{}", ran.out);
    assert_eq!(ran.err, "warning: no attempt would start now: no agent is configured\n");
    assert_eq!(
        section(&ran.out, "How it is judged").lines().next(),
        Some("No verification is configured for this run.")
    );
    let json = house().reads("prompt B --json").json("prompt");
    assert_eq!(json["prompt"], ran.out.as_str());
}

#[test]
fn control_characters_reach_the_agent_but_no_terminal_title() {
    let sandbox =
        of(&[json!({"id": "A", "title": "x\u{1b}]0;t\u{7}", "description": "one\n\ttwo"})])
            .config(TESTED);
    let prompt = sandbox.reads("prompt A").printed();
    assert!(prompt.contains("one\n\ttwo\n"), "{prompt}");
    let json = sandbox.reads("prompt A --json");
    assert!(!json.out.contains(['\u{1b}', '\u{7}']), "{}", json.out);
}

#[test]
fn answers_and_notes_of_earlier_attempts_are_in_the_prompt() {
    let answers =
        json!([{"question": "Which stone?", "answer": "granite", "at": "2026-01-19T10:00:00Z"}]);
    let sandbox = of(&[json!({"id": "A", "title": "a", "answers": answers, "attempts": 1})]);
    let prompt = sandbox.config(TESTED).reads("prompt A").printed();
    assert_eq!(
        section(&prompt, "Answers to questions that were asked"),
        "Question: Which stone?\n\nAnswer: granite"
    );
}

/// Returns a project whose commands get few variables.
fn guarded() -> Sandbox {
    let environment =
        "[environment]\ninherit = \"core\"\ndrop = [\"HOME\"]\nset = { CI = \"1\" }\n";
    house()
        .config(&format!("{TESTED}{environment}"))
        .var("PATH", "/bin")
        .var("HOME", "/h")
        .var("API_TOKEN", "s3cret-word")
}

#[test]
fn variables_that_are_passed_and_withheld_are_named_and_never_their_values() {
    let part = |what: &str| {
        format!(
            "{what} (inherit = \"core\")\n  passed:\n    CI\n    PATH\n  withheld:\n    API_TOKEN       \
             inherit is \"core\"\n    HOME            drop names it\n    XDG_STATE_HOME  inherit is \"core\"\n"
        )
    };
    let text = guarded().reads("prompt B --env").printed();
    assert_eq!(text, format!("{}{}", part("agent default"), part("step test")));
    let json = guarded().reads("prompt B --env --json").json("prompt");
    let commands = json["environment"].as_array().expect("a list");
    let names: Vec<(&Value, &Value)> =
        commands.iter().map(|one| (&one["command"], &one["name"])).collect();
    assert_eq!(names, [(&json!("agent"), &json!("default")), (&json!("verify"), &json!("test"))]);
    assert_eq!(commands[0]["inherit"], "core");
    assert_eq!(commands[0]["passed"], json!(["CI", "PATH"]));
    assert_eq!(
        commands[0]["withheld"],
        json!([
            {"name": "API_TOKEN", "reason": "inherit is \"core\""},
            {"name": "HOME", "reason": "drop names it"},
            {"name": "XDG_STATE_HOME", "reason": "inherit is \"core\""},
        ])
    );
    assert!(!json.to_string().contains("s3cret-word"));
}

#[test]
fn an_environment_without_an_agent_is_refused() {
    house().refuses("prompt B --env", 2, "error: no agent is configured\n");
}

#[test]
fn ids_that_are_nowhere_or_twice_are_refused() {
    house().refuses("prompt nope", 2, "error: there is no task `nope` in queues/q.json\n");
    let both = two_houses();
    both.refuses("prompt B", 2, AMBIGUOUS);
    let ran = both.reads("prompt two:B");
    assert!(ran.out.starts_with("# Task B: Another B\n"), "{}", ran.out);
    assert_eq!(both.reads("prompt two:B --json").json("prompt")["id"], "two:B");
}

#[test]
fn bad_queues_are_refused_with_their_place() {
    refuses_bad_queues("prompt A");
}
