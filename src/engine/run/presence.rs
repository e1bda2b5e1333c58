//! A loop among other loops: the registrations by which they find it, and the requests that people
//! make through files.
//!
//! A loop writes into its registration which paused queues are still, with the date of the request
//! that it saw. A person who waits for a pause then knows that the answer is about this pause and
//! not about an earlier one.

use crate::domain::QueueIx;
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

/// Where a loop is registered, and where it receives requests.
#[derive(Debug, Default)]
pub(super) struct Presence {
    entries: Vec<Registration>,
    requests: Vec<Requests>,
    /// Since when each served queue is paused, if it is.
    pauses: Vec<Option<SystemTime>>,
    /// The paused queues that were checked when nothing ran for them any more, and whether their
    /// files could be judged then.
    looked: HashMap<QueueIx, bool>,
    /// Whether the start of the loop is in the journal.
    announced: bool,
}

impl Presence {
    /// Registers a loop of `jobs` slots in the state folder of each served queue, under `name`.
    pub(super) fn enter(
        set: &QueueSet,
        jobs: usize,
        name: &str,
        pid: u32,
    ) -> Result<Self, StoreError> {
        Neighbours::enter(set)?;
        let mut entries: Vec<(StateDir, Registration)> = Vec::new();
        let mut requests = Vec::new();
        for queue in set.each_served() {
            let state = set.state(queue);
            if !entries.iter().any(|(entered, _)| *entered == state) {
                let here = set.each_served().filter(|other| set.state(*other) == state);
                let about = About {
                    pid,
                    start: scan::start_time(pid).unwrap_or_default(),
                    queues: here.map(|queue| set.queue(queue).stem().to_owned()).collect(),
                    jobs,
                    paused: BTreeMap::new(),
                    unread: BTreeSet::new(),
                };
                let entry = Registration::enter(&state, name, about)
                    .map_err(StoreError::io("register the loop in", state.workers()))?;
                entries.push((state.clone(), entry));
            }
            if let Some((_, entry)) = entries.iter().find(|(entered, _)| *entered == state) {
                requests.push(Requests::new(&state, set.queue(queue).stem(), entry));
            }
        }
        let entries = entries.into_iter().map(|(_, entry)| entry).collect();
        Ok(Self { entries, requests, ..Self::default() })
    }

    /// Registers the loop again if its registration is gone: agents delete the state folder.
    pub(super) fn keep(&mut self) -> Option<io::Error> {
        self.entries.iter_mut().find_map(|entry| entry.keep().err())
    }

    /// Returns, in words, the files that are named like a request but are not one.
    pub(super) fn no_requests(&self) -> Vec<String> {
        self.requests.iter().flat_map(Requests::strays).collect()
    }

    /// Checks what is requested now. Returns whether the loop must stop.
    pub(super) fn look(&mut self) -> bool {
        let asked: Vec<_> = self.requests.iter().map(Requests::look).collect();
        self.pauses = asked.iter().map(|asked| asked.pause).collect();
        asked.iter().any(|asked| asked.stop)
    }

    /// Returns the queues that are paused.
    pub(super) fn paused(&self) -> HashSet<QueueIx> {
        let all = QueueIx::each(&self.pauses);
        all.filter(|(_, pause)| pause.is_some()).map(|(queue, _)| queue).collect()
    }

    /// Returns whether the start of the loop must be noted: `true` on the first call only.
    pub(super) fn announces(&mut self) -> bool {
        !std::mem::replace(&mut self.announced, true)
    }

    /// Returns whether the start of the loop was noted.
    pub(super) fn is_announced(&self) -> bool {
        self.announced
    }

    /// Returns the paused queues for which nothing runs any more and whose files were not checked
    /// since.
    pub(super) fn unlooked(&self, is_still: impl Fn(QueueIx) -> bool) -> Vec<QueueIx> {
        let paused =
            QueueIx::first(self.pauses.len()).filter(|queue| self.pauses[*queue].is_some());
        paused.filter(|queue| is_still(*queue) && !self.looked.contains_key(queue)).collect()
    }

    /// Records that a paused queue was checked, and whether its file could be `judged`.
    pub(super) fn looked(&mut self, queue: QueueIx, judged: bool) {
        self.looked.insert(queue, judged);
    }

    /// Writes into the registrations which queues are still.
    pub(super) fn say(&mut self, set: &QueueSet, is_still: impl Fn(QueueIx) -> bool) {
        let Self { pauses, looked, .. } = self;
        looked.retain(|queue, _| pauses[*queue].is_some());
        let still: Vec<Option<Stillness>> = QueueIx::first(pauses.len())
            .map(|queue| {
                let still = fault::is(Fault::PauseBlind) || is_still(queue);
                let asked = pauses[queue].filter(|_| still)?;
                let judged = looked.get(&queue).is_some_and(|judged| *judged);
                Some(Stillness { asked, judged })
            })
            .collect();
        for entry in &mut self.entries {
            let here =
                QueueIx::first(still.len()).filter(|queue| set.state(*queue) == *entry.state());
            let paused: Paused = here
                .filter_map(|queue| Some((set.queue(queue).stem().to_owned(), still[queue]?)))
                .collect();
            // Errors are ignored: a caller that waits asks again, and the next write reports a full
            // disk.
            drop(entry.say_paused(paused));
        }
    }

    /// Removes the registrations: other loops no longer find this one.
    pub(super) fn leave(&mut self) {
        self.entries.clear();
    }
}

/// Returns what a loop writes about itself into the journal.
pub(super) fn about(set: &QueueSet, jobs: usize) -> Map<String, Value> {
    let pid = std::process::id();
    let queues: Vec<&str> = set.each_served().map(|queue| set.queue(queue).name()).collect();
    let start = scan::start_time(pid);
    let about = json!({"pid": pid, "start": start, "queues": queues, "jobs": jobs});
    about.as_object().cloned().unwrap_or_default()
}
