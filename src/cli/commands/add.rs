//! `add`: adds tasks from flags or JSON.

use crate::cli::args::AddArgs;
use crate::cli::failure::Failure;
use crate::cli::fields::{given, said};
use crate::cli::session::Session;
use crate::cli::write;
use crate::domain::Field;
use crate::project::verbs::{self, Said};
use serde_json::value::RawValue;
use serde_json::{Value, json};
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
            return Err(Failure::usage("--id names one task, but the list has several"));
        }
        said.push(Said::Field(Field::Id, json!(id)));
    }
    let mut project = write::open(session, &queues)?;
    let set = project.set();
    if set.served() > 1 {
        let names = set.each_served().map(|queue| set.queue(queue).shown().to_string());
        let names: Vec<String> = names.collect();
        let text = format!("name the queue to add to: {}", names.join(", "));
        return Err(Failure::usage(text));
    }
    let ids = verbs::add(&mut project, &originals, &said, args.discovered_by.as_deref())?;
    for id in &ids {
        // Scripts need the exact id.
        writeln!(session.streams.out.exact(), "{id}")?;
    }
    write::warn_of(&project, &ids, session)
}

/// Returns the JSON text of each task in `argument`.
fn originals(argument: &str) -> Result<Vec<String>, Failure> {
    let (text, value) = given(argument)?;
    let wrong = || Failure::usage("a task is a JSON object; several tasks are a list of objects");
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
