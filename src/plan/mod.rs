//! The planner: what can run now, what holds everything up, and how many loops pay.
//!
//! Pure: it reads tasks and phases that are handed in, and the time with them. What depends only
//! on the structure of the queues is a [`Graph`], built once for each structure; what depends on
//! states ([`readiness()`], [`Order`]) is one pass over it.
//!
//! Four folders, each on top of those before it: `graph` (who waits for whom), `paths` (which
//! paths a task owns), `now` (what is ready, and why the rest is not), `schedule` (when everything
//! could run).

mod estimate;
mod fast;
mod graph;
mod now;
mod paths;
mod render;
mod schedule;

pub use estimate::{EstimateRules, Estimates, Source, duration_text, history_key};
pub use graph::{
    Barriers, Broken, BrokenKind, CODES, FindingsInput, Graph, MissingGate, Node, PlanFinding,
    PlanFound, QueueTasks, Severity, each_finding, findings, gate_id, missing_gates,
    too_many_loops,
};
pub use now::{
    AgentLimit, AgentPause, Agents, Backlog, Cause, Conditions, Holder, NeighbourTask, Order, Rank,
    Readiness, Resolution, Root, ScopeMode, State, Waiting, WaitingKind, best, ranking, ranks,
    readiness, select,
};
pub use paths::{Owned, owns_anything};
pub use render::{Picture, PictureEdge};
pub use schedule::{
    BarrierCost, Calendar, CriticalPath, EstimateCounts, Experience, FEW, Forecast, Limits,
    LoopsReport, Minutes, PathReport, PlanInput, PlanReport, Planning, Schedule, Scheduler, Shape,
    Slack, Slot, Spread, Workload, critical_path, gantt, plan, respect_scopes, schedule, waves,
};

#[cfg(test)]
mod tests;
