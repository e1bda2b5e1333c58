//! Decides which edits of a queue file are taken and which are put back.
//!
//! Each task is compared by its id with the queue as it was last recorded. An edit made *beside
//! attempts* may be an agent's, and must satisfy [`EditRule`]. Any other edit was made by a person;
//! only a used budget stays used then.

use crate::domain::{Approval, EditRule, Field, Status, Task, Verdict, budget_used_now};
use crate::queue::{Queue, canonical};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// A task in one text of a queue.
#[derive(Clone, Copy)]
pub(super) struct Side<'q> {
    pub(super) queue: &'q Queue,
    pub(super) index: usize,
}

/// The decision about the edits of one task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ruling {
    /// All edits are taken.
    Taken,
    /// These fields are put back; other edits are taken.
    PutBack(BTreeSet<Field>),
    /// The task was complete and its record is now of an earlier moment. Whether its work is still
    /// there decides about it. These fields are put back in any case.
    SetBack(BTreeSet<Field>),
}

impl<'q> Side<'q> {
    pub(super) fn task(self) -> &'q Task {
        &self.queue.tasks()[self.index]
    }

    /// Returns the value of each spelling of a field in normalized form; an absent key counts like
    /// null.
    fn values(self, field: Field) -> Vec<(&'static str, String)> {
        let one = |key: &&'static str| {
            let raw = self.queue.member(self.index, key).filter(|raw| *raw != "null")?;
            let mut text = String::new();
            canonical(raw, &mut |piece| text.push_str(piece));
            Some((*key, text))
        };
        if field == Field::Status {
            // Other keys that could contain a state are unknown keys in this task.
            let key = self.queue.state_key(self.index).filter(|key| *key != Field::Passes.key());
            return key.iter().filter_map(one).collect();
        }
        field.spellings().iter().filter_map(one).collect()
    }

    fn state_key(self) -> Option<&'static str> {
        self.queue.state_key(self.index)
    }

    /// Returns the value of a key as JSON; `None` if the key is absent.
    fn json(self, key: &str) -> Option<Value> {
        serde_json::from_str(self.queue.member(self.index, key)?).ok()
    }
}

/// Decides about the task that was recorded as `was` and is found as `is`.
pub(super) fn rule(was: Side<'_>, is: Side<'_>, beside: bool) -> Ruling {
    if was.queue.task_text(was.index) == is.queue.task_text(is.index) {
        return Ruling::Taken;
    }
    let changed: BTreeSet<Field> =
        Field::all().filter(|field| was.values(*field) != is.values(*field)).collect();
    // A claimed task runs, or is stopped in a pause, whatever the file contains.
    let claimed = was.task().status == Status::InProgress && was.task().claim().is_some();
    if !beside && claimed {
        return put_back(changed.into_iter().filter(|field| field.is_runtime()).collect());
    }
    if !beside {
        return without_attempts(was, is, &changed);
    }
    let mut back: BTreeSet<Field> =
        changed.iter().copied().filter(|field| !is_taken(*field, was, is)).collect();
    let runtime: BTreeSet<Field> =
        changed.into_iter().filter(|field| field.is_runtime() && !is_told(*field)).collect();
    let state_alone = runtime.iter().all(|field| is_state(*field, was, is));
    if runtime.is_empty() || state_alone && may_become(was.task(), is.task()) {
        return put_back(back);
    }
    if was.task().status == Status::Complete && is.task().status.is_open() && !state_alone {
        back.extend(counted(&runtime));
        return Ruling::SetBack(back);
    }
    back.extend(runtime);
    put_back(back)
}

/// The number of attempts, and the number of those that count.
const COUNTED: [Field; 2] = [Field::Attempts, Field::BudgetUsed];

/// Returns the counters among `fields`.
pub(super) fn counted(fields: &BTreeSet<Field>) -> BTreeSet<Field> {
    COUNTED.into_iter().filter(|field| fields.contains(field)).collect()
}

/// Decides about an edit by a person. It never gives budget back: for a new budget, a verb retries
/// the task. A task with the same id but another title and description is another task.
fn without_attempts(was: Side<'_>, is: Side<'_>, changed: &BTreeSet<Field>) -> Ruling {
    let same = [Field::Title, Field::Description].iter().any(|field| {
        let values = was.values(*field);
        !values.is_empty() && values == is.values(*field)
    });
    let less = is.task().attempts < was.task().attempts
        || budget_used_now(is.task()) < budget_used_now(was.task());
    if !same || !less {
        return Ruling::Taken;
    }
    let mut back = counted(changed);
    let (was, is) = (was.task(), is.task());
    let is_running = is.status == Status::InProgress && was.status != Status::InProgress;
    // A person who reopens verified work by hand keeps its verdict. For other finished work there
    // is no evidence that it is there, so the file is taken.
    let is_earlier = is_running || is.status.is_open() && is.verdict != was.verdict;
    let is_verified = was.verdict == Some(Verdict::Pass);
    if was.status == Status::Complete && is_verified && is_earlier {
        return Ruling::SetBack(back);
    }
    // A running attempt does not count yet: the numbers would be the same, and the last one free.
    if is_running && was.status != Status::Complete {
        back.extend(changed.iter().copied().filter(|field| field.is_runtime()));
    }
    put_back(back)
}

fn put_back(fields: BTreeSet<Field>) -> Ruling {
    if fields.is_empty() { Ruling::Taken } else { Ruling::PutBack(fields) }
}

/// Returns whether the task stores its state in this field.
fn is_state(field: Field, was: Side<'_>, is: Side<'_>) -> bool {
    let passes = Some(Field::Passes.key());
    field == Field::Status
        || field == Field::Passes && [was, is].iter().all(|side| side.state_key() == passes)
}

/// Returns whether a field is a runtime field with a text that decides nothing.
fn is_told(field: Field) -> bool {
    matches!(field, Field::Error | Field::Progress)
}

/// Returns whether an edit beside attempts may change the state in this way.
fn may_become(was: &Task, is: &Task) -> bool {
    match (was.status, is.status) {
        // A live claim counts, whatever the file contains.
        (Status::InProgress, _) => was.claim().is_none() && is.status != Status::Complete,
        (_, Status::Complete) => false,
        (_, Status::InProgress) => was.is_persons(),
        (_, Status::Pending | Status::Blocked | Status::Parked | Status::Unknown) => true,
    }
}

/// Returns whether an edit beside attempts is taken. Runtime fields are always `true` here:
/// [`rule`] decides about all of them together.
fn is_taken(field: Field, was: Side<'_>, is: Side<'_>) -> bool {
    match field.edit_rule() {
        EditRule::Free | EditRule::Runtime => true,
        EditRule::Fixed => false,
        EditRule::Budget => {
            let (was, is) = (was.task().max_iterations(), is.task().max_iterations());
            was.zip(is).is_some_and(|(was, is)| is <= was)
        }
        EditRule::Approval => was.task().approval == Approval::NotRequired,
        EditRule::Dependencies => {
            let now = is.task().list(field);
            was.task().list(field).iter().all(|id| now.contains(id))
        }
    }
}

/// Returns the keys to set so that the fields are as in `was` again. Added dependencies stay.
pub(super) fn keys(
    was: Side<'_>,
    is: Side<'_>,
    fields: &BTreeSet<Field>,
) -> Vec<(String, Option<Value>)> {
    let mut keys = Vec::new();
    for field in fields {
        let homes = [was.state_key(), is.state_key()];
        for key in field.spellings() {
            if *field == Field::Status && !homes.contains(&Some(key)) {
                continue;
            }
            let value = was.json(key);
            if value != is.json(key) {
                keys.push(((*key).to_owned(), value));
            }
        }
        if field.edit_rule() == EditRule::Dependencies && *field != Field::Steps {
            add_new(*field, was, is, &mut keys);
        }
    }
    keys
}

/// Adds the dependencies that only `is` has to the first list that is put back.
fn add_new(field: Field, was: Side<'_>, is: Side<'_>, keys: &mut [(String, Option<Value>)]) {
    let known = was.task().list(field);
    let new = is.task().list(field).iter().filter(|id| !known.contains(id));
    let list = keys.iter_mut().find_map(|(key, value)| {
        field.spellings().contains(&key.as_str()).then_some(value.as_mut()?)
    });
    if let Some(value) = list {
        let mut ids = match value.take() {
            Value::Array(ids) => ids,
            one @ (Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Object(_)) => vec![one],
        };
        ids.extend(new.map(|id| json!(id.as_str())));
        *value = Value::Array(ids);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn queue(task: &Value) -> Queue {
        let text = json!({"tasks": [task]}).to_string();
        Queue::parse(Path::new("q.json"), text.into_bytes()).unwrap()
    }

    fn merged(task: &Value, edit: &Value) -> Value {
        let mut all = task.as_object().unwrap().clone();
        for (key, value) in edit.as_object().unwrap() {
            if value.is_null() {
                all.remove(key);
            } else {
                all.insert(key.clone(), value.clone());
            }
        }
        Value::Object(all)
    }

    /// Returns the ruling on `edit` of a task, and the task after it.
    fn ruled(task: &Value, edit: &Value, beside: bool) -> (Ruling, Value) {
        let (was, is) = (queue(task), queue(&merged(task, edit)));
        let (was, is) = (Side { queue: &was, index: 0 }, Side { queue: &is, index: 0 });
        let ruling = rule(was, is, beside);
        let mut after = merged(task, edit);
        if let Ruling::PutBack(fields) | Ruling::SetBack(fields) = &ruling {
            for (key, value) in keys(was, is, fields) {
                after = merged(&after, &json!({ key: value }));
            }
        }
        (ruling, after)
    }

    fn pending() -> Value {
        json!({"id": "A", "title": "a", "status": "pending", "attempts": 2, "max_iterations": 3,
            "dependencies": ["B"], "requires_approval": true, "files": ["a.rs"]})
    }

    #[test]
    fn what_a_person_edits_beside_attempts_is_taken() {
        for edit in [
            json!({"title": "b", "priority": 0, "tags": ["x"], "mine": 1, "description": "more"}),
            json!({"dependencies": ["B", "C"]}),
            json!({"status": "parked"}),
            json!({"status": "blocked", "error": "wait for Ann"}),
            json!({"max_iterations": 2}),
            json!({"status": "wontfix"}),
        ] {
            let (ruling, after) = ruled(&pending(), &edit, true);
            assert_eq!(ruling, Ruling::Taken, "{edit}");
            assert_eq!(after, merged(&pending(), &edit));
        }
        let free = json!({"id": "A", "title": "a", "status": "pending"});
        assert_eq!(ruled(&free, &json!({"requires_approval": true}), true).0, Ruling::Taken);
    }

    #[test]
    fn what_would_complete_widen_or_lengthen_is_put_back_beside_attempts() {
        for edit in [
            json!({"status": "complete"}),
            json!({"status": "completed", "passes": true, "verification_verdict": "PASS"}),
            json!({"passes": true}),
            json!({"completed_at": "2026-01-01T00:00:00Z"}),
            json!({"requires_approval": false}),
            json!({"requires_approval": ["somebody else"]}),
            json!({"approved_by": "me", "approved_at": "2026-01-01T00:00:00Z"}),
            json!({"max_iterations": 99}),
            json!({"max_iterations": null}),
            json!({"attempts": 0}),
            json!({"attempts": null}),
            json!({"budget_used": 0}),
            json!({"dependencies": []}),
            json!({"dependencies": null}),
            json!({"verify": "quick"}),
            json!({"type": "docs"}),
            json!({"agent": "weak"}),
            json!({"claim": {"worker": "h:1:00000000", "attempt": 9}}),
            json!({"status": "in_progress"}),
            json!({"files": ["a.rs", "check.sh"]}),
            json!({"child_tasks": ["Z"]}),
        ] {
            let (ruling, after) = ruled(&pending(), &edit, true);
            assert!(matches!(ruling, Ruling::PutBack(_)), "{edit}: {ruling:?}");
            assert_eq!(after, pending(), "{edit}");
        }
    }

    #[test]
    fn a_state_under_another_key_is_one() {
        let done = json!({"id": "A", "title": "a", "done": false, "state": 7});
        for edit in [
            json!({"done": true}),
            json!({"status": "complete"}),
            json!({"passes": true}),
            json!({"state": "closed", "done": null}),
        ] {
            let (ruling, after) = ruled(&done, &edit, true);
            assert!(matches!(ruling, Ruling::PutBack(_)), "{edit}: {ruling:?}");
            assert_eq!((&after["done"], after.get("status")), (&json!(false), None), "{edit}");
        }
        for edit in [json!({"state": 8}), json!({"done": null}), json!({"status": "parked"})] {
            assert_eq!(ruled(&done, &edit, true).0, Ruling::Taken, "{edit}");
        }
        // Changing only its state reopens finished work.
        for (key, open) in
            [("passes", json!(false)), ("done", json!(false)), ("state", json!("open"))]
        {
            let complete = if open.is_boolean() { json!(true) } else { json!("closed") };
            let task = json!({"id": "A", "title": "a", key: complete, "attempts": 1});
            assert_eq!(ruled(&task, &json!({key: open}), true).0, Ruling::Taken, "{key}");
            assert!(matches!(
                ruled(&task, &json!({key: open, "attempts": 0}), true).0,
                Ruling::SetBack(_)
            ));
            let again = merged(&task, &json!({key: open}));
            let ruling = ruled(&again, &json!({key: complete}), true).0;
            assert!(matches!(ruling, Ruling::PutBack(_)), "{key}: {ruling:?}");
        }
    }

    #[test]
    fn a_dropped_dependency_comes_back_beside_new_ones() {
        let (_, after) = ruled(&pending(), &json!({"dependencies": ["C"]}), true);
        assert_eq!(after["dependencies"], json!(["B", "C"]));
        let renamed = json!({"dependencies": null, "depends_on": ["C"]});
        let (_, after) = ruled(&pending(), &renamed, true);
        assert_eq!(after["dependencies"], json!(["B", "C"]));
        assert_eq!(after.get("depends_on"), None);
    }

    #[test]
    fn a_claimed_task_stays_claimed_whatever_the_file_says() {
        let claim = json!({"worker": "h:1:00000000", "attempt": 3, "host": "0", "boot": "0",
            "start": 1, "since": "2026-01-01T00:00:00Z"});
        let running =
            merged(&pending(), &json!({"status": "in_progress", "attempts": 3, "claim": claim}));
        for edit in [
            json!({"status": "pending", "claim": null}),
            json!({"status": "complete", "claim": null}),
            json!({"status": "parked"}),
            json!({"status": "pending", "attempts": 0, "claim": null}),
            json!({"claim": {"worker": "x:1:00000000", "attempt": 3}}),
        ] {
            assert_eq!(ruled(&running, &edit, true).1, running, "{edit}");
        }
    }

    #[test]
    fn finished_work_is_reopened_by_its_state_alone_and_set_back_by_more() {
        let done = merged(
            &pending(),
            &json!({"status": "complete", "attempts": 3, "passes": true,
                "completed_at": "2026-01-01T00:00:00Z"}),
        );
        assert_eq!(ruled(&done, &json!({"status": "pending"}), true).0, Ruling::Taken);
        let earlier = json!({"status": "pending", "attempts": 2, "passes": null,
            "completed_at": null});
        let (ruling, after) = ruled(&done, &earlier, true);
        assert_eq!(ruling, Ruling::SetBack(BTreeSet::from([Field::Attempts])));
        assert_eq!((&after["status"], &after["attempts"]), (&json!("pending"), &json!(3)));
    }

    #[test]
    fn without_attempts_the_file_wins_but_for_a_used_budget() {
        for edit in [
            json!({"status": "complete"}),
            json!({"max_iterations": 99, "dependencies": null, "requires_approval": null}),
            json!({"attempts": 5}),
        ] {
            assert_eq!(ruled(&pending(), &edit, false).0, Ruling::Taken, "{edit}");
        }
        for edit in [json!({"attempts": 0}), json!({"attempts": null}), json!({"budget_used": 0})] {
            assert_eq!(ruled(&pending(), &edit, false).1, pending(), "{edit}");
        }
        let another = json!({"title": "Something else", "attempts": 0});
        assert_eq!(ruled(&pending(), &another, false).0, Ruling::Taken);
    }

    /// An edit as `git checkout` makes it: the record of an attempt that has ended meanwhile.
    #[test]
    fn an_old_claim_gives_no_attempt_back() {
        let claim = json!({"worker": "h:1:00000000", "attempt": 3, "since": ""});
        let old = json!({"status": "in_progress", "error": null, "claim": claim});
        let blocked = json!({"id": "A", "title": "a", "status": "blocked", "attempts": 3,
            "error": "step test: exit status 1"});
        assert_eq!(ruled(&blocked, &old, false).1, blocked);
        let by_hand = json!({"status": "in_progress"});
        assert_eq!(ruled(&blocked, &by_hand, false).1, blocked);
        // It was not verified, so there is no evidence that its work is there.
        let said = merged(&blocked, &json!({"status": "complete", "error": null}));
        assert_eq!(ruled(&said, &old, false).0, Ruling::Taken);
        let fresh = json!({"status": "pending", "attempts": null, "verification_verdict": null});
        let passed = merged(&said, &json!({"verification_verdict": "PASS"}));
        assert!(matches!(ruled(&passed, &old, false).0, Ruling::SetBack(_)));
        assert!(matches!(ruled(&passed, &fresh, false).0, Ruling::SetBack(_)));
        let by_hand = json!({"status": "pending", "attempts": 0});
        assert!(matches!(ruled(&passed, &by_hand, false).0, Ruling::PutBack(_)));
        // Here nothing that counted is lost.
        let interrupted = merged(&blocked, &json!({"status": "pending", "budget_used": 2}));
        assert_eq!(ruled(&interrupted, &old, false).0, Ruling::Taken);
    }
}
