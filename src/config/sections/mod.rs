//! The sections of a configuration that have a file of their own here.

pub(super) mod agents;
pub(super) mod board;
pub(super) mod environment;
pub(super) mod escalation;
pub(super) mod guardrails;
pub(super) mod hidden;
pub(super) mod hooks;
pub(super) mod isolation;
pub(super) mod known_errors;
pub(super) mod landing;
pub(super) mod limits;
pub(super) mod named;
pub(super) mod notify;
pub(super) mod profiles;
pub(super) mod services;
pub(super) mod templates;
pub(super) mod verify;
pub(super) mod workspaces;

#[cfg(test)]
mod tests;
