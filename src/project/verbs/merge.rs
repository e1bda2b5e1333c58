//! Merges a person's edited copy of a task into its current state, key by key.

use super::fields::{Keys, change, map};
use crate::project::Project;
use crate::store::StoreError;
use serde_json::{Map, Value};

/// Applies the changes between `base`, the text of the task `id` when it was copied, and `edited`,
/// the copy that a person changed. Other changes in the file are kept. Returns the id of the task,
/// and whether anything changed.
///
/// # Errors
/// Returns [`StoreError`] if a key was changed differently in the file and in the copy. Otherwise
/// as for [`edit`](super::edit()).
pub(crate) fn merge(
    project: &mut Project,
    id: &str,
    base: &Map<String, Value>,
    (text, edited): (&str, &Map<String, Value>),
) -> Result<(Vec<String>, bool), StoreError> {
    let mut changed = false;
    let config = project.config().clone();
    let done = project.each(&[id.to_owned()], |draft, place| {
        let queue = &draft.queues()[place.queue];
        let changes = changes(base, &map(queue.task_text(place.task)), edited)?;
        changed = !changes.is_empty();
        change(draft, &config, place, &changes, Map::new())?;
        if changed { draft.keep_numbers(place, text) } else { Ok(()) }
    })?;
    Ok((done, changed))
}

/// Returns what the person changed, key by key.
fn changes(
    base: &Map<String, Value>,
    now: &Map<String, Value>,
    edited: &Map<String, Value>,
) -> Result<Keys, StoreError> {
    let mut changes = Keys::new();
    let added = edited.keys().filter(|key| !base.contains_key(*key));
    for key in base.keys().chain(added) {
        let (was, is, wanted) = (base.get(key), now.get(key), edited.get(key));
        if wanted == was || wanted == is {
            continue;
        }
        if is != was {
            let shown =
                |value: Option<&Value>| value.map_or("nothing".to_owned(), Value::to_string);
            return Err(StoreError::Rejected(format!(
                "`{key}` was also changed in the file: it is {} there now, and you wrote {}",
                shown(is),
                shown(wanted)
            )));
        }
        changes.push((key.clone(), wanted.cloned()));
    }
    Ok(changes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn merged(base: Value, now: Value, edited: Value) -> Result<Keys, StoreError> {
        let map = |value: Value| value.as_object().unwrap().clone();
        changes(&map(base), &map(now), &map(edited))
    }

    #[test]
    fn each_side_keeps_what_it_alone_changed() {
        let base = json!({"title": "t", "error": null, "gone": 1, "same": 1});
        let now = json!({"title": "t", "error": "new", "gone": 1, "same": 2});
        let edited = json!({"title": "T", "error": null, "same": 2, "more": [1]});
        let changes = merged(base, now, edited).unwrap();
        let expected = [
            ("title".to_owned(), Some(json!("T"))),
            ("gone".to_owned(), None),
            ("more".to_owned(), Some(json!([1]))),
        ];
        assert_eq!(changes, expected);
    }

    #[test]
    fn a_key_that_both_changed_is_a_conflict() {
        let error = merged(json!({"a": 1}), json!({"a": 2}), json!({"a": 3})).unwrap_err();
        assert!(error.to_string().starts_with("`a` was also changed in the file"), "{error}");
        assert!(merged(json!({"a": 1}), json!({}), json!({"a": 3})).is_err());
        assert!(merged(json!({}), json!({"a": 2}), json!({"a": 3})).is_err());
        assert_eq!(merged(json!({"a": 1}), json!({}), json!({})).unwrap(), []);
    }
}
