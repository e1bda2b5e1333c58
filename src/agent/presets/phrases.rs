//! The phrases of tools and services, and how tools introduce them.

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
pub(super) const PHRASES: [(Meaning, &[&str]); 6] = [
    (
        Meaning::Transient,
        &["not your usage limit", "temporarily limiting", "temporarily overloaded", "overloaded"],
    ),
    (
        Meaning::Auth,
        &[
            "not logged in",
            "must be logged in",
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
            "unauthenticated",
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
            "hour limit",
            "daily limit",
            "weekly limit",
            "monthly limit",
            "spending limit",
            "spend limit",
            "spend cap",
            "used all your",
            "used up your",
            "used up all",
            "used all of your",
            "rate limited",
            "rate-limited",
            "limit reached",
            "limit exceeded",
            "limit has been reached",
            "out of extra usage",
            "out of credits",
            "out of free usage",
            "out of free requests",
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
            "resource exhausted",
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
            "upstream connect error",
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
pub(super) fn held(text: &str, phrase: &str) -> Option<usize> {
    if !OF_MANY_LIMITS.contains(&phrase) {
        return text.find(phrase);
    }
    let of_account = |at: &usize| {
        let before = text[..*at].split_whitespace().next_back().unwrap_or_default();
        !NOT_OF_ACCOUNTS.contains(&before.trim_matches(|letter: char| !letter.is_alphanumeric()))
    };
    text.match_indices(phrase).map(|(at, _)| at).find(of_account)
}

/// Phrases that only name a limit. They count if the text says that it is reached.
pub(super) const NAMES_OF_LIMITS: [&str; 13] = [
    "usage limit",
    "usage_limit",
    "session limit",
    "hour limit",
    "daily limit",
    "weekly limit",
    "monthly limit",
    "spending limit",
    "spend limit",
    "spend cap",
    "rate limit",
    "rate_limit",
    "rate-limit",
];
/// Words before the name of a limit that say that it is reached.
pub(super) const REACHES: [&str; 8] =
    ["hit", "reached", "reach", "exceeded", "exceed", "exceeds", "exceeding", "over"];
/// Words after the name of a limit that say that it is reached.
pub(super) const IS_REACHED: [&str; 7] =
    ["reached", "exceeded", "hit", "exhausted", "reset", "resets", "error"];
/// Codes of systems and libraries, which no other text contains.
pub(super) const CODES: [&str; 9] = [
    "getaddrinfo",
    "econnreset",
    "econnrefused",
    "etimedout",
    "enotfound",
    "eai_again",
    "socket hang up",
    "fetch failed",
    "error sending request",
];
/// Words with which a tool introduces what it has to say. Any other word before a phrase means that
/// the text is about something else, such as a task that it quotes.
pub(super) const INTRODUCE: &str = " a account account's agent ai all an and anthropic api apierror are at attempt bad be \
    because been by claude cli code codex completion connect copilot current currently \
    cursor daily due error exceed exceeded exceeding exceeds experiencing extra failed \
    for forbidden found free from gemini github google got had haiku has have hit hourly \
    http i included individual internal is it it's its last like limit litellm log \
    logged looks max maximum message model monthly must no number oauth of on openai \
    opus org organization organization's our out over per-day per-minute plan please premium \
    pro provider reached received reconnecting rejected repeated request requests \
    retries retry returned run selected server service session sonnet sorry spend status \
    still subscription team team's that the this to tokens too unable unexpected usage \
    user user's was we we're we've weekly with workspace workspace's would you you're \
    you've your ";
