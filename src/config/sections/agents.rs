//! `[agents]`: the agents that do the work, by preset or by command.

use super::{environment, named};
use crate::agent::{
    ARGS, AgentProfile, DEFAULT_GRACE, DEFAULT_TIMEOUT, Knows, Means, OwnText, Permission, Tool,
    adapter,
};
use crate::config::model::Config;
use crate::config::names::fold;
use crate::config::paths::resolve;
use crate::config::reader::{Section, word};
use crate::domain::{Command, Preset, nearest};
use regex::Regex;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// Reads all agents.
pub(in crate::config) fn read(agents: &Section<'_>, folder: &Path, config: &mut Config) {
    config.strict_agents = agents.flag("strict").is_some_and(|flag| *flag);
    let mut fallbacks: Vec<(String, Range<usize>)> = Vec::new();
    for (name, span, value) in agents.entries() {
        let Some(section) = agents.open(&name, value) else { continue };
        if matches!(fold(&name).as_str(), "manual" | "human") {
            agents.reader.report(span, format!("{name} is reserved for a person and is never run"));
            continue;
        }
        if let Some(other) = config.agents.keys().find(|other| fold(other) == fold(&name)) {
            let message = format!(
                "agent {name} has the same name as {other}: case and separators are ignored"
            );
            agents.reader.report(span, message);
            continue;
        }
        fallbacks.extend(section.spanned_texts("fallback"));
        if let Some(agent) = one(&section, (&name, &span), folder, &mut config.env_files) {
            config.agents.insert(name, agent);
        }
    }
    // A name may be missing only because its section was refused.
    if agents.reader.count() > 0 {
        return;
    }
    for (name, span) in fallbacks {
        if config.agent_named(&name).is_none() {
            let known = config.agents.keys().map(String::as_str);
            let meant = nearest(&name, known);
            let meant = meant.map_or_else(String::new, |meant| format!("; did you mean {meant}?"));
            agents.reader.report(span, format!("there is no agent {name}{meant}"));
        }
    }
}

/// Checks the verification profiles that agents choose, once the steps are known. A name may be
/// missing only because its section was refused.
pub(in crate::config) fn check_verify(agents: &Section<'_>, config: &Config) {
    if agents.reader.count() > 0 {
        return;
    }
    for (name, _, value) in agents.entries() {
        let Some(section) = agents.open(&name, value) else { continue };
        for (profile, span) in section.spanned_texts("verify") {
            named::check(&section, &span, ("verification profile", &profile), config);
        }
    }
}

fn one(
    section: &Section<'_>,
    (name, span): (&str, &Range<usize>),
    folder: &Path,
    env_files: &mut Vec<PathBuf>,
) -> Option<AgentProfile> {
    let before = section.reader.count();
    let tool = tool(section);
    let is_command = tool.preset == Preset::Command;
    if is_command && tool.run.is_none() && section.reader.count() == before {
        section.reader.report(
            span.clone(),
            format!(
                "agent {name} needs run: a string for the shell, or a list of arguments; or preset, \
                 the name of a known tool"
            ),
        );
    }
    let timeout = section.duration("timeout").unwrap_or(DEFAULT_TIMEOUT);
    let silence = section.duration("silence");
    let grace = section.duration("grace").unwrap_or(DEFAULT_GRACE);
    let max_parallel = section.number("max_parallel", 1).map(|number| *number);
    let ok_exit_codes = section.exit_codes("ok_exit_codes", 0);
    let verify = section.texts("verify");
    let prompt = section.text("prompt").map(|path| resolve(folder, &path.value));
    let environment = environment::read(section, folder, env_files);
    section.close(&["isolation", "sandbox", "network"]);
    let nothing = is_command && tool.run.is_none();
    let fresh = AgentProfile::new(name, tool.command(None));
    let login = tool.login().unwrap_or_else(|| fresh.command.clone());
    (!nothing).then_some(AgentProfile {
        tool,
        login,
        timeout,
        silence,
        grace,
        max_parallel,
        ok_exit_codes,
        prompt,
        verify,
        environment,
        ..fresh
    })
}

/// Reads which tool it is, and how it is called.
fn tool(section: &Section<'_>) -> Tool {
    let preset = section.spanned_text("preset");
    let preset = preset.map_or(Preset::Command, |(word, span)| {
        Preset::from_word(&word).unwrap_or_else(|| {
            let known = Preset::ALL.map(Preset::word);
            let meant = nearest(&word, known);
            let meant = meant.map_or_else(String::new, |meant| format!(" (did you mean {meant}?)"));
            let message = format!("unknown preset {word}{meant}; known: {}", known.join(", "));
            section.reader.report(span, message);
            Preset::Command
        })
    });
    let model = section.text("model");
    let permission = word(section, "permission", &Permission::WORDS);
    let resume = section.flag("resume");
    let tool = Tool {
        preset,
        run: section.command("run"),
        args: section.texts("args"),
        model: model.as_ref().map(|model| model.value.clone()),
        permission: permission.as_ref().map(|p| p.value).unwrap_or_default(),
        budget_usd: None,
        account: account(section),
        fallback: section.texts("fallback"),
        resume: resume.as_ref().is_some_and(|flag| flag.value),
        texts: own_texts(section),
        cost_estimate_usd: section.amount("cost_estimate_usd").map(|cost| cost.value),
    };
    let refuse = |key: &'static str, why: &str| section.refuse(key, why);
    // A key that would have no effect is refused.
    let called = match &tool.run {
        None => preset != Preset::Command,
        Some(Command::List(words)) => words.iter().any(|word| word == ARGS),
        Some(Command::Shell(_)) => false,
    };
    let whole = |key: &str| {
        format!(
            "{key} needs the preset's own arguments: remove run, or put \"{ARGS}\" into its list"
        )
    };
    let adapter = adapter(preset);
    if model.is_some() && !called {
        refuse("model", &whole("model"));
    } else if model.is_some() && preset == Preset::Amp {
        refuse("model", "amp chooses its model itself; remove model");
    }
    if tool.resume && !called {
        refuse("resume", &whole("resume"));
    } else if tool.resume && !adapter.tells(Knows::Resume) {
        refuse("resume", &format!("{preset} cannot resume sessions; remove resume"));
    }
    if permission.is_some() && !(called && adapter.has_permissions) {
        let why =
            "permission is for the presets claude, codex and gemini, without a run of your own";
        refuse("permission", why);
    }
    if !tool.args.is_empty() && matches!(tool.run, Some(Command::Shell(_))) {
        refuse("args", "a string for the shell takes no args; write them into run");
    }
    tool
}

/// Reads the patterns that give meanings to messages on the tool's error channel.
fn own_texts(section: &Section<'_>) -> Vec<OwnText> {
    let mut all = Vec::new();
    for (key, means) in Means::WORDS {
        for (pattern, span) in section.spanned_texts(key) {
            if let Err(error) = Regex::new(&pattern) {
                let why = error.to_string().replace('\n', " ");
                section.reader.report(span, format!("{key} is no regular expression: {why}"));
                continue;
            }
            all.push(OwnText { means, pattern });
        }
    }
    all
}

/// Passes the cost limit of an attempt to agents that can enforce it themselves.
pub(in crate::config) fn put_budgets(config: &mut Config) {
    let budget = config.limits.attempt.cost_usd;
    for agent in config.agents.values_mut() {
        agent.tool.budget_usd = budget.filter(|_| agent.tool.preset == Preset::Claude);
        agent.command = agent.tool.command(None);
    }
}

/// Reads a name that can be used as a folder name.
fn account(section: &Section<'_>) -> Option<String> {
    let account = section.text("account")?;
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "-_.@+".contains(letter);
    let name = account.value;
    if name.starts_with('.') || name.len() > 64 || !name.chars().all(plain) {
        section.refuse("account", "account must be a name of letters, digits and any of - _ . @ +");
        return None;
    }
    Some(name)
}

#[cfg(test)]
mod tests;
