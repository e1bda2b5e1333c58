//! Calls an observer after each change, for example to write the board.

use super::{FileStore, OnChange};

impl FileStore {
    /// Calls `tell` with all queues after each change of one. The call is made under the lock, so
    /// that its output is never older than what another process wrote from the same queues. If it
    /// fails, the change is kept.
    pub fn on_change(&mut self, tell: OnChange) {
        self.on_change = Some(tell);
    }

    pub(super) fn tell_of_change(&mut self, has_changed: bool) {
        let Some(tell) = self.on_change.as_mut().filter(|_| has_changed) else { return };
        for warning in tell(&self.queues) {
            (self.options.on_warning)(&warning);
        }
    }
}
