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
    ///
    /// The texts of the `accepted` queues, and of the touched ones, are good now. A store with
    /// transactions keeps that in the same one; [`Steps::keep`] is called for the others.
    fn commit(
        &mut self,
        touched: &[QueueIx],
        accepted: &[QueueIx],
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
        let written = steps.commit(&touched, &accepted, events)?;
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

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: QueueIx = QueueIx::FIRST;

    /// What a store does that notes its steps. The first queue is touched, the second accepted.
    struct Noting {
        recorded: Recorded,
        /// Whether the change is made.
        is_made: bool,
        /// What writing returns.
        written: Option<Result<bool, StoreError>>,
        steps: Vec<String>,
    }

    impl Noting {
        fn note(&mut self, step: impl Into<String>) {
            self.steps.push(step.into());
        }
    }

    fn no() -> StoreError {
        StoreError::Rejected("no".to_owned())
    }

    impl Steps for Noting {
        fn recorded(&mut self) -> &mut Recorded {
            &mut self.recorded
        }

        fn load(&mut self) -> Result<(), StoreError> {
            self.note("load");
            Ok(())
        }

        fn prepare(&mut self) -> Result<(), StoreError> {
            self.note("prepare");
            Ok(())
        }

        fn unexplained(&self) -> Vec<QueueIx> {
            vec![QueueIx::new(1)]
        }

        fn judge(&mut self, _: Change<'_>) -> Made {
            self.note("judge");
            let accepted = if self.is_made { Ok(vec![QueueIx::new(1)]) } else { Err(no()) };
            Made { accepted, events: Vec::new(), touched: vec![FIRST] }
        }

        fn commit(
            &mut self,
            touched: &[QueueIx],
            accepted: &[QueueIx],
            _: Vec<(QueueIx, Event)>,
        ) -> Result<Option<Vec<Event>>, StoreError> {
            self.note(format!("commit {} {}", touched.len(), accepted.len()));
            let written = self.written.take().expect("one try")?;
            Ok(written.then(Vec::new))
        }

        fn keep(&mut self, changed: Vec<QueueIx>, _: &HashSet<TaskRef>) -> Result<(), StoreError> {
            self.note(format!("keep {}", changed.len()));
            Ok(())
        }

        fn doubt(&mut self, queue: QueueIx) {
            self.note(format!("doubt {}", queue.index()));
        }

        fn forget(&mut self, queue: QueueIx) {
            self.note(format!("forget {}", queue.index()));
        }
    }

    #[test]
    fn what_was_not_written_is_forgotten_and_judged_again() {
        let begun = ["load", "prepare", "judge"];
        let undone = ["doubt 1", "forget 0"];
        for (is_made, written, rest) in [
            (true, Some(Ok(true)), vec!["commit 1 1", "keep 2"]),
            (true, Some(Ok(false)), [&["commit 1 1"], &undone[..]].concat()),
            (true, Some(Err(no())), [&["commit 1 1"], &undone[..], &["load"]].concat()),
            (false, None, [&undone[..], &["load"]].concat()),
        ] {
            let (recorded, steps) = (Recorded::of(2), Vec::new());
            let mut noting = Noting { recorded, is_made, written, steps };
            drop(round(&mut noting, &mut |_| Ok(())));
            assert_eq!(noting.steps, [&begun[..], &rest].concat());
        }
    }
}
