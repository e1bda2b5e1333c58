//! The embedded JSON schemas, and the check of tasks against the one of queue files.
//!
//! The schema is compiled once, and only what changed is checked again.

use crate::queue::json::kind::Kind;
use crate::queue::json::object::members;
use crate::queue::json::values::elements;
use crate::queue::parse::spans::WHITE;
use serde_json::Value;
use std::sync::OnceLock;

/// Every embedded schema: name and text.
const SCHEMAS: &[(&str, &str)] = &[("queue", include_str!("../../../schemas/queue.schema.json"))];

/// The names of the embedded schemas.
pub fn names() -> impl Iterator<Item = &'static str> {
    SCHEMAS.iter().map(|(name, _)| *name)
}

/// The text of an embedded schema.
pub fn text(name: &str) -> Option<&'static str> {
    SCHEMAS.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}

/// A compiled part of the schema of queue files.
struct Compiled {
    validator: jsonschema::Validator,
    /// Its text, of which some properties say in words what they must be.
    schema: Value,
}

/// A value that does not match.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mismatch {
    /// Keys and indexes down to the value.
    pub(crate) path: Vec<String>,
    /// What it must be, in words.
    pub(crate) reason: String,
}

/// For a whole file without its tasks.
fn file() -> Option<&'static Compiled> {
    static COMPILED: OnceLock<Option<Compiled>> = OnceLock::new();
    COMPILED.get_or_init(|| compile(|schema| schema)).as_ref()
}

/// For one task.
fn task() -> Option<&'static Compiled> {
    static COMPILED: OnceLock<Option<Compiled>> = OnceLock::new();
    let part = |mut schema: Value| {
        let mut task = schema["$defs"]["task"].take();
        task["$defs"] = schema["$defs"].take();
        task
    };
    COMPILED.get_or_init(|| compile(part)).as_ref()
}

/// `None` would be a fault of the embedded schema; a test keeps it from being one.
///
/// It is compiled by the rules of draft 7: all keywords that it has mean the same there, and the
/// library, which checks a schema by the draft's own schema, compiles that in a third of the time.
/// Each process that writes pays for it.
fn compile(part: impl FnOnce(Value) -> Value) -> Option<Compiled> {
    let mut whole: Value = serde_json::from_str(text("queue")?).ok()?;
    whole.as_object_mut()?.remove("$schema");
    let schema = part(whole);
    let validator = jsonschema::draft7::new(&schema).ok()?;
    Some(Compiled { validator, schema })
}

/// Compiles what the check of a task needs, which the first check would do: for who is about to
/// take a lock that others wait for.
pub fn prepare() {
    task();
}

/// What does not match in the JSON text of a task.
pub(super) fn task_mismatches(text: &str) -> Vec<Mismatch> {
    task().map(|compiled| mismatches(compiled, text)).unwrap_or_default()
}

/// What does not match in the JSON text of a file whose list of tasks is left empty.
pub(super) fn file_mismatches(text: &str) -> Vec<Mismatch> {
    file().map(|compiled| mismatches(compiled, text)).unwrap_or_default()
}

/// How many elements of a list are looked at. A schema that looks at all of millions of numbers
/// needs sixteen times their text; what a task does with its lists is read from all of them.
const MOST: usize = 10_000;

/// What `schema` looks at in the JSON text `raw`: members that it has no word on, and what is in
/// lists and objects of which it only says that they are some, are left out.
fn looked_at(raw: &str, schema: &Value) -> Value {
    match Kind::of(raw) {
        _ if schema.get("$ref").is_some() => serde_json::from_str(raw).unwrap_or_default(),
        Kind::Object => {
            let known = members(raw).filter_map(|member| {
                let part = schema["properties"].get(&*member.name)?;
                let value = looked_at(&raw[member.start..member.end], part);
                Some((member.name.into_owned(), value))
            });
            Value::Object(known.collect())
        }
        Kind::Array => match schema.get("items") {
            Some(items) => elements(raw).take(MOST).map(|raw| looked_at(raw, items)).collect(),
            None => Value::Array(Vec::new()),
        },
        Kind::Null | Kind::Bool | Kind::Number | Kind::String => {
            serde_json::from_str(raw).unwrap_or_default()
        }
    }
}

fn mismatches(compiled: &Compiled, text: &str) -> Vec<Mismatch> {
    let text = text.trim_matches(WHITE);
    let value = looked_at(text, &compiled.schema);
    // To say what is wrong takes much longer than to see that nothing is.
    if compiled.validator.is_valid(&value) {
        return Vec::new();
    }
    let errors = compiled.validator.iter_errors(&value);
    errors
        .map(|error| {
            let pointer = error.instance_path().as_str();
            let part = |part: &str| part.replace("~1", "/").replace("~0", "~");
            let path: Vec<String> = pointer.split('/').skip(1).map(part).collect();
            let known = path
                .first()
                .and_then(|key| compiled.schema["properties"][key]["$comment"].as_str());
            let reason = known.map_or_else(|| error.masked().to_string(), str::to_owned);
            Mismatch { path, reason }
        })
        .collect()
}

/// Checks the text of a task that is about to be taken; of a changed one only the keys that were
/// touched, so that what was odd before is in nobody's way.
pub(crate) fn check_task(text: &str, touched: Option<&[String]>) -> Result<(), Mismatch> {
    let counts = |mismatch: &Mismatch| match (touched, mismatch.path.first()) {
        (Some(touched), Some(key)) => touched.contains(key),
        _ => true,
    };
    task_mismatches(text).into_iter().find(counts).map_or(Ok(()), Err)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Field;
    use std::collections::BTreeSet;

    #[test]
    fn the_schema_compiles_and_knows_every_spelling() {
        assert!(file().unwrap().schema["properties"].is_object());
        let properties = &task().unwrap().schema["properties"];
        for field in Field::all() {
            for key in field.spellings() {
                for part in ["title", "description"] {
                    assert!(properties[key][part].is_string(), "{key} has no {part}");
                }
            }
        }
    }

    /// Adds the keywords of `schema` and of the schemas in it.
    fn keywords(schema: &Value, found: &mut BTreeSet<String>) {
        let Some(schema) = schema.as_object() else { return };
        for (keyword, value) in schema {
            found.insert(keyword.clone());
            match (keyword.as_str(), value) {
                ("properties" | "$defs", Value::Object(named)) => {
                    named.values().for_each(|schema| keywords(schema, found));
                }
                ("items", schema) => keywords(schema, found),
                _ => {}
            }
        }
    }

    #[test]
    fn all_keywords_mean_the_same_in_draft_7() {
        let schema: Value = serde_json::from_str(text("queue").unwrap()).unwrap();
        let mut found = BTreeSet::new();
        keywords(&schema, &mut found);
        // Whatever comes to this list must be no news of a later draft, and must say nothing of
        // what is left out for the check.
        let same = [
            "$comment",
            "$defs",
            "$ref",
            "$schema",
            "description",
            "examples",
            "items",
            "minLength",
            "minimum",
            "properties",
            "required",
            "title",
            "type",
        ];
        assert_eq!(found, same.map(str::to_owned).into());
        // And its own draft finds no fault with it.
        assert!(jsonschema::draft202012::new(&schema).is_ok());
        // What is beside a reference would not be looked at in draft 7.
        let text = text("queue").unwrap().split_whitespace().collect::<String>();
        let alone = |rest: &str| rest.split_once('"').unwrap().1.starts_with('}');
        assert!(text.split(r#"{"$ref":""#).skip(1).all(alone));
        assert_eq!(text.matches("$ref").count(), text.matches(r#"{"$ref":""#).count());
    }

    #[test]
    fn only_touched_keys_stand_in_the_way() {
        let text = r#"{"id": "a", "passes": 3, "tests": [1]}"#;
        assert_eq!(task_mismatches(text).len(), 2);
        assert_eq!(check_task(text, Some(&["status".to_owned()])), Ok(()));
        let mismatch = check_task(text, Some(&["passes".to_owned()])).unwrap_err();
        let reason = "must be true or false".to_owned();
        assert_eq!(mismatch, Mismatch { path: vec!["passes".to_owned()], reason });
    }
}
