//! The first steps of a person who has one tool, a project and no configuration: from `init` to a
//! verified task.

use super::{Folder, Left};
use serde_json::{Value, json};
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;
use std::process::Command;

/// A fake of Claude Code and Codex, with what a loop needs: a version, and a stream after a prompt
/// on stdin. It also replaces `make`, which is not installed everywhere.
const TOOL: &str = r#"#!/bin/sh
case $0 in *make) exec test -s out.txt ;; esac
[ "$1" = --version ] && { echo "1.2.3"; exit 0; }
cat >/dev/null
echo done >out.txt
case $0 in
*codex) echo '{"type":"turn.completed","usage":{}}' ;;
*) echo '{"type":"result","subtype":"success","is_error":false,"result":"ready"}' ;;
esac
"#;

/// The programs of all presets.
const TOOLS: [&str; 8] =
    ["claude", "codex", "gemini", "opencode", "cursor-agent", "copilot", "amp", "aider"];

/// A project that contains only a test, and a `PATH` without any agents except the given tools.
struct Person {
    folder: Folder,
    path: OsString,
}

impl Person {
    fn with(tools: &[&str]) -> Self {
        let folder = Folder::new(&json!([]));
        fs::remove_file(folder.path("q.json")).expect("removed");
        folder.write("bin/tool", TOOL);
        let tool = folder.path("bin/tool");
        fs::set_permissions(&tool, fs::Permissions::from_mode(0o755)).expect("executable");
        for name in tools.iter().chain(&["make"]) {
            symlink(&tool, folder.path("bin").join(name)).expect("linked");
        }
        // Everything of this machine's PATH except agents.
        let all = std::env::var_os("PATH").unwrap_or_default();
        let has_tool = |dir: &PathBuf| TOOLS.iter().any(|tool| dir.join(tool).exists());
        let others = std::env::split_paths(&all).filter(|dir| !has_tool(dir));
        let path = std::env::join_paths([folder.path("bin")].into_iter().chain(others));
        Self { folder, path: path.expect("a path") }
    }

    /// Runs a verb with these words, which may contain spaces.
    fn run(&self, words: &[&str]) -> Left {
        let mut command: Command = self.folder.command("");
        command.env("PATH", &self.path).env("HOME", self.folder.path(""));
        let output = command.args(words).output().expect("it runs");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
        Left(output.status.code().unwrap_or(-1), text(output.stdout), text(output.stderr))
    }

    #[track_caller]
    fn says(&self, words: &[&str], exit: i32, texts: &[&str]) {
        let Left(ended, out, err) = self.run(words);
        assert_eq!(ended, exit, "{words:?}: {out}{err}");
        for text in texts {
            assert!(out.contains(text) || err.contains(text), "{words:?}: no {text:?}: {out}{err}");
        }
    }
}

/// With one tool and tests, a task is verified without any change of the configuration.
#[test]
fn one_tool_and_a_test_are_enough() {
    for tool in ["claude", "codex"] {
        let person = Person::with(&[tool]);
        person.folder.write("Makefile", "test:\n\ttest -s out.txt\n");
        let agent = format!("agent: preset = \"{tool}\" ({tool}, found on the PATH)");
        let verification = "verification: \"make test\" (from Makefile)";
        person.says(&["init"], 0, &[&agent, "not logged in; log in with: ", verification]);
        person.says(&["add", "--title", "Write it"], 0, &["T-001"]);
        let verify = "verify     default: test (make test)";
        person.says(
            &["doctor"],
            0,
            &[verify, "1.2.3, not logged in", "a run can start; 1 to look at"],
        );
        person.says(&["run"], 0, &["the task is complete"]);
    }
}

/// The name of a tool selects its preset, and a missing tool is reported with the command that
/// installs it.
#[test]
fn a_tool_that_is_named_is_no_line_for_the_shell() {
    let person = Person::with(&["claude"]);
    let texts =
        ["preset = \"codex\" (--agent)", "codex is not installed: npm install -g @openai/codex"];
    person.says(&["init", "--agent", "codex", "--verify", "test -s out.txt"], 0, &texts);
    person.says(&["add", "--title", "Write it"], 0, &[]);
    let missing =
        ["codex was not found on the PATH", "hint: install it: npm install -g @openai/codex"];
    person.says(&["run"], 2, &missing);
    person.says(&["doctor"], 1, &["-> install it: npm install -g @openai/codex"]);
    // The written configuration stays, and a warning reports that the flags had no effect.
    person.says(
        &["init", "--agent", "claude"],
        0,
        &["warning: --agent and --verify were not written"],
    );
    person.says(&["run", "--agent", "claude"], 0, &["the task is complete"]);
    let Left(_, out, _) = person.run(&["why", "T-001", "--json"]);
    let why: Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!(why["attempts"][0]["agent"]["preset"], "claude");
}

#[test]
fn without_tools_each_verb_names_what_to_configure() {
    let person = Person::with(&[]);
    let lacks = "1. set in workloop.toml which agent runs and what verifies its work";
    person.says(&["init"], 0, &["agent: none found", "verification: none found", lacks]);
    person.says(
        &["agents"],
        0,
        &["Any other command can be an agent: set run = \"…\" under [agents.NAME]"],
    );
    person.says(
        &["doctor"],
        1,
        &["warn  agent      none is configured", "-> add [[verify]] with run"],
    );
    person.says(&["add", "--title", "x"], 0, &[]);
    person.says(
        &["run", "--verify", "true"],
        2,
        &["add [agents.default] with preset = \"claude\" or run"],
    );
    person.folder.write("agent.sh", "cat >/dev/null\n");
    let by_hand = "[agents.default]\nrun = \"claude -p\"\n";
    person.folder.write("other.toml", by_hand);
    let words = ["doctor", "--config", "other.toml"];
    person.says(&words, 1, &["claude -p; preset = \"claude\" would read limits"]);
    person.says(
        &["run", "--agent", "sh agent.sh", "--verify", "true"],
        0,
        &["the task is complete"],
    );
}

/// A test call determines the login more reliably than a file does.
#[test]
fn a_test_call_determines_the_login() {
    let person = Person::with(&["claude"]);
    person.says(&["agents"], 0, &["claude     1.2.3, not logged in: claude, then /login"]);
    let texts = ["claude     1.2.3, logged in", "dry call: ok (cost unknown): ready"];
    person.says(&["agents", "--probe"], 0, &texts);
}
