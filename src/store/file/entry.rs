//! The entries of a loop in the state folders of its queues, and the requests that it finds there.

use super::requests::Requests;
use crate::store::control::{Asked, Entry, Looping, Stillness};
use crate::store::records::workers::{About, Registration};
use crate::store::{StateDir, StoreError};
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};

/// One entry in each state folder.
#[derive(Debug)]
pub(super) struct FileEntry {
    entries: Vec<Registration>,
    /// For each queue.
    requests: Vec<Requests>,
    queues: Vec<PathBuf>,
}

/// Returns the name of a queue in requests and entries.
pub(super) fn stem(queue: &Path) -> &str {
    queue.file_stem().and_then(OsStr::to_str).unwrap_or_default()
}

impl FileEntry {
    pub(super) fn enter(queues: &[&Path], loop_: &Looping) -> Result<Self, StoreError> {
        let mut entries: Vec<Registration> = Vec::new();
        let mut requests = Vec::new();
        for queue in queues {
            let state = StateDir::beside(queue);
            if !entries.iter().any(|entry| *entry.state() == state) {
                let here = queues.iter().filter(|other| StateDir::beside(other) == state);
                let about = About {
                    pid: loop_.pid,
                    start: loop_.start,
                    queues: here.map(|queue| stem(queue).to_owned()).collect(),
                    jobs: loop_.jobs,
                    paused: BTreeMap::new(),
                    unread: BTreeSet::new(),
                };
                let entry = Registration::enter(&state, &loop_.name, about)
                    .map_err(StoreError::io("register the loop in", state.workers()))?;
                entries.push(entry);
            }
            let entry = entries.iter().find(|entry| *entry.state() == state);
            requests.extend(entry.map(|entry| Requests::new(&state, stem(queue), entry)));
        }
        let queues = queues.iter().map(|queue| (*queue).to_owned()).collect();
        Ok(Self { entries, requests, queues })
    }
}

impl Entry for FileEntry {
    fn asked(&self) -> Vec<Asked> {
        self.requests.iter().map(Requests::look).collect()
    }

    fn strays(&self) -> Vec<String> {
        self.requests.iter().flat_map(Requests::strays).collect()
    }

    fn keep(&mut self) -> io::Result<()> {
        self.entries.iter_mut().try_for_each(Registration::keep)
    }

    fn say(&mut self, still: &[Option<Stillness>]) {
        for entry in &mut self.entries {
            let here = self.queues.iter().zip(still);
            let here = here.filter(|(queue, _)| StateDir::beside(queue) == *entry.state());
            let paused =
                here.filter_map(|(queue, still)| Some((stem(queue).to_owned(), (*still)?)));
            // Errors are ignored: a caller that waits asks again, and the next write reports a full
            // disk.
            drop(entry.say_paused(paused.collect()));
        }
    }
}
