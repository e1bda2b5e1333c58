use super::sandbox::Sandbox;
use serde_json::json;

/// A folder in which claude is installed and codex does not answer.
fn installed() -> Sandbox {
    Sandbox::empty()
        .program("claude", "echo; echo ' 2.1.0 (Claude Code)\u{1b}[2J '; echo more")
        .program("codex", "echo 1.0; exit 3")
        .var("HOME", "DIR/home")
}

/// Returns the lines about the first two presets.
fn first_lines(sandbox: &Sandbox) -> String {
    let text = sandbox.reads("agents").printed();
    text.lines().take(4).map(|line| format!("{line}\n")).collect()
}

#[test]
fn each_preset_says_whether_it_is_installed() {
    let text = installed().reads("agents").printed();
    let login = if cfg!(target_os = "linux") {
        ["not logged in: claude, then /login", "not logged in: codex login"]
    } else {
        ["login unknown"; 2]
    };
    let rest = "gemini     not installed: npm install -g @google/gemini-cli\n\
                opencode   not installed: npm install -g opencode-ai\n\
                cursor     not installed: curl https://cursor.com/install -fsS | bash\n\
                copilot    not installed: npm install -g @github/copilot\n\
                amp        not installed: npm install -g @sourcegraph/amp\n\
                aider      not installed: python3 -m pip install aider-install && aider-install\n";
    assert_eq!(
        text,
        format!(
            "claude     2.1.0 (Claude Code)␛[2J, {}\n\
             \x20          DIR/bin/claude; reports cost, tokens, limits, resume, model, session\n\
             codex      version unknown, {}\n\
             \x20          DIR/bin/codex; reports tokens, limits, resume, session\n\
             {rest}",
            login[0], login[1]
        )
    );
}

#[test]
fn a_login_is_known_by_a_variable_or_a_file() {
    let key = installed().var("ANTHROPIC_API_KEY", "k");
    assert!(first_lines(&key).starts_with("claude     2.1.0 (Claude Code)␛[2J, logged in\n"));
    let file = installed().file("home/.codex/auth.json", "{}");
    assert!(first_lines(&file).contains("codex      version unknown, logged in\n"));
}

#[test]
fn without_any_agent_another_command_is_suggested() {
    let text = Sandbox::empty().without("XDG_STATE_HOME").reads("agents").printed();
    assert!(text.lines().take(8).all(|line| line.contains("  not installed: ")), "{text}");
    let last =
        "Any other command can be an agent: set run = \"…\" under [agents.NAME] in workloop.toml.";
    assert_eq!(text.lines().skip(8).collect::<Vec<_>>(), [last]);
}

#[test]
fn json_has_every_preset_whether_it_is_installed_or_not() {
    let sandbox = installed().var("ANTHROPIC_API_KEY", "k");
    let value = sandbox.reads("agents --json").json("agents");
    let agents = value["agents"].as_array().expect("agents");
    assert_eq!(agents.len(), 8);
    assert_eq!(
        agents[0],
        json!({
            "preset": "claude", "path": "DIR/bin/claude", "version": "2.1.0 (Claude Code)\u{1b}[2J",
            "logged_in": true,
            "knows": ["cost", "tokens", "limits", "resume", "model", "session"],
        })
    );
    let copilot =
        json!({"preset": "copilot", "path": null, "version": null, "logged_in": null, "knows": []});
    assert!(agents.contains(&copilot), "{value}");
}
