//! The planner: what can run now, what holds everything up, and how many loops pay.
//!
//! Pure: it reads tasks and phases that are handed in, and the time with them. What depends only
//! on the structure of the queues is a [`Graph`], built once for each structure; what depends on
//! states ([`readiness()`], [`Order`]) is one pass over it.

mod areas;
mod collector;
mod conditions;
mod critical_path;
mod csr;
mod curve;
mod cycles;
mod edges;
mod estimate;
mod explain;
mod fast;
mod findings;
mod gantt;
mod graph;
mod makespan;
mod nearest;
mod node;
mod outlook;
mod owned;
mod paths;
mod phases;
mod pick;
mod planning;
mod readiness;
mod render;
mod report;
mod resolve;
mod scopes;
mod waves;
mod workload;

pub use areas::owns_anything;
pub use conditions::{
    AgentLimit, AgentPause, Agents, ClaimState, Conditions, Outsider, ScopeMode, is_manual,
};
pub use critical_path::{CriticalPath, critical_path};
pub use estimate::{EstimateRules, Estimates, Source, duration_text, history_key};
pub use explain::{Waiting, WaitingKind};
pub use findings::{
    CODES, FindingsInput, PlanFinding, PlanFound, Severity, each_finding, findings, too_many_loops,
};
pub use gantt::gantt;
pub use graph::Graph;
pub use makespan::{Limits, Schedule, Scheduler, Slot};
pub use node::{Barriers, Broken, BrokenKind, Node, QueueTasks};
pub use outlook::{Cause, Outlook, Prospect, Root};
pub use owned::Owned;
pub use phases::{MissingGate, gate_id, missing_gates};
pub use pick::{Order, Rank, best, ranking, ranks, select};
pub use planning::{PlanInput, Planning, plan, schedule};
pub use readiness::{Holder, Readiness, State, readiness};
pub use render::{Picture, PictureEdge};
pub use report::{
    BarrierCost, EstimateCounts, LoopsReport, Minutes, PathReport, PlanReport, Slack,
};
pub use waves::{respect_scopes, waves};
pub use workload::Workload;

#[cfg(test)]
mod tests;
