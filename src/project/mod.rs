//! The loaded project: its queues, the structure of their tasks, and requests to the loops that
//! serve them. Both verbs and the loop are built on it.

pub mod change_of;
mod conditions;
pub mod flags;
pub mod hidden;
pub mod history;
mod loaded;
mod neighbours;
mod questions;
mod queue_ref;
mod queues;
pub mod repositories;
pub mod requests;
mod resolve;
mod scope;
mod structure;
pub mod verbs;
pub mod workspaces;

pub use conditions::{Seen, paused};
pub use loaded::Project;
pub use neighbours::{Neighbours, others_claims};
pub use questions::is_in_review;
pub use queue_ref::QueueRef;
pub use queues::QueueSet;
pub use resolve::{Among, resolve, unknown};
pub use scope::Scope;
pub use structure::{Planner, Structure, experienced, histories, measured, ranking_rules};
