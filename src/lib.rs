//! workloop runs coding agents, or any command, over JSON work queues, unattended.
//!
//! The layers, lowest first; imports point down only (`tests/layering/` checks this):
//! 1 [`domain`], [`platform`]; 2 [`queue`], [`plan`]; 3 [`store`]; 4 [`agent`], [`claims`],
//! [`verify`], [`workspace`]; 5 [`config`]; 6 [`project`], [`views`]; 7 [`engine`]; 8 [`cli`].

#![cfg_attr(
    test,
    expect(clippy::disallowed_methods, reason = "unit tests read and write their own files")
)]

#[cfg(not(unix))]
compile_error!("workloop needs a Unix system: its claims rely on flock, sessions and signals");

pub mod agent;
pub mod claims;
pub mod cli;
pub mod config;
pub mod domain;
pub mod engine;
pub mod guardrails;
pub mod notify;
pub mod plan;
pub mod platform;
pub mod project;
pub mod queue;
pub mod store;
pub mod supervisor;
pub mod verify;
pub mod views;
pub mod workspace;
