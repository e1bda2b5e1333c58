//! The variables with which agents log in, and those that mark a running agent session.

use crate::domain::Command;

/// The programs of each agent, and the variables with which it logs in.
const LOGINS: [(&[&str], &[&str]); 8] = [
    (
        &["claude", "claude-code"],
        &["ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "CLAUDE_CODE_OAUTH_TOKEN"],
    ),
    (&["codex"], &["CODEX_API_KEY", "OPENAI_API_KEY"]),
    (&["gemini", "gemini-cli"], &["GEMINI_API_KEY", "GOOGLE_API_KEY"]),
    (&["opencode", "opencode-ai"], &["OPENCODE_API_KEY", "OPENROUTER_API_KEY"]),
    (&["cursor-agent"], &["CURSOR_API_KEY"]),
    (&["copilot"], &["COPILOT_GITHUB_TOKEN", "GH_TOKEN", "GITHUB_TOKEN"]),
    (&["amp"], &["AMP_API_KEY"]),
    (&["aider"], &["AIDER_API_KEY", "AIDER_OPENAI_API_KEY", "AIDER_ANTHROPIC_API_KEY"]),
];

/// Agents that use models of other providers, and so also log in with the variables of those.
const BROKERS: [&str; 2] = ["opencode", "aider"];

/// The variables of the providers that these use.
const MODELS: [&str; 10] = [
    "ANTHROPIC_API_KEY",
    "OPENAI_API_KEY",
    "GEMINI_API_KEY",
    "GOOGLE_API_KEY",
    "OPENROUTER_API_KEY",
    "DEEPSEEK_API_KEY",
    "GROQ_API_KEY",
    "MISTRAL_API_KEY",
    "XAI_API_KEY",
    "COHERE_API_KEY",
];

/// Variables that an agent sets for its child processes. With these, a nested agent would consider
/// itself part of the outer session.
const SESSION: [&str; 20] = [
    "CLAUDECODE",
    "CLAUDE_CODE_ENTRYPOINT",
    "CLAUDE_CODE_SESSION_*",
    "CLAUDE_CODE_SSE_PORT",
    "CLAUDE_CODE_REMOTE",
    "CLAUDE_PROJECT_DIR",
    "CLAUDE_ENV_FILE",
    "CLAUDE_PLUGIN_ROOT",
    "CODEX_SANDBOX*",
    "CODEX_THREAD_ID",
    "CODEX_INTERNAL_*",
    "GEMINI_CLI",
    "GEMINI_CLI_IDE_*",
    "CURSOR_AGENT",
    "CURSOR_TRACE_ID",
    "OPENCODE",
    "OPENCODE_CALLER",
    "AMP_THREAD_ID",
    "AMP_CURRENT_THREAD_ID",
    "COPILOT_AGENT_*",
];

/// Returns whether a variable belongs to an agent session around this process.
pub(super) fn is_of_a_session(name: &str) -> bool {
    SESSION.iter().any(|pattern| crate::domain::pattern_names(pattern, name))
}

/// Returns the variables with which the program of `command` logs in: those of the agent, or those
/// of all agents if the program is unknown.
pub(in crate::agent) fn logins(command: &Command) -> Vec<&'static str> {
    let programs = programs(command);
    let is_run = |names: &[&str]| programs.iter().any(|program| names.contains(&program.as_str()));
    let known: Vec<_> = LOGINS.iter().filter(|(names, _)| is_run(names)).collect();
    if known.is_empty() {
        let all = LOGINS.iter().flat_map(|(_, variables)| variables.iter().copied());
        return all.chain(MODELS).collect();
    }
    let own = known.iter().flat_map(|(_, variables)| variables.iter().copied());
    let broker = known.iter().any(|(names, _)| names.iter().any(|name| BROKERS.contains(name)));
    own.chain(broker.then_some(MODELS).into_iter().flatten()).collect()
}

/// Wrappers that only start the program after them.
const STARTERS: [&str; 14] = [
    "env", "exec", "command", "nice", "nohup", "time", "timeout", "stdbuf", "setsid", "npx",
    "bunx", "pnpm", "dlx", "uvx",
];

/// Returns the names of the programs that a command starts directly, without folders.
fn programs(command: &Command) -> Vec<String> {
    match command {
        Command::List(words) => first(words.iter().map(String::as_str)).into_iter().collect(),
        Command::Shell(text) => {
            let each = text.split(['|', '&', ';', '(', ')', '{', '\n', '`']);
            each.filter_map(|part| first(part.split_whitespace())).collect()
        }
    }
}

/// Returns the name of the first program among `words`.
fn first<'w>(mut words: impl Iterator<Item = &'w str>) -> Option<String> {
    let program = words.find(|word| !is_before_program(word))?;
    let name = program.trim_matches(['"', '\'']).rsplit('/').next()?;
    // A package with its version: @anthropic-ai/claude-code@latest.
    Some(name.split('@').next().unwrap_or(name).to_owned())
}

/// Returns whether a word precedes the program: an assignment, a flag, a number or a wrapper.
fn is_before_program(word: &str) -> bool {
    let assigns = word.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty() && name.bytes().all(|byte| byte == b'_' || byte.is_ascii_alphanumeric())
    });
    let is_number = word.starts_with(|c: char| c.is_ascii_digit());
    assigns || word.starts_with('-') || is_number || STARTERS.contains(&word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(text: &str) -> Vec<&'static str> {
        logins(&Command::Shell(text.to_owned()))
    }

    #[test]
    fn an_agent_has_its_own_logins_and_not_those_of_others() {
        for text in [
            "claude -p",
            "cd x && /opt/bin/claude -p",
            "cat \"$WORKLOOP_PROMPT_FILE\" | FOO=1 timeout 60 claude",
            "npx -y @anthropic-ai/claude-code@latest -p",
        ] {
            assert_eq!(shell(text), LOGINS[0].1, "{text}");
        }
        let list = Command::List(["codex", "exec", "-"].map(str::to_owned).to_vec());
        assert_eq!(logins(&list), LOGINS[1].1);
        assert!(shell("aider --yes").contains(&"DEEPSEEK_API_KEY"));
        assert!(!shell("gemini -p x").contains(&"OPENAI_API_KEY"));
    }

    #[test]
    fn a_program_that_nobody_knows_has_all() {
        for text in ["./agent.sh", "sh -c 'x'", "./agent.sh claude", ""] {
            let all = shell(text);
            for (_, variables) in LOGINS {
                assert!(variables.iter().all(|name| all.contains(name)), "{text}");
            }
        }
    }

    #[test]
    fn sessions_are_told_from_settings() {
        for name in ["CLAUDECODE", "CLAUDE_CODE_SSE_PORT", "CODEX_SANDBOX_NETWORK_DISABLED"] {
            assert!(is_of_a_session(name), "{name}");
        }
        for name in ["CLAUDE_CONFIG_DIR", "CLAUDE_CODE_USE_BEDROCK", "CODEX_HOME"] {
            assert!(!is_of_a_session(name), "{name}");
        }
    }
}
