//! Whole attempts under a scripted supervisor: what they run, in which order, and what they report.

mod agent;
pub(crate) mod case;
mod environment;
mod hooks;
mod judged;
mod order;
mod private;
mod services;
mod steps;
