//! The question of a blocked task, answered: by a person, or by the task that was asked.

use super::transition::make;
use crate::domain::{Field, OpenQuestion, ReasonCode, Transition};
use crate::project::{Project, is_in_review};
use crate::queue::Queue;
use crate::store::{Draft, Place, StoreError};
use serde_json::Value;

/// Puts the task `id` back with the answer `text`, which its next prompt holds; with `matches`, an
/// expression for the error that it is about, so does each prompt after an attempt that meets that.
///
/// # Errors
/// As [`Project::each`]; a task that does not wait for an answer is refused.
pub fn answer(
    project: &mut Project,
    id: &str,
    (text, matches): (&str, Option<&str>),
) -> Result<Vec<String>, StoreError> {
    project.each(&[id.to_owned()], |draft, place| {
        let answer = answered(draft, place, (text, matches), None);
        make(draft, place, &answer)
    })
}

/// The transition that answers the task at `place`; `by` is the task whose agent answers.
pub fn answered(
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

/// What a task asks, in full where that is known; else what is said about: its review, or how it failed.
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

/// `open_question` of a task, where it is one.
pub fn open_question(queue: &Queue, task: usize) -> Option<OpenQuestion> {
    queue.raw(task, Field::OpenQuestion).and_then(|raw| serde_json::from_str(raw).ok())
}
