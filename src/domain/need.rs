//! What a task needs a person for, and the command that gives it.

use super::reason::ReasonCode;
use serde::Serialize;

/// What only a person can do for a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Need {
    /// Say yes or no to work that passed.
    Review,
    /// Answer a question, or decide about a task that an agent calls impossible or contradictory.
    Answer,
    /// Say that it may start.
    Approval,
    /// Do it: it is a person's task.
    Work,
    /// Clear a checkout of the target in which something is in the way.
    Checkout,
    /// Give it another budget of attempts.
    Budget,
    /// Look why it is blocked.
    Blocked,
    /// Repair what the queue says of it.
    Repair,
}

impl Need {
    /// What a person types for the task `id`.
    pub fn command(self, id: &str) -> String {
        match self {
            Self::Review | Self::Approval => format!("workloop approve {id}"),
            Self::Answer => format!("workloop answer {id} TEXT"),
            Self::Work => format!("workloop done {id}"),
            Self::Checkout => "workloop land status".to_owned(),
            Self::Budget => format!("workloop retry {id}"),
            Self::Blocked => format!("workloop why {id}, then workloop retry {id}"),
            Self::Repair => format!("workloop why {id}"),
        }
    }

    /// What a blocked task needs, where `asked` is the code of what it waits for.
    pub fn of_blocked(asked: Option<ReasonCode>) -> Self {
        match asked {
            Some(ReasonCode::Review) => Self::Review,
            Some(_) => Self::Answer,
            None => Self::Blocked,
        }
    }
}
