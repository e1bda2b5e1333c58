//! Applies `[escalation]` to a task that failed: another agent continues, or a person looks at
//! once.

use crate::config::Escalation;
use crate::domain::{Completion, Transition, Verdict};

/// Returns `transition` as changed by the escalation `to`, and the agent that has the task from now
/// on. `left` is whether its budget has another attempt.
///
/// A question costs nothing, and neither does passing it on; a failure counts, whoever continues. A
/// task that ended finally (it tampered, it cost too much) is never given to an agent.
pub(super) fn escalated(
    transition: Transition,
    to: &Escalation,
    (completion, left): (Completion, bool),
) -> (Transition, Option<String>) {
    match (to, transition) {
        (Escalation::Person, Transition::Fail { reason, .. }) => {
            let reason = format!("{reason} (escalated to a person)");
            (Transition::GiveUp { verdict: Verdict::Fail, reason }, None)
        }
        (Escalation::Agent(agent), fail @ Transition::Fail { .. }) => (fail, Some(agent.clone())),
        (Escalation::Agent(agent), Transition::GiveUp { verdict: Verdict::Fail, reason })
            if left =>
        {
            let Completion { files_changed, files_ambiguous, .. } = completion;
            let conflict_paths = Vec::new();
            let fail = Transition::Fail { reason, files_changed, files_ambiguous, conflict_paths };
            (fail, Some(agent.clone()))
        }
        (Escalation::Agent(agent), Transition::Ask { reason, .. }) => {
            (Transition::Interrupt { reason }, Some(agent.clone()))
        }
        (Escalation::Agent(_) | Escalation::Person, transition) => (transition, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{OpenQuestion, ReasonCode};

    fn fail() -> Transition {
        Transition::Fail {
            reason: "r".to_owned(),
            files_changed: Vec::new(),
            files_ambiguous: Vec::new(),
            conflict_paths: Vec::new(),
        }
    }

    fn give_up(verdict: Verdict) -> Transition {
        Transition::GiveUp { verdict, reason: "r".to_owned() }
    }

    fn ask() -> Transition {
        let (code, text) = (ReasonCode::Question, "which".to_owned());
        let question = Box::new(OpenQuestion { code, text, evidence: None, to: None });
        Transition::Ask { reason: "question: which".to_owned(), question }
    }

    #[test]
    fn another_agent_gets_what_may_be_tried_again() {
        let agent = Escalation::Agent("strong".to_owned());
        let to = |transition, left| escalated(transition, &agent, (Completion::default(), left));
        let strong = Some("strong".to_owned());
        assert_eq!(to(fail(), true), (fail(), strong.clone()));
        assert_eq!(to(give_up(Verdict::Fail), true), (fail(), strong.clone()));
        let reason = "question: which".to_owned();
        assert_eq!(to(ask(), false), (Transition::Interrupt { reason }, strong));
        for (transition, left) in
            [(give_up(Verdict::Fail), false), (give_up(Verdict::Blocked), true)]
        {
            assert_eq!(to(transition.clone(), left), (transition, None));
        }
    }

    #[test]
    fn a_person_looks_at_once() {
        let to =
            |transition| escalated(transition, &Escalation::Person, (Completion::default(), true));
        let reason = "r (escalated to a person)".to_owned();
        assert_eq!(to(fail()), (Transition::GiveUp { verdict: Verdict::Fail, reason }, None));
        for transition in [give_up(Verdict::Fail), give_up(Verdict::Blocked), ask()] {
            assert_eq!(to(transition.clone()), (transition, None));
        }
    }
}
