//! What follows from the current states of the tasks: which are ready, in which order, and what the
//! others wait for.

mod backlog;
mod conditions;
mod explain;
mod needs;
mod pick;
mod readiness;

pub use backlog::{Backlog, Cause, Resolution, Root};
pub use conditions::{AgentLimit, AgentPause, Agents, Conditions, NeighbourTask, ScopeMode};
pub use explain::{Naming, Waiting, WaitingKind};
pub use pick::{Order, Rank, best, ranking, ranks, select};
pub use readiness::{Holder, Readiness, State, readiness};
