//! Each tool as its preset calls it: fake programs of the same names replay streams, and the tests
//! compare the command line, `why` and the journal.

use crate::sandbox::{Sandbox, task};
use serde_json::{Value, json};

/// A tool of any name. It records its arguments and its stdin, and replays the stream of its task,
/// whose first line is `# exit CODE`. The lines after `# complains` go to stderr.
const FAKE: &str = r#"#!/bin/sh
cd "$WORKLOOP_ROOT" || exit 9
call=called/$WORKLOOP_TASK_ID
printf '%s\0' "${0##*/}" "$@" >"$call.arguments"
cat >"$call.stdin"
cp "$WORKLOOP_PROMPT_FILE" "$call.prompt"
echo "$WORKLOOP_PROMPT_FILE" >"$call.file"
stream=streams/$WORKLOOP_TASK_ID
sed '1d;/^# complains/,$d' "$stream"
sed '1,/^# complains/d' "$stream" >&2
exit "$(sed -n '1s/^# exit \([0-9]*\).*/\1/p' "$stream")"
"#;

macro_rules! recorded {
    ($name:literal) => {
        include_str!(concat!("../../src/agent/presets/tests/fixtures/", $name))
    };
}

/// A tool, the stream that it replays, the expected command line, and the expected result.
struct Row {
    task: &'static str,
    preset: &'static str,
    stream: &'static str,
    line: &'static str,
    outcome: &'static str,
    /// The session, the input tokens and the cost that it reports.
    told: Value,
}

fn row(
    [task, preset]: [&'static str; 2],
    stream: &'static str,
    line: &'static str,
    (outcome, session): (&'static str, &'static str),
    used: Value,
) -> Row {
    let session = if session.is_empty() { Value::Null } else { json!(session) };
    let told = json!([session, used[0], used[1]]);
    Row { task, preset, stream, line, outcome, told }
}

/// The rows that succeed. In a command line, `PROMPT` is the prompt, `FILE` its file, and `<` means
/// that only stdin has the prompt.
fn those_that_work() -> Vec<Row> {
    let none = || json!([null, null]);
    vec![
        row(
            ["codex", "codex"],
            recorded!("codex-ok.jsonl"),
            "codex exec --json --sandbox workspace-write --model m --skip-git-repo-check - <",
            ("ok", "0199a213-81c0-7800-8aa1-bbab2a035a53"),
            json!([900, null]),
        ),
        row(
            ["gemini", "gemini"],
            recorded!("gemini-ok.jsonl"),
            "gemini --output-format stream-json --approval-mode auto_edit --model m <",
            ("ok", "g-1"),
            json!([1400, null]),
        ),
        row(
            ["opencode", "opencode"],
            recorded!("opencode-ok.jsonl"),
            "opencode run --format json --model m <",
            ("ok", "ses_1"),
            json!([200, 0.75]),
        ),
        row(
            ["cursor", "cursor"],
            recorded!("cursor-ok.jsonl"),
            "cursor-agent --print --output-format stream-json --force --model m PROMPT",
            ("ok", "c-1"),
            none(),
        ),
        row(
            ["copilot", "copilot"],
            "# exit 0\nDone.\n",
            "copilot --allow-all-tools --model m --prompt PROMPT",
            ("ok", ""),
            none(),
        ),
        row(
            ["amp", "amp"],
            recorded!("amp-ok.jsonl"),
            "amp --execute --stream-json --dangerously-allow-all <",
            ("ok", "T-1"),
            json!([10, null]),
        ),
        row(
            ["aider", "aider"],
            recorded!("aider-ok.txt"),
            "aider --yes-always --no-auto-commits --no-stream --no-pretty --model m --message-file FILE",
            ("ok", ""),
            json!([2300, 0.03]),
        ),
    ]
}

/// The rows that fail: an exit status of 0 without a result, and limits, by an event and by
/// messages on stderr after events.
fn those_that_fail() -> Vec<Row> {
    let none = || json!([null, null]);
    vec![
        row(
            ["cut", "amp"],
            "# exit 0\n{\"type\":\"system\",\"session_id\":\"T-2\"}\n",
            "amp --execute --stream-json --dangerously-allow-all <",
            ("no_result", "T-2"),
            none(),
        ),
        row(
            ["limit", "codex"],
            "# exit 1\n{\"type\":\"turn.failed\",\"error\":{\"message\":\"You've hit your usage limit. Try \
             again at Aug 8th, 2126 12:30 PM.\"}}\n",
            "codex exec --json --sandbox workspace-write --model m --skip-git-repo-check - <",
            ("usage_limit", ""),
            none(),
        ),
        row(
            ["cycle", "cursor"],
            "# exit 1\n{\"type\":\"system\",\"session_id\":\"c-2\"}\n# complains\nYou've hit your usage \
             limit · Usage will reset when your monthly cycle ends on 9/23/2126.\n",
            "cursor-agent --print --output-format stream-json --force --model m PROMPT",
            ("usage_limit", "c-2"),
            none(),
        ),
    ]
}

/// Returns the command line of the program, with placeholders for the prompt.
fn called(sandbox: &Sandbox, task: &str) -> String {
    let kept = |what: &str| {
        String::from_utf8(sandbox.bytes(&format!("called/{task}.{what}"))).expect("text")
    };
    let (prompt, file, stdin) = (kept("prompt"), kept("file"), kept("stdin"));
    let arguments = kept("arguments");
    let words = arguments.trim_end_matches('\0').split('\0').map(|word| match word {
        word if word == prompt => "PROMPT",
        word if word == file.trim_end() => "FILE",
        word => word,
    });
    let line = words.collect::<Vec<_>>().join(" ");
    let is_told = line.contains("PROMPT") || line.contains("FILE");
    if !is_told && stdin == prompt { line + " <" } else { line }
}

#[test]
fn each_tool_is_called_and_read_as_its_preset_says() {
    let rows: Vec<Row> = those_that_work().into_iter().chain(those_that_fail()).collect();
    let (mut toml, mut tasks) = (String::new(), Vec::new());
    let mut sandbox = Sandbox::new().file("bin/tool", FAKE).file("called/.keep", "");
    for Row { task, preset, stream, .. } in &rows {
        let model = if *preset == "amp" { "" } else { "model = \"m\"\n" };
        toml += &format!("[agents.{task}]\npreset = \"{preset}\"\n{model}");
        tasks.push(json!({"id": task, "title": task, "agent": task, "max_iterations": 1}));
        sandbox = sandbox.file(&format!("streams/{task}"), stream);
    }
    toml += "[[verify]]\nname = \"any\"\nrun = \"true\"\n";
    let programs = "chmod +x bin/tool; cd bin; \
                    for name in codex gemini opencode cursor-agent copilot amp aider; do ln -s tool $name; done";
    assert!(sandbox.shell(programs));
    let path = std::env::var("PATH").unwrap_or_default();
    let path = format!("{}:{path}", sandbox.path("bin").display());
    sandbox.variables.push(("PATH".to_owned(), path));
    let sandbox = sandbox.config(&toml).queue("q.json", &json!({"tasks": tasks}));

    sandbox.run(["run", "q.json", "--no-wait"]).exits(8);
    let (queue, journal) = (sandbox.read("q.json"), sandbox.bytes(".workloop/events.jsonl"));
    let journal = String::from_utf8(journal).expect("text");
    let events: Vec<Value> =
        journal.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    for Row { task: id, preset, line, outcome, told, .. } in &rows {
        assert_eq!(called(&sandbox, id), *line);
        let why = sandbox.run(["why", id, "--work-queue", "q.json", "--json"]).exits(0).json();
        let attempt = &why["attempts"][0];
        let agent = &attempt["agent"];
        assert_eq!(
            (&agent["preset"], &agent["outcome"]),
            (&json!(preset), &json!(outcome)),
            "{id}"
        );
        let found = json!([agent["session_id"], agent["tokens"]["in"], agent["cost_usd"]]);
        assert_eq!(found, *told, "{id}");
        let told: Vec<&str> = events
            .iter()
            .filter(|event| event["task"] == **id)
            .filter_map(|event| event["event"].as_str())
            .collect();
        let (status, ends): (_, &[&str]) = match *outcome {
            "ok" => ("complete", &["verified", "completed"]),
            "no_result" => ("blocked", &["verified", "blocked"]),
            _ => ("pending", &["usage_limit", "interrupted"]),
        };
        assert_eq!(task(&queue, id)["status"], status, "{id}");
        assert!(told.ends_with(ends), "{id}: {told:?}");
        assert_eq!(told.iter().filter(|event| **event == "attempt_started").count(), 1, "{id}");
    }
}
