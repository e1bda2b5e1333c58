//! Queues in memory, for tests: the same transitions, no disk.

use super::draft::Draft;
use super::{Patience, QueueStore, StoreError};
use crate::domain::Event;
use crate::platform::clock::Clock;
use crate::queue::Queue;
use std::sync::Arc;

/// A store that keeps nothing.
pub struct MemoryStore {
    queues: Vec<Queue>,
    clock: Arc<dyn Clock>,
    /// Every event so far, numbered from 1.
    pub events: Vec<Event>,
}

impl std::fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MemoryStore").field("events", &self.events).finish_non_exhaustive()
    }
}

impl MemoryStore {
    /// A store of `queues`.
    pub fn new(queues: Vec<Queue>, clock: Arc<dyn Clock>) -> Self {
        Self { queues, clock, events: Vec::new() }
    }

    fn number(&mut self, events: Vec<Event>) -> Vec<Event> {
        let first = self.events.len() as u64 + 1;
        let numbered = events.into_iter().zip(first..);
        let numbered: Vec<Event> = numbered.map(|(event, seq)| Event { seq, ..event }).collect();
        self.events.extend(numbered.iter().cloned());
        numbered
    }
}

impl QueueStore for MemoryStore {
    fn queues(&self) -> &[Queue] {
        &self.queues
    }

    fn read(&mut self) -> Result<bool, StoreError> {
        Ok(false)
    }

    fn update(
        &mut self,
        _patience: Patience,
        change: &mut dyn FnMut(&mut Draft<'_>) -> Result<(), StoreError>,
    ) -> Result<Vec<Event>, StoreError> {
        let mut changed = self.queues.clone();
        let mut draft = Draft::new(&mut changed, self.clock.now());
        change(&mut draft)?;
        let (now, events) = (draft.now(), draft.into_events());
        for (new, old) in changed.iter_mut().zip(&self.queues) {
            if new.revision() != old.revision() {
                new.refresh(now);
            }
        }
        self.queues = changed;
        Ok(self.number(events.into_iter().map(|(_, event)| event).collect()))
    }

    fn note(
        &mut self,
        _patience: Patience,
        _queue: usize,
        events: Vec<Event>,
    ) -> Result<Vec<Event>, StoreError> {
        Ok(self.number(events))
    }
}
