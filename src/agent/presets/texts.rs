//! Interprets the error texts of tools, if no event gives the meaning.
//!
//! Only the tool's own error channel is examined: the texts of its error events, and the last lines
//! of its stderr. Prompts, replies of the model and output of commands are never examined: in a
//! task about usage limits, they contain all of these phrases.

pub(super) use super::phrases::Meaning;
use super::phrases::{CODES, INTRODUCE, IS_REACHED, NAMES_OF_LIMITS, PHRASES, REACHES, held};
use crate::platform::fault::{self, Fault};

/// Returns the meaning of the text of an error event. What it quotes of anything else, such as of
/// `prompt`, has no meaning.
pub(super) fn of_event(text: &str, prompt: &str) -> Option<Meaning> {
    if fault::is(Fault::TaskTextMatched) {
        let text = plain(text);
        return PHRASES.iter().find_map(|(meaning, all)| {
            all.iter().any(|phrase| text.contains(phrase)).then_some(*meaning)
        });
    }
    let said = without_quotes(bare(text).0);
    let said = plain(&said);
    let mut clauses =
        clauses(&said).enumerate().filter(|(at, clause)| *at == 0 || addresses(clause));
    let prompt = plain(prompt);
    clauses.find_map(|(_, clause)| {
        let is_quoted = !clause.is_empty() && prompt.contains(clause) && !addresses(clause);
        if is_quoted { None } else { of_clause(clause) }
    })
}

/// Returns whether a clause speaks to the person who runs the tool.
fn addresses(clause: &str) -> bool {
    ["you ", "you've ", "you're ", "your ", "please ", "api error"]
        .iter()
        .any(|b| clause.starts_with(b))
}

/// Returns the clauses of a text. What precedes a colon is a clause of its own only if it introduces
/// what follows; otherwise the rest is about that.
fn clauses(text: &str) -> impl Iterator<Item = &str> {
    let ends = [". ", "; ", "\n", " \u{b7} ", " \u{2219} ", " \u{2022} ", "|"];
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let end = ends.iter().filter_map(|end| Some((rest.find(end)?, end.len()))).min();
        let (at, len) = end.unwrap_or((rest.len(), 0));
        let (clause, after) = (&rest[..at], &rest[at + len..]);
        rest = after;
        Some(clause.trim())
    })
}

/// Returns the meaning of one clause.
fn of_clause(clause: &str) -> Option<Meaning> {
    if let Some(found) = by_phrase(clause) {
        return Some(found);
    }
    if let Some(meaning) = status_in(clause).and_then(of_status) {
        return Some(meaning);
    }
    // An introduction, such as `stream error: ` or the name of an exception.
    let (head, rest) = clause.split_once(": ")?;
    let rest = rest.trim();
    if introduces(head) || is_name(head) || addresses(rest) { of_clause(rest) } else { None }
}

fn by_phrase(clause: &str) -> Option<Meaning> {
    let code = |phrase: &&str| CODES.contains(phrase) && clause.contains(*phrase);
    let says = |phrase: &&str| held(clause, phrase).is_some_and(|at| is_said(clause, at, phrase));
    let found = PHRASES.iter().find(|(_, all)| all.iter().any(|one| says(one) || code(one)));
    found.map(|(meaning, _)| *meaning)
}

/// Returns whether the text says `phrase`, which is at `at`, about itself.
fn is_said(text: &str, at: usize, phrase: &str) -> bool {
    let (before, after) = (&text[..at], &text[at + phrase.len()..]);
    if !introduces(before) {
        return false;
    }
    if !NAMES_OF_LIMITS.contains(&phrase) {
        return true;
    }
    let is = |list: &[&str], word: &str| list.contains(&word.trim_matches(is_mark));
    let reaches = before.split_whitespace().any(|word| is(&REACHES, word));
    let mut next = after.split_whitespace().filter(|word| !word.trim_matches(is_mark).is_empty());
    let alone = next.clone().next().is_none();
    let reached = next.by_ref().take(3).any(|word| is(&IS_REACHED, word));
    // An identifier such as `rate_limit_error`.
    let joined =
        after.starts_with(['_', '-']) && IS_REACHED.iter().any(|word| after[1..].starts_with(word));
    reaches || reached || alone || joined
}

/// Returns whether a word is the name of an exception.
fn is_name(word: &str) -> bool {
    let is_word = word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.".contains(&byte));
    is_word && (word.ends_with("error") || word.ends_with("exception"))
}

/// Returns whether `text` only introduces the body of a service.
pub(super) fn is_introduction(text: &str) -> bool {
    let text = plain(bare(text).0);
    text.split(':').all(|head| introduces(head) || is_name(head.trim_matches(is_mark)))
}

/// Returns whether `text` only introduces what a tool has to say.
fn introduces(text: &str) -> bool {
    let words = text.split([' ', '.', ',', ':', '/', '\t']).map(|word| word.trim_matches(is_mark));
    words.filter(|word| !word.is_empty()).all(|word| {
        let is_number = word.starts_with(|letter: char| letter.is_ascii_digit());
        is_number || INTRODUCE.contains(&format!(" {word} "))
    })
}

/// Returns whether a letter at the end of a word does not belong to it.
fn is_mark(letter: char) -> bool {
    !letter.is_alphanumeric() && letter != '_'
}

/// Removes what a text quotes, unless it is a quotation as a whole.
fn without_quotes(text: &str) -> String {
    const PAIRS: [(char, char); 6] = [
        ('"', '"'),
        ('`', '`'),
        ('\u{201c}', '\u{201d}'),
        ('\u{ab}', '\u{bb}'),
        ('\'', '\''),
        ('\u{2018}', '\u{2019}'),
    ];
    let (mut kept, mut rest) = (String::with_capacity(text.len()), text);
    while let Some((at, letter)) =
        rest.char_indices().find(|(_, l)| PAIRS.iter().any(|p| p.0 == *l))
    {
        let (before, after) = (&rest[..at], &rest[at + letter.len_utf8()..]);
        let begins = !before.ends_with(char::is_alphanumeric);
        let close = PAIRS.iter().find(|pair| pair.0 == letter).map_or(letter, |pair| pair.1);
        let end = after
            .match_indices(close)
            .map(|(at, _)| at)
            .find(|at| !after[at + close.len_utf8()..].starts_with(char::is_alphanumeric));
        kept.push_str(before);
        match end.filter(|_| begins) {
            // A quotation that is all there is.
            Some(end)
                if kept.trim().is_empty() && after[end + close.len_utf8()..].trim().is_empty() =>
            {
                kept.push_str(&after[..end]);
                rest = "";
            }
            Some(end) => {
                kept.push_str(" \u{2026} ");
                rest = &after[end + close.len_utf8()..];
            }
            None => {
                kept.push(letter);
                rest = after;
            }
        }
    }
    kept.push_str(rest);
    kept
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
    lines
        .filter(|line| !is_of_prompt(line, prompt))
        .find_map(|line| Some((of_event(line, prompt)?, line)))
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

/// Normalises a text for comparison with the phrases. Ends of lines stay.
fn plain(text: &str) -> String {
    let text =
        text.to_lowercase().replace(['\u{2019}', '\u{2018}'], "'").replace("...", "\u{2026}");
    let lines = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    lines.collect::<Vec<_>>().join("\n")
}

/// Returns the HTTP status that a text mentions, if nothing else precedes it.
fn status_in(text: &str) -> Option<i64> {
    let words = text.split(|letter: char| !letter.is_ascii_alphanumeric());
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).take(60).collect();
    words.iter().enumerate().find_map(|(at, word)| {
        let status = word.parse().ok().filter(|n| word.len() == 3 && (400..600).contains(n))?;
        let before = at.checked_sub(1).map_or("error", |before| words[before]);
        let names =
            matches!(before, "status" | "http" | "error" | "code" | "apierror" | "rejected");
        (names && introduces(&words[..at].join(" "))).then_some(status)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Texts of tools, each with its meaning.
    const KNOWN: &[(&str, Meaning)] = &[
        ("You've hit your limit · resets 5pm (Europe/Vilnius)", Meaning::UsageLimit),
        ("You’ve hit your usage limit. Upgrade to Pro", Meaning::UsageLimit),
        ("Weekly limit reached · resets 10am", Meaning::UsageLimit),
        ("5-hour limit reached ∙ resets 2am", Meaning::UsageLimit),
        ("Claude AI usage limit reached|1753077600", Meaning::UsageLimit),
        ("You're out of extra usage · resets 9pm", Meaning::UsageLimit),
        ("402 You have no quota", Meaning::UsageLimit),
        ("You have exceeded your premium request allowance", Meaning::UsageLimit),
        ("Insufficient credits. Add credits to continue", Meaning::UsageLimit),
        ("Daily limit reached for today", Meaning::UsageLimit),
        ("Sorry, you've hit a rate limit", Meaning::UsageLimit),
        (
            "This request would exceed your organization's rate limit of 40,000 input tokens",
            Meaning::UsageLimit,
        ),
        ("Rate limit reached for gpt-9 in organization org-1", Meaning::UsageLimit),
        ("You have reached your 5-hour limit", Meaning::UsageLimit),
        ("AI_APICallError: Too Many Requests", Meaning::UsageLimit),
        ("ConnectError: [resource_exhausted] Error", Meaning::UsageLimit),
        ("Provider returned error: 429", Meaning::UsageLimit),
        ("stream error: You've hit your usage limit", Meaning::UsageLimit),
        ("Attempt 10 failed with status 429. Retrying with backoff", Meaning::UsageLimit),
        ("Opus weekly limit reached \u{2219} resets Oct 6, 1pm", Meaning::UsageLimit),
        ("You have used up all of your credits", Meaning::UsageLimit),
        ("Failed to authenticate. API Error: 401", Meaning::Auth),
        ("The model is overloaded. Please try again later.", Meaning::Transient),
        ("We're currently experiencing high demand", Meaning::Transient),
        (
            "request to https://api.example.org/v1 failed, reason: connect ECONNREFUSED 10.0.0.1:443",
            Meaning::Transient,
        ),
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
    ];
    /// Texts that say nothing about the account.
    const UNKNOWN: &[&str] = &[
        "Something else went wrong",
        "exit 429",
        "port 5000 is in use",
        "Context limit reached · /compact or /clear to continue",
        "EDQUOT: disk quota exceeded, write",
        "Output token limit reached",
        "Recursion limit exceeded",
        "",
        "Task 'implement a rate limit for the API' failed",
        "Task failed: \u{201c}You've hit your usage limit\u{201d} is not shown",
        "Model refused: implement a rate limit for the API",
        "Handle rate limit exceeded errors",
        "unknown key rate_limit in config.toml",
        "The rate limit test fails",
        "I implemented the rate limit handling; usage limit reached is now shown",
        "Could not show that the usage limit is reached",
        "Failed to apply patch: too many requests in one file",
        "expected status 429 but got 200",
        "tool call failed: grep 'not logged in' src/login.rs",
        "assertion failed: left == right, message: quota exceeded",
        "Cannot find module 'rate-limit'",
        "3 tests failed: unauthorized users are redirected",
    ];

    #[test]
    fn texts_of_tools_are_understood() {
        for (text, meaning) in KNOWN {
            assert_eq!(of_event(text, ""), Some(*meaning), "{text}");
        }
        for text in UNKNOWN {
            assert_eq!(of_event(text, ""), None, "{text}");
        }
    }

    #[test]
    fn what_is_quoted_of_the_prompt_has_no_meaning() {
        let prompt =
            "# Task\nRate limit exceeded must be shown.\nUsage limit reached is an error.\n";
        for text in [
            "Rate limit exceeded must be shown",
            "error: Usage limit reached is an error.",
            "Error: rate limit   exceeded must be shown. Sorry.",
        ] {
            assert_eq!(of_event(text, prompt), None, "{text}");
        }
        let prompt = "Show: You've hit your usage limit";
        let limit = Some(Meaning::UsageLimit);
        assert_eq!(of_event("You've hit your usage limit. Try again at 5pm.", prompt), limit);
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
