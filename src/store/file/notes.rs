//! Events that change no task and wait for the next append.

use super::FileStore;
use crate::domain::{Event, QueueIx};
use crate::store::journal::JournalError;
use crate::store::{Patience, QueueStore, StoreError};
use std::path::Path;

impl FileStore {
    /// Leaves an event for the next append, by a transition or by [`QueueStore::note`]. This saves
    /// a lock and a write. If the process dies first, the event is missing in the journal, so no
    /// transition may depend on it.
    pub fn note_later(&mut self, queue: QueueIx, event: Event) {
        self.journals.waiting.push((queue, event));
    }

    /// Appends the waiting events.
    ///
    /// # Errors
    /// As [`QueueStore::note`].
    pub fn note_waiting(&mut self) -> Result<Vec<Event>, StoreError> {
        let mut noted = Vec::new();
        while let Some((queue, _)) =
            self.journals.waiting.iter().find(|(q, _)| !self.alone.contains(q))
        {
            noted.extend(self.note(Patience::Unlimited, *queue, Vec::new())?);
        }
        Ok(noted)
    }

    /// Appends to the journal in `dir`. A failed backup costs a safety net, not the change.
    pub(super) fn append(&mut self, dir: &Path, lines: &mut [Event]) -> Result<(), JournalError> {
        let Some(journal) = self.journals.by_dir.get_mut(dir) else { return Ok(()) };
        journal.append(lines)?;
        if let Some(error) = journal.take_trouble() {
            self.recorded.tell_of_backup(&error, &mut *self.options.on_warning);
        }
        Ok(())
    }

    /// Takes the events that wait for the journal in `dir`.
    pub(super) fn take_waiting(&mut self, dir: &Path) -> Vec<Event> {
        let all = std::mem::take(&mut self.journals.waiting);
        let (mine, others): (Vec<_>, Vec<_>) = all.into_iter().partition(|(queue, _)| {
            self.loaded[*queue].dir() == dir && !self.alone.contains(queue)
        });
        self.journals.waiting = others;
        mine.into_iter().map(|(_, event)| event).collect()
    }
}
