//! aider: prints only text, and exits with 0 even if the service failed.

use super::adapter::{Adapter, Call, Knows, flag, no_status, words};
use super::told::Told;
use crate::domain::{Preset, Tokens};
use serde_json::{Value, json};

pub(super) static ADAPTER: Adapter = Adapter {
    preset: Preset::Aider,
    program: "aider",
    arguments,
    event: |_, _| {},
    lines,
    streams: false,
    status: no_status,
    knows: &[Knows::Cost, Knows::Tokens],
    has_permissions: false,
    install: "python3 -m pip install aider-install && aider-install",
    login: "export the API key of the model, such as ANTHROPIC_API_KEY",
    credentials: None,
};

fn arguments(call: &Call<'_>) -> Vec<String> {
    let list = ["--yes-always", "--no-auto-commits", "--no-stream", "--no-pretty"];
    let mut list = words(&list);
    flag(&mut list, "--model", call.model);
    list.extend(words(&["--message-file", "{prompt_file}"]));
    list
}

/// Processes the output. A line such as
/// `Tokens: 2.3k sent, 150 received. Cost: $0.01 message, $0.02 session.` follows each reply.
/// Without one, the model did not reply, and the output is from the tool itself.
fn lines(told: &mut Told, lines: &[&str]) {
    let used: Vec<&&str> = lines.iter().filter(|line| is_usage(line)).collect();
    for line in &used {
        let numbers = |word: &str| amount_before(line, word).unwrap_or(0);
        let (sent, received) = (numbers(" sent"), numbers(" received"));
        told.add_tokens(Tokens::with_cached_inside(sent, received, numbers(" cache hit")));
    }
    if let Some(cost) = used.last().and_then(|line| session_cost(line)) {
        told.add_cost(&json!(cost));
    }
    if used.is_empty() {
        let own = lines.iter().filter(|line| line.trim_start().starts_with("litellm."));
        let own: Vec<Value> = own.map(|line| json!(line.trim())).collect();
        own.iter().for_each(|line| told.error(line));
        if !told.errors.is_empty() {
            told.failed(None);
        }
    }
}

fn is_usage(line: &str) -> bool {
    line.starts_with("Tokens: ") && line.contains(" sent") && line.contains(" received")
}

/// Parses the number before a word, such as `2.3k` or `1,234`.
fn amount_before(line: &str, word: &str) -> Option<u64> {
    let end = line.find(word)?;
    let text = line[..end].rsplit(' ').next()?.replace(',', "");
    let (digits, factor) = match text.strip_suffix(['k', 'K']) {
        Some(digits) => (digits, 1000.0),
        None => match text.strip_suffix('M') {
            Some(digits) => (digits, 1e6),
            None => (text.as_str(), 1.0),
        },
    };
    let amount: f64 = digits.parse().ok()?;
    (amount >= 0.0).then_some((amount * factor).round() as u64)
}

fn session_cost(line: &str) -> Option<f64> {
    let end = line.find(" session")?;
    line[..end].rsplit('$').next()?.trim().parse().ok()
}
