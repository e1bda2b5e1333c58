//! A change between its verdict and the target: what a slot returns about it, and what another loop
//! needs to land it later.

use crate::agent::AgentResult;
use crate::domain::{self, AttemptReport, Waits};
use crate::workspace::{Entry, Verdict};
use serde::{Deserialize, Serialize};

/// A change that passed, and how far it got.
#[derive(Clone, Debug)]
pub(crate) struct Carried {
    /// The entry of the waiting change.
    pub(crate) entry: Box<Entry>,
    /// How far it got.
    pub(crate) came_to: CameTo,
}

/// How far a change got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum CameTo {
    /// It waits to land. The obstacle, if there is one.
    Waits(Option<Obstructed>),
    /// It waits for a person's approval.
    Review,
    /// It is on the target.
    Landed(domain::Landed),
    /// It goes back to the agent. The report has the reason; the list names the paths with merge
    /// conflicts.
    Back(Vec<String>),
}

/// Why a change does not land now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Obstructed {
    /// Who has to act.
    pub(crate) waits: Waits,
    /// The obstacle, in words.
    pub(crate) why: String,
}

/// What a landing starts from.
#[derive(Clone, Debug)]
pub(crate) struct ToLand {
    /// The change as recorded in its task, which agents cannot write.
    pub(crate) change: domain::Change,
    /// The entry of this loop. `None` if another loop wrote it, because its file may have been
    /// changed.
    pub(crate) entry: Option<Box<Entry>>,
}

/// What is stored with an entry for the completion of its task.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Memo {
    /// The report of the attempt.
    pub(super) report: AttemptReport,
    /// The result of its agent.
    pub(super) result: AgentResult,
}

impl Carried {
    /// Returns the change as a field of its task; `None` once it no longer waits.
    pub(crate) fn change(&self) -> Option<domain::Change> {
        let (waits, obstacle) = match &self.came_to {
            CameTo::Waits(None) => (Waits::Landing, None),
            CameTo::Waits(Some(obstructed)) => (obstructed.waits, Some(obstructed.why.clone())),
            CameTo::Review => (Waits::Review, None),
            CameTo::Landed(_) | CameTo::Back(_) => return None,
        };
        let Entry { work, message, .. } = &*self.entry;
        Some(domain::Change {
            commit: work.change.to_string(),
            base: work.base.to_string(),
            verdict: match message.verdict {
                Verdict::Skipped => domain::Verdict::Skipped.word().to_owned(),
                Verdict::Pass | Verdict::CoveredBy(_) => domain::Verdict::Pass.word().to_owned(),
            },
            waits,
            obstacle,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::{Message, Oid, Whose, Work};

    fn carried(verdict: Verdict, came_to: CameTo) -> Carried {
        let object = |digit: &str| Oid::parse(&digit.repeat(40)).unwrap();
        let whose = Whose {
            queue: "/p".into(),
            part: "A".to_owned(),
            attempt: 1,
            worker: "w".to_owned(),
            since: 0,
        };
        let message = Message {
            task: "A".to_owned(),
            title: "a".to_owned(),
            summary: String::new(),
            attempt: 1,
            verdict,
            receipt: "A/c".to_owned(),
        };
        let (base, change) = (object("b"), object("c"));
        let work = Work { base, change, judged: Vec::new(), declared: Vec::new() };
        Carried { entry: Box::new(Entry::new(whose, work, message)), came_to }
    }

    #[test]
    fn a_change_waits_until_it_landed_or_went_back() {
        let obstructed =
            Obstructed { waits: Waits::Checkout, why: "a file is in the way".to_owned() };
        let landed = domain::Landed { commit: "d".repeat(40), tree: "e".repeat(40) };
        for (came_to, expected) in [
            (CameTo::Waits(None), Some((Waits::Landing, None))),
            (
                CameTo::Waits(Some(obstructed)),
                Some((Waits::Checkout, Some("a file is in the way"))),
            ),
            (CameTo::Review, Some((Waits::Review, None))),
            (CameTo::Landed(landed), None),
            (CameTo::Back(vec!["a".to_owned()]), None),
        ] {
            let change = carried(Verdict::Pass, came_to.clone()).change();
            let expected = expected.map(|(waits, obstacle)| domain::Change {
                commit: "c".repeat(40),
                base: "b".repeat(40),
                verdict: "PASS".to_owned(),
                waits,
                obstacle: obstacle.map(str::to_owned),
            });
            assert_eq!(change, expected, "{came_to:?}");
        }
    }

    #[test]
    fn a_change_has_the_verdict_of_its_attempt() {
        let covered = Verdict::CoveredBy(Oid::parse(&"d".repeat(40)).unwrap());
        for (verdict, word) in
            [(Verdict::Pass, "PASS"), (Verdict::Skipped, "SKIPPED"), (covered, "PASS")]
        {
            let change = carried(verdict.clone(), CameTo::Review).change().unwrap();
            assert_eq!(change.verdict, word, "{verdict:?}");
        }
    }
}
