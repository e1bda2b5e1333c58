//! Finished work that was set back with its queue: verified once more on the tree as it is, without
//! an agent. What passes is complete again, what fails is done again.
//!
//! As long as a task of a served queue waits for this, the loop claims nothing: what it would start
//! changes the tree that is to be judged, and may rest on work that is not there.

use super::super::attempt::Finished;
use super::super::ending::Reason;
use super::super::observer::Notice;
use super::super::run_loop::RunLoop;
use super::super::tree_kind::{SetBack, TREE, TreeCheck};
use crate::domain::{EventKind, Outcome, Status, Verdict};
use crate::store::{Actor, Patience, Place, QueueStore, StoreError, TaskKey};
use crate::verify::VerifyStep;
use serde_json::json;

impl RunLoop<'_> {
    /// Begins the next verification of the tree, if tasks wait for one; `true` when something was
    /// begun or decided.
    ///
    /// # Errors
    /// [`StoreError`] when a decision cannot be written.
    pub(in crate::engine) fn verify_set_back(&mut self) -> Result<bool, StoreError> {
        if self.running() > 0 || self.draining.is_some() || !self.paused.is_empty() {
            return Ok(false);
        }
        let Some((queue, ids, steps)) = self.next_group() else { return Ok(false) };
        if steps.is_empty() {
            self.redo(queue, &ids)?;
            return Ok(true);
        }
        let others_run = self.store.queues()[..self.dispatcher.set.served()].iter().any(|queue| {
            queue.tasks().iter().any(|t| t.status == Status::InProgress && t.claim().is_some())
        });
        let key = TaskKey::new(self.dispatcher.set.real(queue), TREE);
        let real = self.dispatcher.set.real(queue);
        if others_run || !self.dispatcher.keeper.take(real, &key, None)? {
            return Ok(false);
        }
        let Some(lock) = self.dispatcher.keeper.hand_over(&key) else { return Ok(false) };
        self.begin_check(0, TreeCheck::SetBack(SetBack { queue, ids }), &steps, lock);
        self.tell_check(0);
        Ok(true)
    }

    /// The first queue with undecided tasks, and those of its tasks that are verified alike.
    fn next_group(&self) -> Option<(usize, Vec<String>, Vec<VerifyStep>)> {
        let queues = self.store.queues();
        let set = &self.dispatcher.set;
        let steps = |place: &Place| {
            set.config.profiles_for(&queues[place.queue].tasks()[place.task]).unwrap_or_default()
        };
        let mut places: Vec<Place> = self.store.undecided().collect();
        places.sort_unstable();
        let first = *places.first()?;
        let alike = steps(&first);
        places.retain(|place| place.queue == first.queue && steps(place) == alike);
        let id = |place: &Place| queues[place.queue].tasks()[place.task].id.to_string();
        Some((first.queue, places.iter().map(id).collect(), alike))
    }

    pub(super) fn set_back_checked(
        &mut self,
        slot: usize,
        SetBack { queue, ids }: &SetBack,
        finished: &Finished,
    ) -> Result<(), StoreError> {
        let (id, title, verdict) = (&finished.job.id, &finished.job.title, finished.report.verdict);
        let what = finished.report.reason.as_deref().unwrap_or("the tree passes");
        self.observer.notice(&Notice::Ends { slot, id, title, attempt: 1, verdict, what });
        if let Outcome::FailedToStart { reason } = &finished.report.outcome {
            self.drain(Reason::Environment(format!("verification: {reason}")));
        }
        match finished.report.verdict {
            Some(Verdict::Pass) => self.restore(*queue, ids),
            Some(Verdict::Fail | Verdict::Blocked) => self.redo(*queue, ids),
            Some(Verdict::Skipped) | None => Ok(()),
        }
    }

    fn restore(&mut self, queue: usize, ids: &[String]) -> Result<(), StoreError> {
        let state = |id: &String| Some((id.clone(), self.store.state_before(queue, id)?.clone()));
        let states: Vec<_> = ids.iter().filter_map(state).collect();
        let events = self.store.update(Patience::Unlimited, &mut |draft| {
            for (id, state) in &states {
                if let Some(task) = draft.queues()[queue].index_of(id) {
                    draft.restore(Place { queue, task }, state)?;
                }
            }
            Ok(())
        })?;
        for event in &events {
            self.observer.notice(&Notice::Event(event));
        }
        let text = format!(
            "set back with the queue: {}; the verification passes on the tree as it is, so they \
             are complete again",
            named(ids)
        );
        self.observer.notice(&Notice::Warning(&text));
        Ok(())
    }

    fn redo(&mut self, queue: usize, ids: &[String]) -> Result<(), StoreError> {
        let data = json!({"set_back": "work_missing"});
        let data = data.as_object().cloned().unwrap_or_default();
        let events = self.store.update(Patience::Unlimited, &mut |draft| {
            for id in ids {
                if let Some(task) = draft.queues()[queue].index_of(id) {
                    let place = Place { queue, task };
                    draft.record(place, EventKind::ExternalEdit, &Actor::Loop, data.clone());
                }
            }
            Ok(())
        })?;
        self.store.decide(queue, ids);
        for event in &events {
            self.observer.notice(&Notice::Event(event));
        }
        let text = format!(
            "set back with the queue: {}; their work is not in the tree, so they are done again",
            named(ids)
        );
        self.observer.notice(&Notice::Warning(&text));
        Ok(())
    }
}

/// The first few ids of a list.
fn named(ids: &[String]) -> String {
    const MOST: usize = 8;
    let names = ids.iter().take(MOST).map(String::as_str).collect::<Vec<_>>().join(", ");
    match ids.len().saturating_sub(MOST) {
        0 => names,
        more => format!("{names} and {more} more"),
    }
}
