//! The planner: what can run now, what delays everything, and how many loops are worthwhile.
//!
//! Pure: callers pass in the tasks, the phases and the time. Everything that depends only on the
//! structure of the queues is a [`Graph`], built once per structure. Everything that depends on
//! states ([`readiness()`], [`Order`]) is one pass over it.
//!
//! There are four folders, each based on those before it: `graph` (which task waits for which),
//! `paths` (which paths a task owns), `now` (what is ready, and why the rest is not), `schedule`
//! (when everything could run).

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
    AgentLimit, AgentPause, Agents, Backlog, Cause, Conditions, Holder, Naming, NeighbourTask,
    Order, Rank, Readiness, Resolution, Root, ScopeMode, State, Waiting, WaitingKind, best,
    ranking, ranks, readiness, select,
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
