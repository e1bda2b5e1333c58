//! Updates work trees in which a person checked the target out while it moved: they have its old
//! files, and would undo the landing with the next commit.
//!
//! Git resolves the branch, locks the index, writes the files, and records the branch last. A switch
//! that began before the target moved may end at any time after it. Therefore work trees with another
//! branch checked out are checked when the target has moved, and again a moment later, when others may
//! land already.

use super::super::repo::{Checkout, Oid};
use super::checkout::LOOK;
use super::error::LandError;
use super::land::{Landing, Late};
use std::time::{Duration, Instant};

/// The time between a landing and the second check: git locks an index within milliseconds.
const MOMENT: Duration = Duration::from_millis(300);

impl Landing {
    /// Ends the landing, so that others may land. If a work tree had another branch checked out, checks
    /// a moment later whether a person checked the target out meanwhile.
    ///
    /// # Errors
    /// As [`Landing::land`]; the landing itself stays.
    pub fn end(self) -> Result<(), LandError> {
        let (repository, index_wait) = (self.repository().clone(), self.index_wait);
        let late = self.late.take();
        drop(self);
        let Some(Late { others, old }) = late else { return Ok(()) };
        std::thread::sleep(MOMENT);
        let again = Self::begin(&repository, None, &mut |_, _| {})?.waiting(index_wait);
        again.catch_up(&others, &old)
    }

    /// Updates those of `others` in which a person checked the target out since it left `old`.
    pub(super) fn catch_up(&self, others: &[Checkout], old: &Oid) -> Result<(), LandError> {
        let begin = Instant::now();
        for one in others {
            let is_locked = || one.git_dir.join("index.lock").exists();
            let was_locked = is_locked();
            while is_locked() && begin.elapsed() < self.index_wait {
                std::thread::sleep(LOOK);
            }
            if was_locked {
                std::thread::sleep(LOOK);
            }
            if one.has_now(self.repository().target()) {
                let tip = self.repository().tip()?;
                // Edits that are in the way are shown beside the landing, and nothing is lost.
                self.switch(self.deltas(old, &tip)?).bring(one, old, &tip)?;
            }
        }
        Ok(())
    }
}
