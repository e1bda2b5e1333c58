//! The loaded project: its queues, the structure of their tasks, and requests to the loops that
//! serve them. Both verbs and the loop are built on it.

pub(crate) mod change_of;
mod conditions;
pub(crate) mod flags;
pub(crate) mod hidden;
pub(crate) mod history;
mod loaded;
mod neighbours;
mod questions;
mod queue_ref;
mod queues;
pub(crate) mod repositories;
mod resolve;
mod scope;
mod structure;
pub(crate) mod verbs;
pub(crate) mod workspaces;

pub(crate) use conditions::{Seen, paused};
pub(crate) use loaded::Project;
pub(crate) use neighbours::{Neighbours, others_claims};
pub(crate) use questions::is_in_review;
pub(crate) use queues::QueueSet;
pub(crate) use resolve::{Among, reference, resolve, unknown};
pub(crate) use scope::Scope;
pub(crate) use structure::{Planner, Structure, experienced, histories, measured, ranking_rules};

#[cfg(test)]
pub(crate) mod tests;
