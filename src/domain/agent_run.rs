//! The result of an agent run, as its adapter parsed it. Pure data.
//!
//! It does not judge the work; verification does. It records whether the agent could work at all,
//! and what the run cost.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::fmt;

/// An agent command line tool whose arguments and output format are known.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each is the name of its tool")]
pub enum Preset {
    Claude,
    Codex,
    Gemini,
    Opencode,
    Cursor,
    Copilot,
    Amp,
    Aider,
    /// Any other command. Nothing is known about its output.
    #[default]
    Command,
}

impl Preset {
    /// All presets, in the order in which `init` prefers them.
    pub const ALL: [Self; 9] = [
        Self::Claude,
        Self::Codex,
        Self::Gemini,
        Self::Opencode,
        Self::Cursor,
        Self::Copilot,
        Self::Amp,
        Self::Aider,
        Self::Command,
    ];

    /// Returns the word used in the configuration and in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Claude => "claude",
            Self::Codex => "codex",
            Self::Gemini => "gemini",
            Self::Opencode => "opencode",
            Self::Cursor => "cursor",
            Self::Copilot => "copilot",
            Self::Amp => "amp",
            Self::Aider => "aider",
            Self::Command => "command",
        }
    }

    /// Returns the preset whose word is `word`.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|preset| preset.word() == word)
    }
}

impl fmt::Display for Preset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// How a run of an agent ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum AgentOutcome {
    /// It finished normally.
    Ok,
    /// It reported an error of its own.
    AgentError,
    /// The account is over a usage limit for a while.
    UsageLimit {
        /// The reset time that the tool reported.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<DateTime<Utc>>,
        /// Which limit it is, in the tool's own word.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        scope: Option<String>,
    },
    /// The service was unreachable or overloaded.
    Transient,
    /// The tool is not logged in.
    Auth,
    /// It reached its limit of turns.
    TurnLimit,
    /// It reached its cost limit.
    CostLimit,
    /// It was killed by a signal or by a time limit.
    Killed,
    /// It exited without reporting a result.
    NoResult,
}

impl AgentOutcome {
    /// Returns whether the agent could not work for a reason that is not the fault of the task.
    pub fn is_pause(&self) -> bool {
        match self {
            Self::UsageLimit { .. } | Self::Transient | Self::Auth => true,
            Self::Ok
            | Self::AgentError
            | Self::TurnLimit
            | Self::CostLimit
            | Self::Killed
            | Self::NoResult => false,
        }
    }

    /// Returns the word used in JSON.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::AgentError => "agent_error",
            Self::UsageLimit { .. } => "usage_limit",
            Self::Transient => "transient",
            Self::Auth => "auth",
            Self::TurnLimit => "turn_limit",
            Self::CostLimit => "cost_limit",
            Self::Killed => "killed",
            Self::NoResult => "no_result",
        }
    }
}

impl fmt::Display for AgentOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = match self {
            Self::Ok => "ok",
            Self::AgentError => "ended with an error",
            Self::UsageLimit { scope: Some(scope), .. } => {
                return write!(f, "usage limit reached ({scope})");
            }
            Self::UsageLimit { .. } => "usage limit reached",
            Self::Transient => "the service is temporarily unavailable",
            Self::Auth => "not logged in",
            Self::TurnLimit => "turn limit reached",
            Self::CostLimit => "cost limit reached",
            Self::Killed => "was ended",
            Self::NoResult => "ended without a result",
        };
        f.write_str(words)
    }
}

/// The tokens that a run used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tokens {
    /// Tokens that the model read, as the tool counts them.
    #[serde(rename = "in")]
    pub input: u64,
    /// Tokens that the model wrote.
    pub out: u64,
    /// Tokens read from a cache, as the tool counts them.
    pub cached: u64,
    /// All tokens, each counted once. Some tools include cached tokens in the input count.
    pub total: u64,
}

impl Tokens {
    /// Builds the counts of a tool that includes cached tokens in its input count.
    pub fn with_cached_inside(input: u64, out: u64, cached: u64) -> Self {
        Self { input, out, cached, total: input.saturating_add(out) }
    }

    /// Builds the counts of a tool that counts cached tokens, and tokens written to the cache,
    /// separately.
    pub fn with_cached_apart(input: u64, out: u64, cached: u64, written: u64) -> Self {
        let total = input.saturating_add(out).saturating_add(cached).saturating_add(written);
        Self { input, out, cached, total }
    }

    /// Returns the sum of the two counts.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            input: self.input.saturating_add(other.input),
            out: self.out.saturating_add(other.out),
            cached: self.cached.saturating_add(other.cached),
            total: self.total.saturating_add(other.total),
        }
    }
}

/// The result of an agent run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AgentRun {
    /// The adapter that parsed the output.
    pub preset: Preset,
    /// How it ended.
    #[serde(flatten)]
    pub outcome: AgentOutcome,
    /// The session id that lets the next attempt resume this run.
    pub session_id: Option<String>,
    /// The model that was used.
    pub model: Option<String>,
    /// The tokens that it used. `None` if the tool does not report them.
    pub tokens: Option<Tokens>,
    /// The cost in US dollars. `None` if the tool does not report it.
    pub cost_usd: Option<f64>,
    /// Its last message or its error, truncated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

impl AgentRun {
    /// Creates a run of which only the outcome is known.
    pub fn new(preset: Preset, outcome: AgentOutcome) -> Self {
        Self {
            preset,
            outcome,
            session_id: None,
            model: None,
            tokens: None,
            cost_usd: None,
            message: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_run_is_written_as_readers_expect_it() {
        let limit = AgentOutcome::UsageLimit {
            until: DateTime::from_timestamp(1_800_000_000, 0),
            scope: Some("five_hour".to_owned()),
        };
        let run = AgentRun {
            tokens: Some(Tokens::with_cached_apart(1, 2, 3, 4)),
            ..AgentRun::new(Preset::Claude, limit)
        };
        let value = json!(run);
        assert_eq!(value["preset"], "claude");
        assert_eq!(value["outcome"], "usage_limit");
        assert_eq!(value["until"], "2027-01-15T08:00:00Z");
        assert_eq!(value["tokens"], json!({"in": 1, "out": 2, "cached": 3, "total": 10}));
        assert_eq!(value["cost_usd"], json!(null));
        assert_eq!(serde_json::from_value::<AgentRun>(value).expect("read back"), run);
    }

    #[test]
    fn words_are_those_that_are_stored() {
        for preset in Preset::ALL {
            assert_eq!(json!(preset), json!(preset.word()));
            assert_eq!(Preset::from_word(preset.word()), Some(preset));
        }
        for outcome in [AgentOutcome::Ok, AgentOutcome::Auth, AgentOutcome::NoResult] {
            assert_eq!(json!(outcome)["outcome"], json!(outcome.word()));
        }
    }

    #[test]
    fn an_outcome_says_whether_the_agent_pauses_and_why() {
        let limit = |scope: Option<&str>| AgentOutcome::UsageLimit {
            until: None,
            scope: scope.map(str::to_owned),
        };
        for (outcome, pause, words) in [
            (AgentOutcome::Ok, false, "ok"),
            (AgentOutcome::AgentError, false, "ended with an error"),
            (limit(Some("week")), true, "usage limit reached (week)"),
            (limit(None), true, "usage limit reached"),
            (AgentOutcome::Transient, true, "the service is temporarily unavailable"),
            (AgentOutcome::Auth, true, "not logged in"),
            (AgentOutcome::TurnLimit, false, "turn limit reached"),
            (AgentOutcome::CostLimit, false, "cost limit reached"),
            (AgentOutcome::Killed, false, "was ended"),
            (AgentOutcome::NoResult, false, "ended without a result"),
        ] {
            assert_eq!((outcome.is_pause(), outcome.to_string()), (pause, words.to_owned()));
            assert_eq!(json!(outcome)["outcome"], json!(outcome.word()));
        }
        assert_eq!(Preset::Opencode.to_string(), "opencode");
    }

    #[test]
    fn tokens_are_counted_once() {
        let inside = Tokens::with_cached_inside(10, 5, 4);
        assert_eq!(inside, Tokens { input: 10, out: 5, cached: 4, total: 15 });
        let sum = inside.plus(Tokens::with_cached_apart(1, 2, 3, 4));
        assert_eq!(sum, Tokens { input: 11, out: 7, cached: 7, total: 25 });
    }
}
