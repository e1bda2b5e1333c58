//! The embedded JSON schemas, and the validation of tasks against the schema of queue files.
//!
//! The schema is compiled once, and only what changed is validated again.

use crate::queue::json::kind::Kind;
use crate::queue::json::object::members;
use crate::queue::json::values::elements;
use crate::queue::parse::spans::WHITE;
use serde_json::Value;
use std::sync::OnceLock;

/// Every embedded schema with its name and text.
const SCHEMAS: &[(&str, &str)] = &[("queue", include_str!("../../../schemas/queue.schema.json"))];

/// Returns the names of the embedded schemas.
pub fn names() -> impl Iterator<Item = &'static str> {
    SCHEMAS.iter().map(|(name, _)| *name)
}

/// Returns the text of an embedded schema.
pub fn text(name: &str) -> Option<&'static str> {
    SCHEMAS.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}

/// A compiled part of the schema of queue files.
struct Compiled {
    validator: jsonschema::Validator,
    /// The schema itself. Some of its properties describe in words what their value must be.
    schema: Value,
}

/// A value that does not match the schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mismatch {
    /// The keys and indexes that lead to the value.
    pub(crate) path: Vec<String>,
    /// What the value must be, in words.
    pub(crate) reason: String,
}

/// Returns the schema for a whole file without its tasks.
fn file() -> Option<&'static Compiled> {
    static COMPILED: OnceLock<Option<Compiled>> = OnceLock::new();
    COMPILED.get_or_init(|| compile(|schema| schema)).as_ref()
}

/// Returns the schema for one task.
fn task() -> Option<&'static Compiled> {
    static COMPILED: OnceLock<Option<Compiled>> = OnceLock::new();
    let part = |mut schema: Value| {
        let mut task = schema["$defs"]["task"].take();
        task["$defs"] = schema["$defs"].take();
        task
    };
    COMPILED.get_or_init(|| compile(part)).as_ref()
}

/// Compiles a part of the schema. Returns `None` only if the embedded schema is invalid, which a
/// test rules out.
///
/// Draft 7 is used because the keywords in the schema mean the same there and the library compiles
/// it in a third of the time: it validates every schema against the schema of its draft. Each
/// process that writes pays this cost.
fn compile(part: impl FnOnce(Value) -> Value) -> Option<Compiled> {
    let mut whole: Value = serde_json::from_str(text("queue")?).ok()?;
    whole.as_object_mut()?.remove("$schema");
    let schema = part(whole);
    let validator = jsonschema::draft7::new(&schema).ok()?;
    Some(Compiled { validator, schema })
}

/// Compiles the schema for tasks ahead of its first use, for callers that are about to take a lock
/// that others wait for.
pub fn prepare() {
    task();
}

/// Returns the mismatches in the JSON text of a task.
pub(super) fn task_mismatches(text: &str) -> Vec<Mismatch> {
    task().map(|compiled| mismatches(compiled, text)).unwrap_or_default()
}

/// Returns the mismatches in the JSON text of a file whose list of tasks was emptied.
pub(super) fn file_mismatches(text: &str) -> Vec<Mismatch> {
    file().map(|compiled| mismatches(compiled, text)).unwrap_or_default()
}

/// The maximum number of list elements that are validated. Validating millions of numbers needs
/// sixteen times the memory of their text. The program itself reads all elements of a task's lists.
const MOST: usize = 10_000;

/// Returns the parts of the JSON text `raw` that `schema` validates. Leaves out members that the
/// schema does not mention, and the contents of lists and objects about which it says nothing
/// further.
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
    // Describing the errors takes much longer than establishing that there are none.
    if compiled.validator.is_valid(&value) {
        return Vec::new();
    }
    let errors = compiled.validator.iter_errors(&value);
    errors
        .map(|error| {
            let pointer = error.instance_path().as_str();
            let part = |part: &str| part.replace("~1", "/").replace("~0", "~");
            let path: Vec<String> = pointer.split('/').skip(1).map(part).collect();
            let known = in_words(&compiled.schema, &path);
            let reason = known.map_or_else(|| error.masked().to_string(), str::to_owned);
            Mismatch { path, reason }
        })
        .collect()
}

/// Returns what the value at `path` must be: the words of the innermost property that has some.
fn in_words<'s>(schema: &'s Value, path: &[String]) -> Option<&'s str> {
    let (mut at, mut found) = (schema, None);
    for key in path {
        let named = &at["properties"][key];
        at = if named.is_null() { &at["items"] } else { named };
        found = at["$comment"].as_str().or(found);
    }
    found
}

/// Checks the text of a task before it is accepted. For a changed task only the touched keys are
/// checked, so that older oddities do not block the change.
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

    #[test]
    fn the_innermost_property_says_what_a_value_must_be() {
        let schema = &file().unwrap().schema;
        let words = |path: &[&str]| {
            let path: Vec<String> = path.iter().map(|key| (*key).to_owned()).collect();
            in_words(schema, &path)
        };
        assert_eq!(words(&["phases"]), Some("must be a list of phases"));
        let profiles = Some("must be the name of a profile or a list of names");
        assert_eq!(words(&["phases", "0", "verify"]), profiles);
        assert_eq!(words(&["phases", "0", "gate", "1"]), profiles);
        assert_eq!(words(&["phases", "0", "other"]), Some("must be a list of phases"));
        assert_eq!(words(&["unknown"]), None);
    }

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

    /// Adds the keywords of `schema` and of its subschemas.
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
        // A keyword added to this list must mean the same in draft 7, and must not depend on what
        // is left out for the check.
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
        // The schema is also valid in its own draft.
        assert!(jsonschema::draft202012::new(&schema).is_ok());
        // Draft 7 ignores keywords next to a reference.
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
