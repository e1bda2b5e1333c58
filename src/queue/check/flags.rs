//! Checks for flags that contradict the state, and for values that may be meant as a state.

use super::checks::{Checks, Place, clip};
use crate::domain::{Status, Task, Verdict};
use crate::queue::json::object::members;
use crate::queue::parse::home::Home;

impl Checks<'_, '_> {
    /// Checks every key of the task that holds the state in some files but not in this task.
    pub(super) fn flags(&mut self, index: usize, task: &Task) {
        let queue = self.queue;
        let (text, base) = (queue.task_text(index), queue.slices.offset(index));
        let home = queue.home(index).map(|(home, _)| home);
        let others = Home::ALL.into_iter().filter(|other| *other != Home::Status);
        for other in others.filter(|other| Some(*other) != home) {
            let entry = members(text).filter(|entry| entry.name == other.key()).last();
            let Some(entry) = entry.filter(|entry| &text[entry.start..entry.end] != "null") else {
                continue;
            };
            let raw = &text[entry.start..entry.end];
            let place = Place { offset: base + entry.start, task: Some(&task.id) };
            match home {
                None => self.add("state-unreadable", place, &|| unreadable(other, raw)),
                Some(home) if other.is_flag() => self.flag(task, (home, other, raw), place),
                Some(_) => {}
            }
        }
    }

    /// Checks a flag next to the state of the task, which is at `home`.
    fn flag(&mut self, task: &Task, (home, flag, raw): (Home, Home, &str), place: Place<'_>) {
        let key = flag.key();
        let is_skipped = flag == Home::Passes && task.verdict == Some(Verdict::Skipped);
        if task.status == Status::Complete && raw == "false" && !is_skipped {
            self.add("complete-not-passed", place, &|| {
                format!(
                    "the task is complete, but `{key}` is false; look at it, then \
                     `workloop reset` it or set `{key}`"
                )
            });
        } else if task.status.is_open() && raw == "true" {
            let (state, word) = (home.key(), task.status.word());
            self.add("passed-not-complete", place, &|| {
                format!(
                    "`{key}` is true, but `{state}` says {word}, which counts: the task is run; \
                     `workloop done` it, or set `{key}` to false"
                )
            });
        }
    }
}

fn unreadable(home: Home, raw: &str) -> String {
    let form = if home.is_flag() { "true or false" } else { "a word" };
    let (key, says) = (home.key(), clip(raw));
    format!("`{key}` is {says}, and not {form}: it does not give the state, so the task is pending")
}
