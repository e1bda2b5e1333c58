//! The queues while a change is being made. Every change of a task is made here and records its
//! journal line.

use super::StoreError;
use super::event_kind::event_kind;
use super::place::{Place, TaskRef};
use crate::domain::{
    self, Changes, ClaimToken, EVENT_VERSION, Event, EventKind, Field, QueueIx, Status, Transition,
    Verdict,
};
use crate::queue::{PhasesBack, Queue, canonical};
use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Map, Value, json};
use std::collections::HashSet;
use xxhash_rust::xxh3::Xxh3;

/// Who makes a change.
#[derive(Clone, Debug, PartialEq)]
pub enum Actor {
    /// A person, with a verb.
    Person,
    /// The program itself, which puts back, settles and takes over.
    Loop,
    /// A worker, for an attempt.
    Worker(ClaimToken),
}

/// Queues under the lock, with the events of the change so far.
#[derive(Debug)]
pub struct Draft<'a> {
    queues: &'a mut [Queue],
    now: DateTime<Utc>,
    events: Vec<(QueueIx, Event)>,
    undecided: HashSet<TaskRef>,
}

impl<'a> Draft<'a> {
    /// Creates a draft of `queues` at the time `now`.
    pub fn new(queues: &'a mut [Queue], now: DateTime<Utc>) -> Self {
        Self { queues, now, events: Vec::new(), undecided: HashSet::new() }
    }

    /// The queues with the changes so far.
    pub fn queues(&self) -> &[Queue] {
        self.queues
    }

    /// Sets the tasks that were set back and whose work nobody decided about. While there are any,
    /// nothing is claimed in this change.
    pub(super) fn hold(&mut self, undecided: HashSet<TaskRef>) {
        self.undecided = undecided;
    }

    /// Returns the place of `task` if it was set back and its work is still undecided.
    pub fn undecided(&self, task: &TaskRef) -> Option<Place> {
        task.place(self.queues).filter(|_| self.undecided.contains(task))
    }

    /// Returns whether any task was set back without a decision about its work. Nothing is claimed
    /// then.
    pub fn holds_any(&self) -> bool {
        !self.undecided.is_empty()
    }

    /// The time of this change.
    pub fn now(&self) -> DateTime<Utc> {
        self.now
    }

    /// Returns the events of the change, each with the index of its queue.
    pub fn into_events(self) -> Vec<(QueueIx, Event)> {
        self.events
    }

    /// The task at `place`.
    pub fn task(&self, place: Place) -> &domain::Task {
        &self.queues[place.queue].tasks()[place.task]
    }

    /// Applies `transition` and records an event to which `data` is added.
    ///
    /// # Errors
    /// [`StoreError::Illegal`] when the state does not allow it, [`StoreError::Edit`] when the text
    /// cannot be changed accordingly. Nothing is changed then.
    pub fn transition(
        &mut self,
        place: Place,
        transition: &Transition,
        actor: &Actor,
        data: Map<String, Value>,
    ) -> Result<(), StoreError> {
        self.transition_and(place, transition, Vec::new(), (actor, data))
    }

    /// Does the same as [`Draft::transition`], with `more` changes of other fields.
    ///
    /// # Errors
    /// As [`Draft::transition`].
    pub fn transition_and(
        &mut self,
        place: Place,
        transition: &Transition,
        more: Changes,
        (actor, data): (&Actor, Map<String, Value>),
    ) -> Result<(), StoreError> {
        let task = self.task(place);
        let mut changes = domain::apply(task, transition, self.now)?;
        changes.extend(more);
        let was = json!(self.runtime_hash(place));
        self.queues[place.queue].apply(place.task, &changes)?;
        let mut all = data;
        all.insert("fields".to_owned(), self.values(place, changes.iter().map(|(f, _)| *f)));
        all.insert("was".to_owned(), was);
        self.push(place, event_kind(transition), actor, all);
        Ok(())
    }

    /// Sets or removes one key of a task (for `edit` and other verbs that add keys).
    ///
    /// # Errors
    /// [`StoreError::Edit`] when the text cannot be changed accordingly.
    pub fn set_key(
        &mut self,
        place: Place,
        key: &str,
        value: Option<&Value>,
    ) -> Result<(), StoreError> {
        Ok(self.queues[place.queue].set_key(place.task, key, value)?)
    }

    /// Appends a task to the list of a queue and records an `added` event.
    ///
    /// # Errors
    /// [`StoreError::Edit`] when the task is invalid, its id is in use, or it is already there.
    pub fn add(&mut self, queue: QueueIx, task: &Map<String, Value>) -> Result<Place, StoreError> {
        self.add_by(&Actor::Person, queue, task)
    }

    /// Does the same as [`Draft::add`] for any actor.
    ///
    /// # Errors
    /// As [`Draft::add`].
    pub fn add_by(
        &mut self,
        actor: &Actor,
        queue: QueueIx,
        task: &Map<String, Value>,
    ) -> Result<Place, StoreError> {
        let place = Place { queue, task: self.queues[queue].append(task)? };
        self.record(place, EventKind::Added, actor, Map::new());
        Ok(place)
    }

    /// Writes the numbers of a task as they are in `original`, the text that its new values were
    /// read from.
    ///
    /// # Errors
    /// [`StoreError::Edit`] when the text cannot be changed accordingly.
    pub fn keep_numbers(&mut self, place: Place, original: &str) -> Result<(), StoreError> {
        Ok(self.queues[place.queue].keep_numbers(place.task, original)?)
    }

    /// Sets or removes keys of a task for a person and records an `edited` event with the new
    /// values. Does nothing if the keys already have these values.
    ///
    /// # Errors
    /// [`StoreError::Edit`] when the text cannot be changed accordingly.
    pub fn edit(
        &mut self,
        place: Place,
        changes: &[(String, Option<Value>)],
        data: Map<String, Value>,
    ) -> Result<(), StoreError> {
        let was = json!(self.runtime_hash(place));
        let revision = self.queues[place.queue].revision();
        for (key, value) in changes {
            self.set_key(place, key, value.as_ref())?;
        }
        if self.queues[place.queue].revision() == revision {
            return Ok(());
        }
        let fields = changes.iter().map(|(key, value)| (key.clone(), json!(value))).collect();
        let mut all = data;
        all.insert("fields".to_owned(), Value::Object(fields));
        all.insert("was".to_owned(), was);
        self.push(place, EventKind::Edited, &Actor::Person, all);
        Ok(())
    }

    /// Restores all runtime fields of a task from the journal.
    ///
    /// # Errors
    /// [`StoreError::Edit`] when the text cannot be changed accordingly.
    pub fn restore(&mut self, place: Place, state: &Map<String, Value>) -> Result<(), StoreError> {
        let was = json!(self.runtime_hash(place));
        let queue = &mut self.queues[place.queue];
        let mut changes = vec![(Field::Status, domain::Write::Status(Status::Complete))];
        let runtime = Field::all().filter(|f| f.is_runtime() && *f != Field::Status);
        changes.extend(runtime.filter_map(|field| match state.get(field.key()) {
            Some(stored) => Some((field, domain::Write::Set(stored.clone()))),
            None => queue.value(place.task, field).map(|_| (field, domain::Write::Remove)),
        }));
        queue.apply(place.task, &changes)?;
        let mut data = Map::new();
        data.insert("fields".to_owned(), Value::Object(state.clone()));
        data.insert("was".to_owned(), was);
        self.push(place, EventKind::Restored, &Actor::Loop, data);
        Ok(())
    }

    /// Puts keys of a task back to their recorded values. The event has both values, and whether an
    /// attempt ran.
    ///
    /// A key that cannot be written stays as it is found: the file was malformed before.
    pub(super) fn put_back(
        &mut self,
        place: Place,
        keys: &[(String, Option<Value>)],
        beside: bool,
    ) {
        let was = json!(self.runtime_hash(place));
        let mut back = Map::new();
        for (key, kept) in keys {
            let queue = &mut self.queues[place.queue];
            let found: Option<Value> =
                queue.member(place.task, key).and_then(|raw| serde_json::from_str(raw).ok());
            if queue.set_key(place.task, key, kept.as_ref()).is_ok() {
                back.insert(key.clone(), json!({"kept": kept, "found": found}));
            }
        }
        if back.is_empty() {
            return;
        }
        let mut data = Map::new();
        data.insert("put_back".to_owned(), Value::Object(back));
        data.insert("beside".to_owned(), json!(beside));
        data.insert("status".to_owned(), json!(self.task(place).status.word()));
        data.insert("was".to_owned(), was);
        self.push(place, EventKind::ExternalEdit, &Actor::Loop, data);
    }

    /// Puts the phases of a queue back as they were recorded, with their barriers, gates and
    /// profiles.
    pub(super) fn put_back_phases(&mut self, queue: QueueIx, recorded: &Queue) {
        let back = match self.queues[queue].put_back_phases(recorded) {
            None => return,
            Some(PhasesBack::PutBack) => {
                json!({"phases": {"kept": "the phases", "found": "others"}})
            }
            Some(PhasesBack::Unverified) => {
                json!({"phases.verify": {"kept": null, "found": "profiles"}})
            }
        };
        let data = Map::from_iter([("put_back".to_owned(), back)]);
        self.record_queue(queue, EventKind::ExternalEdit, data);
    }

    /// Makes a finished task pending again after it was set back to an earlier moment, until
    /// somebody decides whether its work is still there. What it had used, given by `keys`, stays
    /// used.
    pub(super) fn reopen(
        &mut self,
        place: Place,
        keys: &[(String, Option<Value>)],
    ) -> Result<(), StoreError> {
        let was = json!(self.runtime_hash(place));
        for (key, value) in keys {
            self.queues[place.queue].set_key(place.task, key, value.as_ref())?;
        }
        let pending = domain::Write::Status(Status::Pending);
        let changes = vec![(Field::Status, pending), (Field::Claim, domain::Write::Remove)];
        self.queues[place.queue].apply(place.task, &changes)?;
        let mut data = Map::new();
        data.insert("set_back".to_owned(), json!(true));
        data.insert("was".to_owned(), was);
        self.push(place, EventKind::ExternalEdit, &Actor::Loop, data);
        Ok(())
    }

    /// Appends a task that an edit removed, with its numbers as they are in `text`.
    pub(super) fn add_again(
        &mut self,
        queue: QueueIx,
        task: &Map<String, Value>,
        text: &str,
    ) -> Result<(), StoreError> {
        let place = Place { queue, task: self.queues[queue].append(task)? };
        self.keep_numbers(place, text)?;
        let data = json!({"put_back": {"task": {"kept": "the task", "found": null}}});
        let data = data.as_object().cloned().unwrap_or_default();
        self.record(place, EventKind::ExternalEdit, &Actor::Loop, data);
        Ok(())
    }

    /// Records an event about a task that changes none of its runtime fields.
    pub fn record(
        &mut self,
        place: Place,
        kind: EventKind,
        actor: &Actor,
        data: Map<String, Value>,
    ) {
        let mut data = data;
        data.insert("was".to_owned(), json!(self.runtime_hash(place)));
        self.push(place, kind, actor, data);
    }

    /// Records an event about a whole queue.
    pub fn record_queue(&mut self, queue: QueueIx, kind: EventKind, data: Map<String, Value>) {
        let event = new_event(kind, self.now, queue_name(&self.queues[queue]), data);
        self.events.push((queue, event));
    }

    /// Corrects the summary of a queue that somebody edited, even if nothing else is written.
    pub fn mend_summary(&mut self, queue: QueueIx) {
        self.queues[queue].mend_summary(self.now);
    }

    fn push(&mut self, place: Place, kind: EventKind, actor: &Actor, data: Map<String, Value>) {
        let queue = &self.queues[place.queue];
        let task = &queue.tasks()[place.task];
        let mut event = new_event(kind, self.now, queue_name(queue), data);
        event.task = Some(task.id.to_string());
        match actor {
            Actor::Person => {}
            Actor::Loop => {
                event.data.insert("by".to_owned(), json!("workloop"));
            }
            Actor::Worker(token) => {
                event.worker = Some(token.worker.to_string());
                event.attempt = Some(token.attempt);
            }
        }
        // The whole state of verified work is in the journal, so that it can be restored when the
        // file is set back. For other work there is no evidence that it is there.
        if kind == EventKind::Completed && task.verdict == Some(Verdict::Pass) {
            let all = Field::all().filter(|field| field.is_runtime());
            event.data.insert("state".to_owned(), self.values(place, all));
        }
        event.data.insert("is".to_owned(), json!(self.runtime_hash(place)));
        self.events.push((place.queue, event));
    }

    fn values(&self, place: Place, fields: impl Iterator<Item = Field>) -> Value {
        let queue = &self.queues[place.queue];
        let value = |field: Field| (field.key().to_owned(), queue.value(place.task, field));
        fields.map(value).filter_map(|(key, value)| Some((key, value?))).collect()
    }

    /// Returns the hash of all runtime fields as written in the text; an absent key counts like
    /// null.
    pub fn runtime_hash(&self, place: Place) -> String {
        runtime_hash(&self.queues[place.queue], place.task)
    }
}

/// Hashes all runtime fields of a task as written in the text; an absent key counts like null.
pub(super) fn runtime_hash(queue: &Queue, task: usize) -> String {
    let mut hash = Xxh3::new();
    for field in Field::all().filter(|field| field.is_runtime()) {
        match queue.raw(task, field) {
            None | Some("null") => {}
            Some(text) => {
                hash.update(field.key().as_bytes());
                hash.update(b"\0");
                // Without the formatting, because a program that saves the file again may change
                // only that.
                canonical(text, &mut |piece| hash.update(piece.as_bytes()));
                hash.update(b"\0");
            }
        }
    }
    format!("{:016x}", hash.digest())
}

/// Creates an event with a time but without a number, which the journal assigns.
pub fn new_event(
    kind: EventKind,
    now: DateTime<Utc>,
    queue: String,
    data: Map<String, Value>,
) -> Event {
    Event {
        v: EVENT_VERSION,
        seq: 0,
        at: now.to_rfc3339_opts(SecondsFormat::Millis, true),
        event: kind,
        queue,
        task: None,
        worker: None,
        attempt: None,
        data,
    }
}

/// Returns the name of a queue in the journal: its file name.
pub fn queue_name(queue: &Queue) -> String {
    queue.path().file_name().unwrap_or_default().to_string_lossy().into_owned()
}
