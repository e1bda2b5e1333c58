//! Who is told of each change: what is made anew of the queues then, the board, say.

use super::{FileStore, OnChange};

impl FileStore {
    /// Has `tell` told of all queues after each change of one. That is under the lock, so that what
    /// it writes is never older than what another process wrote of the same queues; it costs no
    /// change when that fails.
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
