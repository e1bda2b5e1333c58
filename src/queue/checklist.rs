//! Reads the steps of a task as a checklist: what to do one after the other inside the task.

use super::document::Queue;
use super::json::object::members;
use super::json::values::{elements, string};
use crate::domain::{Field, Status};

/// The key in the `progress` of a task that lists the steps that are done, numbered from 1.
pub const STEPS_DONE: &str = "steps_done";

/// One step of a task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What to do.
    pub title: String,
    /// Whether the file marks the step as done.
    pub done: bool,
}

/// The keys that may describe a step. The first key that the step has counts.
const TITLES: [&str; 8] = ["title", "name", "description", "text", "action", "what", "step", "id"];

impl Queue {
    /// Returns the steps of a task in list order. Returns no steps if `steps` is not a list.
    pub fn steps(&self, index: usize) -> Vec<Step> {
        let Some(raw) = self.raw(index, Field::Steps).filter(|raw| raw.starts_with('[')) else {
            return Vec::new();
        };
        elements(raw).enumerate().map(|(at, raw)| step(at, raw)).collect()
    }
}

fn step(at: usize, raw: &str) -> Step {
    if let Some(text) = string(raw) {
        return Step { title: text.trim().to_owned(), done: false };
    }
    let mut done = false;
    let mut best: Option<(usize, String)> = None;
    for member in members(raw) {
        let value = &raw[member.start..member.end];
        match &*member.name {
            "done" | "completed" | "complete" | "passes" => done |= value == "true",
            "status" | "state" => {
                let word = string(value);
                done |= word.is_some_and(|word| Status::from_word(&word) == Status::Complete);
            }
            key => {
                let rank = TITLES.iter().position(|title| *title == key);
                let text = string(value).filter(|text| !text.trim().is_empty());
                if let (Some(rank), Some(text)) = (rank, text)
                    && best.as_ref().is_none_or(|(best, _)| rank < *best)
                {
                    best = Some((rank, text.trim().to_owned()));
                }
            }
        }
    }
    let title = best.map_or_else(|| format!("step {}", at + 1), |(_, text)| text);
    Step { title, done }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn steps_are_read_in_every_form_that_files_have() {
        let text = r#"{"tasks":[{"id":"A","title":"a","steps":["dig ",{"step":1,"action":"fill"},
            {"id":"s3","title":"roll","done":true},{"name":"sow","status":"Completed"},7,{}]},
            {"id":"B","title":"b","steps":"dig, fill"},{"id":"C","title":"c","steps":null}]}"#;
        let queue = Queue::parse(Path::new("q.json"), text.as_bytes().to_vec()).expect("a queue");
        let read: Vec<(String, bool)> =
            queue.steps(0).into_iter().map(|step| (step.title, step.done)).collect();
        let expected = [("dig", false), ("fill", false), ("roll", true), ("sow", true)];
        let rest = [("step 5", false), ("step 6", false)];
        let expected = expected.into_iter().chain(rest).map(|(t, d)| (t.to_owned(), d));
        assert_eq!(read, expected.collect::<Vec<_>>());
        assert!(queue.steps(1).is_empty() && queue.steps(2).is_empty());
    }
}
