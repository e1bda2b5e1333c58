//! Interprets the error texts of tools, if no event gives the meaning.
//!
//! Only the tool's own error channel is examined: the texts of its error events, and the last lines
//! of its stderr. Prompts, replies of the model and output of commands are never examined: in a
//! task about usage limits, they contain all of these phrases.

use crate::platform::fault::{self, Fault};

/// The meaning of an error text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// The account has reached a usage limit.
    UsageLimit,
    /// The service fails temporarily.
    Transient,
    /// The tool is not logged in.
    Auth,
    /// The limit of turns is reached.
    Turns,
    /// The limit of cost is reached.
    Cost,
}

/// Phrases and their meanings. The first match applies.
const PHRASES: [(Meaning, &[&str]); 6] = [
    (
        Meaning::Transient,
        &["not your usage limit", "temporarily limiting", "temporarily overloaded", "overloaded"],
    ),
    (
        Meaning::Auth,
        &[
            "not logged in",
            "not signed in",
            "please run /login",
            "invalid api key",
            "incorrect api key",
            "invalid x-api-key",
            "invalid bearer token",
            "no api key",
            "missing api key",
            "api key is required",
            "api key not found",
            "api key not valid",
            "authentication_error",
            "authentication_failed",
            "authenticationerror",
            "authentication required",
            "authentication failed",
            "no authentication information",
            "not authenticated",
            "unauthorized",
            "please log in",
            "please login",
            "please sign in",
            "please authenticate",
            "log in again",
            "sign in again",
            "login required",
            "token has expired",
            "token expired",
            "set an auth method",
        ],
    ),
    (Meaning::Cost, &["max budget", "budget exceeded", "maximum budget"]),
    (
        Meaning::Turns,
        &["max turns", "maximum number of turns", "max session turns", "turn limit reached"],
    ),
    (
        Meaning::UsageLimit,
        &[
            "hit your limit",
            "reached your limit",
            "usage limit",
            "usage_limit",
            "session limit",
            "daily limit",
            "weekly limit",
            "monthly limit",
            "spending limit",
            "spend cap",
            "limit reached",
            "limit exceeded",
            "limit has been reached",
            "out of extra usage",
            "out of credits",
            "out of free usage",
            "credit balance is too low",
            "insufficient credit",
            "insufficient balance",
            "insufficient funds",
            "not enough credits",
            "insufficient_quota",
            "quota_exceeded",
            "quota exceeded",
            "quota has been",
            "quota exhausted",
            "no quota",
            "exceeded your current quota",
            "exhausted your daily quota",
            "exhausted your capacity",
            "premium request",
            "resource_exhausted",
            "rate limit",
            "rate_limit",
            "rate-limit",
            "ratelimiterror",
            "too many requests",
        ],
    ),
    (
        Meaning::Transient,
        &[
            "internal server error",
            "internal_server_error",
            "internalservererror",
            "service unavailable",
            "serviceunavailableerror",
            "temporarily unavailable",
            "server is busy",
            "bad gateway",
            "gateway timeout",
            "server_error",
            "at capacity",
            "high demand",
            "stream disconnected",
            "connection error",
            "connection refused",
            "connection reset",
            "apiconnectionerror",
            "unable to connect",
            "error sending request",
            "network error",
            "network is unreachable",
            "dns error",
            "getaddrinfo",
            "socket hang up",
            "fetch failed",
            "econnreset",
            "econnrefused",
            "etimedout",
            "enotfound",
            "eai_again",
            "request timed out",
            "litellm.timeout",
        ],
    ),
];
/// Phrases that tools use for limits of many kinds.
const OF_MANY_LIMITS: [&str; 4] =
    ["limit reached", "limit exceeded", "limit has been reached", "quota exceeded"];
/// Words before such a phrase that show that it is not a limit of the account: the next attempt may
/// begin at once.
const NOT_OF_ACCOUNTS: [&str; 28] = [
    "context",
    "window",
    "length",
    "size",
    "token",
    "tokens",
    "output",
    "input",
    "turn",
    "turns",
    "step",
    "steps",
    "iteration",
    "iterations",
    "tool",
    "call",
    "depth",
    "recursion",
    "disk",
    "storage",
    "memory",
    "file",
    "files",
    "time",
    "wall-clock",
    "line",
    "buffer",
    "retry",
];

/// Returns the position of `phrase` in `text`. Occurrences that mean another limit than that of the
/// account are skipped.
fn held(text: &str, phrase: &str) -> Option<usize> {
    if !OF_MANY_LIMITS.contains(&phrase) {
        return text.find(phrase);
    }
    let of_account = |at: &usize| {
        let before = text[..*at].split_whitespace().next_back().unwrap_or_default();
        !NOT_OF_ACCOUNTS.contains(&before.trim_matches(|letter: char| !letter.is_alphanumeric()))
    };
    text.match_indices(phrase).map(|(at, _)| at).find(of_account)
}

/// Returns the meaning of the text of an error event.
pub(super) fn of_event(text: &str) -> Option<Meaning> {
    let text = plain(text);
    let phrase = |phrases: &[&str]| phrases.iter().any(|phrase| held(&text, phrase).is_some());
    let found = PHRASES.iter().find(|(_, phrases)| phrase(phrases)).map(|(meaning, _)| *meaning);
    found.or_else(|| status_in(&text).and_then(of_status))
}

/// Returns the meaning of an HTTP status.
pub(super) fn of_status(status: i64) -> Option<Meaning> {
    match status {
        401 => Some(Meaning::Auth),
        402 | 429 => Some(Meaning::UsageLimit),
        408 | 500..=599 => Some(Meaning::Transient),
        _ => None,
    }
}

/// Returns the first meaningful line of a tool's stderr, with its meaning. Lines that occur in the
/// prompt are echoes of it and are ignored.
pub(super) fn of_lines<'l>(
    lines: impl Iterator<Item = &'l str>,
    prompt: &str,
) -> Option<(Meaning, &'l str)> {
    lines.filter(|line| !is_of_prompt(line, prompt)).find_map(|line| {
        let (said, is_error) = bare(line);
        let meaning = of_event(said)?;
        let lower = plain(said);
        let begins = |phrases: &[&str]| phrases.iter().any(|p| near_start(&lower, p));
        let begins = PHRASES.iter().any(|(_, phrases)| begins(phrases));
        (is_error || begins || fault::is(Fault::TaskTextMatched)).then_some((meaning, line))
    })
}

/// Returns whether a phrase is close enough to the start that the line is about it.
fn near_start(line: &str, phrase: &str) -> bool {
    held(line, phrase).is_some_and(|at| at <= 24)
}

/// Returns whether a line is part of the prompt, which a tool may echo.
pub(super) fn is_of_prompt(line: &str, prompt: &str) -> bool {
    let (said, _) = bare(line);
    !said.is_empty()
        && (prompt.contains(said.trim()) || prompt.contains(line.trim()))
        && !fault::is(Fault::TaskTextMatched)
}

/// Strips the prefixes that tools put before an error. Returns the rest, and whether there was one.
fn bare(line: &str) -> (&str, bool) {
    const BEFORE: [&str; 13] = [
        "api error:",
        "[api error:",
        "error:",
        "fatal:",
        "fatal error:",
        "[error]",
        "✖",
        "✗",
        "■",
        "×",
        "⚠",
        "❌",
        "error",
    ];
    let (mut said, mut is_error) = (line.trim(), false);
    loop {
        let lower = said.get(..16.min(said.len())).unwrap_or(said).to_lowercase();
        let Some(prefix) = BEFORE.iter().find(|prefix| lower.starts_with(**prefix)) else {
            return (said, is_error || said.to_lowercase().starts_with("litellm."));
        };
        let Some(rest) = said.get(prefix.len()..) else { return (said, is_error) };
        (said, is_error) = (rest.trim_start(), true);
    }
}

/// Normalises a text for comparison with the phrases.
fn plain(text: &str) -> String {
    text.to_lowercase().replace(['\u{2019}', '\u{2018}'], "'")
}

/// Returns the HTTP status that a text mentions.
fn status_in(text: &str) -> Option<i64> {
    let words = text.split(|letter: char| !letter.is_ascii_alphanumeric());
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).take(60).collect();
    words.iter().enumerate().find_map(|(at, word)| {
        let status = word.parse().ok().filter(|n| word.len() == 3 && (400..600).contains(n))?;
        let before = at.checked_sub(1).map_or("error", |before| words[before]);
        let names = matches!(before, "status" | "http" | "error" | "code" | "apierror");
        names.then_some(status)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_tools_are_understood() {
        for (text, meaning) in [
            ("You've hit your limit · resets 5pm (Europe/Vilnius)", Meaning::UsageLimit),
            ("You’ve hit your usage limit. Upgrade to Pro", Meaning::UsageLimit),
            ("Weekly limit reached · resets 10am", Meaning::UsageLimit),
            ("5-hour limit reached ∙ resets 2am", Meaning::UsageLimit),
            ("Claude AI usage limit reached|1753077600", Meaning::UsageLimit),
            ("You're out of extra usage · resets 9pm", Meaning::UsageLimit),
            ("402 You have no quota", Meaning::UsageLimit),
            ("You have exceeded your premium request allowance", Meaning::UsageLimit),
            ("Insufficient credits. Add credits to continue", Meaning::UsageLimit),
            ("Token limit reached for today: daily limit", Meaning::UsageLimit),
            ("Turn limit reached", Meaning::Turns),
            ("No authentication information found.", Meaning::Auth),
            ("Your refresh token was revoked. Please log out and sign in again.", Meaning::Auth),
            ("Your workspace is out of credits", Meaning::UsageLimit),
            ("You hit your spend cap set by your admin", Meaning::UsageLimit),
            ("exceeded retry limit, last status: 429 Too Many Requests", Meaning::UsageLimit),
            ("exceeded retry limit, last status: 503", Meaning::Transient),
            ("[API Error: 429 RESOURCE_EXHAUSTED]", Meaning::UsageLimit),
            ("Server is temporarily limiting requests (not your usage limit)", Meaning::Transient),
            ("API Error: 529 {\"type\":\"overloaded_error\"}", Meaning::Transient),
            ("API Error: 500 oops", Meaning::Transient),
            ("stream disconnected before completion", Meaning::Transient),
            ("getaddrinfo EAI_AGAIN api.example.org", Meaning::Transient),
            ("Not logged in · Please run /login", Meaning::Auth),
            ("unexpected status 401 Unauthorized", Meaning::Auth),
        ] {
            assert_eq!(of_event(text), Some(meaning), "{text}");
        }
        for text in [
            "Something else went wrong",
            "exit 429",
            "port 5000 is in use",
            "Context limit reached · /compact or /clear to continue",
            "EDQUOT: disk quota exceeded, write",
            "Output token limit reached",
            "Recursion limit exceeded",
            "",
        ] {
            assert_eq!(of_event(text), None, "{text}");
        }
    }

    #[test]
    fn a_line_counts_only_as_a_complaint_of_the_tool_itself() {
        let meaning = |line, prompt| of_lines([line].into_iter(), prompt).map(|(m, _)| m);
        let limit = "Error: You've hit your usage limit. Try again at 3:28 PM.";
        assert_eq!(meaning(limit, ""), Some(Meaning::UsageLimit));
        assert_eq!(meaning("You've hit your limit · resets 5pm", ""), Some(Meaning::UsageLimit));
        for (line, prompt) in [
            (limit, "Show this: You've hit your usage limit. Try again at 3:28 PM."),
            ("test rates.py: expected the text to say that you hit your usage limit", ""),
            ("INFO the prompt says something about a client and its rate limit", ""),
        ] {
            assert_eq!(meaning(line, prompt), None, "{line}");
        }
    }
}
