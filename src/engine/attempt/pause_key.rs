//! The key of agents that are paused together: an agent of a project, or all agents of an account.

use crate::config::Config;
use crate::store::Backoffs;
use std::path::{Path, PathBuf};

/// The state folder of the project or of the account, and a name in it. Agents with the same key
/// are paused together.
pub(crate) type AgentKey = (PathBuf, String);

/// Returns the key of the pauses of `agent`, which works in the project at `root`.
pub(crate) fn key_of(config: &Config, root: &Path, agent: &str) -> AgentKey {
    let profile = config.all_agents().find(|profile| profile.name == agent);
    let account = profile.and_then(|profile| config.account_of(profile));
    account.unwrap_or_else(|| (Backoffs::of(root).state().to_owned(), agent.to_owned()))
}
