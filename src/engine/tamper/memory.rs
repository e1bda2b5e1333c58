//! What an attempt leaves for the next one of its task: which files were protected, and which were
//! not there yet.
//!
//! A file that a step names and that is not there is the work of the task: it makes it in its first
//! attempt and may mend it in the next.

use super::mark::text;
use crate::store::attempts::{AttemptFolder, GUARD_FILE};
use crate::store::{StateDir, TaskKey};
use serde::{Deserialize, Serialize};
use std::io;
use std::path::Path;

/// More is no file of ours.
const LIMIT: u64 = 16 << 20;

/// The content of `guard.json`; paths are seen from the project root where they are below.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in super::super) struct Memory {
    /// Files that the agent must not change.
    #[serde(default)]
    pub(super) protected: Vec<String>,
    /// Paths and globs that a step names, where nothing was when the task was first tried.
    #[serde(default)]
    pub(super) to_be_made: Vec<String>,
}

/// The memory of the attempt before `number`; an empty one if there is none.
pub(in super::super) fn earlier(state: &StateDir, key: &TaskKey, number: u32) -> Memory {
    let numbers = state.attempt_numbers(key).into_iter().rev().filter(|earlier| *earlier < number);
    let mut files = numbers.map(|n| AttemptFolder::new(state, key, n).file(GUARD_FILE));
    files.find_map(|path| serde_json::from_str(&text(&path, LIMIT)?).ok()).unwrap_or_default()
}

impl Memory {
    /// Whether a file came to be in an earlier attempt of the task.
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
