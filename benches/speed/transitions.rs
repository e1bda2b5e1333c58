//! Measures one durable transition against the durable replace of the same bytes.

use super::Plan;
use super::overhead::replace;
use super::report::{Report, Target};
use super::sample::{Sample, seconds, time};
use super::scratch::{Scratch, queue};
use serde_json::Map;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use workloop::domain::{QueueIx, Transition};
use workloop::store::file::{FileOptions, FileStore};
use workloop::store::{Actor, Patience, Place, QueueStore};
use workloop::testing::platform::clock::SystemClock;
use workloop::testing::platform::ids::RandomIds;

const SIZES: [usize; 4] = [100, 1_000, 10_000, 100_000];

pub(crate) fn measure(plan: &Plan, report: &mut Report) {
    for &count in plan.sizes(&SIZES) {
        let text = queue(count, 1_024, |_| None);
        let scratch = Scratch::with_text(&text);
        let path = scratch.file("q.json");
        let copy = scratch.file("copy.json");
        let (mut ours, mut other) = (open(&path), open(&path));
        let (mut floor, mut own, mut foreign) = (Vec::new(), Vec::new(), Vec::new());
        let times = plan.times(if count > 10_000 { 6 } else { 30 });
        // The first one reads the file and compiles the schema.
        transition(&mut ours, 0);
        for number in 0..times {
            floor.push(seconds(|| replace(&copy, text.as_bytes())));
            own.push(seconds(|| transition(&mut ours, number)));
            foreign.push(seconds(|| transition(&mut other, number)));
            transition(&mut ours, number);
        }
        let [floor, own, foreign] = [floor, own, foreign].map(Sample::new);
        report.note(&format!("durable replace, {count} tasks"), &floor.shown());
        let ratio = own.median() / floor.median();
        let what = format!("transition, {count} tasks, own write last");
        report.row(&what, &time(own.median()), ratio, Target::Most(1.3));
        let ratio = foreign.median() / floor.median();
        let what = format!("transition, {count} tasks, another's write last");
        report.row(&what, &time(foreign.median()), ratio, Target::Most(2.5));
    }
}

/// Opens the store of one queue.
pub(crate) fn open(path: &Path) -> FileStore {
    let options = FileOptions {
        clock: Arc::new(SystemClock),
        ids: Arc::new(RandomIds),
        lock_timeout: Duration::from_secs(30),
        backups: None,
        unsafe_fs: false,
        on_wait: Box::new(|_, _| {}),
        on_warning: Box::new(|_| {}),
    };
    FileStore::open(&[PathBuf::from(path)], options).expect("a queue that can be read")
}

/// Parks or unparks a task.
fn transition(store: &mut FileStore, number: usize) {
    transition_after(store, number, &mut || ());
}

/// Does the same as [`transition`]. Returns what `locked` returned under the lock, before the
/// change.
pub(crate) fn transition_after<T>(
    store: &mut FileStore,
    number: usize,
    locked: &mut dyn FnMut() -> T,
) -> T {
    let mut first = None;
    let updated = store.update(Patience::Unlimited, &mut |draft| {
        first.get_or_insert_with(&mut *locked);
        let place = Place { queue: QueueIx::FIRST, task: number % draft.queues()[0].tasks().len() };
        let parked = draft.task(place).status == workloop::domain::Status::Parked;
        let next = if parked { Transition::Unpark } else { Transition::Park };
        draft.transition(place, &next, &Actor::Person, Map::new())
    });
    assert!(updated.is_ok_and(|events| !events.is_empty()));
    first.expect("the change was made")
}
