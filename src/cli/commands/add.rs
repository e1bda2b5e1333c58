//! `add`: new tasks, from flags or JSON.

use super::fields::{Said, given, keys, map, refuse_problems, refuse_unknown, said};
use super::human::{Desk, resolve};
use crate::cli::args::AddArgs;
use crate::cli::failure::Failure;
use crate::cli::session::Session;
use crate::config::Config;
use crate::domain::{Field, Status};
use crate::project::QueueSet;
use crate::queue::{Duplicate, Queue, fingerprint};
use crate::store::{Draft, StoreError};
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};
use std::io::Write;

pub(super) fn run(args: &AddArgs, session: &mut Session<'_>) -> Result<(), Failure> {
    let (json, queues) = args.split();
    let mut said = said(&args.fields)?;
    let originals = match json {
        Some(argument) => originals(argument)?,
        None => vec!["{}".to_owned()],
    };
    if let Some(id) = &args.id {
        if originals.len() > 1 {
            return Err(Failure::usage("--id names one task, and there are several in the list"));
        }
        said.push(Said::Field(Field::Id, json!(id)));
    }
    let mut desk = Desk::open(session, &queues)?;
    if desk.set.served() > 1 {
        let name = |queue| desk.set.shown(queue).display().to_string();
        let names: Vec<String> = (0..desk.set.served()).map(name).collect();
        let text = format!("say to which queue to add: {}", names.join(", "));
        return Err(Failure::usage(text));
    }
    let by = args.discovered_by.as_deref();
    let mut ids = Vec::new();
    desk.update(|draft, set| {
        ids.clear();
        for original in &originals {
            let task = task(draft, set, original, &said, by)?;
            ids.push(add(draft, &set.config, &task, original)?);
        }
        Ok(())
    })?;
    for id in &ids {
        // A script gets the id as it is.
        writeln!(session.streams.out.exact(), "{id}")?;
    }
    Ok(())
}

/// The JSON text of each task that was given.
fn originals(argument: &str) -> Result<Vec<String>, Failure> {
    let (text, value) = given(argument)?;
    let wrong = || Failure::usage("a task is a JSON object; several are a list of objects");
    match value {
        Value::Object(_) => Ok(vec![text]),
        Value::Array(list) if list.iter().all(Value::is_object) => {
            let raw: Vec<&RawValue> = serde_json::from_str(&text).map_err(|_| wrong())?;
            Ok(raw.into_iter().map(|task| task.get().to_owned()).collect())
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            Err(wrong())
        }
    }
}

/// The task to add: what was given, what the flags say over it, and what it must have.
fn task(
    draft: &Draft<'_>,
    set: &QueueSet,
    original: &str,
    said: &[Said],
    discovered_by: Option<&str>,
) -> Result<Map<String, Value>, StoreError> {
    let queue = &draft.queues()[0];
    let mut task = map(original);
    for (key, value) in keys(queue, None, said) {
        if let Some(value) = value {
            task.insert(key, value);
        }
    }
    if let Some(text) = discovered_by {
        let place = resolve(set, draft.queues(), text)?;
        let id = draft.task(place).id.to_string();
        task.insert(Field::DiscoveredBy.key().to_owned(), json!(id));
        task.insert(Field::Fingerprint.key().to_owned(), json!(fingerprint(&task)));
    }
    let filled =
        |key: &str| task.get(key).and_then(Value::as_str).is_some_and(|t| !t.trim().is_empty());
    if !filled("title") && !filled("description") {
        let text = "a task needs a title or a description".to_owned();
        return Err(StoreError::Rejected(text));
    }
    if task.contains_key(Field::Claim.key()) {
        return Err(StoreError::Rejected("a new task cannot be claimed already".to_owned()));
    }
    Ok(complete(queue, task))
}

/// Gives the task an id and a status where it has none, at their usual places.
fn complete(queue: &Queue, mut task: Map<String, Value>) -> Map<String, Value> {
    let mut complete = Map::new();
    let id = task.shift_remove("id").filter(|id| !id.is_null());
    let id = id.unwrap_or_else(|| json!(queue.next_ids(1).pop()));
    complete.insert("id".to_owned(), id);
    let status = Field::Status.key();
    if task.get(status).is_none_or(Value::is_null) {
        task.shift_remove(status);
        for key in [Field::Title.key(), Field::Description.key()] {
            complete.extend(task.shift_remove(key).map(|value| (key.to_owned(), value)));
        }
        complete.insert(status.to_owned(), json!(queue.status_word(Status::Pending)));
    }
    complete.extend(task);
    complete
}

fn add(
    draft: &mut Draft<'_>,
    config: &Config,
    task: &Map<String, Value>,
    original: &str,
) -> Result<String, StoreError> {
    let queue = &draft.queues()[0];
    let taken = task["id"].as_str().is_some_and(|id| queue.index_of(id).is_some());
    if let Some(same) = queue.duplicate_of(task).filter(|_| !taken) {
        return Err(StoreError::Rejected(match same {
            Duplicate::Task(index) => {
                let id = &queue.tasks()[index].id;
                format!("task {id} is the same work already: its words and its file are the same")
            }
            Duplicate::Listed => {
                "the same work was added before and is gone: fingerprints still lists it".to_owned()
            }
        }));
    }
    let place = draft.add(0, task)?;
    draft.keep_numbers(place, original)?;
    refuse_problems(draft.task(place), &[])?;
    refuse_unknown(config, draft.task(place), None)?;
    Ok(draft.task(place).id.to_string())
}
