//! Tests of the whole document: real files, dialects, styles, refusals, properties.

mod dialects;
mod expected;
mod findings;
mod forms;
mod halves;
mod malformed;
mod meant;
mod members;
mod phases;
mod properties;
mod real_files;
mod scanner;
mod small;
mod structure;
mod styles;

use super::{Queue, Refused};
use crate::domain::{Claim, Completion, Transition, Verdict, apply};
use chrono::{DateTime, Utc};
use std::path::Path;

fn parse(text: &str) -> Queue {
    Queue::parse(Path::new("q.json"), text.as_bytes().to_vec()).unwrap()
}

fn refused(bytes: &[u8]) -> Refused {
    Queue::parse(Path::new("q.json"), bytes.to_vec()).unwrap_err()
}

fn written(queue: &Queue) -> String {
    String::from_utf8(queue.to_bytes()).unwrap()
}

fn now() -> DateTime<Utc> {
    "2026-02-03T04:05:06Z".parse().unwrap()
}

fn claim(attempt: u32) -> Transition {
    Transition::Claim(Claim {
        worker: "host:77:0123abcd".into(),
        attempt,
        since: "2026-02-03T04:05:06Z".into(),
        host: "aaaaaaaa".into(),
        boot: "bbbbbbbb".into(),
        start: 4711,
        tag: "0123456789abcdef0123456789abcdef".into(),
    })
}

fn complete() -> Transition {
    let files_changed = vec!["src/a.rs".to_owned(), "src/b.rs".to_owned()];
    Transition::Complete(Verdict::Pass, Completion { files_changed, ..Completion::default() })
}

/// Makes a transition as the store does.
fn step(queue: &mut Queue, index: usize, transition: &Transition) {
    let changes = apply(&queue.tasks()[index], transition, now()).unwrap();
    queue.apply(index, &changes).unwrap();
    queue.refresh(now());
}
