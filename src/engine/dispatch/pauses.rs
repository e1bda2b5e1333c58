//! Finds the pauses of a project's own agents, and those of the accounts that they use.

use crate::config::Config;
use crate::domain::Backoff;
use crate::engine::attempt::AgentKey;
use crate::plan::AgentPause;
use crate::store::Backoffs;
use std::path::Path;

/// Returns the failure series of each agent of the project at `root`: the agent, its account, the
/// key of what is paused with it, and the series.
pub(super) fn known(
    config: &Config,
    root: &Path,
) -> Vec<(String, Option<String>, AgentKey, Backoff)> {
    let of_project = Backoffs::of(root);
    let state = of_project.state().to_owned();
    let shares = |name: &str| {
        let mut agents = config.all_agents();
        agents.any(|agent| agent.name == name && config.account_of(agent).is_some())
    };
    let own = of_project.all().into_iter().filter(|backoff| !shares(&backoff.agent));
    let mut all: Vec<_> = own
        .map(|backoff| {
            let agent = backoff.agent.clone();
            (agent.clone(), None, (state.clone(), agent), backoff)
        })
        .collect();
    for agent in config.all_agents() {
        let Some((folder, name)) = config.account_of(agent) else { continue };
        if let Ok(Some(backoff)) = Backoffs::at(&folder).get(&name) {
            let account = agent.tool.account.clone();
            all.push((agent.name.clone(), account, (folder, name), backoff));
        }
    }
    all
}

/// Adds to each pause the first of the agents that may do its tasks meanwhile.
pub(super) fn put_stand_ins(pauses: &mut [AgentPause], config: &Config) {
    let rests = |root: &Path, name: &str| {
        pauses.iter().any(|pause| pause.root == root && pause.agent == name)
    };
    let stand_in = |pause: &AgentPause| {
        let agent = config.all_agents().find(|agent| agent.name == pause.agent)?;
        let mut others = agent.tool.fallback.iter().filter_map(|name| config.agent_named(name));
        let free =
            others.find(|other| other.name != pause.agent && !rests(&pause.root, &other.name));
        free.map(|other| other.name.clone())
    };
    let found: Vec<_> = pauses.iter().map(stand_in).collect();
    for (pause, stand_in) in pauses.iter_mut().zip(found) {
        pause.stand_in = stand_in;
    }
}

pub(super) fn pause(
    root: &Path,
    (agent, account): (String, Option<String>),
    backoff: &Backoff,
) -> AgentPause {
    let what = Backoff { agent: agent.clone(), ..backoff.clone() }.sentence();
    AgentPause {
        root: root.to_owned(),
        agent,
        account,
        kind: backoff.kind,
        stand_in: None,
        since: backoff.since,
        until: backoff.until,
        trying: backoff.trying,
        what,
        reason: backoff.reason.clone(),
    }
}
