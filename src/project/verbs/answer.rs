//! The question of a blocked task, answered.

use super::transition::make;
use crate::domain::{Field, ReasonCode, Transition};
use crate::project::Project;
use crate::store::StoreError;
use serde_json::Value;

/// Puts the task `id` back with the answer `text`, which its next prompt holds.
///
/// # Errors
/// As [`Project::each`]; a task that does not wait for an answer is refused.
pub fn answer(project: &mut Project, id: &str, text: &str) -> Result<Vec<String>, StoreError> {
    project.each(&[id.to_owned()], |draft, place| {
        let queue = &draft.queues()[place.queue];
        let error = queue.text(place.task, Field::Error);
        let question = error.as_deref().and_then(ReasonCode::asked);
        let question = question.map(|(_, question)| question.to_owned());
        let earlier = match queue.value(place.task, Field::Answers) {
            Some(Value::Array(earlier)) => earlier,
            _ => Vec::new(),
        };
        make(draft, place, &Transition::Answer { question, earlier, text: text.to_owned() })
    })
}
