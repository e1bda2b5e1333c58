//! What an attempt records for the next one of its task: which files were protected, and which did
//! not exist yet.
//!
//! If a step names a file that does not exist, creating it is the work of the task: the task
//! creates it in one attempt and may fix it in the next.

use crate::platform::open::{self, Links};
use crate::store::attempts::{AttemptFolder, GUARD_FILE};
use crate::store::{StateDir, TaskKey};
use serde::{Deserialize, Serialize};
use std::io;
use std::path::Path;

/// A longer file was not written by us.
const LIMIT: u64 = 16 << 20;

/// The content of `guard.json`. Paths below the project root are relative to it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Memory {
    /// Files that the agent must not change.
    #[serde(default)]
    pub(super) protected: Vec<String>,
    /// Paths and globs that a step names and that did not exist when the task was first tried.
    #[serde(default)]
    pub(super) to_be_made: Vec<String>,
}

/// Reads the memory of the attempt before `number`; an empty one if there is none.
///
/// # Errors
/// Returns an error if the system is out of resources: without the memory, the task's own work
/// would be guarded against the task.
pub(crate) fn earlier(state: &StateDir, key: &TaskKey, number: u32) -> io::Result<Memory> {
    let numbers = state.attempt_numbers(key)?.into_iter().rev();
    for earlier in numbers.filter(|earlier| *earlier < number) {
        let path = AttemptFolder::new(state, key, earlier).file(GUARD_FILE);
        match open::read_text(&path, Links::Refuse, LIMIT) {
            Err(error) if open::is_shortage(&error) => return Err(error),
            Err(_) => {}
            Ok(text) => {
                if let Ok(memory) = serde_json::from_str(&text) {
                    return Ok(memory);
                }
            }
        }
    }
    Ok(Memory::default())
}

impl Memory {
    /// Returns whether a file was created in an earlier attempt of the task.
    pub(super) fn made(&self, path: &str) -> bool {
        let was_there = self.protected.iter().any(|protected| protected == path);
        !was_there
            && self.to_be_made.iter().any(|made| {
                made == path
                    || made.contains(['*', '?', '[', '{'])
                        && fast_glob::glob_match(
                            made.as_bytes(),
                            Path::new(path).as_os_str().as_encoded_bytes(),
                        )
            })
    }

    /// Writes it into the folder of its attempt.
    pub(super) fn keep(&self, folder: &AttemptFolder) -> io::Result<()> {
        let mut text = serde_json::to_vec_pretty(self)?;
        text.push(b'\n');
        folder.put(GUARD_FILE, &text)
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests write what they look at")]
mod tests {
    use super::*;
    use std::fs;

    fn memory(protected: &[&str], to_be_made: &[&str]) -> Memory {
        let owned = |list: &[&str]| list.iter().map(ToString::to_string).collect();
        Memory { protected: owned(protected), to_be_made: owned(to_be_made) }
    }

    #[test]
    fn what_was_to_be_made_and_was_not_protected_is_the_tasks_own() {
        let memory =
            memory(&["a.sh", "checks/old.sh"], &["a.sh", "b.sh", "checks/*.sh", "{c,d}.sh"]);
        for (path, expected) in [
            ("b.sh", true),
            ("checks/new.sh", true),
            ("d.sh", true),
            // It was there in an earlier attempt.
            ("a.sh", false),
            ("checks/old.sh", false),
            ("checks/deep/x.sh", false),
            ("b.sh.bak", false),
            ("", false),
        ] {
            assert_eq!(memory.made(path), expected, "{path}");
        }
        assert!(!Memory::default().made("b.sh"));
    }

    #[test]
    fn the_memory_is_that_of_the_last_attempt_before_this_one_that_has_one() {
        let dir = tempfile::tempdir().unwrap();
        let queue = dir.path().join("q.json");
        let (state, key) = (StateDir::beside(&queue), TaskKey::new(&queue, "A"));
        let folder = |number| AttemptFolder::new(&state, &key, number);
        let of = |number| earlier(&state, &key, number).unwrap();
        assert_eq!(of(9), Memory::default(), "no attempt yet");
        let (first, third) = (memory(&["a.sh"], &[]), memory(&[], &["b.sh"]));
        first.keep(&folder(1)).unwrap();
        folder(2).create().unwrap();
        third.keep(&folder(3)).unwrap();
        assert_eq!([of(1), of(2), of(3)], [Memory::default(), first.clone(), first.clone()]);
        assert_eq!([of(4), of(10)], [third.clone(), third]);
        let text = fs::read_to_string(folder(1).file(GUARD_FILE)).unwrap();
        assert_eq!(text, "{\n  \"protected\": [\n    \"a.sh\"\n  ],\n  \"to_be_made\": []\n}\n");
        // What is no memory, what another program linked there, and what is no file.
        fs::write(folder(3).file(GUARD_FILE), "{").unwrap();
        assert_eq!(of(4), first);
        fs::remove_file(folder(3).file(GUARD_FILE)).unwrap();
        std::os::unix::fs::symlink(folder(1).file(GUARD_FILE), folder(3).file(GUARD_FILE)).unwrap();
        folder(4).create().unwrap();
        fs::create_dir(folder(4).file(GUARD_FILE)).unwrap();
        fs::write(folder(1).file(GUARD_FILE), "{}").unwrap();
        assert_eq!(of(5), Memory::default());
    }
}
