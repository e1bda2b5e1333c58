//! Commands that a person runs before and after the actions of a run, and their results.

use super::outcome::Outcome;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The maximum length of a hook's reason code, in bytes.
const LONGEST: usize = 64;
/// The maximum length of a line kept from the output of a hook, in characters.
const SAID: usize = 200;

/// The point at which a hook is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each is the key of the configuration")]
pub enum HookPoint {
    BeforeRun,
    AfterRun,
    BeforeTask,
    AfterTask,
    BeforeAttempt,
    AfterAttempt,
    BeforeVerification,
    AfterVerification,
    BeforeLanding,
    AfterLanding,
}

impl HookPoint {
    /// All hook points, in the order in which they run.
    pub const ALL: [Self; 10] = [
        Self::BeforeRun,
        Self::BeforeTask,
        Self::BeforeAttempt,
        Self::BeforeVerification,
        Self::AfterVerification,
        Self::AfterAttempt,
        Self::BeforeLanding,
        Self::AfterLanding,
        Self::AfterTask,
        Self::AfterRun,
    ];

    /// Returns the key in `[hooks]`, which is also the name in the journal and in JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Self::BeforeRun => "before_run",
            Self::AfterRun => "after_run",
            Self::BeforeTask => "before_task",
            Self::AfterTask => "after_task",
            Self::BeforeAttempt => "before_attempt",
            Self::AfterAttempt => "after_attempt",
            Self::BeforeVerification => "before_verification",
            Self::AfterVerification => "after_verification",
            Self::BeforeLanding => "before_landing",
            Self::AfterLanding => "after_landing",
        }
    }

    /// Returns whether the hook may veto what follows.
    pub fn may_veto(self) -> bool {
        match self {
            Self::BeforeRun
            | Self::BeforeTask
            | Self::BeforeAttempt
            | Self::BeforeVerification
            | Self::BeforeLanding => true,
            Self::AfterRun
            | Self::AfterTask
            | Self::AfterAttempt
            | Self::AfterVerification
            | Self::AfterLanding => false,
        }
    }

    /// Returns whether the hook runs before an agent is started. A veto then costs the task
    /// nothing.
    pub fn is_before_agent(self) -> bool {
        matches!(self, Self::BeforeRun | Self::BeforeTask | Self::BeforeAttempt)
    }
}

impl fmt::Display for HookPoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// The result of a hook.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HookReport {
    /// The point at which it ran.
    pub hook: HookPoint,
    /// How the hook's command ended.
    pub outcome: Outcome,
    /// Milliseconds from start to end on the monotonic clock.
    pub millis: u64,
    /// The reason code of its veto.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// What the hook printed about its failure.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
}

/// What the end of a hook means for the action it precedes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HookEnd {
    /// The action may begin.
    Admits,
    /// The action must not begin.
    Vetoes,
    /// Undecided: the hook did not end by itself.
    Unknown,
}

impl HookReport {
    /// The reason code of a veto that names none.
    pub const PLAIN: &'static str = "hook";

    /// Returns the result of `hook`, which printed `out` to stdout and `err` to stderr.
    pub fn new(
        hook: HookPoint,
        (outcome, millis): (Outcome, u64),
        (out, err): (&str, &str),
    ) -> Self {
        let mut report = Self { hook, outcome, millis, code: None, text: String::new() };
        if report.outcome.is_success() {
            return report;
        }
        let said = out.lines().next().map_or("", str::trim);
        let said_code = is_code(said);
        if report.end() == HookEnd::Vetoes {
            let code = if said_code { said } else { Self::PLAIN };
            report.code = Some(code.to_owned());
        }
        // A first line that is not a code is still a reason.
        let first = if said_code { String::new() } else { clean(said) };
        let words = err.lines().map(clean).find(|line| !line.is_empty());
        let both = [first, words.unwrap_or_default()];
        let both: Vec<String> = both.into_iter().filter(|text| !text.is_empty()).collect();
        report.text = both.join(": ");
        report
    }

    /// Returns what the end of the hook means for the action it precedes.
    pub fn end(&self) -> HookEnd {
        match &self.outcome {
            Outcome::Exited { code: 0 } => HookEnd::Admits,
            Outcome::FailedToStart { .. } | Outcome::Interrupted | Outcome::Lost => {
                HookEnd::Unknown
            }
            Outcome::Exited { .. }
            | Outcome::Signaled { .. }
            | Outcome::TimedOut { .. }
            | Outcome::Silent { .. } => {
                if self.hook.may_veto() {
                    HookEnd::Vetoes
                } else {
                    HookEnd::Admits
                }
            }
        }
    }

    /// Describes the result in one line.
    pub fn sentence(&self) -> String {
        let Self { hook, outcome, code, text, .. } = self;
        let named = match code {
            Some(code) if code != Self::PLAIN => format!("hook {hook} said no: {code}"),
            Some(_) => format!("hook {hook} said no: {outcome}"),
            None => format!("hook {hook}: {outcome}"),
        };
        if text.is_empty() { named } else { format!("{named}: {text}") }
    }
}

/// Cleans a line for storage: removes terminal control characters and truncates it.
fn clean(line: &str) -> String {
    let shown = line.chars().filter(|letter| !letter.is_control()).take(SAID);
    shown.collect::<String>().trim().to_owned()
}

/// Returns whether a line is a word that can be a reason code.
fn is_code(line: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.:".contains(&byte);
    (1..=LONGEST).contains(&line.len())
        && line.bytes().all(is_part)
        && line.starts_with(|letter: char| letter.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn before(outcome: Outcome, out: &str, err: &str) -> HookReport {
        HookReport::new(HookPoint::BeforeTask, (outcome, 1), (out, err))
    }

    #[test]
    fn the_first_line_is_the_code_and_the_complaint_the_text() {
        let said = before(Outcome::Exited { code: 3 }, "freeze\nmore\n", "\nno deploys\nmore\n");
        assert_eq!((said.end(), said.code.as_deref()), (HookEnd::Vetoes, Some("freeze")));
        assert_eq!(said.sentence(), "hook before_task said no: freeze: no deploys");
    }

    #[test]
    fn what_is_no_word_is_no_code() {
        let long = "x".repeat(65);
        for line in ["", "not on fridays", "\u{1b}[31mred", "-rf", long.as_str()] {
            let said = before(Outcome::Exited { code: 1 }, line, "why");
            assert_eq!(said.code.as_deref(), Some("hook"), "{line}");
            assert!(said.sentence().starts_with("hook before_task said no: exit status 1"));
            assert!(
                said.text.ends_with("why") && said.text.contains(&line.replace('\u{1b}', "")),
                "{line}"
            );
        }
    }

    #[test]
    fn every_end_of_its_own_that_is_not_0_is_a_veto() {
        let ends = [
            (Outcome::Exited { code: 0 }, HookEnd::Admits),
            (Outcome::Exited { code: 127 }, HookEnd::Vetoes),
            (Outcome::Signaled { signal: 9 }, HookEnd::Vetoes),
            (Outcome::TimedOut { seconds: 60 }, HookEnd::Vetoes),
            (Outcome::Interrupted, HookEnd::Unknown),
            (Outcome::Lost, HookEnd::Unknown),
            (Outcome::FailedToStart { reason: String::new() }, HookEnd::Unknown),
        ];
        for (outcome, end) in ends {
            let said = before(outcome.clone(), "code", "");
            assert_eq!(said.end(), end, "{outcome}");
            assert_eq!(said.code.is_some(), end == HookEnd::Vetoes, "{outcome}");
        }
    }

    #[test]
    fn what_comes_after_forbids_nothing() {
        let outcome = Outcome::Exited { code: 1 };
        let said = HookReport::new(HookPoint::AfterTask, (outcome, 1), ("code", "why"));
        assert_eq!((said.end(), said.code.clone()), (HookEnd::Admits, None));
        assert_eq!(said.sentence(), "hook after_task: exit status 1: why");
    }

    #[test]
    fn the_word_is_the_one_that_is_stored() {
        for point in HookPoint::ALL {
            assert_eq!(json!(point), json!(point.word()));
        }
    }

    #[test]
    fn only_what_comes_before_may_veto() {
        for point in HookPoint::ALL {
            assert_eq!(point.may_veto(), point.word().starts_with("before_"), "{point}");
            let starts = matches!(point.word(), "before_run" | "before_task" | "before_attempt");
            assert_eq!(point.is_before_agent(), starts, "{point}");
        }
        let said = before(Outcome::Exited { code: 0 }, "freeze", "no deploys");
        assert_eq!((said.code, said.text), (None, String::new()));
    }

    #[test]
    fn a_code_has_at_most_64_bytes_of_its_alphabet() {
        let longest = "x".repeat(64);
        for line in ["a", "A-1_b.c:d", longest.as_str()] {
            let said = before(Outcome::Exited { code: 1 }, line, "");
            assert_eq!((said.code.as_deref(), said.text.as_str()), (Some(line), ""));
        }
        let long = "y ".repeat(300);
        let said = before(Outcome::Exited { code: 1 }, "", &long);
        assert_eq!(said.text.len(), SAID - 1, "the last letter is a space");
    }
}
