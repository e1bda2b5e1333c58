//! Terminal control sequences, in every place where untrusted text may come from, and every verb on
//! its own terminal: none gets through. Nor do they reach `verification.log`, or other tasks' text
//! in a prompt.

use crate::chance::say;
use crate::sandbox::Sandbox;
use crate::twins::{holds, unless};
use serde_json::json;
use std::fs;

/// A window title, blinking text by both kinds of sequence, text that runs backwards, an
/// overwritten line.
const STEERS: &str = "\u{1b}]0;x\u{7}\u{1b}[5m\u{9b}5m\u{202e}\rEVIL";

/// The name of the queue, which appears in paths.
const QUEUE: &str = "q\u{1b}]0;x\u{7}\u{9b}5m.json";

/// Sequences that the program itself never prints, with or without colours and live lines.
const SIGNS: &[&str] = &["\u{1b}]", "\u{7}", "\u{1b}[5m", "\u{9b}", "\u{202e}", "\rEVIL", "\0"];

/// Prints the text, reports it in a result, and names a file after it.
const AGENT: &str = r#"
steers=$(cat steers)
printf '%s\n\0\233' "$steers"; printf '%s\n' "$steers" >&2
: >"made-$steers"
[ "$WORKLOOP_TASK_ID" != C ] || cat >"$WORKLOOP_RESULT_FILE" <<'END'
SAID
END
"#;

/// Every verb that may show the text, as typed after the program; `Q`, `S` and `ID` are the queue,
/// the text, and an id with the text.
const FORMS: &[&str] = &[
    "run Q --max-iterations 5",
    "retry --failed Q",
    "run Q --json --max-iterations 1",
    "run Q --dry-run",
    "status Q",
    "status --table Q",
    "status --json Q",
    "next Q",
    "next --json Q",
    "why ID Q",
    "why B --json Q",
    "plan Q",
    "plan --actual Q",
    "graph Q",
    "graph --format dot Q",
    "check Q",
    "check --json Q",
    "prompt ID Q",
    "prompt B --json Q",
    "log B Q",
    "log B --follow Q",
    "log B --json Q",
    "events Q",
    "events --json Q",
    "events --style log Q",
    "add Q --title S --id S2",
    "edit ID --title S --set more=S Q",
    "edit ID --drop-dependency S --because S Q",
    "block ID --because S Q",
    "retry ID Q",
    "park ID Q",
    "unpark ID Q",
    "done B --note S --by S Q",
    "cancel D Q",
    "reset D Q",
    "approve D Q",
    "answer ID S Q",
    "progress B --percent 5 Q",
    "release ID Q",
    "stop Q",
    "pause Q",
    "resume Q",
    "wait C --work-queue Q",
    "status S",
    "why S Q",
    "S",
    "run --S Q",
    "run --agent S --no-verify --task-id S Q",
    "run --phase S --agent {S} Q",
    "init S",
    "schema S",
    "wait --until S Q",
];

/// Creates a sandbox with the text everywhere, except that `step` is the name of the verification
/// and `queue` that of the queue, because a person chooses these names.
fn prepared(sandbox: Sandbox, queue: &str, step: &str) -> Sandbox {
    let id = format!("A{STEERS}");
    let list = json!({"project": STEERS, "tasks": [
        {"id": id, "title": STEERS, "description": STEERS, "phase": STEERS, "files": [STEERS],
         "dependencies": [STEERS], "error": STEERS, "status": "blocked", STEERS: STEERS},
        {"id": "C", "title": STEERS},
        {"id": "B", "title": "plain", "dependencies": ["C"]},
        {"id": "D", "title": format!("nul \0 {STEERS}"), "requires_approval": true},
    ]});
    let said = json!({"summary": STEERS, "artifacts": [STEERS], "notes_for": {"B": STEERS},
        "follow_ups": [{"title": STEERS}]});
    let config = format!(
        "[agents.default]\nrun = 'sh ./agent.sh'\n[limits]\nattempts = 2\n[[verify]]\n\
         name = {}\nrun = 'cat steers; test $WORKLOOP_TASK_ID = C'\n",
        json!(step)
    );
    let agent = AGENT.replace("SAID", &said.to_string());
    let sandbox = sandbox.file(queue, list.to_string()).file("steers", STEERS);
    sandbox.file("agent.sh", agent).file("workloop.toml", toml(&config))
}

/// Escapes a text for TOML, which allows no raw control characters.
fn toml(text: &str) -> String {
    let escaped = |c: char| match c {
        '\n' => "\n".to_owned(),
        c if c.is_control() => format!("\\u{:04x}", u32::from(c)),
        c => c.to_string(),
    };
    text.chars().map(escaped).collect()
}

/// Returns what the program prints on a terminal.
fn typed(sandbox: &Sandbox, form: &str) -> Vec<u8> {
    let word = |word: &str| match word {
        "Q" => format!("'{QUEUE}'"),
        "ID" => format!("'A{STEERS}'"),
        word => word.replace('S', &format!("'{STEERS}'")),
    };
    let words: Vec<String> = form.split(' ').map(word).collect();
    let variables = sandbox.variables.iter().map(|(name, value)| format!("{name}={value} "));
    let line = format!(
        "{}exec '{}' --color always {}",
        variables.collect::<String>(),
        sandbox.program.display(),
        words.join(" ")
    );
    fs::write(sandbox.path("form.sh"), line).expect("written");
    let terminal = "TERM=xterm timeout 60 script -qec 'sh ./form.sh' /dev/null >shown </dev/null";
    assert!(sandbox.shell(&format!("{terminal}; test $? -ne 124")), "{form} does not end");
    sandbox.bytes("shown")
}

/// Returns what got through, and where.
fn steered(sandbox: &Sandbox) -> Vec<String> {
    let mut broken = Vec::new();
    let mut look = |what: &str, bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes);
        let sign = SIGNS.iter().find(|sign| text.contains(**sign));
        broken.extend(sign.map(|sign| format!("{what} lets {sign:?} through: {text:?}")));
        let lone = std::str::from_utf8(bytes).is_err();
        broken.extend(lone.then(|| format!("{what} lets a byte through that is no text")));
        text.contains('␛') || text.contains("\\u001b")
    };
    let mut shown = 0;
    for form in FORMS {
        let bytes = typed(sandbox, form);
        is_understood(form, &bytes);
        shown += usize::from(look(form, &bytes));
    }
    let log = sandbox.bytes(".workloop/verification.log");
    shown += usize::from(look("verification.log", &log));
    assert!(shown > 30 || !broken.is_empty(), "only {shown} of them show the text");
    broken
}

/// Checks that the program understands a form: it prints something and does not crash.
#[track_caller]
fn is_understood(form: &str, bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    assert!(!text.is_empty() && !text.contains("panicked at"), "{form}: {text:?}");
}

fn has_script(sandbox: &Sandbox) -> bool {
    let there = sandbox.shell("command -v script >/dev/null");
    if !there {
        say("SKIPPED: no program `script` here, which makes a terminal");
    }
    there
}

#[test]
fn nothing_that_others_wrote_steers_a_terminal() {
    holds("no-escape", |sandbox| {
        if !has_script(&sandbox) {
            // Without a terminal, check at least the output to a pipe.
            let sandbox = prepared(sandbox, QUEUE, STEERS);
            let said = sandbox.run(["status", QUEUE]).stdout;
            return unless(!said.contains(['\u{1b}', '\u{9b}']), "a title steers the terminal");
        }
        steered(&prepared(sandbox, QUEUE, STEERS))
    });
}

/// The output of a verification, and what another task left, are in the next prompt, without
/// terminal control sequences.
#[test]
fn what_others_say_in_a_prompt_steers_nothing() {
    holds("no-escape", |sandbox| {
        let sandbox = prepared(sandbox, "p.json", "plain");
        sandbox.run(["run", "p.json", "--max-iterations", "3"]);
        let mut broken = Vec::new();
        let mut prompts = 0;
        for entry in fs::read_dir(sandbox.path(".workloop/attempts")).expect("there").flatten() {
            for attempt in fs::read_dir(entry.path()).expect("a folder").flatten() {
                let prompt = fs::read_to_string(attempt.path().join("prompt.md"));
                let prompt = prompt.expect("a prompt");
                if !prompt.starts_with("# Task B") {
                    continue;
                }
                prompts += 1;
                let sign = SIGNS.iter().find(|sign| prompt.contains(**sign));
                broken.extend(sign.map(|sign| format!("a prompt has {sign:?}: {prompt:?}")));
                assert!(prompt.matches("EVIL").count() > 3, "{prompt}");
            }
        }
        assert_eq!(prompts, 2);
        broken
    });
}
