//! The vocabulary of the program as data: ids, states, claims, attempts, verdicts, events and the
//! transitions between states.
//!
//! Pure: nothing here reads a clock, a file or a process. A caller passes in the time and the
//! names, and gets back the changes to write.

mod agent_run;
mod apply;
mod attempt;
mod backoff;
mod budget;
mod change;
mod checked;
mod claim;
mod command;
mod detail;
mod ends;
mod environment;
mod estimate;
mod event;
mod field;
mod finding;
mod hook;
mod id;
mod items;
mod known_error;
mod ledger;
mod legal;
mod liveness;
mod nearest;
mod need;
#[cfg(test)]
mod outage;
mod outcome;
mod question;
mod queue_ix;
mod reason;
mod shell_variables;
mod status;
mod task;
#[cfg(test)]
mod tests;
mod text;
mod transition;
mod turn;
mod typed;
mod usage;
mod verdict;

pub use agent_run::{AgentOutcome, AgentRun, Preset, Tokens};
pub use apply::{apply, timestamp};
pub use attempt::{AttemptReport, Fingerprint, FlakyItem, StepKind, StepReport, exact_timestamp};
pub use backoff::{Backoff, CAP, Cost, PauseKind, QUICK, QuickFailure, Rest, Said, next_pause};
pub use budget::Budget;
pub use change::{Change, Landed, Waits};
pub use checked::{Checked, EndedService, Measured};
pub use claim::{Claim, ClaimToken};
pub use command::Command;
pub use detail::Detail;
pub use ends::{budget_of, budget_used_now};
pub use environment::{
    CORE, EnvironmentRules, Inherit, LEAST, Values, mentions, names as pattern_names,
};
pub use estimate::{Effort, Estimate};
pub use event::{EVENT_VERSION, Event, EventKind};
pub use field::{EditRule, Field, FieldProblem};
pub use finding::{Finding, Findings, Level, Permitted};
pub use hook::{HookEnd, HookPoint, HookReport};
pub use id::{TaskId, WorkerId};
pub use items::{ItemId, ItemMap, ItemState, Items, StepItems};
pub use known_error::KnownError;
pub use ledger::{Admission, Begins, Ledger, Reserved};
pub use legal::{Illegal, Verb};
pub use liveness::Liveness;
pub use nearest::{distance_below, nearest};
pub use need::Need;
pub use outcome::Outcome;
pub use question::{Evidence, OpenQuestion};
pub use queue_ix::QueueIx;
pub use reason::ReasonCode;
pub use status::Status;
pub use task::{Approval, Phase, PhaseProfiles, Task};
pub use text::{Text, Texts};
pub use transition::{Changes, Completion, Transition, Write};
pub use turn::Turn;
pub use typed::{Typed, shell_word};
pub use usage::{Allowance, Usage};
pub use verdict::Verdict;
