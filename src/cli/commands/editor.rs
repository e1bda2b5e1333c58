//! `edit` in an editor: on a copy, merged by key under the lock.
//!
//! Loops go on while the editor is open. What changed in the file meanwhile stays; a key that
//! changed here and there differently is a conflict, and the copy is kept.

use super::fields::{Keys, change, map};
use super::human::{Desk, json_problem, resolve, tell};
use crate::cli::args::QueueArgs;
use crate::cli::failure::Failure;
use crate::cli::session::Session;
use crate::platform::editor;
use crate::platform::ids::{Ids, RandomIds};
use crate::platform::open::{self, Links};
use crate::queue::as_written;
use crate::store::{QueueStore, StoreError};
use crate::views::escape;
use serde_json::{Map, Value};
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// The most that is read of what an editor left, in bytes.
const COPY_BYTES: u64 = 64 << 20;

pub(super) fn run(id: &str, queues: &QueueArgs, session: &mut Session<'_>) -> Result<(), Failure> {
    if !session.interactive() {
        return Err(Failure::usage("there is no terminal to open an editor on").hint(
            "say what to change by flags, such as --title, or as a JSON object on stdin with -",
        ));
    }
    let mut desk = Desk::open(session, queues)?;
    let queues = desk.store.queues();
    let place = resolve(&desk.set, queues, id)?;
    let original = queues[place.queue].task_text(place.task).to_owned();
    let base = map(&original);
    let pretty = serde_json::to_string_pretty(&base).map_err(Failure::internal)?;
    let shown = as_written(&pretty, &original) + "\n";
    let copy = make_copy(&shown)?;
    let kept = |failure: Failure| {
        failure.hint(format_args!("what you wrote is kept in {}", copy.display()))
    };
    let Some((text, edited)) = edited(&copy, session).map_err(kept)? else {
        let text = "nothing was changed";
        return Err(kept(Failure::usage(text)));
    };
    let mut changed = false;
    let config = desk.set.config.clone();
    let done = desk.each(&[id.to_owned()], |draft, place| {
        let queue = &draft.queues()[place.queue];
        let changes = merge(&base, &map(queue.task_text(place.task)), &edited)?;
        changed = !changes.is_empty();
        change(draft, &config, place, &changes, Map::new())?;
        if changed { draft.keep_numbers(place, &text) } else { Ok(()) }
    });
    let done = done.map_err(kept)?;
    // A copy that stays behind costs space only.
    drop(fs::remove_file(&copy));
    tell(session, &done, if changed { "edited" } else { "not changed" })
}

/// A task as its text and its members.
type Edited = (String, Map<String, Value>);

/// The task as the person left it; `None` when they gave up.
fn edited(copy: &Path, session: &mut Session<'_>) -> Result<Option<Edited>, Failure> {
    let name = session.world.text("VISUAL").or_else(|| session.world.text("EDITOR"));
    let name = name.unwrap_or_else(|| "vi".to_owned());
    loop {
        let code = editor::edit(&name, copy)?;
        if code != 0 {
            let text = format!("the editor {name} ended with exit status {code}");
            return Err(Failure::usage(text));
        }
        let text = open::read_text(copy, Links::Refuse, COPY_BYTES)?;
        let problem = match serde_json::from_str::<Value>(&text) {
            Ok(Value::Object(edited)) => return Ok(Some((text, edited))),
            Ok(_) => format!("{}:1:1: a task is a JSON object", copy.display()),
            Err(error) => json_problem(&error, &copy.display().to_string()),
        };
        writeln!(session.streams.err, "error: {}", escape::line(&problem))?;
        if !again(session)? {
            return Ok(None);
        }
    }
}

fn again(session: &mut Session<'_>) -> Result<bool, Failure> {
    write!(session.streams.err, "Edit again? [Y/n] ")?;
    session.streams.err.flush()?;
    let mut line = String::new();
    let read = io::stdin().read_line(&mut line)?;
    Ok(read > 0 && !line.trim().to_lowercase().starts_with('n'))
}

/// What the person changed, key by key.
fn merge(
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
                "`{key}` changed in the file meanwhile too: there it is {} now, and you wrote {}",
                shown(is),
                shown(wanted)
            )));
        }
        changes.push((key.clone(), wanted.cloned()));
    }
    Ok(changes)
}

/// A file of our own that an editor may open.
fn make_copy(text: &str) -> Result<PathBuf, Failure> {
    let path = std::env::temp_dir().join(format!("workloop-edit-{}.json", RandomIds.hex8()));
    open::new(&path).and_then(|mut file| file.write_all(text.as_bytes())).map_err(|error| {
        Failure::internal(format_args!("failed to write {}: {error}", path.display()))
    })?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn merged(base: Value, now: Value, edited: Value) -> Result<Keys, StoreError> {
        let map = |value: Value| value.as_object().unwrap().clone();
        merge(&map(base), &map(now), &map(edited))
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
        assert!(error.to_string().starts_with("`a` changed in the file meanwhile too"), "{error}");
        assert!(merged(json!({"a": 1}), json!({}), json!({"a": 3})).is_err());
        assert!(merged(json!({}), json!({"a": 2}), json!({"a": 3})).is_err());
        assert_eq!(merged(json!({"a": 1}), json!({}), json!({})).unwrap(), []);
    }
}
