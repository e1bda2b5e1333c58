//! The completion scripts in their shells: sourcing them prints nothing, and they offer verbs and
//! ids.

use crate::sandbox::Sandbox;
use serde_json::json;
use std::fmt::Write as _;
use std::io::Write as _;
use std::process::{Command, Stdio};

/// Sources the script, and prints the completions of each line of words on one line.
const BASH: &str = r#"
source ./completion || exit 9
f=$(complete -p workloop | sed 's/.* -F \([^ ]*\) .*/\1/')
offer() {
    COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_TYPE=9; COMPREPLY=()
    "$f" workloop "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
    for word in "${COMPREPLY[@]}"; do case $word in -*) ;; *) printf '%s ' "$word";; esac; done
    echo
}
"#;

const ZSH: &str = r#"
compdef() { f=$1 }
_describe() { local name=${@[-1]}; for word in ${(P)name}; do
    case $word in -*) ;; *) printf '%s ' "${word%%:*}";; esac; done }
source ./completion || exit 9
offer() { words=("$@"); CURRENT=$#; $f; echo }
"#;

const FISH: &str = r#"
source ./completion; or exit 9
function offer
    echo (complete -C "$argv" | string replace -r '\t.*' '' | string match -v -- '-*')
end
"#;

#[test]
fn scripts_are_sourced_and_offer_verbs_and_ids() {
    let sandbox = Sandbox::new().queue(
        "q.json",
        &json!({"tasks": [
            {"id": "A-1", "title": "first: \"of\" (two) $x"},
            {"id": "A-2", "title": "second"},
            {"id": "$(touch pwned)", "title": "t"},
            {"id": "A-`touch pwned`", "title": "t"},
        ]}),
    );
    let folder = sandbox.program.parent().expect("a folder").to_owned();
    let path = std::env::var("PATH").unwrap_or_default();
    let path = format!("{}:{path}", folder.display());
    let mut missing = String::new();
    for (shell, flags, prelude) in
        [("bash", "--norc", BASH), ("zsh", "-f", ZSH), ("fish", "--no-config", FISH)]
    {
        let script = sandbox.run(["completions", shell]).exits(0).stdout;
        std::fs::write(sandbox.path("completion"), script).expect("written");
        let ask = "offer workloop unp\noffer workloop park q.json A-\n\
                   offer workloop run q.json --when-empty w\n";
        let made = Command::new(shell)
            .args([flags, "-c", &format!("{prelude}\n{ask}")])
            .current_dir(sandbox.path(""))
            .env("PATH", &path)
            .stdin(Stdio::null())
            .output();
        let Ok(made) = made else {
            let _ok =
                writeln!(missing, "SKIPPED: no {shell} here, whose completion was not sourced");
            continue;
        };
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let (out, err) = (text(&made.stdout), text(&made.stderr));
        assert_eq!(err, "", "{shell} complains: {out}");
        let lines: Vec<&str> = out.lines().map(str::trim).collect();
        assert_eq!(lines, ["unpark", "A-1 A-2", "wait"], "{shell}");
    }
    assert!(!sandbox.path("pwned").exists(), "an id was run as a command");
    // Not captured by the test harness, so that skipped shells are visible.
    drop(std::io::stderr().write_all(missing.as_bytes()));
}
