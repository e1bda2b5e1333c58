//! `edit`: fields of a task by flags or JSON; in an editor without either.

use super::editor;
use super::fields::{Keys, change, given, keys, said};
use super::human::{Desk, tell};
use crate::cli::args::EditArgs;
use crate::cli::failure::Failure;
use crate::cli::session::Session;
use crate::domain::{Field, timestamp};
use crate::queue::Queue;
use crate::store::{Draft, Place, StoreError};
use serde_json::{Map, Value, json};

pub(super) fn run(args: &EditArgs, session: &mut Session<'_>) -> Result<(), Failure> {
    let (json, queues) = args.split();
    if !args.says_what() {
        return editor::run(&args.id, &queues, session);
    }
    let said = said(&args.fields)?;
    if !args.drop_dependency.is_empty() && !args.fields.depends_on.is_empty() {
        let text = "--depends-on gives the whole list: nothing is left for --drop-dependency";
        return Err(Failure::usage(text));
    }
    let merged = json.map(given).transpose()?;
    let merge = match &merged {
        None => Map::new(),
        Some((_, Value::Object(merge))) => merge.clone(),
        Some(_) => return Err(Failure::usage("the changes must be a JSON object")),
    };
    let original = merged.as_ref().map(|(text, _)| text.as_str());
    let mut desk = Desk::open(session, &queues)?;
    let config = desk.set.config.clone();
    let done = desk.each(std::slice::from_ref(&args.id), |draft, place| {
        let queue = &draft.queues()[place.queue];
        let mut changes: Keys = Keys::new();
        for (key, value) in &merge {
            changes.push((key.clone(), Some(value.clone()).filter(|value| !value.is_null())));
        }
        changes.extend(unset(queue, place.task, &args.unset)?);
        changes.extend(keys(queue, Some(place.task), &said));
        let dropped = drop_dependencies(draft, place, args)?;
        let mut data = Map::new();
        if let Some((keys, dropped)) = dropped {
            changes.extend(keys);
            data.insert("dropped".to_owned(), dropped);
        }
        change(draft, &config, place, &changes, data)?;
        original.map_or(Ok(()), |text| draft.keep_numbers(place, text))
    })?;
    tell(session, &done, "edited")
}

fn unset(queue: &Queue, task: usize, unset: &[String]) -> Result<Keys, StoreError> {
    let key = |key: &String| match queue.member(task, key) {
        Some(_) => Ok((key.clone(), None)),
        None => {
            let known = queue.keys(task).join(", ");
            Err(StoreError::Rejected(format!("the task has no `{key}`; it has {known}")))
        }
    };
    unset.iter().map(key).collect()
}

/// Takes the dependencies out, in whichever spelling they stand, and records why.
fn drop_dependencies(
    draft: &Draft<'_>,
    place: Place,
    args: &EditArgs,
) -> Result<Option<(Keys, Value)>, StoreError> {
    if args.drop_dependency.is_empty() {
        return Ok(None);
    }
    let queue = &draft.queues()[place.queue];
    let task = draft.task(place);
    let named = |id: &String| task.dependencies().iter().any(|named| named == id);
    if let Some(missing) = args.drop_dependency.iter().find(|id| !named(id)) {
        let known = match task.dependencies().is_empty() {
            true => "nothing".to_owned(),
            false => task.dependencies().join(", "),
        };
        let text = format!("task {} does not depend on {missing}; it depends on {known}", task.id);
        return Err(StoreError::Rejected(text));
    }
    let is_dropped = |value: &Value| {
        value.as_str().is_some_and(|text| args.drop_dependency.iter().any(|id| id == text))
    };
    let now =
        |key: &str| -> Option<Value> { serde_json::from_str(queue.member(place.task, key)?).ok() };
    let mut keys = Keys::new();
    for key in Field::Dependencies.spellings() {
        let left = match now(key) {
            Some(Value::Array(list)) => list.into_iter().filter(|id| !is_dropped(id)).collect(),
            Some(text) if is_dropped(&text) => Vec::new(),
            _ => continue,
        };
        keys.push(((*key).to_owned(), Some(Value::Array(left))));
    }
    let record =
        |id: &String| json!({"id": id, "because": args.because, "at": timestamp(draft.now())});
    let dropped: Vec<Value> = args.drop_dependency.iter().map(record).collect();
    let mut all = match now(Field::DroppedDependencies.key()) {
        Some(Value::Array(earlier)) => earlier,
        None | Some(Value::Null) => Vec::new(),
        Some(other) => vec![other],
    };
    all.extend(dropped.iter().cloned());
    keys.push((Field::DroppedDependencies.key().to_owned(), Some(Value::Array(all))));
    Ok(Some((keys, Value::Array(dropped))))
}
