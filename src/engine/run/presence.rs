//! A loop among others: the entries by which they find it, and what people ask of it by files.
//!
//! A loop says in its entry which paused queues are at rest, with the date of the request that it saw:
//! a person who waits for it knows then that it is about their pause and not about one before.

use crate::platform::fault::{self, Fault};
use crate::platform::scan;
use crate::project::requests::Requests;
use crate::project::{Neighbours, QueueSet};
use crate::store::workers::{About, Paused, Registration, Stillness};
use crate::store::{StateDir, StoreError};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::io;
use std::time::SystemTime;

/// Where a loop is entered, and what it is asked there.
#[derive(Debug, Default)]
pub(super) struct Presence {
    entries: Vec<Registration>,
    requests: Vec<Requests>,
    /// Since when each served queue is paused, if it is.
    pauses: Vec<Option<SystemTime>>,
    /// Paused queues that were looked at when nothing ran for them any more, and whether their files
    /// could be judged then.
    looked: HashMap<usize, bool>,
    /// Whether the start of the loop is in the journal.
    announced: bool,
}

impl Presence {
    /// Enters a loop of `jobs` slots in the state folder of each served queue, under `name`.
    pub(super) fn enter(
        set: &QueueSet,
        jobs: usize,
        name: &str,
        pid: u32,
    ) -> Result<Self, StoreError> {
        Neighbours::enter(set)?;
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
                    jobs,
                    paused: BTreeMap::new(),
                    unread: BTreeSet::new(),
                };
                let entry = Registration::enter(&state, name, about)
                    .map_err(StoreError::io("enter the loop in", state.workers()))?;
                entries.push((state.clone(), entry));
            }
            if let Some((_, entry)) = entries.iter().find(|(entered, _)| *entered == state) {
                requests.push(Requests::new(&state, set.stem(queue), entry));
            }
        }
        let entries = entries.into_iter().map(|(_, entry)| entry).collect();
        Ok(Self { entries, requests, ..Self::default() })
    }

    /// Enters the loop again where its entry is gone: agents delete the state folder.
    pub(super) fn keep(&mut self) -> Option<io::Error> {
        self.entries.iter_mut().find_map(|entry| entry.keep().err())
    }

    /// What has the name of a request and is none, in words.
    pub(super) fn no_requests(&self) -> Vec<String> {
        self.requests.iter().flat_map(Requests::strays).collect()
    }

    /// Looks what is asked now; says whether the loop is to stop.
    pub(super) fn look(&mut self) -> bool {
        let asked: Vec<_> = self.requests.iter().map(Requests::look).collect();
        self.pauses = asked.iter().map(|asked| asked.pause).collect();
        asked.iter().any(|asked| asked.stop)
    }

    /// The queues that are paused.
    pub(super) fn paused(&self) -> HashSet<usize> {
        let all = self.pauses.iter().enumerate();
        all.filter(|(_, pause)| pause.is_some()).map(|(queue, _)| queue).collect()
    }

    /// Whether the start of the loop is to be noted: the first time that this is asked.
    pub(super) fn announces(&mut self) -> bool {
        !std::mem::replace(&mut self.announced, true)
    }

    /// Whether its start was noted.
    pub(super) fn is_announced(&self) -> bool {
        self.announced
    }

    /// Paused queues for which nothing runs any more, and whose files were not looked at since.
    pub(super) fn unlooked(&self, is_still: impl Fn(usize) -> bool) -> Vec<usize> {
        let paused = (0..self.pauses.len()).filter(|queue| self.pauses[*queue].is_some());
        paused.filter(|queue| is_still(*queue) && !self.looked.contains_key(queue)).collect()
    }

    /// A paused queue was looked at, and its file could be `judged` or not.
    pub(super) fn looked(&mut self, queue: usize, judged: bool) {
        self.looked.insert(queue, judged);
    }

    /// Says in the entries which queues are at rest.
    pub(super) fn say(&mut self, set: &QueueSet, is_still: impl Fn(usize) -> bool) {
        let Self { pauses, looked, .. } = self;
        looked.retain(|queue, _| pauses[*queue].is_some());
        let still: Vec<Option<Stillness>> = (0..pauses.len())
            .map(|queue| {
                let still = fault::is(Fault::PauseBlind) || is_still(queue);
                let asked = pauses[queue].filter(|_| still)?;
                let judged = looked.get(&queue).is_some_and(|judged| *judged);
                Some(Stillness { asked, judged })
            })
            .collect();
        for entry in &mut self.entries {
            let here = (0..still.len()).filter(|queue| set.state(*queue) == *entry.state());
            let paused: Paused = here
                .filter_map(|queue| Some((set.stem(queue).to_owned(), still[queue]?)))
                .collect();
            // Whoever waits for the word asks again; a full disk is told by the next write.
            drop(entry.say_paused(paused));
        }
    }

    /// Leaves: others do not find the loop any more.
    pub(super) fn leave(&mut self) {
        self.entries.clear();
    }
}

/// What a loop says of itself in the journal.
pub(super) fn about(set: &QueueSet, jobs: usize) -> Map<String, Value> {
    let pid = std::process::id();
    let queues: Vec<&str> = (0..set.served()).map(|queue| set.name(queue)).collect();
    let start = scan::start_time(pid);
    let about = json!({"pid": pid, "start": start, "queues": queues, "jobs": jobs});
    about.as_object().cloned().unwrap_or_default()
}
