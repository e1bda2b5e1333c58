//! The hash of everything in a queue that a plan depends on.

use crate::domain::{Field, Phase, Task};
use std::fmt::Write;
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

/// Returns the hash. Runtime fields are not part of it.
pub(super) fn hash(tasks: &[Task], phases: &[Phase]) -> u64 {
    let mut line = String::new();
    for phase in phases {
        // Writing to a string cannot fail.
        _ = write!(line, "{phase:?}");
    }
    let mut bytes = Vec::new();
    let seed = xxh3_64(line.as_bytes());
    tasks.iter().fold(seed, |before, task| {
        bytes.clear();
        add(&mut bytes, task);
        // One hash of a whole task is much cheaper than many hashes of its parts.
        xxh3_64_with_seed(&bytes, before)
    })
}

/// Returns whether two versions of a task are the same to a plan.
pub(super) fn same(one: &Task, other: &Task) -> bool {
    let bytes = |task: &Task| {
        let mut bytes = Vec::new();
        add(&mut bytes, task);
        bytes
    };
    bytes(one) == bytes(other)
}

fn add(bytes: &mut Vec<u8>, task: &Task) {
    texts(bytes, [task.id.as_str()]);
    let priority = task.priority.unwrap_or(i64::MAX);
    bytes.extend_from_slice(&priority.to_le_bytes());
    bytes.extend_from_slice(&[u8::from(task.priority.is_some()), task.approval as u8]);
    let said = [
        task.kind(),
        task.agent(),
        task.escalated_to(),
        task.phase(),
        task.track(),
        task.epic(),
        task.parent(),
    ];
    texts(bytes, said.map(|text| text.unwrap_or("\0")));
    let lists = [task.tags(), task.files(), task.scope(), task.children(), task.conflict_paths()];
    let waits = Field::WAITS_FOR.into_iter().chain([Field::Blocks]);
    for list in waits.map(|field| task.list(field)) {
        texts(bytes, list);
    }
    for list in lists.into_iter().chain([task.verify(), task.notify()]) {
        texts(bytes, list);
    }
    let estimate = task.estimate();
    let hours = estimate.hours.unwrap_or((-1.0, -1.0));
    let minutes = estimate.minutes.unwrap_or(-1.0);
    for number in [minutes, hours.0, hours.1] {
        bytes.extend_from_slice(&number.to_bits().to_le_bytes());
    }
    let start = task.not_before().map_or(0, |time| time.timestamp_micros());
    let effort = estimate.effort.map_or(0, |effort| effort as u8 + 1);
    let budget = task.max_iterations().map_or(-1, i64::from);
    for number in [start, i64::from(effort), budget] {
        bytes.extend_from_slice(&number.to_le_bytes());
    }
    for problem in task.problems().filter(|problem| !problem.field.is_runtime()) {
        bytes.push(problem.field as u8);
    }
    bytes.push(0xff);
}

/// Appends every string after its length, so that different lists never have the same bytes.
fn texts<T: AsRef<str>>(bytes: &mut Vec<u8>, list: impl IntoIterator<Item = T>) {
    let mut count = 0_u32;
    for text in list {
        let text = text.as_ref();
        bytes.extend_from_slice(&(text.len() as u32).to_le_bytes());
        bytes.extend_from_slice(text.as_bytes());
        count += 1;
    }
    bytes.extend_from_slice(&count.to_le_bytes());
}
