//! One round of an update, in the same order for every store.
//!
//! The order is part of what a store promises: edits by others are judged before a change is made;
//! observers hear of what was written, and the last good text is replaced, only after that. If
//! nothing was written, the handle forgets what it changed, and what it judged is judged again.

use super::StoreError;
use super::draft::Draft;
use super::judge::{Made, Recorded, decided};
use super::place::TaskRef;
use crate::domain::{Event, QueueIx};
use std::collections::HashSet;

/// What is to be done to a draft.
pub(super) type Change<'c> = &'c mut dyn FnMut(&mut Draft<'_>) -> Result<(), StoreError>;

/// The steps of a round, as a store takes them. Other writers are excluded during all of them.
pub(super) trait Steps {
    /// Returns what is recorded besides the queues.
    fn recorded(&mut self) -> &mut Recorded;

    /// Reads the texts that changed. A served queue that cannot be read fails, unless it is left
    /// alone; any other one stays as it was last read.
    fn load(&mut self) -> Result<(), StoreError>;

    /// Fails if a served queue must not be written, and reads the undecided tasks.
    fn prepare(&mut self) -> Result<(), StoreError>;

    /// Returns the served queues whose texts this handle neither wrote nor judged.
    fn unexplained(&self) -> Vec<QueueIx>;

    /// Judges the edits of others and makes the change, with the evidence of the store. Writes no
    /// text and no event.
    fn judge(&mut self, change: Change<'_>) -> Made;

    /// Writes the `touched` queues and the events, which name the texts before and after. Returns
    /// `None` if another program changed one of them since it was read.
    fn commit(
        &mut self,
        touched: &[QueueIx],
        events: Vec<(QueueIx, Event)>,
    ) -> Result<Option<Vec<Event>>, StoreError>;

    /// Tells the observer, if a queue `changed`, and keeps the last good texts of these and the
    /// undecided tasks.
    fn keep(&mut self, changed: Vec<QueueIx>, decided: &HashSet<TaskRef>)
    -> Result<(), StoreError>;

    /// Records that the text of a queue was neither written nor judged by this handle.
    fn doubt(&mut self, queue: QueueIx);

    /// Records that the queue in this handle differs from its text, so that it is read again.
    fn forget(&mut self, queue: QueueIx);
}

/// Makes one change. Returns `None` if another program changed a text meanwhile: the caller then
/// tries again.
pub(super) fn round(
    steps: &mut dyn Steps,
    change: Change<'_>,
) -> Result<Option<Vec<Event>>, StoreError> {
    for queue in steps.recorded().take_doubted() {
        steps.forget(queue);
    }
    steps.load()?;
    steps.prepare()?;
    let unexplained = steps.unexplained();
    let Made { accepted, events, touched } = steps.judge(change);
    let written = accepted.and_then(|accepted| {
        let decided = decided(&events);
        let written = steps.commit(&touched, events)?;
        if written.is_some() {
            steps.keep([touched.clone(), accepted].concat(), &decided)?;
        }
        Ok(written)
    });
    if !matches!(written, Ok(Some(_))) {
        unexplained.into_iter().for_each(|queue| steps.doubt(queue));
        touched.into_iter().for_each(|queue| steps.forget(queue));
        if written.is_err() {
            steps.load()?;
        }
    }
    written
}
