//! What a task needs from a person, and the command to provide it.

use super::reason::ReasonCode;
use super::typed::Typed;
use serde::Serialize;

/// What only a person can do for a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Need {
    /// Approve or reject work that passed.
    Review,
    /// Answer a question, or decide about a task that an agent calls impossible or contradictory.
    Answer,
    /// Approve its start.
    Approval,
    /// Do the work: it is a task for a person.
    Work,
    /// Clear a checkout of the target in which something blocks a landing.
    Checkout,
    /// Grant another budget of attempts.
    Budget,
    /// Find out why the task is blocked.
    Blocked,
    /// Repair its entry in the queue.
    Repair,
}

impl Need {
    /// Returns the command that a person types for the task `id`.
    pub fn command(self, id: &str, typed: &Typed) -> String {
        match self {
            Self::Review | Self::Approval => typed.about("approve", id),
            Self::Answer => typed.with("answer", id, "TEXT"),
            Self::Work => typed.about("done", id),
            Self::Checkout => typed.verb("land status"),
            Self::Budget => typed.about("retry", id),
            Self::Blocked => {
                format!("{}, then {}", typed.about("why", id), typed.about("retry", id))
            }
            Self::Repair => typed.about("why", id),
        }
    }

    /// Returns what a blocked task needs. `asked` is the reason code of its question, if it has
    /// one.
    pub fn of_blocked(asked: Option<ReasonCode>) -> Self {
        match asked {
            Some(ReasonCode::Review) => Self::Review,
            Some(_) => Self::Answer,
            None => Self::Blocked,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_need_has_its_command() {
        let typed = Typed::default();
        for (need, command) in [
            (Need::Review, "workloop approve A"),
            (Need::Answer, "workloop answer A TEXT"),
            (Need::Approval, "workloop approve A"),
            (Need::Work, "workloop done A"),
            (Need::Checkout, "workloop land status"),
            (Need::Budget, "workloop retry A"),
            (Need::Blocked, "workloop why A, then workloop retry A"),
            (Need::Repair, "workloop why A"),
        ] {
            assert_eq!(need.command("A", &typed), command);
        }
        assert_eq!(Need::of_blocked(None), Need::Blocked);
        assert_eq!(Need::of_blocked(Some(ReasonCode::Review)), Need::Review);
        assert_eq!(Need::of_blocked(Some(ReasonCode::Impossible)), Need::Answer);
    }
}
