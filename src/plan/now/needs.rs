//! What a task needs from a person, according to the queues and the conditions.

use super::readiness::{Readiness, State, hold};
use crate::domain::{Need, Waits};
use crate::plan::graph::Node;

impl Readiness<'_> {
    /// Returns what only a person can do for the task at `node` now. Returns `None` if something
    /// else must happen first.
    pub fn need(&self, node: Node) -> Option<Need> {
        let holds = self.holds[node.0 as usize];
        match self.state(node) {
            State::Complete | State::Parked | State::Ready => None,
            // An epic is blocked because of a child, and the child is what needs a person.
            State::Blocked if self.graph.is_epic(node) => None,
            State::Blocked if self.conditions.questions.contains(&node) => Some(Need::Answer),
            State::Blocked if self.conditions.reviews.contains(&node) => Some(Need::Review),
            State::Blocked => Some(Need::Blocked),
            State::InProgress => {
                let change = self.task(node).change()?;
                match (change.waits, &change.obstacle) {
                    (Waits::Review, _) => Some(Need::Review),
                    (Waits::Checkout | Waits::Landing, Some(_)) => Some(Need::Checkout),
                    (Waits::Checkout | Waits::Landing, None) => None,
                }
            }
            State::Waiting => of_waiting(holds),
        }
    }
}

/// Returns what a waiting task needs from a person, if it waits for nothing else.
fn of_waiting(holds: u16) -> Option<Need> {
    let any = |bits: u16| holds & bits != 0;
    if any(hold::BROKEN | hold::CYCLE | hold::INVALID) {
        Some(Need::Repair)
    } else if holds & !(hold::APPROVAL | hold::BUDGET | hold::MANUAL) != 0 {
        None
    } else if any(hold::APPROVAL) {
        Some(Need::Approval)
    } else if any(hold::BUDGET) {
        Some(Need::Budget)
    } else if any(hold::MANUAL) {
        Some(Need::Work)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_is_needed_only_where_nothing_else_comes_first() {
        let waits = hold::APPROVAL | hold::DEPENDENCY;
        for (holds, need) in [
            (hold::APPROVAL, Some(Need::Approval)),
            (waits, None),
            (hold::MANUAL, Some(Need::Work)),
            (hold::MANUAL | hold::APPROVAL, Some(Need::Approval)),
            (hold::BUDGET, Some(Need::Budget)),
            (hold::DEPENDENCY | hold::BROKEN, Some(Need::Repair)),
            (hold::PAUSE, None),
        ] {
            assert_eq!(of_waiting(holds), need, "{holds:b}");
        }
    }
}
