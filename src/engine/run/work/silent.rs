//! Reports attempts without output for a long time.

use super::super::crew::Crew;
use super::super::observer::Notice;
use super::super::silence::Silent;
use super::Work;
use crate::domain::EventKind;
use crate::plan::duration_text;
use crate::store::{new_event, queue_name};
use serde_json::{Map, json};

impl Work {
    /// Reports attempts that have been silent for longer than `limits.progress_every`.
    pub(in super::super) fn look_for_silence(&mut self, crew: &mut Crew<'_>) {
        let clock = &self.options.clock;
        let limit = self.project.config().limits.progress_every.value;
        if !self.silence.is_due(clock.monotonic(), limit) {
            return;
        }
        let (now, queues) = (clock.now(), self.project.queues());
        let found = self.silence.found(crew.slots().each(), queues, (now, limit));
        for Silent { slot, lasted } in found {
            let Some(running) = crew.slots_mut().at(slot) else { continue };
            let (id, queue) = (running.id().to_owned(), running.queue());
            let seconds = lasted.as_secs();
            let mut data = Map::new();
            data.insert("seconds".to_owned(), json!(seconds));
            let lasted = duration_text(seconds);
            data.insert("reason".to_owned(), json!(format!("nothing was printed for {lasted}")));
            let name = queue_name(&self.project.queues()[queue]);
            let mut event = new_event(EventKind::Silent, now, name, data);
            event.task = Some(id.clone());
            event.worker = Some(running.token().worker.to_string());
            event.attempt = Some(running.token().attempt);
            self.project.store_mut().note_later(queue, event);
            let log = self.project.set().typed.with("log", &id, "--follow");
            let text = format!("{id} has printed nothing for {lasted}; {log}");
            crew.tell().notice(&Notice::Warning(&text));
        }
    }
}
