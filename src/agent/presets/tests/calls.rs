//! Tests the command lines of the tools, and what is known of each.

use super::super::adapter::{ARGS, Call, Knows, PROMPT, Permission};
use super::super::{adapter, named};
use crate::domain::{Command, Preset};

fn line(preset: Preset, call: &Call<'_>, more: &[&str]) -> String {
    let more: Vec<String> = more.iter().map(ToString::to_string).collect();
    adapter(preset).command(call, &more).to_string()
}

#[test]
fn tools_without_a_session_or_a_permission_have_the_same_line() {
    let full = Call {
        model: Some("m"),
        session: Some("s-1"),
        permission: Permission::All,
        budget_usd: Some(1.5),
    };
    for (preset, plain, all) in [
        (
            Preset::Opencode,
            "opencode run --format json",
            "opencode run --format json --model m --session s-1",
        ),
        (
            Preset::Copilot,
            "copilot --allow-all-tools --prompt {prompt}",
            "copilot --allow-all-tools --model m --prompt {prompt}",
        ),
        (
            Preset::Aider,
            "aider --yes-always --no-auto-commits --no-stream --no-pretty --message-file {prompt_file}",
            "aider --yes-always --no-auto-commits --no-stream --no-pretty --model m --message-file {prompt_file}",
        ),
        (Preset::Command, "", ""),
    ] {
        assert_eq!(line(preset, &Call::default(), &[]), plain, "{preset}");
        assert_eq!(line(preset, &full, &[]), all, "{preset}");
    }
    let budget = |usd| Call { budget_usd: Some(usd), ..Call::default() };
    assert!(line(Preset::Claude, &budget(2.0), &[]).ends_with("--max-budget-usd 2"));
    assert!(!line(Preset::Codex, &budget(2.0), &[]).contains("budget"));
}

#[test]
fn more_arguments_come_before_the_prompt_and_behind_all_others() {
    for (preset, end) in [
        (Preset::Claude, "acceptEdits --a b"),
        (Preset::Codex, "--skip-git-repo-check --a b -"),
        (Preset::Gemini, "auto_edit --a b"),
        (Preset::Opencode, "json --a b"),
        (Preset::Cursor, "--force --a b {prompt}"),
        (Preset::Copilot, "--allow-all-tools --a b --prompt {prompt}"),
        (Preset::Amp, "--dangerously-allow-all --a b"),
        (Preset::Aider, "{prompt_file} --a b"),
    ] {
        let found = line(preset, &Call::default(), &["--a", "b"]);
        assert!(found.ends_with(end), "{preset}: {found}");
    }
}

#[test]
fn a_wrapper_gets_the_arguments_where_it_asks_for_them() {
    let list = |words: &[&str]| Command::List(words.iter().map(ToString::to_string).collect());
    let more = ["--a".to_owned()];
    let inside = |preset, run: &Command| adapter(preset).inside(run, &Call::default(), &more);
    let wrapped = inside(Preset::Opencode, &list(&["nice", ARGS, "--", ARGS]));
    let expected =
        ["nice", "run", "--format", "json", "--a", "--", "run", "--format", "json", "--a"];
    assert_eq!(wrapped, list(&expected));
    // Without the placeholder, only the additional arguments are passed, at the end.
    assert_eq!(
        inside(Preset::Opencode, &list(&["x", "{args} y"])),
        list(&["x", "{args} y", "--a"])
    );
    let shell = Command::Shell("opencode {args}".into());
    assert_eq!(inside(Preset::Opencode, &shell), shell, "a text for the shell is never changed");
    assert_eq!((ARGS, PROMPT), ("{args}", "{prompt}"));
}

#[test]
fn each_tool_tells_what_its_documentation_says() {
    use Knows::{Cost, Limits, Model, Resume, Session, Tokens};
    for (preset, program, knows, permissions, file) in [
        (
            Preset::Claude,
            "claude",
            &[Cost, Tokens, Limits, Resume, Model, Session][..],
            true,
            Some("CLAUDE_CONFIG_DIR .claude .credentials.json"),
        ),
        (
            Preset::Codex,
            "codex",
            &[Tokens, Limits, Resume, Session],
            true,
            Some("CODEX_HOME .codex auth.json"),
        ),
        (
            Preset::Gemini,
            "gemini",
            &[Tokens, Limits, Resume, Model, Session],
            true,
            Some("GEMINI_DIR .gemini oauth_creds.json"),
        ),
        (Preset::Opencode, "opencode", &[Cost, Tokens, Resume, Session], false, None),
        (Preset::Cursor, "cursor-agent", &[Resume, Model, Session], false, None),
        (Preset::Copilot, "copilot", &[], false, None),
        (Preset::Amp, "amp", &[Tokens, Resume, Session], false, None),
        (Preset::Aider, "aider", &[Cost, Tokens], false, None),
        (Preset::Command, "", &[], false, None),
    ] {
        let found = adapter(preset);
        assert_eq!((found.preset, found.program), (preset, program));
        assert_eq!(found.knows, knows, "{preset}");
        assert_eq!(found.has_permissions, permissions, "{preset}");
        let credentials = found.credentials;
        let credentials =
            credentials.map(|it| format!("{} {} {}", it.variable, it.folder, it.file));
        assert_eq!(credentials.as_deref(), file, "{preset}");
        // Whoever lacks a tool is told how to install it and to log in.
        assert_eq!(found.install.is_empty(), program.is_empty(), "{preset}");
        assert_eq!(found.login.is_empty(), program.is_empty(), "{preset}");
        for what in [Cost, Tokens, Limits, Resume, Model, Session] {
            assert_eq!(found.tells(what), knows.contains(&what), "{preset} {what:?}");
        }
        assert_eq!(format!("{found:?}"), format!("Adapter {{ preset: {preset:?}, .. }}"));
    }
    let words = [Cost, Tokens, Limits, Resume, Model, Session].map(Knows::word);
    assert_eq!(words, ["cost", "tokens", "limits", "resume", "model", "session"]);
}

#[test]
fn a_tool_is_named_by_its_program_or_its_preset() {
    for (text, preset) in [
        ("claude", Some(Preset::Claude)),
        ("cursor", Some(Preset::Cursor)),
        ("cursor-agent", Some(Preset::Cursor)),
        ("aider", Some(Preset::Aider)),
        ("Claude", None),
        ("claude --print", None),
        ("command", None),
        ("", None),
    ] {
        assert_eq!(named(text).map(|found| found.preset), preset, "{text}");
    }
}
