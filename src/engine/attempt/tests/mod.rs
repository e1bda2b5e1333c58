//! Whole attempts under a scripted supervisor: what they run, in which order, and what they report.

mod agent;
pub(crate) mod case;
mod entries;
mod environment;
mod findings;
mod git_calls;
mod guarded;
mod hooks;
mod judged;
mod measures;
mod order;
mod parallel;
mod parts;
mod private;
mod reports;
mod services;
mod setup;
mod steps;
mod trees;
