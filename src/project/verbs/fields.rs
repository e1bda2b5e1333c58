//! Converts fields that a person named to changed keys of a task, for [`add`](super::add()) and
//! [`edit`](super::edit()).

use crate::config::Config;
use crate::domain::{Field, FieldProblem, PhaseProfiles, Status, Task};
use crate::queue::Queue;
use crate::store::{Draft, Place, StoreError};
use serde_json::{Map, Value, json};

/// Keys with their new values; `None` removes the key.
pub(super) type Keys = Vec<(String, Option<Value>)>;

/// A value that a person sets in a task.
#[derive(Clone, Debug)]
pub(crate) enum Said {
    /// A field, written under the file's own spelling.
    Field(Field, Value),
    /// The paths. One path is written to `file`, several to `files`, unless the task already uses
    /// one of them.
    Files(Vec<String>),
    /// A key, exactly as typed.
    Key(String, Value),
}

/// Returns the keys that `said` changes in the task `index` of `queue`, or in a new task.
pub(super) fn keys(queue: &Queue, index: Option<usize>, said: &[Said]) -> Keys {
    let mut keys = Keys::new();
    for one in said {
        match one {
            Said::Key(key, value) => keys.push((key.clone(), Some(value.clone()))),
            Said::Field(field, value) => {
                let key = queue.key_for(index, *field);
                remove_others(&mut keys, queue, index, *field, key);
                keys.push((key.to_owned(), Some(in_style(queue, *field, value))));
            }
            Said::Files(paths) => {
                let has = |field| index.is_some_and(|index| queue.raw(index, field).is_some());
                let single = paths.len() == 1 && (has(Field::File) || !has(Field::Files));
                let field = if single { Field::File } else { Field::Files };
                let key = queue.key_for(index, field);
                for field in [Field::File, Field::Files] {
                    remove_others(&mut keys, queue, index, field, key);
                }
                let value = if single { json!(paths[0]) } else { json!(paths) };
                keys.push((key.to_owned(), Some(value)));
            }
        }
    }
    keys
}

/// Removes other spellings of a list, which would add to it.
fn remove_others(keys: &mut Keys, queue: &Queue, index: Option<usize>, field: Field, kept: &str) {
    let Some(index) =
        index.filter(|_| matches!(field, Field::Dependencies | Field::File | Field::Files))
    else {
        return;
    };
    let others = field.spellings().iter().filter(|key| **key != kept);
    let others = others.filter(|key| queue.member(index, key).is_some());
    keys.extend(others.map(|key| ((*key).to_owned(), None)));
}

/// Returns the text of an id. For a number this is its decimal text.
pub(super) fn id_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Returns `2` as a number if the file numbers its phases, tracks and epics, or the task that it
/// names.
fn in_style(queue: &Queue, field: Field, value: &Value) -> Value {
    if matches!(field, Field::Dependencies | Field::Parent) {
        let one = |id: &Value| id.as_str().map_or_else(|| id.clone(), |id| queue.id_value(id));
        return match value {
            Value::Array(ids) => ids.iter().map(one).collect(),
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Object(_) => one(value),
        };
    }
    let grouping = matches!(field, Field::Phase | Field::Track | Field::Epic);
    let number = value.as_str().and_then(|text| text.parse::<i64>().ok());
    let tasks = 0..queue.tasks().len();
    let is_number = |raw: &str| raw.starts_with(|c: char| c.is_ascii_digit() || c == '-');
    match number {
        Some(number)
            if grouping
                && tasks
                    .filter_map(|n| queue.raw(n, field))
                    .find(|raw| *raw != "null")
                    .is_some_and(is_number) =>
        {
            json!(number)
        }
        _ => value.clone(),
    }
}

/// Returns the members of a task's text.
pub(super) fn map(text: &str) -> Map<String, Value> {
    serde_json::from_str(text).unwrap_or_default()
}

/// Refuses changes that a person may not make.
fn refuse_foreign(draft: &Draft<'_>, place: Place, keys: &Keys) -> Result<(), StoreError> {
    let queue = &draft.queues()[place.queue];
    let task = draft.task(place);
    let now =
        |key: &str| -> Option<Value> { serde_json::from_str(queue.member(place.task, key)?).ok() };
    let changed = |(key, value): &&(String, Option<Value>)| now(key) != *value;
    let changed: Vec<&str> = keys.iter().filter(changed).map(|(key, _)| key.as_str()).collect();
    let field = |key: &str| Field::from_key(key);
    if changed.iter().any(|key| field(key) == Some(Field::Id)) {
        let text = format!(
            "the id of task {} cannot be changed: other tasks and the journal refer to it",
            task.id
        );
        return Err(StoreError::Rejected(text));
    }
    let claimed = task.status == Status::InProgress || task.claim().is_some();
    // A key that holds the state in other files is an ordinary key here.
    let foreign = |key: &str| key != "status" && queue.state_key(place.task) != Some(key);
    let theirs = |key: &&str| {
        field(key).is_some_and(|f| {
            let is_runtime = f.is_runtime() && !(f == Field::Status && foreign(key));
            f == Field::Claim || claimed && is_runtime
        })
    };
    let theirs: Vec<&str> = changed.into_iter().filter(theirs).collect();
    if theirs.is_empty() {
        return Ok(());
    }
    let why = if claimed {
        "the program writes that while the task is claimed"
    } else {
        "the program writes that"
    };
    let text = format!("{} of task {} cannot be edited: {why}", theirs.join(", "), task.id);
    Err(StoreError::Rejected(text))
}

/// Refuses values that the program could not use.
pub(super) fn refuse_problems(task: &Task, before: &[FieldProblem]) -> Result<(), StoreError> {
    match task.problems().find(|problem| !before.contains(problem)) {
        None => Ok(()),
        Some(FieldProblem { field, expected }) => {
            Err(StoreError::Rejected(format!("`{}` {expected}", field.key())))
        }
    }
}

/// Refuses unknown profiles and agents, for which a run would block the task. `before` is the task
/// before an edit, which may already have had such a name.
pub(super) fn refuse_unknown(
    config: &Config,
    (task, phases): (&Task, &PhaseProfiles),
    before: Option<&Task>,
) -> Result<(), StoreError> {
    // If nothing is configured yet, tasks may be written first.
    let missing = |task: &Task| {
        let steps = config.profiles_for(task, phases).err().filter(|_| !config.steps.is_empty());
        let agent = config.agent_for(task).err().filter(|_| !config.agents.is_empty());
        let both = [steps, agent].into_iter().flatten();
        both.filter(|error| error.code().is_some()).collect::<Vec<_>>()
    };
    let earlier = before.map(missing).unwrap_or_default();
    match missing(task).into_iter().find(|error| !earlier.contains(error)) {
        Some(error) => Err(StoreError::Rejected(error.to_string())),
        None => Ok(()),
    }
}

/// Makes the changes, if a person may make them and their values can be used.
pub(super) fn change(
    draft: &mut Draft<'_>,
    config: &Config,
    place: Place,
    changes: &Keys,
    data: Map<String, Value>,
) -> Result<(), StoreError> {
    refuse_foreign(draft, place, changes)?;
    let before = draft.task(place).clone();
    draft.edit(place, changes, data)?;
    let problems = before.problems().collect::<Vec<_>>();
    refuse_problems(draft.task(place), &problems)?;
    let phases = draft.queues()[place.queue].phase_profiles();
    refuse_unknown(config, (draft.task(place), phases), Some(&before))
}
