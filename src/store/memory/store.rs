//! One handle of queues in memory.

use super::evidence::Texts;
use super::log::MemoryLog;
use super::place::{Document, Shared, locked};
use super::seen::{Seen, read};
use crate::domain::{Event, QueueIx};
use crate::platform::clock::Clock;
use crate::platform::trouble;
use crate::queue::{QUEUE_VERSION, Queue, schema};
use crate::store::draft::Draft;
use crate::store::journal::writes::LastWrite;
use crate::store::judge::{Judge, Made};
use crate::store::log::Log;
use crate::store::round::{Change, Steps, round};
use crate::store::{OnChange, Patience, QueueStore, Recorded, StateDir, StoreError, TaskRef};
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// How often an update starts over because an editor saved a queue meanwhile.
const ROUNDS: u32 = 5;

/// A handle of some queues. All handles of a place see the same texts.
pub(super) struct MemoryStore {
    shared: Arc<Shared>,
    queues: Vec<Queue>,
    seen: Vec<Seen>,
    served: usize,
    roots: Vec<PathBuf>,
    waiting: Vec<(QueueIx, Event)>,
    recorded: Recorded,
    clock: Arc<dyn Clock>,
    on_change: Option<OnChange>,
}

impl std::fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MemoryStore").field("seen", &self.seen).finish_non_exhaustive()
    }
}

impl MemoryStore {
    pub(super) fn open(
        shared: Arc<Shared>,
        keys: &[PathBuf],
        clock: Arc<dyn Clock>,
    ) -> Result<Self, StoreError> {
        let read: Result<Vec<(Seen, Queue)>, StoreError> =
            keys.iter().map(|key| read(&shared, key)).collect();
        let (seen, queues) = read?.into_iter().unzip();
        let (served, roots, waiting) = (keys.len(), Vec::new(), Vec::new());
        let (recorded, on_change) = (Recorded::of(served), None);
        Ok(Self { shared, queues, seen, served, roots, waiting, recorded, clock, on_change })
    }

    fn load_undecided(&mut self) -> Result<(), StoreError> {
        for queue in QueueIx::first(self.served) {
            let key = &self.seen[queue].key;
            let tasks = self.shared.with(key, |document| document.undecided.clone())?;
            self.recorded.load_undecided(queue, tasks);
        }
        Ok(())
    }

    fn is_current(&self, queue: QueueIx) -> bool {
        let seen = &self.seen[queue];
        self.shared.with(&seen.key, |document| document.number == seen.number).unwrap_or(false)
    }

    /// Numbers `lines` and appends each to the journal of its queue.
    fn append(&self, lines: Vec<(QueueIx, Event)>) -> Result<Vec<Event>, StoreError> {
        if lines.is_empty() {
            return Ok(Vec::new());
        }
        trouble::before().map_err(StoreError::io("append to the journal of", "memory"))?;
        let mut written = Vec::with_capacity(lines.len());
        for (queue, mut event) in lines {
            let append = |document: &mut Document| {
                event.seq = document.events.last().map_or(0, |last| last.seq) + 1;
                document.events.push(event.clone());
                event
            };
            written.push(self.shared.with(&self.seen[queue].key, append)?);
        }
        trouble::after();
        Ok(written)
    }

    /// Takes the events that wait, except those of queues that are left alone.
    fn take_waiting(&mut self) -> Vec<(QueueIx, Event)> {
        let alone = &self.recorded.alone;
        self.waiting.extract_if(.., |(queue, _)| !alone.contains(queue)).collect()
    }

    fn keep_undecided(&self, queue: QueueIx) -> Result<(), StoreError> {
        let tasks = self.recorded.undecided[queue].clone();
        self.shared.with(&self.seen[queue].key, |document| document.undecided = tasks)
    }
}

impl Steps for MemoryStore {
    fn recorded(&mut self) -> &mut Recorded {
        &mut self.recorded
    }

    fn load(&mut self) -> Result<(), StoreError> {
        self.read().map(drop)
    }

    fn prepare(&mut self) -> Result<(), StoreError> {
        self.check_writable()?;
        self.load_undecided()
    }

    fn unexplained(&self) -> Vec<QueueIx> {
        QueueIx::first(self.served).filter(|at| self.seen[*at].is_unexplained).collect()
    }

    fn judge(&mut self, change: Change<'_>) -> Made {
        let mut texts = Texts { shared: &self.shared, seen: &mut self.seen };
        let (recorded, roots) = (&mut self.recorded, self.roots.as_slice());
        let judge = Judge { evidence: &mut texts, recorded, roots };
        judge.make(&mut self.queues, self.clock.now(), change)
    }

    fn commit(
        &mut self,
        touched: &[QueueIx],
        _: &[QueueIx],
        events: Vec<(QueueIx, Event)>,
    ) -> Result<Option<Vec<Event>>, StoreError> {
        let now = self.clock.now();
        let mut hashes = vec![None; self.queues.len()];
        for queue in touched {
            self.queues[*queue].refresh(now);
            hashes[queue.index()] = Some(self.queues[*queue].text_hash());
        }
        if !touched.iter().all(|queue| self.is_current(*queue)) {
            return Ok(None);
        }
        let mut lines = self.take_waiting();
        for (queue, mut event) in events {
            if let Some(after) = hashes[queue.index()].clone() {
                let Seen { hash, number, .. } = &self.seen[queue];
                let (before, file) = (hash.clone(), Some(number.to_string()));
                LastWrite { before, after, file }.name_in(&mut event.data);
            }
            lines.push((queue, event));
        }
        let written = self.append(lines)?;
        for (queue, hash) in QueueIx::each(hashes) {
            let Some(hash) = hash else { continue };
            trouble::before().map_err(StoreError::io("write", &self.seen[queue].key))?;
            if !self.is_current(queue) {
                return Ok(None);
            }
            let mut documents = self.shared.documents();
            documents.put(&self.seen[queue].key, self.queues[queue].to_bytes());
            let number = documents.last;
            drop(documents);
            let seen = &mut self.seen[queue];
            (seen.number, seen.hash, seen.is_unexplained) = (number, hash, false);
            trouble::after();
        }
        Ok(Some(written))
    }

    fn keep(
        &mut self,
        changed: Vec<QueueIx>,
        decided: &HashSet<TaskRef>,
    ) -> Result<(), StoreError> {
        if let Some(tell) = self.on_change.as_mut().filter(|_| !changed.is_empty()) {
            tell(&self.queues);
        }
        for queue in changed {
            let text = self.queues[queue].to_bytes();
            let keep = |document: &mut Document| document.last_good = Some(text);
            self.shared.with(&self.seen[queue].key, keep)?;
        }
        let hash = |queue: QueueIx| self.seen[queue].hash.clone();
        for queue in self.recorded.wrote(&self.queues[..self.served], hash, decided) {
            self.keep_undecided(queue)?;
        }
        Ok(())
    }

    fn doubt(&mut self, queue: QueueIx) {
        self.seen[queue].is_unexplained = true;
    }

    fn forget(&mut self, queue: QueueIx) {
        self.seen[queue].number = 0;
    }
}

impl QueueStore for MemoryStore {
    fn queues(&self) -> &[Queue] {
        &self.queues
    }

    fn key(&self, queue: QueueIx) -> &Path {
        &self.seen[queue].key
    }

    fn state(&self, queue: QueueIx) -> StateDir {
        StateDir::beside(&self.seen[queue].key)
    }

    fn log(&self, queue: QueueIx) -> Log {
        Arc::new(MemoryLog { key: self.key(queue).to_owned(), shared: Arc::clone(&self.shared) })
    }

    fn last_good(&self, _: QueueIx) -> Option<String> {
        None
    }

    fn watch(&mut self, address: &Path) -> bool {
        let Ok((seen, queue)) = read(&self.shared, address) else { return false };
        self.seen.push(seen);
        self.queues.push(queue);
        true
    }

    fn share(&mut self, roots: Vec<PathBuf>) {
        // One lock for all queues: updates exclude each other anyway.
        self.roots = roots;
    }

    fn read(&mut self) -> Result<bool, StoreError> {
        let mut changed = false;
        for (index, seen) in QueueIx::each(&mut self.seen) {
            match seen.refresh(&self.shared, &mut self.queues[index]) {
                Ok(is_new) => changed |= is_new,
                // It stays as it was last read.
                Err(_) if index.index() >= self.served => {}
                Err(_) if self.recorded.alone.contains(&index) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(changed)
    }

    fn update(
        &mut self,
        _: Patience,
        change: &mut dyn FnMut(&mut Draft<'_>) -> Result<(), StoreError>,
    ) -> Result<Vec<Event>, StoreError> {
        schema::prepare();
        let shared = Arc::clone(&self.shared);
        for _ in 0..ROUNDS {
            let turn = locked(&shared.turn);
            let made = round(self, change)?;
            drop(turn);
            if let Some(events) = made {
                return Ok(events);
            }
        }
        let path = self.seen.first().map(|seen| seen.key.clone()).unwrap_or_default();
        Err(StoreError::Unsettled { path, times: ROUNDS })
    }

    fn note(
        &mut self,
        _: Patience,
        queue: QueueIx,
        events: Vec<Event>,
    ) -> Result<Vec<Event>, StoreError> {
        let mut lines = self.take_waiting();
        lines.extend(events.into_iter().map(|event| (queue, event)));
        self.append(lines)
    }

    fn note_later(&mut self, queue: QueueIx, event: Event) {
        self.waiting.push((queue, event));
    }

    fn note_waiting(&mut self) -> Result<Vec<Event>, StoreError> {
        let lines = self.take_waiting();
        self.append(lines)
    }

    fn check_writable(&self) -> Result<(), StoreError> {
        let served = self.queues[..self.served].iter();
        let newer = served.map(|queue| (queue, queue.format_version()));
        match newer.into_iter().find(|(_, found)| *found > QUEUE_VERSION) {
            Some((queue, found)) => Err(StoreError::Newer { path: queue.path().to_owned(), found }),
            None => Ok(()),
        }
    }

    fn maintain(&mut self, _: Patience) -> Result<(), StoreError> {
        // A dead writer leaves nothing but lines, which are void.
        Ok(())
    }

    fn on_change(&mut self, tell: OnChange) {
        self.on_change = Some(tell);
    }

    fn recorded(&self) -> &Recorded {
        &self.recorded
    }

    fn recorded_mut(&mut self) -> &mut Recorded {
        &mut self.recorded
    }

    fn is_unjudged(&self) -> bool {
        let mut judged = QueueIx::each(&self.seen[..self.served]);
        judged.any(|(queue, seen)| seen.is_unexplained && !self.recorded.alone.contains(&queue))
    }

    fn is_recorded(&mut self) -> bool {
        self.seen[..self.served].iter().all(|seen| {
            let last = self.shared.with(&seen.key, |document| document.last_write());
            let last = last.ok().flatten();
            last.is_none_or(|last| last.after == seen.hash)
        })
    }

    fn is_still(&self, queue: QueueIx) -> bool {
        self.shared.is_still(&self.seen[queue].key)
    }

    fn see_undecided(&mut self) -> Result<(), StoreError> {
        let verified = self.recorded.verified;
        self.load_undecided()?;
        self.recorded.verified = verified;
        Ok(())
    }

    fn decide(&mut self, tasks: &[TaskRef]) {
        for queue in self.recorded.decide(tasks.iter()) {
            drop(self.keep_undecided(queue));
        }
    }
}
