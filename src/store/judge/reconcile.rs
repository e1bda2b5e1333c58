//! Judges edits of a queue file that people and agents made outside of the program.
//!
//! An edit is detected by the hash of the file and judged task by task against the queue as it was
//! last recorded ([`edits`]). Finished work is not thrown away: a task whose record
//! is of an earlier moment was set back (`git checkout`, a restored copy), and is complete again if
//! its work is still on disk. If the work may be missing, the task waits until a verification of
//! the tree has decided. If only the state of a task changed, a person reopened it, and it stays
//! reopened; `workloop reset` is the verb for doing work again.

use super::edits::{self, Ruling, Side};
use super::evidence::{Evidence, Origin};
use super::lost_tasks;
use super::passed::{Histories, histories};
use super::recorded::Recorded;
use crate::domain::{Event, EventKind, Field, QueueIx, Status};
use crate::platform::fault::{self, Fault};
use crate::queue::Queue;
use crate::store::StoreError;
use crate::store::draft::{Draft, runtime_hash};
use crate::store::journal::writes::LastWrite;
use crate::store::place::Place;
use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};
use std::cell::LazyCell;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// What edits are judged by.
pub(in crate::store) struct Judge<'s> {
    pub(in crate::store) evidence: &'s mut dyn Evidence,
    pub(in crate::store) recorded: &'s mut Recorded,
    /// The project root of each served queue.
    pub(in crate::store) roots: &'s [PathBuf],
}

/// The result of one try to make a change.
pub(in crate::store) struct Made {
    /// The queues whose texts were accepted although nothing may be written to them, or why nothing
    /// is to be written.
    pub(in crate::store) accepted: Result<Vec<QueueIx>, StoreError>,
    /// What is to be recorded.
    pub(in crate::store) events: Vec<(QueueIx, Event)>,
    /// The queues whose texts changed.
    pub(in crate::store) touched: Vec<QueueIx>,
}

/// One queue that was edited.
struct Edited {
    queue: QueueIx,
    base: Option<Queue>,
    beside: bool,
}

impl Judge<'_> {
    /// Judges the edits of others in the served queues, the first of `queues`, and then makes
    /// `change`. Writes nothing.
    ///
    /// Of the other queues, the states of tasks count only as far as they are recorded: the loops
    /// that serve such a queue judge its edits, and until one of them has done so, an edit beside
    /// attempts is ignored. A task that an agent marked complete in another queue must not start
    /// its dependents.
    pub(in crate::store) fn make(
        mut self,
        queues: &mut [Queue],
        now: DateTime<Utc>,
        change: &mut dyn FnMut(&mut Draft<'_>) -> Result<(), StoreError>,
    ) -> Made {
        let served = self.recorded.memory.len();
        self.doubt(queues, served);
        let before: Vec<u64> = queues.iter().map(Queue::revision).collect();
        let mut draft = Draft::new(queues, now);
        let judged = self.external_edits(&mut draft, served);
        self.recorded.forget_decided(draft.queues());
        draft.hold(self.recorded.undecided().collect());
        let accepted = judged.and_then(|accepted| change(&mut draft).map(|()| accepted));
        let events = draft.into_events();
        let is_touched = |queue: &QueueIx| queues[*queue].revision() != before[*queue];
        let touched = QueueIx::first(served).filter(is_touched).collect();
        Made { accepted, events, touched }
    }

    /// Replaces queues that are only read and were edited beside attempts by what was recorded.
    fn doubt(&mut self, queues: &mut [Queue], served: usize) {
        for index in QueueIx::first(queues.len()).skip(served) {
            if self.evidence.take_unexplained(index).is_none() {
                continue;
            }
            let Origin::Edited { is_void, .. } = self.evidence.origin(index) else { continue };
            let Some(base) = self.evidence.last_good(index, is_void) else { continue };
            let runs = base.tasks().iter().any(|task| task.status == Status::InProgress);
            if runs || self.evidence.others_ran(index) {
                queues[index] = base;
                self.recorded.doubted.insert(index);
            }
        }
    }

    /// Records edits that the journal does not contain and puts back what must be put back. Returns
    /// the queues whose text is to be kept as the last good one even if nothing else is written.
    fn external_edits(
        &mut self,
        draft: &mut Draft<'_>,
        served: usize,
    ) -> Result<Vec<QueueIx>, StoreError> {
        let mut accepted = Vec::new();
        for queue in QueueIx::first(served) {
            if self.recorded.alone.contains(&queue) {
                continue;
            }
            let Some(hash) = self.evidence.take_unexplained(queue) else { continue };
            let (known, is_void) = match self.evidence.origin(queue) {
                Origin::Edited { known, is_void } => (known, is_void),
                Origin::Unknown => {
                    let Some((was, base)) = &self.recorded.memory[queue] else {
                        accepted.extend((!self.evidence.has_last_good(queue)).then_some(queue));
                        continue;
                    };
                    if *was != hash {
                        let base = Some(base.clone());
                        self.judge(draft, &Edited { queue, base, beside: true })?;
                        accepted.push(queue);
                    }
                    continue;
                }
                Origin::Recorded => {
                    accepted.extend((!self.evidence.has_last_good(queue)).then_some(queue));
                    continue;
                }
            };
            let base = self.base(queue, &known, is_void);
            let beside = self.is_beside_attempts(queue, base.as_ref());
            self.judge(draft, &Edited { queue, base, beside })?;
            let mut data = Map::new();
            data.insert("known".to_owned(), json!(known));
            data.insert("found".to_owned(), json!(hash));
            // From now on the journal contains this text.
            LastWrite { before: hash.clone(), after: hash, file: None }.name_in(&mut data);
            draft.record_queue(queue, EventKind::ExternalEdit, data);
            draft.mend_summary(queue);
            accepted.push(queue);
        }
        Ok(accepted)
    }

    /// Returns the queue as it was last recorded, with a text of the hash `newest`: from memory if
    /// that is the newest, otherwise from the copy. `is_void` means that the last write is void.
    fn base(&self, queue: QueueIx, newest: &str, is_void: bool) -> Option<Queue> {
        let memory = self.recorded.memory[queue].as_ref();
        if let Some((_, queue)) = memory.filter(|(hash, _)| hash == newest) {
            return Some(queue.clone());
        }
        let copy = self.evidence.last_good(queue, is_void);
        copy.or_else(|| memory.map(|(_, queue)| queue.clone()))
    }

    /// Returns whether an attempt of the project ran at some time since the queue was last
    /// recorded.
    fn is_beside_attempts(&self, queue: QueueIx, base: Option<&Queue>) -> bool {
        let Recorded { quiet, verified, verified_here, memory, .. } = &*self.recorded;
        // Verbs and loops use the same test, so the order in which they run does not matter.
        let is_still = || !verified_here && self.evidence.is_still(queue);
        if fault::is(Fault::EditsTaken) || quiet.contains(&queue) || is_still() {
            return false;
        }
        let runs = |queue: &Queue| {
            queue.tasks().iter().any(|t| t.status == Status::InProgress && t.claim().is_some())
        };
        *verified
            || base.is_some_and(runs)
            || memory.iter().flatten().any(|(_, queue)| runs(queue))
            || self.evidence.others_ran(queue)
    }

    fn judge(&mut self, draft: &mut Draft<'_>, edited: &Edited) -> Result<(), StoreError> {
        let queue = edited.queue;
        // This reads the whole journal, so only if a task changed.
        let histories = LazyCell::new(|| histories(self.evidence.events(queue)));
        let mut waiting = std::mem::take(&mut self.recorded.undecided[queue]);
        let count = draft.queues()[queue].tasks().len();
        for task in 0..count {
            let place = Place { queue, task };
            if is_as_recorded(draft, place, edited) {
                continue;
            }
            let (back, set_back) = ruling(draft, place, edited);
            if set_back {
                put_back(draft, place, edited, &back);
            }
            let state = finished(draft, place, edited, &histories, set_back);
            if let Some(state) = state.filter(|_| !fault::is(Fault::NoRestore)) {
                let id = draft.task(place).id.to_string();
                let root = queue.of(self.roots).map(PathBuf::as_path);
                if is_work_there(root, &id, &histories)? {
                    draft.restore(place, &state)?;
                    waiting.remove(&id);
                } else {
                    // What was used stays used, however the edit was detected.
                    let counted = edits::counted(&back);
                    draft.reopen(place, &keys_of(draft, place, edited.base.as_ref(), &counted))?;
                    waiting.insert(id, state);
                }
            } else if !set_back {
                put_back(draft, place, edited, &back);
            }
        }
        if let Some(base) = edited.base.as_ref().filter(|_| edited.beside) {
            lost_tasks::settle(draft, queue, base)?;
        }
        self.evidence.keep_undecided(queue, &waiting)?;
        self.recorded.undecided[queue] = waiting;
        Ok(())
    }
}

/// Returns whether the work of a task that was set back is below `root`.
fn is_work_there(root: Option<&Path>, id: &str, histories: &Histories) -> Result<bool, StoreError> {
    if fault::is(Fault::SetBackBelieved) {
        return Ok(true);
    }
    let Some(root) = root else { return Ok(false) };
    let failed = StoreError::io("look for finished work in", root);
    histories.is_there(id, root).map_err(failed)
}

/// Returns whether the task was not edited.
fn is_as_recorded(draft: &Draft<'_>, place: Place, edited: &Edited) -> bool {
    let found = &draft.queues()[place.queue];
    let id = found.tasks()[place.task].id.as_str();
    edited.base.as_ref().is_some_and(|base| {
        let index = base.index_of(id);
        index.is_some_and(|index| base.task_text(index) == found.task_text(place.task))
    })
}

/// Returns the fields of a task that are put back, and whether the task was set back.
fn ruling(draft: &Draft<'_>, place: Place, edited: &Edited) -> (BTreeSet<Field>, bool) {
    let is = Side { queue: &draft.queues()[place.queue], index: place.task };
    let was = edited
        .base
        .as_ref()
        .and_then(|base| Some(Side { queue: base, index: base.index_of(is.task().id.as_str())? }));
    let Some(was) = was else { return (BTreeSet::new(), false) };
    let (mut fields, set_back) = match edits::rule(was, is, edited.beside) {
        Ruling::Taken => (BTreeSet::new(), false),
        Ruling::PutBack(fields) => (fields, false),
        Ruling::SetBack(fields) => (fields, true),
    };
    if fault::is(Fault::BudgetForgotten) {
        let counted = edits::counted(&fields);
        fields.retain(|field| !counted.contains(field));
    }
    (fields, set_back)
}

/// Returns the state in which a task was complete, if it was set back from there.
fn finished(
    draft: &Draft<'_>,
    place: Place,
    edited: &Edited,
    histories: &Histories,
    set_back: bool,
) -> Option<Map<String, Value>> {
    let queue = &draft.queues()[place.queue];
    let id = queue.tasks()[place.task].id.as_str();
    if let Some(state) = histories.passed(id) {
        let hash = runtime_hash(queue, place.task);
        return (set_back || histories.is_earlier(id, &hash)).then(|| state.clone());
    }
    // Completed without a verification, or before the journal started.
    let base = edited.base.as_ref().filter(|_| set_back)?;
    let index = base.index_of(id)?;
    let runtime = Field::all().filter(|field| field.is_runtime());
    let value = |field: Field| Some((field.key().to_owned(), base.value(index, field)?));
    Some(runtime.filter_map(value).collect())
}

fn put_back(draft: &mut Draft<'_>, place: Place, edited: &Edited, fields: &BTreeSet<Field>) {
    let keys = keys_of(draft, place, edited.base.as_ref(), fields);
    if !keys.is_empty() {
        draft.put_back(place, &keys, edited.beside);
    }
}

/// Returns what to write so that these fields are as in `base` again.
fn keys_of(
    draft: &Draft<'_>,
    place: Place,
    base: Option<&Queue>,
    fields: &BTreeSet<Field>,
) -> Vec<(String, Option<Value>)> {
    let Some(base) = base else { return Vec::new() };
    let found = &draft.queues()[place.queue];
    let Some(index) = base.index_of(found.tasks()[place.task].id.as_str()) else {
        return Vec::new();
    };
    let was = Side { queue: base, index };
    let is = Side { queue: found, index: place.task };
    edits::keys(was, is, fields)
}
