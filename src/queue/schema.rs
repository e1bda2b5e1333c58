//! The embedded JSON schemas, and the check of tasks against the one of queue files.
//!
//! The schema is compiled once, and only what changed is checked again.

use super::edit_error::EditError;
use serde_json::{Value, json};
use std::sync::OnceLock;

/// Every embedded schema: name and text.
const SCHEMAS: &[(&str, &str)] = &[("queue", include_str!("../../schemas/queue.schema.json"))];

/// The names of the embedded schemas.
pub fn names() -> impl Iterator<Item = &'static str> {
    SCHEMAS.iter().map(|(name, _)| *name)
}

/// The text of an embedded schema.
pub fn text(name: &str) -> Option<&'static str> {
    SCHEMAS.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}

/// The compiled schema of queue files.
struct Compiled {
    schema: Value,
    /// For a whole file without its tasks.
    file: jsonschema::Validator,
    /// For one task.
    task: jsonschema::Validator,
}

/// A value that does not match.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mismatch {
    /// Keys and indexes down to the value.
    pub(super) path: Vec<String>,
    /// What it must be, in words.
    pub(super) reason: String,
}

fn compiled() -> Option<&'static Compiled> {
    static COMPILED: OnceLock<Option<Compiled>> = OnceLock::new();
    COMPILED.get_or_init(compile).as_ref()
}

/// `None` would be a fault of the embedded schema; a test keeps it from being one.
fn compile() -> Option<Compiled> {
    let schema: Value = serde_json::from_str(text("queue")?).ok()?;
    let task = json!({
        "$schema": schema["$schema"],
        "$ref": "#/$defs/task",
        "$defs": schema["$defs"],
    });
    Some(Compiled {
        file: jsonschema::validator_for(&schema).ok()?,
        task: jsonschema::validator_for(&task).ok()?,
        schema,
    })
}

/// What does not match in the JSON text of a task.
pub(super) fn task_mismatches(text: &str) -> Vec<Mismatch> {
    let Some(compiled) = compiled() else { return Vec::new() };
    let properties = &compiled.schema["$defs"]["task"]["properties"];
    mismatches(&compiled.task, properties, text)
}

/// What does not match in the JSON text of a file whose list of tasks is left empty.
pub(super) fn file_mismatches(text: &str) -> Vec<Mismatch> {
    let Some(compiled) = compiled() else { return Vec::new() };
    mismatches(&compiled.file, &compiled.schema["properties"], text)
}

fn mismatches(validator: &jsonschema::Validator, properties: &Value, text: &str) -> Vec<Mismatch> {
    let Ok(value) = serde_json::from_str::<Value>(text) else { return Vec::new() };
    let errors = validator.iter_errors(&value);
    errors
        .map(|error| {
            let pointer = error.instance_path().as_str();
            let part = |part: &str| part.replace("~1", "/").replace("~0", "~");
            let path: Vec<String> = pointer.split('/').skip(1).map(part).collect();
            let known = path.first().and_then(|key| properties[key]["$comment"].as_str());
            let reason = known.map_or_else(|| error.masked().to_string(), str::to_owned);
            Mismatch { path, reason }
        })
        .collect()
}

/// Checks the text of a task that is about to be taken; of a changed one only the keys that were
/// touched, so that what was odd before stands in nobody's way.
pub(super) fn check_task(text: &str, touched: Option<&[String]>) -> Result<(), EditError> {
    let counts = |mismatch: &Mismatch| match (touched, mismatch.path.first()) {
        (Some(touched), Some(key)) => touched.contains(key),
        _ => true,
    };
    match task_mismatches(text).into_iter().find(counts) {
        None => Ok(()),
        Some(Mismatch { path, reason }) => {
            let key = path.into_iter().next().unwrap_or_else(|| "task".to_owned());
            Err(EditError::Invalid { key, reason })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Field;

    #[test]
    fn the_schema_compiles_and_knows_every_spelling() {
        let compiled = compiled().unwrap();
        for field in Field::all() {
            for key in field.spellings() {
                let property = &compiled.schema["$defs"]["task"]["properties"][key];
                for part in ["title", "description"] {
                    assert!(property[part].is_string(), "{key} has no {part}");
                }
            }
        }
    }

    #[test]
    fn only_touched_keys_stand_in_the_way() {
        let text = r#"{"id": "a", "passes": 3, "tests": [1]}"#;
        assert_eq!(task_mismatches(text).len(), 2);
        assert_eq!(check_task(text, Some(&["status".to_owned()])), Ok(()));
        let error = check_task(text, Some(&["passes".to_owned()])).unwrap_err();
        assert_eq!(error.to_string(), "`passes` must be true or false");
    }
}
