//! Calls an observer after each change, for example to write the board.

use super::FileStore;

impl FileStore {
    pub(super) fn tell_of_change(&mut self, has_changed: bool) {
        let Some(tell) = self.on_change.as_mut().filter(|_| has_changed) else { return };
        for warning in tell(&self.queues) {
            (self.options.on_warning)(&warning);
        }
    }
}
