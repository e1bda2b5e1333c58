//! Events that change no task and wait for the next append.

use super::FileStore;
use crate::domain::Event;
use crate::store::journal::JournalError;
use std::path::Path;

impl FileStore {
    /// Appends to the journal in `dir`. A failed backup costs a safety net, not the change.
    pub(super) fn append(&mut self, dir: &Path, lines: &mut [Event]) -> Result<(), JournalError> {
        let Some(journal) = self.journals.by_dir.get_mut(dir) else { return Ok(()) };
        journal.append(lines)?;
        if let Some(error) = journal.take_trouble() {
            self.told.of_backup(&error, &mut *self.options.on_warning);
        }
        Ok(())
    }

    /// Takes the events that wait for the journal in `dir`.
    pub(super) fn take_waiting(&mut self, dir: &Path) -> Vec<Event> {
        let all = std::mem::take(&mut self.journals.waiting);
        let (mine, others): (Vec<_>, Vec<_>) = all.into_iter().partition(|(queue, _)| {
            self.loaded[*queue].dir() == dir && !self.recorded.alone.contains(queue)
        });
        self.journals.waiting = others;
        mine.into_iter().map(|(_, event)| event).collect()
    }
}
