//! The stages of attempts: told at once, and put into the journal with the next change.

use super::attempt::Purpose;
use super::attempt::Stage;
use super::observer::Notice;
use super::run_loop::RunLoop;
use crate::domain::EventKind;
use crate::store::{QueueStore, new_event};
use serde_json::{Map, json};

impl RunLoop<'_> {
    /// Tells a stage, and leaves it for the journal.
    pub(super) fn stage(&mut self, slot: usize, stage: &Stage) {
        let Some(running) = &self.slots[slot].running else { return };
        let (id, queue, token) = (running.id.clone(), running.queue, running.token.clone());
        let purpose = running.purpose;
        if purpose == Purpose::Untouched && matches!(stage, Stage::Verifying(_)) {
            self.tell_check(slot);
        }
        self.observer.notice(&Notice::Stage { slot, id: &id, stage });
        // The journal tells of tasks.
        if !purpose.is_attempt() {
            return;
        }
        let mut data = Map::new();
        let kind = match stage {
            Stage::Started => EventKind::AttemptStarted,
            Stage::AgentFinished(outcome) => {
                data.insert("outcome".to_owned(), json!(outcome));
                EventKind::AgentFinished
            }
            Stage::Verified(verdict) => {
                data.insert("verdict".to_owned(), json!(verdict));
                EventKind::Verified
            }
            Stage::Verifying(_) => return,
        };
        let name = crate::store::queue_name(&self.store.queues()[queue]);
        let mut event = new_event(kind, self.options.clock.now(), name, data);
        event.task = Some(id);
        event.worker = Some(token.worker.to_string());
        event.attempt = Some(token.attempt);
        self.store.note_later(queue, event);
    }

    /// Puts the stages that were told into the journal.
    pub(super) fn note_stages(&mut self) {
        match self.store.note_waiting() {
            Ok(events) => {
                events.iter().for_each(|event| self.observer.notice(&Notice::Event(event)));
            }
            Err(error) => self.warn(format!("failed to note an event: {error}")),
        }
    }
}
