//! `[escalation]`: where a task is escalated to when it fails for a reason.

use super::super::model::{Config, Escalation};
use super::super::reader::Section;
use crate::domain::{ReasonCode, nearest};
use std::ops::Range;

/// Who can resolve a reason code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Helps {
    /// Another agent may do better, or a person may look at once.
    Anybody,
    /// The task already waits for a person, and nothing else would help.
    Person,
    /// No task is to blame, and none waits because of it.
    Nobody,
}

fn helps(code: ReasonCode) -> Helps {
    match code {
        ReasonCode::TestsFailed
        | ReasonCode::ItemsLost
        | ReasonCode::SteeringChanged
        | ReasonCode::ExpectationChanged
        | ReasonCode::NothingChanged
        | ReasonCode::Scope
        | ReasonCode::StubAdded
        | ReasonCode::Guardrail
        | ReasonCode::NoProgress
        | ReasonCode::Timeout
        | ReasonCode::Silent
        | ReasonCode::AgentError
        | ReasonCode::Conflict
        | ReasonCode::RevertsOthers
        | ReasonCode::Question
        | ReasonCode::Impossible
        | ReasonCode::Contradiction => Helps::Anybody,
        ReasonCode::Tampered
        | ReasonCode::LeftRed
        | ReasonCode::CostLimit
        | ReasonCode::CaptureFailed
        | ReasonCode::SubmoduleChanged
        | ReasonCode::Review
        | ReasonCode::UnknownAgent
        | ReasonCode::UnknownProfile
        | ReasonCode::BadTask
        | ReasonCode::Hook
        | ReasonCode::Budget => Helps::Person,
        ReasonCode::UsageLimit
        | ReasonCode::Transient
        | ReasonCode::Auth
        | ReasonCode::Crash
        | ReasonCode::Environment => Helps::Nobody,
    }
}

/// Reads the section.
pub(in super::super) fn read(section: &Section<'_>, config: &mut Config) {
    // A name may be missing only because its section was refused.
    let sound = section.reader.count() == 0;
    for (name, span, value) in section.entries() {
        let Some(code) = code(section, &name, &span) else { continue };
        let Some(text) = value.get_ref().as_str() else {
            section.wrong(value, &name, FORMS);
            continue;
        };
        let report = |message: String| section.reader.report(value.span(), message);
        let to = match text.split_once(':') {
            None if text == "person" => Escalation::Person,
            Some(("agent", agent)) => match config.agent_named(agent.trim()) {
                Some(agent) => Escalation::Agent(agent.name.clone()),
                None if !sound => continue,
                None => {
                    let meant = nearest(agent, config.agents.keys().map(String::as_str));
                    let meant = meant.map_or_else(String::new, |m| format!("; did you mean {m}?"));
                    report(format!("there is no agent {}{meant}", agent.trim()));
                    continue;
                }
            },
            Some(("hook", _)) => {
                report(format!(
                    "{name}: escalation to a hook is not supported by this version; a command that is told \
                     of blocked tasks is a [[notify]] with command"
                ));
                continue;
            }
            None | Some(_) => {
                report(format!("{name} must be {FORMS}"));
                continue;
            }
        };
        match (helps(code), &to) {
            (Helps::Anybody, _) | (Helps::Person, Escalation::Person) => {
                config.escalation.insert(code, to);
            }
            (Helps::Person, Escalation::Agent(_)) => {
                report(format!("{name} needs a person: no other agent may continue after it"));
            }
            (Helps::Nobody, _) => {
                report(format!("{name} blames no task, so there is none to escalate"));
            }
        }
    }
}

const FORMS: &str = "\"agent:NAME\" or \"person\"";

fn code(section: &Section<'_>, name: &str, span: &Range<usize>) -> Option<ReasonCode> {
    let code = ReasonCode::from_word(name);
    if code.is_none() {
        let words = ReasonCode::ALL.map(ReasonCode::word);
        let meant = nearest(name, words);
        let meant = meant.map_or_else(String::new, |meant| format!("; did you mean {meant}?"));
        let message =
            format!("there is no reason code {name}{meant} (workloop explain lists them)");
        section.reader.report(span.clone(), message);
    }
    code
}
