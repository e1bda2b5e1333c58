//! A change between its verdict and the target: what a slot hands back of it, and what another loop
//! needs that lands it after us.

use crate::agent::AgentResult;
use crate::domain::{self, AttemptReport, Waits};
use crate::workspace::{Entry, Verdict};
use serde::{Deserialize, Serialize};

/// A change that passed, and how far it came.
#[derive(Clone, Debug)]
pub(crate) struct Carried {
    /// What waits.
    pub(crate) entry: Box<Entry>,
    /// How far it came.
    pub(crate) came_to: CameTo,
}

/// How far a change came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum CameTo {
    /// It waits to land; what is in the way, in words.
    Waits(Option<Obstructed>),
    /// It waits for a person's yes.
    Review,
    /// It is on the target.
    Landed(domain::Landed),
    /// It goes back to the agent: the report says why, and where it does not merge.
    Back(Vec<String>),
}

/// Why a change does not land now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Obstructed {
    /// Who has to do something.
    pub(crate) waits: Waits,
    /// What is in the way.
    pub(crate) why: String,
}

/// What a landing begins with.
#[derive(Clone, Debug)]
pub(crate) struct ToLand {
    /// The change as its task says it, which agents cannot write.
    pub(crate) change: domain::Change,
    /// The entry of this loop; `None` where another loop wrote it, whose file may have been changed.
    pub(crate) entry: Option<Box<Entry>>,
}

/// What is kept with an entry for the completion.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Memo {
    /// What the attempt came to.
    pub(super) report: AttemptReport,
    /// What its agent said.
    pub(super) result: AgentResult,
}

impl Carried {
    /// The change as a field of its task; `None` once it waits no more.
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
