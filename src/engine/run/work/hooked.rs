//! Reports the results of `after_task` hooks.

use super::super::crew::Crew;
use super::super::hooked::Hooked;
use super::super::teller::of_hook;
use super::Work;
use crate::domain::EventKind;
use crate::store::{TaskRef, new_event, queue_name};

impl Work {
    /// Records the result of an `after_task` hook.
    pub(in super::super) fn hooked(&mut self, hooked: Hooked, crew: &mut Crew<'_>) {
        crew.hook_ended();
        let Hooked { task: TaskRef { queue, id }, attempt, came_to } = hooked;
        let report = match came_to {
            Ok(report) => report,
            Err(why) => return crew.tell().warn(&format!("{id}: hook after_task: {why}")),
        };
        if !report.outcome.is_success() {
            crew.tell().warn(&format!("{id}: {}", report.sentence()));
        }
        let name = queue_name(&self.project.queues()[queue]);
        let mut event =
            new_event(EventKind::Hook, self.options.clock.now(), name, of_hook(&report));
        (event.task, event.attempt) = (Some(id.to_string()), Some(attempt));
        self.project.store_mut().note_later(queue, event);
    }
}
