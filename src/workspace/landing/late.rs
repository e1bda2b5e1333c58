//! Updates work trees in which a person checked the target out while it moved. They have the old
//! files of the target, and the next commit in them would undo the landing.
//!
//! `git switch` resolves the branch, locks the index, writes the files, and records the branch
//! last. A switch that began before the target moved may end at any time after that. Therefore work
//! trees with another branch checked out are checked as soon as the target has moved, and once more
//! a moment later. Other landings may begin in between.

use super::super::repo::{Checkout, Oid};
use super::checkout::LOOK;
use super::error::LandError;
use super::land::{Landing, Late};
use std::time::{Duration, Instant};

/// The time between a landing and the second check. Git locks an index within milliseconds.
const MOMENT: Duration = Duration::from_millis(300);

impl Landing {
    /// Ends the landing, so that others may land. If a work tree had another branch checked out,
    /// checks a moment later whether a person has checked the target out there in the meantime.
    ///
    /// # Errors
    /// The same as [`Landing::land`]; the landing itself is not undone.
    pub fn end(self) -> Result<(), LandError> {
        let (repository, index_wait) = (self.repository().clone(), self.index_wait);
        let late = self.late.take();
        drop(self);
        let Some(Late { others, old }) = late else { return Ok(()) };
        std::thread::sleep(MOMENT);
        let again = Self::begin(&repository, None, &mut |_, _| {})?.waiting(index_wait);
        again.catch_up(&others, &old)
    }

    /// Updates each of `others` in which a person checked out the target, which moved from `old`.
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
                // Edits that are in the way stay and are shown beside the landing: nothing is lost.
                self.switch(self.deltas(old, &tip)?).bring(one, old, &tip)?;
            }
        }
        Ok(())
    }
}
