//! A loop among other loops: the entry by which they find it, and what people ask of it.
//!
//! A loop says in its entry which paused queues are still, with the date of the request
//! that it saw. A person who waits for a pause then knows that the answer is about this pause and
//! not about an earlier one.

use crate::domain::QueueIx;
use crate::platform::fault::{self, Fault};
use crate::platform::scan;
use crate::project::{Neighbours, QueueSet};
use crate::store::StoreError;
use crate::store::control::{Entry, Looping, Stillness};
use serde_json::{Map, Value, json};
use std::collections::{HashMap, HashSet};
use std::io;
use std::path::Path;
use std::time::SystemTime;

/// Where a loop is entered, and where it receives requests.
#[derive(Debug, Default)]
pub(super) struct Presence {
    entry: Option<Box<dyn Entry>>,
    /// Since when each served queue is paused, if it is.
    pauses: Vec<Option<SystemTime>>,
    /// The paused queues that were checked when nothing ran for them any more, and whether their
    /// files could be judged then.
    looked: HashMap<QueueIx, bool>,
    /// Whether the start of the loop is in the journal.
    announced: bool,
}

impl Presence {
    /// Enters a loop of `jobs` slots over the served queues, under `name`.
    pub(super) fn enter(
        set: &QueueSet,
        jobs: usize,
        name: &str,
        pid: u32,
    ) -> Result<Self, StoreError> {
        Neighbours::enter(set)?;
        let queues: Vec<&Path> = set.each_served().map(|queue| set.real(queue)).collect();
        let start = scan::start_time(pid).unwrap_or_default();
        let about = Looping { name: name.to_owned(), pid, start, jobs };
        Ok(Self { entry: Some(set.control().enter(&queues, &about)?), ..Self::default() })
    }

    /// Enters the loop again if its entry is gone: agents delete the state folder.
    pub(super) fn keep(&mut self) -> Option<io::Error> {
        self.entry.as_mut()?.keep().err()
    }

    /// Returns, in words, what looks like a request and is none.
    pub(super) fn no_requests(&self) -> Vec<String> {
        self.entry.iter().flat_map(|entry| entry.strays()).collect()
    }

    /// Checks what is requested now. Returns whether the loop must stop.
    pub(super) fn look(&mut self) -> bool {
        let asked = self.entry.as_ref().map(|entry| entry.asked()).unwrap_or_default();
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

    /// Says in the entry which queues are still.
    pub(super) fn say(&mut self, is_still: impl Fn(QueueIx) -> bool) {
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
        if let Some(entry) = &mut self.entry {
            entry.say(&still);
        }
    }

    /// Removes the entry: other loops no longer find this one.
    pub(super) fn leave(&mut self) {
        self.entry = None;
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
