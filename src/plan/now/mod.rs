//! What the states of the tasks say now: what is ready, in which order, and what the others wait
//! for.

mod conditions;
mod explain;
mod needs;
mod outlook;
mod pick;
mod readiness;

pub use conditions::{AgentLimit, AgentPause, Agents, Conditions, Outsider, ScopeMode};
pub use explain::{Waiting, WaitingKind};
pub use outlook::{Cause, Outlook, Prospect, Root};
pub use pick::{Order, Rank, best, ranking, ranks, select};
pub use readiness::{Holder, Readiness, State, readiness};
