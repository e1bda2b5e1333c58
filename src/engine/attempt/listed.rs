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

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn one_value_is_a_list_of_one_and_other_items_are_shown_as_json() {
        for (value, expected) in [
            (json!(null), vec![]),
            (json!([]), vec![]),
            (json!("a b"), vec!["a b"]),
            (json!(3), vec!["3"]),
            (json!({"a": 1}), vec!["{\"a\":1}"]),
            (json!(["a", 1.5, null, ["b"], true]), vec!["a", "1.5", "null", "[\"b\"]", "true"]),
        ] {
            assert_eq!(strings(Some(&value)), expected, "{value}");
        }
        assert_eq!(strings(None), Vec::<String>::new());
    }

    #[test]
    fn absolute_paths_of_the_project_are_those_below_it() {
        let paths = ["/p/a.rs", "a.rs", "/p", "/px/a.rs", "/q/a.rs", "../a.rs"];
        let found = from_root(paths.into_iter().map(str::to_owned), Path::new("/p"));
        assert_eq!(found, ["a.rs", "a.rs", "", "/px/a.rs", "/q/a.rs", "../a.rs"]);
    }
}
