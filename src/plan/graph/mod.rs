//! The graph of all loaded queues: which task waits for which, and what is odd in it.

mod broken;
mod collector;
mod csr;
mod cycles;
mod edges;
mod findings;
mod nearest;
mod node;
mod phases;
mod resolve;
mod task_graph;

pub(crate) use broken::broken_text;
pub(crate) use csr::Csr;
pub use findings::{
    CODES, FindingsInput, PlanFinding, PlanFound, Severity, each_finding, findings, too_many_loops,
};
pub(crate) use nearest::Hints;
pub use node::{Barriers, Broken, BrokenKind, Node, QueueTasks};
pub(crate) use node::{Helper, NONE};
pub use phases::{MissingGate, gate_id, missing_gates};
pub use task_graph::Graph;
