//! The project as it is loaded: its queues, the structure of their tasks, and what people ask of
//! the loops that serve them. Verbs and loop stand on it alike.

pub mod history;
mod questions;
mod queues;
pub mod requests;
mod scope;
mod structure;

pub use questions::questions;
pub use queues::QueueSet;
pub use scope::Scope;
pub use structure::{Planner, Structure, histories, measured, ranking_rules};
