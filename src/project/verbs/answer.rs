//! Answers the question of a blocked task, by a person or by the task that was asked.

use super::transition::make;
use crate::domain::{Field, OpenQuestion, ReasonCode, Transition};
use crate::project::{Project, is_in_review};
use crate::queue::Queue;
use crate::store::{Draft, Place, StoreError};
use serde_json::Value;

/// Returns the task `id` to pending with the answer `text`, which its next prompt contains. With
/// `matches`, a regular expression for an error, the answer is also in each prompt after an attempt
/// that meets this error.
///
/// # Errors
/// As for [`Project::each`]. A task that does not wait for an answer is refused.
pub(crate) fn answer(
    project: &mut Project,
    id: &str,
    (text, matches): (&str, Option<&str>),
) -> Result<Vec<String>, StoreError> {
    project.each(&[id.to_owned()], |draft, place| {
        let answer = answered(draft, place, (text, matches), None);
        make(draft, place, &answer)
    })
}

/// Returns the transition that answers the task at `place`. `by` is the task whose agent answers.
pub(crate) fn answered(
    draft: &Draft<'_>,
    place: Place,
    (text, matches): (&str, Option<&str>),
    by: Option<&str>,
) -> Transition {
    let queue = &draft.queues()[place.queue];
    let (text, by) = (text.to_owned(), by.map(str::to_owned));
    let matches = matches.map(str::to_owned);
    let earlier = match queue.value(place.task, Field::Answers) {
        Some(Value::Array(earlier)) => earlier,
        _ => Vec::new(),
    };
    Transition::Answer { question: asked(queue, place.task), earlier, text, by, matches }
}

/// Returns the question of a task, in full if it is known. Otherwise describes what the answer is
/// about: its review, or how it failed.
fn asked(queue: &Queue, task: usize) -> Option<String> {
    if is_in_review(queue, task) {
        let attempt = queue.tasks()[task].attempts;
        return Some(format!("review of attempt {attempt}, which passed and is sent back"));
    }
    let error = queue.text(task, Field::Error)?;
    let Some((_, line)) = ReasonCode::asked(&error) else { return Some(error) };
    let whole = open_question(queue, task).map(|question| question.text);
    Some(whole.unwrap_or_else(|| line.to_owned()))
}

/// Returns `open_question` of a task, if it is valid.
pub(crate) fn open_question(queue: &Queue, task: usize) -> Option<OpenQuestion> {
    queue.raw(task, Field::OpenQuestion).and_then(|raw| serde_json::from_str(raw).ok())
}
