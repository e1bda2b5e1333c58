//! Agents that print nothing: an attempt whose output is as old as the limit is told of once.

use super::message::Message;
use crate::config::NotifyEvent;
use crate::domain::{Event, EventKind};
use crate::store::attempts::{AGENT_ERR, AGENT_OUT, AttemptFolder};
use crate::store::{StateDir, TaskKey};
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

/// The attempts whose agents work, by queue and task.
#[derive(Debug, Default)]
pub(super) struct Silence {
    open: BTreeMap<(String, String), Open>,
}

#[derive(Clone, Debug)]
struct Open {
    attempt: u32,
    since: DateTime<Utc>,
    told: bool,
}

impl Silence {
    /// Takes in a line of the journal.
    pub(super) fn hear(&mut self, event: &Event) {
        let Some(task) = event.task.clone() else { return };
        let key = (event.queue.clone(), task);
        let at = DateTime::parse_from_rfc3339(&event.at).map(|at| at.to_utc());
        let ends = event.event.ends_attempt() || event.event == EventKind::AgentFinished;
        if let (EventKind::Claimed, Some(attempt), Ok(since)) = (event.event, event.attempt, at) {
            self.open.insert(key, Open { attempt, since, told: false });
        } else if ends {
            self.open.remove(&key);
        }
    }

    /// The attempts that have been silent for `limit` and were not told; `known` are the keys of
    /// those that another loop told.
    pub(super) fn silent(
        &mut self,
        state: &StateDir,
        limit: Duration,
        now: DateTime<Utc>,
        known: &[String],
    ) -> Vec<Message> {
        let limit = TimeDelta::from_std(limit).unwrap_or(TimeDelta::MAX);
        let mut found = Vec::new();
        for ((queue, task), open) in &mut self.open {
            let last = last_word(state, queue, task, open);
            let silent = now.signed_duration_since(last);
            if open.told || silent < limit {
                continue;
            }
            open.told = true;
            let message = message(queue, task, (open.attempt, silent), now);
            if !known.contains(&message.key) {
                found.push(message);
            }
        }
        found
    }
}

/// When the agent printed something last, or began.
fn last_word(state: &StateDir, queue: &str, task: &str, open: &Open) -> DateTime<Utc> {
    let folder = state.root().parent().unwrap_or_else(|| state.root());
    let key = TaskKey::new(&folder.join(queue), task);
    let folder = AttemptFolder::new(state, &key, open.attempt);
    let logs = [AGENT_OUT, AGENT_ERR].map(|name| fs::symlink_metadata(folder.file(name)));
    let times = logs.into_iter().filter_map(|meta| meta.ok()?.modified().ok());
    times.map(DateTime::<Utc>::from).fold(open.since, Ord::max)
}

fn message(
    queue: &str,
    task: &str,
    (attempt, silent): (u32, TimeDelta),
    now: DateTime<Utc>,
) -> Message {
    let at = now.with_timezone(&chrono::Local).format("%H:%M");
    let reason = format!("the agent has printed nothing for {} min", silent.num_minutes());
    Message {
        place: None,
        key: format!("silent:{queue}:{task}:{attempt}"),
        event: NotifyEvent::Silent,
        at: now.to_rfc3339_opts(chrono::SecondsFormat::Millis, true),
        queue: Some(queue.to_owned()),
        task: Some(task.to_owned()),
        title: None,
        text: format!("{at} - task {task} is silent: {reason}"),
        reason: Some(reason),
        code: None,
    }
}
