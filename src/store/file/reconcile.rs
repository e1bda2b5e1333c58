//! Judges edits of a queue file that people and agents made outside of the program.
//!
//! An edit is detected by the hash of the file and judged task by task against the queue as it was
//! last recorded ([`edits`]). Finished work is not thrown away: a task whose record
//! is of an earlier moment was set back (`git checkout`, a restored copy), and is complete again if
//! its work is still on disk. If the work may be missing, the task waits until a verification of
//! the tree has decided. If only the state of a task changed, a person reopened it, and it stays
//! reopened; `workloop reset` is the verb for doing work again.

use super::edits::{self, Ruling, Side};
use super::loaded::Loaded;
use super::passed::{Histories, histories};
use crate::domain::{EventKind, Field, QueueIx, Status};
use crate::platform::fault::{self, Fault};
use crate::platform::ids::Ids;
use crate::queue::Queue;
use crate::store::draft::{Draft, queue_name, runtime_hash};
use crate::store::journal::Journal;
use crate::store::place::Place;
use crate::store::records::requests;
use crate::store::records::undecided::Undecided;
use crate::store::state::StateDir;
use crate::store::{Backups, StoreError, Trees};
use crate::store::{last_good, undecided};
use serde_json::{Map, Value, json};
use std::cell::LazyCell;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// What edits are judged by.
pub(super) struct Judge<'s> {
    pub(super) journals: &'s HashMap<PathBuf, Journal>,
    /// Each served queue as this process last recorded it, with the hash of its text.
    pub(super) memory: &'s [Option<(String, Queue)>],
    /// The project root of each served queue.
    pub(super) roots: &'s [PathBuf],
    /// Queues that are left as they are for now.
    pub(super) alone: &'s HashSet<QueueIx>,
    /// Paused queues for which no attempt ran since this process last read them.
    pub(super) quiet: &'s HashSet<QueueIx>,
    /// Whether a verification of this process ran since then.
    pub(super) verified_here: bool,
    /// Whether a verification without an attempt ran since then, or may have run: it executes what
    /// agents left in the tree.
    pub(super) verified: bool,
    pub(super) ids: &'s dyn Ids,
    pub(super) backups: Option<&'s Backups>,
}

/// One queue that was edited.
struct Edited<'s> {
    queue: QueueIx,
    journal: &'s Journal,
    base: Option<Queue>,
    beside: bool,
}

impl Judge<'_> {
    /// Records edits that the journal does not contain and puts back what must be put back. Returns
    /// the queues whose text is to be kept as the last good one even if nothing else is written.
    pub(super) fn external_edits(
        &self,
        draft: &mut Draft<'_>,
        loaded: &mut [Loaded],
        undecided: &mut [Undecided],
    ) -> Result<Vec<QueueIx>, StoreError> {
        let mut accepted = Vec::new();
        let judged = QueueIx::each(loaded).filter(|(at, _)| !self.alone.contains(at));
        for (index, file) in judged {
            let Some(hash) = file.take_unexplained() else { continue };
            let Some(journal) = self.journals.get(file.dir()) else { continue };
            let state = file.state().clone();
            let last = journal.last_write(&queue_name(&draft.queues()[index]));
            let Some(last) = last else {
                // There is no journal yet, or none any more.
                let Some((was, base)) = &self.memory[index] else {
                    accepted.extend((!last_good::exists(&state, file.path())).then_some(index));
                    continue;
                };
                if *was != hash {
                    let base = Some(base.clone());
                    self.judge(
                        draft,
                        Edited { queue: index, journal, base, beside: true },
                        undecided,
                    )?;
                    accepted.push(index);
                }
                continue;
            };
            let Some((known, is_void)) = file.known_before(journal, last) else {
                accepted.extend((!last_good::exists(&state, file.path())).then_some(index));
                continue;
            };
            let base = self.base(index, (&known, is_void), file, journal);
            let beside = self.is_beside_attempts(draft, index, base.as_ref());
            self.judge(draft, Edited { queue: index, journal, base, beside }, undecided)?;
            let mut data = Map::new();
            data.insert("known".to_owned(), json!(known));
            data.insert("found".to_owned(), json!(hash));
            // From now on the journal contains this text.
            data.insert("before".to_owned(), json!(hash));
            data.insert("after".to_owned(), json!(hash));
            draft.record_queue(index, EventKind::ExternalEdit, data);
            draft.mend_summary(index);
            accepted.push(index);
        }
        Ok(accepted)
    }

    /// Returns the queue as it was last recorded, with a text of the hash `newest`: from memory if
    /// that is the newest, otherwise from the copy. `is_void` means that the last write is void.
    fn base(
        &self,
        index: QueueIx,
        (newest, is_void): (&str, bool),
        file: &Loaded,
        journal: &Journal,
    ) -> Option<Queue> {
        let memory = self.memory[index].as_ref();
        if let Some((_, queue)) = memory.filter(|(hash, _)| hash == newest) {
            return Some(queue.clone());
        }
        let copy = last_good::recorded(file.state(), file.path(), journal, is_void);
        copy.or_else(|| memory.map(|(_, queue)| queue.clone()))
    }

    /// Returns whether an attempt of the project ran at some time since the queue was last
    /// recorded.
    fn is_beside_attempts(&self, draft: &Draft<'_>, index: QueueIx, base: Option<&Queue>) -> bool {
        let path = draft.queues()[index].path();
        if fault::is(Fault::EditsTaken) || self.quiet.contains(&index) || self.is_still(path) {
            return false;
        }
        let runs = |queue: &Queue| {
            queue.tasks().iter().any(|t| t.status == Status::InProgress && t.claim().is_some())
        };
        self.verified
            || base.is_some_and(runs)
            || self.memory.iter().flatten().any(|(_, queue)| runs(queue))
            || index.of(self.roots).is_some_and(|root| {
                // A verification of the tree executes what agents left there.
                Trees::of(root).are_judged() || super::beside::others_ran(root, path, self.backups)
            })
    }

    /// Returns whether the queue is paused and all loops report that nothing runs for it. Verbs and
    /// loops use the same test, so the order in which they run does not matter.
    fn is_still(&self, path: &Path) -> bool {
        let stem = path.file_stem().and_then(OsStr::to_str).unwrap_or_default();
        !self.verified_here && requests::is_still(&StateDir::beside(path), stem)
    }

    fn judge(
        &self,
        draft: &mut Draft<'_>,
        edited: Edited<'_>,
        undecided: &mut [Undecided],
    ) -> Result<(), StoreError> {
        let queue = edited.queue;
        let name = queue_name(&draft.queues()[queue]);
        // This reads the whole journal, so only if a task changed.
        let histories = LazyCell::new(|| histories(edited.journal, &name));
        let mut waiting = std::mem::take(&mut undecided[queue]);
        let count = draft.queues()[queue].tasks().len();
        for task in 0..count {
            let place = Place { queue, task };
            if is_as_recorded(draft, place, &edited) {
                continue;
            }
            let (back, set_back) = ruling(draft, place, &edited);
            if set_back {
                put_back(draft, place, &edited, &back);
            }
            let state = finished(draft, place, &edited, &histories, set_back);
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
                put_back(draft, place, &edited, &back);
            }
        }
        if let Some(base) = edited.base.as_ref().filter(|_| edited.beside) {
            super::lost_tasks::settle(draft, queue, base)?;
        }
        let path = draft.queues()[queue].path().to_owned();
        let name = path.file_name().unwrap_or_default();
        let state = StateDir::beside(&path).backed_up(self.backups);
        undecided::keep(&state, name, &waiting, self.ids)
            .map_err(StoreError::io("store the undecided tasks of", &path))?;
        undecided[queue] = waiting;
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
fn is_as_recorded(draft: &Draft<'_>, place: Place, edited: &Edited<'_>) -> bool {
    let found = &draft.queues()[place.queue];
    let id = found.tasks()[place.task].id.as_str();
    edited.base.as_ref().is_some_and(|base| {
        let index = base.index_of(id);
        index.is_some_and(|index| base.task_text(index) == found.task_text(place.task))
    })
}

/// Returns the fields of a task that are put back, and whether the task was set back.
fn ruling(draft: &Draft<'_>, place: Place, edited: &Edited<'_>) -> (BTreeSet<Field>, bool) {
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
    edited: &Edited<'_>,
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

fn put_back(draft: &mut Draft<'_>, place: Place, edited: &Edited<'_>, fields: &BTreeSet<Field>) {
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
