//! Hostile queues: made here, about 300 of them, and given to the verbs that read and to loops. A
//! verb may refuse a file; it may not crash, hang, run what stands in it, write outside its folder
//! or let a byte through that steers a terminal.

use crate::chance::say;
use crate::sandbox::Sandbox;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

/// Texts that mean something to a shell, a path, a terminal or a parser.
#[expect(clippy::too_many_lines, reason = "a list")]
fn texts() -> Vec<String> {
    let canary = "touch canary";
    let mut all: Vec<String> = [
        "$(touch canary)",
        "`touch canary`",
        "; touch canary #",
        "' ; touch canary ; '",
        "\" ; touch canary ; \"",
        "| touch canary",
        "&& touch canary",
        "\n touch canary\n",
        "-rf",
        "--help",
        "--config=canary",
        "${IFS}touch${IFS}canary",
        "%s%n",
        "{{ 7*7 }}",
        "{% raw %}",
        "../canary",
        "../../canary",
        "/tmp/../canary",
        "a/../../canary",
        ".",
        "..",
        "~",
        "*",
        "?",
        "",
        "\0",
        "a\0b",
        "a\nb",
        "a\r\nb",
        "\t",
        " ",
        "\u{feff}",
        "\u{1b}[31mred",
        "\u{1b}]8;;http://x\u{7}y",
        "\u{1b}]0;title\u{7}",
        "\u{9b}31m",
        "\u{90}q\u{9c}",
        "\u{202e}evil",
        "\u{2066}x\u{2069}",
        "\u{200f}",
        "\u{7f}",
        "\u{8}\u{8}\u{8}",
        "<script>alert(1)</script>",
        "]]>",
        "&amp;",
        "\u{ffff}",
        "\u{10ffff}",
        "\u{d7ff}",
        "e\u{301}",
        "NaN",
        "null",
        "true",
        "0",
        "__proto__",
        "constructor",
    ]
    .map(str::to_owned)
    .to_vec();
    all.push("x".repeat(4096));
    all.push(format!("{}{canary}", "../".repeat(500)));
    all
}

/// The queues, each with a name.
fn queues() -> Vec<(String, Vec<u8>)> {
    let mut all: Vec<(String, Vec<u8>)> = Vec::new();
    let mut add = |name: String, queue: &Value| all.push((name, queue.to_string().into_bytes()));
    for (n, text) in texts().iter().enumerate() {
        let plain = json!({"id": "A", "title": "x", "status": "pending"});
        let with = |key: &str, value: Value| {
            let mut task = plain.clone();
            task[key] = value;
            json!({"tasks": [task]})
        };
        add(format!("id {n}"), &with("id", json!(text)));
        add(format!("title {n}"), &with("title", json!(text)));
        add(format!("description {n}"), &with("description", json!(text)));
        add(
            format!("lists {n}"),
            &json!({"tasks": [{
                "id": "A", "title": text, "status": "pending", "dependencies": [text],
                "files": [text], "verify": text, "agent": text, "type": text, "phase": text,
            }]}),
        );
        let strange = json!({"project": text, "phases": [{"phase": text}], "tasks": [{"id": "A",
            "title": "x", "status": text, "priority": text, "claim": {"worker": text, "attempt": 1},
            "approval": text, "error": text, "not_before": text}]});
        add(format!("odd {n}"), &strange);
    }
    for (n, number) in
        ["1e999", "-1", "1e400", "99999999999999999999", "0.1", "-0", "1E2"].iter().enumerate()
    {
        for key in ["attempts", "max_iterations", "priority", "budget_used", "estimate"] {
            let text = format!(
                r#"{{"tasks":[{{"id":"A","title":"x","status":"pending","{key}":{number}}}]}}"#
            );
            all.push((format!("number {n} of {key}"), text.into_bytes()));
        }
    }
    for (name, text) in [
        ("deep list", "[".repeat(100_000)),
        ("deep object", "{\"a\":".repeat(100_000)),
        ("deep inside", format!(r#"{{"tasks":[{{"id":"A","title":"x","status":"pending","x":{}1{}}}]}}"#, "[".repeat(500), "]".repeat(500))),
        ("empty", String::new()),
        ("only a bracket", "{".to_owned()),
        ("tasks is a number", r#"{"tasks":1}"#.to_owned()),
        ("lone surrogate", r#"{"tasks":[{"id":"A\ud800","title":"\udfff","status":"pending"}]}"#.to_owned()),
        ("doubled keys", r#"{"tasks":[{"id":"A","id":"B","title":"x","status":"pending","status":"complete"}],"tasks":[]}"#.to_owned()),
        ("itself", r#"{"tasks":[{"id":"A","title":"x","status":"pending","dependencies":["A"]}]}"#.to_owned()),
    ] {
        all.push((name.to_owned(), text.into_bytes()));
    }
    all.push(("not UTF-8".to_owned(), b"{\"tasks\":[{\"id\":\"\xff\xfe\"}]}".to_vec()));
    all
}

fn steers(text: &str) -> Option<char> {
    text.chars().find(|c| {
        c.is_control() && !matches!(c, '\n' | '\t')
            || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    })
}

fn wrong(sandbox: &Sandbox, verb: &str, ran: &crate::sandbox::Ran, shown: bool) -> Option<String> {
    let said = format!("{}{}", ran.stdout, ran.stderr);
    let canary = ["canary", "../canary", "../../canary", "script/canary"];
    if ran.status > 100 || said.contains("panicked at") {
        return Some(format!("{verb} crashed: {ran}"));
    }
    if canary.iter().any(|name| sandbox.path(name).exists()) || Path::new("/canary").exists() {
        return Some(format!("{verb}: something of the queue was run or written"));
    }
    let steering = shown.then(|| steers(&said)).flatten();
    steering.map(|c| {
        format!("{verb} lets {c:?} through: {:?}", said.chars().take(400).collect::<String>())
    })
}

#[test]
fn hostile_queues_harm_no_reader() {
    let all = queues();
    assert!(all.len() >= 300, "only {}", all.len());
    let halves: Vec<_> = all.chunks(all.len().div_ceil(2)).collect();
    let broken: Vec<String> = std::thread::scope(|scope| {
        let look = |half: &[(String, Vec<u8>)]| {
            let mut sandbox = Sandbox::new();
            let mut broken = Vec::new();
            for (name, bytes) in half {
                sandbox = sandbox.file("q.json", bytes);
                for verb in [
                    ["status", "q.json"],
                    ["next", "q.json"],
                    ["check", "q.json"],
                    ["plan", "q.json"],
                ] {
                    let ran = sandbox.run(verb);
                    broken.extend(
                        wrong(&sandbox, verb[0], &ran, true).map(|why| format!("{name}: {why}")),
                    );
                }
                let ran = sandbox.run(["why", "A", "q.json"]);
                broken
                    .extend(wrong(&sandbox, "why", &ran, true).map(|why| format!("{name}: {why}")));
                if fs::read(sandbox.path("q.json")).ok().as_deref() != Some(bytes) {
                    broken.push(format!("{name}: a reader changed the file"));
                }
            }
            broken
        };
        let threads: Vec<_> = halves.iter().map(|half| scope.spawn(move || look(half))).collect();
        threads.into_iter().flat_map(|one| one.join().expect("no panic")).collect()
    });
    say(&format!("corpus: {} queues", all.len()));
    assert!(broken.is_empty(), "{} of {}:\n{}", broken.len(), all.len(), broken.join("\n"));
}

/// Loops run what the configuration says, and nothing that stands in a queue.
#[test]
fn hostile_queues_make_a_loop_run_nothing() {
    let mut broken = Vec::new();
    for (name, bytes) in queues().iter().filter(|(name, _)| !name.starts_with("lists")).step_by(9) {
        let sandbox = Sandbox::new().file("q.json", bytes);
        let ran = sandbox.run([
            "run",
            "q.json",
            "--max-iterations",
            "1",
            "--agent",
            "true",
            "--no-verify",
        ]);
        broken.extend(wrong(&sandbox, "run", &ran, true).map(|why| format!("{name}: {why}")));
        sandbox.nothing_left();
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

/// A value that no file of ours may hold.
const SECRET: &str = "s3cr3t-canary-0123456789";

/// Every file below `dir`, with its bytes.
fn every_file(dir: &Path, found: &mut Vec<(String, Vec<u8>)>) {
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            every_file(&path, found);
        } else {
            found.push((path.display().to_string(), fs::read(path).unwrap_or_default()));
        }
    }
}

#[test]
fn a_secret_of_the_environment_reaches_no_file() {
    let (list, _) = crate::sandbox::flat_queue(2);
    let agent = "[agents.default]\nrun = 'echo $ANTHROPIC_API_KEY; echo $ANTHROPIC_API_KEY >&2; \
                 printf \"{\\\"status\\\":\\\"done\\\",\\\"summary\\\":\\\"used $ANTHROPIC_API_KEY\\\"}\" \
                 >$WORKLOOP_RESULT_FILE'\n[limits]\nattempts = 2\n\
                 [[verify]]\nrun = 'echo failed with $ANTHROPIC_API_KEY; \
                 test $WORKLOOP_TASK_ID = T002'\n";
    let mut sandbox = Sandbox::new().config(agent).queue("q.json", &list);
    sandbox.variables.push(("ANTHROPIC_API_KEY".to_owned(), SECRET.to_owned()));
    let ran = sandbox.run(["run", "q.json"]);
    assert!(!format!("{ran}").contains(SECRET), "{ran}");
    for verb in [["log", "T001", "q.json"], ["why", "T001", "q.json"]] {
        let shown = sandbox.run(verb);
        assert!(!format!("{shown}").contains(SECRET), "{shown}");
    }
    let mut files = Vec::new();
    every_file(&sandbox.path(""), &mut files);
    // The raw output of a command is kept as it came, private to the user: everything shown of it
    // is masked. Nothing else may hold the value.
    let raw = |path: &str| {
        path.ends_with(".out") || path.ends_with(".err") || path.ends_with("/result.json")
    };
    let holds: Vec<&String> = files
        .iter()
        .filter(|(path, _)| !raw(path))
        .filter(|(_, bytes)| bytes.windows(SECRET.len()).any(|part| part == SECRET.as_bytes()))
        .map(|(path, _)| path)
        .collect();
    assert!(files.len() > 8 && holds.is_empty(), "{holds:?}");
}
