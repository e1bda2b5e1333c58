//! A hash of everything in a queue that a plan is made of.

use crate::domain::{Phase, Task};
use std::fmt::Write;
use xxhash_rust::xxh3::Xxh3;

/// The hash; runtime fields are not part of it.
pub(super) fn hash(tasks: &[Task], phases: &[Phase]) -> u64 {
    let mut hash = Xxh3::new();
    let mut line = String::new();
    for phase in phases {
        line.clear();
        // Writing to a string cannot fail.
        _ = write!(line, "{phase:?}");
        hash.update(line.as_bytes());
    }
    for task in tasks {
        add(&mut hash, task);
    }
    hash.digest()
}

fn add(hash: &mut Xxh3, task: &Task) {
    texts(hash, [task.id.as_str()]);
    texts(hash, &task.dependencies);
    texts(
        hash,
        [&task.kind, &task.agent, &task.phase, &task.track, &task.epic, &task.parent]
            .map(|text| text.as_deref().unwrap_or("\0")),
    );
    for list in [&task.tags, &task.files, &task.scope, &task.children, &task.verify, &task.notify] {
        texts(hash, list);
    }
    let hours = task.estimate.hours.unwrap_or((-1.0, -1.0));
    let minutes = task.estimate.minutes.unwrap_or(-1.0);
    for number in [minutes, hours.0, hours.1] {
        hash.update(&number.to_bits().to_le_bytes());
    }
    let start = task.not_before.map_or(0, |time| time.timestamp_micros());
    let effort = task.estimate.effort.map_or(0, |effort| effort as u8 + 1);
    let priority = task.priority.unwrap_or(i64::MAX);
    let budget = task.max_iterations.map_or(-1, i64::from);
    for number in [start, i64::from(effort), priority, budget, task.approval as i64] {
        hash.update(&number.to_le_bytes());
    }
    for problem in task.problems.iter().filter(|problem| !problem.field.is_runtime()) {
        hash.update(&[problem.field as u8]);
    }
    hash.update(&[u8::from(task.priority.is_some()), 0xff]);
}

/// Every text behind its length, so that no two lists look alike.
fn texts<T: AsRef<str>>(hash: &mut Xxh3, list: impl IntoIterator<Item = T>) {
    let mut count = 0_u32;
    for text in list {
        let text = text.as_ref();
        hash.update(&(text.len() as u32).to_le_bytes());
        hash.update(text.as_bytes());
        count += 1;
    }
    hash.update(&count.to_le_bytes());
}
