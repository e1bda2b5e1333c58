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
