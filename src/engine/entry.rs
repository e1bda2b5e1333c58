//! How a loop enters: its name in the state folders.

use super::neighbours::Neighbours;
use super::options::RunOptions;
use crate::platform::scan;
use crate::project::QueueSet;
use crate::project::requests::Requests;
use crate::store::workers::{About, Registration};
use crate::store::{StateDir, StoreError};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Enters the loop in the state folder of each served queue.
pub(super) fn enter(
    set: &QueueSet,
    options: &RunOptions,
    pid: u32,
) -> Result<(Vec<Registration>, Vec<Requests>), StoreError> {
    Neighbours::enter(set)?;
    let name = options.ids.hex8();
    let mut entries: Vec<(StateDir, Registration)> = Vec::new();
    let mut requests = Vec::new();
    for queue in 0..set.served() {
        let state = set.state(queue);
        if !entries.iter().any(|(entered, _)| *entered == state) {
            let here = (0..set.served()).filter(|other| set.state(*other) == state);
            let about = About {
                pid,
                start: scan::start_time(pid).unwrap_or_default(),
                queues: here.map(|queue| set.stem(queue).to_owned()).collect(),
                jobs: options.jobs,
                paused: BTreeMap::new(),
                unread: BTreeSet::new(),
            };
            let entry = Registration::enter(&state, &name, about)
                .map_err(StoreError::io("enter the loop in", state.workers()))?;
            entries.push((state.clone(), entry));
        }
        if let Some((_, entry)) = entries.iter().find(|(entered, _)| *entered == state) {
            requests.push(Requests::new(&state, set.stem(queue), entry));
        }
    }
    Ok((entries.into_iter().map(|(_, entry)| entry).collect(), requests))
}

/// What a loop says of itself in the journal.
pub(super) fn about(set: &QueueSet, options: &RunOptions, pid: u32) -> Map<String, Value> {
    let queues: Vec<&str> = (0..set.served()).map(|queue| set.name(queue)).collect();
    let start = scan::start_time(pid);
    let about = json!({"pid": pid, "start": start, "queues": queues, "jobs": options.jobs});
    about.as_object().cloned().unwrap_or_default()
}
