//! The agent that works on a task now.

use crate::agent::AgentProfile;
use crate::config::{ChoiceError, Config, Runner};
use crate::domain::{Preset, Task};
use crate::plan::AgentPause;
use std::path::Path;

/// Returns the agent that works on `task` in the project at `root`: its own, or the one that does
/// its work while it is paused. `None` if no agent works.
pub(crate) fn agent_now(
    config: &Config,
    pauses: &[AgentPause],
    root: &Path,
    task: &Task,
) -> Result<Option<AgentProfile>, ChoiceError> {
    let profile = match config.agent_for(task)? {
        Runner::Agent(choice) => choice.profile,
        Runner::Gate | Runner::Person => return Ok(None),
    };
    let mut pauses = pauses.iter();
    let pause = pauses.find(|pause| pause.agent == profile.name && pause.root == root);
    let name = pause.and_then(|pause| pause.stand_in.as_deref());
    let other = name.and_then(|name| config.agent_named(name));
    Ok(Some(other.cloned().unwrap_or(profile)))
}

/// Returns the key for usage estimates: usage depends on the agent and on the type of the task.
pub(crate) fn usage_kind(preset: Preset, agent: &str, kind: &str) -> String {
    format!("{preset} {agent} {kind}")
}
