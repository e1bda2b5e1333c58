//! Why a task or an attempt ended as it did: one closed vocabulary.
//!
//! Decisions use the code, which is stored as `reason_code` in the journal and in JSON. The
//! sentence next to it is for people and may change.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A reason code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReasonCode {
    /// A verification step failed.
    TestsFailed,
    /// Items that ran in the base are missing.
    ItemsLost,
    /// The verdict depends on changed files that steer a test runner.
    SteeringChanged,
    /// The verdict depends on a changed expectation.
    ExpectationChanged,
    /// An attempt changed something that judges or steers the run.
    Tampered,
    /// The attempt changed nothing although a change was required.
    NothingChanged,
    /// Files outside of the declared scope were changed.
    Scope,
    /// A placeholder was added instead of an implementation.
    StubAdded,
    /// A guardrail found something in the change.
    Guardrail,
    /// Consecutive attempts ended with the same failure.
    NoProgress,
    /// The verification fails on the tree that a blocked task left behind.
    LeftRed,
    /// A command ran longer than its limit.
    Timeout,
    /// A command printed nothing for longer than its limit.
    Silent,
    /// The agent ended with an error of its own, or said that it failed.
    AgentError,
    /// The agent's usage limit was reached.
    UsageLimit,
    /// The agent failed for a temporary reason: overload, network, an immediate exit.
    Transient,
    /// The agent is not logged in.
    Auth,
    /// A limit of money or tokens was reached.
    CostLimit,
    /// The change does not merge with its target.
    Conflict,
    /// The change would revert work that others landed.
    RevertsOthers,
    /// The workspace could not be captured.
    CaptureFailed,
    /// A submodule was changed.
    SubmoduleChanged,
    /// The agent asked a question.
    Question,
    /// The agent says, with evidence, that the task cannot be done.
    Impossible,
    /// The agent says, with evidence, that the task contradicts something.
    Contradiction,
    /// A person has to review the change before it counts.
    Review,
    /// The task names an agent that is not configured.
    UnknownAgent,
    /// The task names a verification profile that is not configured.
    UnknownProfile,
    /// A hook vetoed it. If the hook names a code of its own, that code is used instead of this
    /// one.
    Hook,
    /// The task itself cannot be run, for example because of a value that no command line can hold.
    BadTask,
    /// The budget of attempts is used up.
    Budget,
    /// Attempts were lost in a row.
    Crash,
    /// A tool or a file of the environment is missing, which is not the fault of any task.
    Environment,
}

impl ReasonCode {
    /// All reason codes, in the order of their definition.
    pub const ALL: [Self; 33] = [
        Self::TestsFailed,
        Self::ItemsLost,
        Self::SteeringChanged,
        Self::ExpectationChanged,
        Self::Tampered,
        Self::NothingChanged,
        Self::Scope,
        Self::StubAdded,
        Self::Guardrail,
        Self::NoProgress,
        Self::LeftRed,
        Self::Timeout,
        Self::Silent,
        Self::AgentError,
        Self::UsageLimit,
        Self::Transient,
        Self::Auth,
        Self::CostLimit,
        Self::Conflict,
        Self::RevertsOthers,
        Self::CaptureFailed,
        Self::SubmoduleChanged,
        Self::Question,
        Self::Impossible,
        Self::Contradiction,
        Self::Review,
        Self::UnknownAgent,
        Self::UnknownProfile,
        Self::Hook,
        Self::BadTask,
        Self::Budget,
        Self::Crash,
        Self::Environment,
    ];

    /// Returns the code whose word is `word`.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.word() == word)
    }

    /// Returns the word used in the journal and in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::TestsFailed => "tests_failed",
            Self::ItemsLost => "items_lost",
            Self::SteeringChanged => "steering_changed",
            Self::ExpectationChanged => "expectation_changed",
            Self::Tampered => "tampered",
            Self::NothingChanged => "nothing_changed",
            Self::Scope => "scope",
            Self::StubAdded => "stub_added",
            Self::Guardrail => "guardrail",
            Self::NoProgress => "no_progress",
            Self::LeftRed => "left_red",
            Self::Timeout => "timeout",
            Self::Silent => "silent",
            Self::AgentError => "agent_error",
            Self::UsageLimit => "usage_limit",
            Self::Transient => "transient",
            Self::Auth => "auth",
            Self::CostLimit => "cost_limit",
            Self::Conflict => "conflict",
            Self::RevertsOthers => "reverts_others",
            Self::CaptureFailed => "capture_failed",
            Self::SubmoduleChanged => "submodule_changed",
            Self::Question => "question",
            Self::Impossible => "impossible",
            Self::Contradiction => "contradiction",
            Self::Review => "review",
            Self::UnknownAgent => "unknown_agent",
            Self::UnknownProfile => "unknown_profile",
            Self::Hook => "hook",
            Self::BadTask => "bad_task",
            Self::Budget => "budget",
            Self::Crash => "crash",
            Self::Environment => "environment",
        }
    }

    /// Returns the code and the question in the `error` of a task, as [`as_error`](Self::as_error)
    /// writes them: `question: which colour?`. A queue stores them nowhere else.
    pub fn asked(error: &str) -> Option<(Self, &str)> {
        let questions = [Self::Question, Self::Impossible, Self::Contradiction, Self::Review];
        questions.into_iter().find_map(|code| {
            let text = error.strip_prefix(code.word())?.strip_prefix(": ")?;
            Some((code, text))
        })
    }

    /// Returns the `error` of a task that waits for a person's answer.
    pub fn as_error(self, question: &str) -> String {
        format!("{self}: {question}")
    }

    /// Returns whether a task that is blocked for this reason waits for a person's answer rather
    /// than having failed.
    pub fn is_question(self) -> bool {
        matches!(self, Self::Question | Self::Impossible | Self::Contradiction | Self::Review)
    }
}

/// A new code must be added to [`ReasonCode::ALL`] as well.
const _: () = assert!(ReasonCode::ALL.len() == ReasonCode::Environment as usize + 1);

impl fmt::Display for ReasonCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_question_is_found_again_in_an_error() {
        let error = ReasonCode::Question.as_error("which: colour?");
        assert_eq!(ReasonCode::asked(&error), Some((ReasonCode::Question, "which: colour?")));
        for error in ["step question: exit status 1", "question", "tampered: x", ""] {
            assert_eq!(ReasonCode::asked(error), None, "{error}");
        }
    }

    #[test]
    fn the_word_is_the_one_that_is_stored() {
        for (number, code) in ReasonCode::ALL.into_iter().enumerate() {
            assert_eq!(json!(code), json!(code.word()));
            assert_eq!(ReasonCode::from_word(code.word()), Some(code));
            assert_eq!(code as usize, number);
        }
        assert_eq!(ReasonCode::from_word("no-such-code"), None);
    }

    #[test]
    fn only_four_codes_wait_for_an_answer() {
        let questions = ReasonCode::ALL.into_iter().filter(|code| code.is_question());
        let words: Vec<String> = questions.map(|code| code.to_string()).collect();
        assert_eq!(words, ["question", "impossible", "contradiction", "review"]);
    }
}
