//! Lists that tasks contain, as texts.

use serde_json::Value;
use std::path::Path;

/// Returns a list of strings from an array or a single value; other items are converted to JSON.
pub(super) fn strings(value: Option<&Value>) -> Vec<String> {
    let one = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    match value {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(items)) => items.iter().map(one).collect(),
        Some(other) => vec![one(other)],
    }
}

/// Converts paths to paths relative to the project root: many queues have absolute ones.
pub(super) fn from_root(paths: impl Iterator<Item = String>, root: &Path) -> Vec<String> {
    let one = |path: String| match Path::new(&path).strip_prefix(root) {
        Ok(rest) => rest.to_string_lossy().into_owned(),
        Err(_) => path,
    };
    paths.map(one).collect()
}
