//! The progress of tasks: what was reported, their steps, and one number for many of them.

use super::mask::Mask;
use crate::domain::{Field, Status};
use crate::queue::{Queue, STEPS_DONE};
use serde::Serialize;
use serde_json::{Map, Value};

/// The known progress of a task.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Progress {
    /// The percentage: as reported, otherwise from its steps.
    pub percent: Option<u8>,
    /// The next step.
    pub next: Option<String>,
    /// The expected completion, as reported.
    pub eta: Option<String>,
    /// Any other reported text.
    pub note: Option<String>,
    /// When progress was last reported.
    pub at: Option<String>,
    /// The steps that the task lists.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<StepView>,
}

/// A step of a task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StepView {
    /// The description of the step.
    pub title: String,
    /// Whether it is done.
    pub done: bool,
}

/// Returns the known progress of a task; `None` if nothing was reported and it lists no steps.
pub(crate) fn of(queue: &Queue, index: usize, mask: &Mask) -> Option<Progress> {
    let said = said(queue, index);
    let steps = steps(queue, index, &said, mask);
    if said.is_empty() && steps.is_empty() {
        return None;
    }
    let text = |key: &str| {
        let text = said.get(key)?.as_str().filter(|text| !text.trim().is_empty())?;
        Some(mask.text(text).into_owned())
    };
    let percent = percent_of(queue.tasks()[index].status, &said, &steps);
    let (next, eta, note, at) = (text("next"), text("eta"), text("note"), text("at"));
    Some(Progress { percent, next, eta, note, at, steps })
}

/// Returns the percentage of a task; 0 if nothing is known.
pub(crate) fn percent(queue: &Queue, index: usize) -> u8 {
    let status = queue.tasks()[index].status;
    if status == Status::Complete {
        return 100;
    }
    let is_told = [Field::Progress, Field::Steps].iter().any(|f| queue.raw(index, *f).is_some());
    if !is_told {
        return 0;
    }
    let said = said(queue, index);
    let steps = steps(queue, index, &said, &Mask::default());
    percent_of(status, &said, &steps).unwrap_or(0)
}

/// The completed share of many tasks, each with its weight.
#[derive(Clone, Copy, Debug, Default)]
pub struct Share {
    done: u64,
    all: u64,
    partial: bool,
    open: bool,
}

impl Share {
    /// Adds a task with its weight and percentage.
    pub fn add(&mut self, weight: u64, percent: u8) {
        self.all += weight;
        self.done += weight * u64::from(percent);
        self.open |= percent < 100;
        self.partial |= !matches!(percent, 0 | 100);
    }

    /// Returns whether one of the tasks is partly done, which counts of whole tasks do not show.
    pub fn is_partial(self) -> bool {
        self.partial
    }

    /// Returns whole percent, rounded down: 100 only if everything is done.
    pub fn percent(self) -> Option<u8> {
        let percent = u8::try_from(self.done.checked_div(self.all)?).ok()?;
        // The weight of a task may be zero.
        Some(if self.open { percent.min(99) } else { percent })
    }
}

fn said(queue: &Queue, index: usize) -> Map<String, Value> {
    match queue.raw(index, Field::Progress).and_then(|_| queue.value(index, Field::Progress)) {
        Some(Value::Object(said)) => said,
        _ => Map::new(),
    }
}

fn steps(queue: &Queue, index: usize, said: &Map<String, Value>, mask: &Mask) -> Vec<StepView> {
    if queue.raw(index, Field::Steps).is_none() {
        return Vec::new();
    }
    let is_complete = queue.tasks()[index].status == Status::Complete;
    let done: Vec<u64> = said
        .get(STEPS_DONE)
        .and_then(Value::as_array)
        .map(|done| done.iter().filter_map(Value::as_u64).collect())
        .unwrap_or_default();
    let view = |(at, step): (usize, crate::queue::Step)| StepView {
        title: mask.text(&step.title).into_owned(),
        done: is_complete || step.done || done.contains(&(at as u64 + 1)),
    };
    queue.steps(index).into_iter().enumerate().map(view).collect()
}

fn percent_of(status: Status, said: &Map<String, Value>, steps: &[StepView]) -> Option<u8> {
    if status == Status::Complete {
        return Some(100);
    }
    let said =
        said.get("percent").and_then(Value::as_f64).filter(|said| (0.0..=100.0).contains(said));
    let by_steps = || {
        let done = steps.iter().filter(|step| step.done).count();
        (done * 100).checked_div(steps.len()).and_then(|percent| u8::try_from(percent).ok())
    };
    said.map(|said| said as u8).or_else(by_steps)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn queue(tasks: &str) -> Queue {
        let text = format!(r#"{{"tasks":[{tasks}]}}"#);
        Queue::parse(Path::new("q.json"), text.into_bytes()).expect("a queue")
    }

    #[test]
    fn what_was_said_counts_before_the_steps_and_complete_before_both() {
        let queue = queue(
            r#"{"id":"A","title":"a","status":"complete","progress":{"percent":10}},
            {"id":"B","title":"b","progress":{"percent":40,"next":"roof"},"steps":["x","y"]},
            {"id":"C","title":"c","progress":{"steps_done":[1,3]},"steps":["x","y","z",{"name":"w","done":true}]},
            {"id":"D","title":"d"},
            {"id":"E","title":"e","progress":{"percent":"many"}},
            {"id":"F","title":"f","status":"complete","steps":["x"]}"#,
        );
        let percents: Vec<u8> = (0..6).map(|index| percent(&queue, index)).collect();
        assert_eq!(percents, [100, 40, 75, 0, 0, 100]);
        let mask = Mask::default();
        assert_eq!(of(&queue, 3, &mask), None);
        let said = of(&queue, 1, &mask).expect("something was said");
        assert_eq!((said.percent, said.next.as_deref()), (Some(40), Some("roof")));
        assert!(of(&queue, 5, &mask).expect("steps").steps[0].done);
    }

    #[test]
    fn texts_are_kept_if_they_say_something_and_without_secrets() {
        let queue = queue(
            r#"{"id":"A","title":"a","progress":{"percent":-1,"next":" ","eta":"s3cret-word","note":7,"at":"t","steps_done":"1"},"steps":["s3cret-word"]},
            {"id":"B","title":"b","progress":"half"},
            {"id":"C","title":"c","progress":{}},
            {"id":"D","title":"d","progress":{"percent":100},"steps":["x"]}"#,
        );
        let mask = Mask::new(&[("DOOR_KEY".into(), "s3cret-word".into())]);
        let text = |text: &str| Some(text.to_owned());
        let steps = vec![StepView { title: "[masked]".to_owned(), done: false }];
        let expected = Progress {
            percent: Some(0),
            next: None,
            eta: text("[masked]"),
            note: None,
            at: text("t"),
            steps,
        };
        assert_eq!(of(&queue, 0, &mask), Some(expected));
        assert_eq!((of(&queue, 1, &mask), of(&queue, 2, &mask)), (None, None));
        assert_eq!((percent(&queue, 1), percent(&queue, 3)), (0, 100), "as it was reported");
    }

    #[test]
    fn a_share_knows_whether_a_task_is_partly_done() {
        let share = |percents: &[u8]| {
            let mut share = Share::default();
            percents.iter().for_each(|percent| share.add(10, *percent));
            (share.percent(), share.is_partial())
        };
        for (percents, wanted) in [
            (&[][..], (None, false)),
            (&[0], (Some(0), false)),
            (&[100, 0], (Some(50), false)),
            (&[100, 1], (Some(50), true)),
            (&[99], (Some(99), true)),
            (&[100], (Some(100), false)),
        ] {
            assert_eq!(share(percents), wanted, "{percents:?}");
        }
    }

    #[test]
    fn a_share_is_full_only_when_everything_is() {
        let mut share = Share::default();
        assert_eq!(share.percent(), None);
        share.add(1_000, 100);
        share.add(1, 99);
        assert_eq!(share.percent(), Some(99));
        let mut share = Share::default();
        share.add(60, 100);
        share.add(0, 0);
        assert_eq!(share.percent(), Some(99));
    }
}
