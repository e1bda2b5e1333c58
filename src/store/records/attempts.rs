//! Attempt folders: what an agent was given, what it reported, and what verification found.
//!
//! Safety does not depend on them: a folder may vanish while its attempt runs. It is created again
//! when the next file is written to it.

use crate::domain::{AttemptReport, Outcome, ReasonCode};
use crate::platform::open::{self, Links};
use crate::store::state::{StateDir, TaskKey};
use std::ffi::OsString;
use std::fs;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

/// The task as JSON; the agent finds its path in `WORKLOOP_TASK_FILE`.
pub const TASK_FILE: &str = "task.json";
/// The prompt, which is also the agent's standard input.
pub const PROMPT_FILE: &str = "prompt.md";
/// The names of the variables that the command gets from the loop's environment, and of those that
/// are withheld.
pub const ENV_FILE: &str = "env.json";
/// The name of the tree that the task started from.
pub const BASE_FILE: &str = "base";
/// An empty file whose modification time is the start of a step that must write a newer file.
pub const START_FILE: &str = "step.start";
/// The file to which the agent may write its result.
pub const RESULT_FILE: &str = "result.json";
/// The agent's standard output.
pub const AGENT_OUT: &str = "agent.out";
/// The agent's standard error.
pub const AGENT_ERR: &str = "agent.err";
/// The report of the attempt.
pub const VERDICT_FILE: &str = "verdict.json";
/// What the agent must not change, and what it must create.
pub const GUARD_FILE: &str = "guard.json";
/// Suffix of the copy of a configuration file that the attempt changed; the original was put back.
pub const CHANGED_SUFFIX: &str = ".changed";
/// The path in which the agent of an attempt works, if it has a private tree.
pub const WORKSPACE_FILE: &str = "workspace";
/// The changed paths, one per line.
pub const CHANGED_FILE: &str = "changed-files.txt";

/// The maximum number of bytes read from a verdict, which lists the changed files.
const VERDICT_BYTES: u64 = 64 << 20;
/// The maximum number of bytes read from a short text.
const TEXT_BYTES: u64 = 4096;
/// The maximum number of bytes read from a file that contains a path.
const PATH_BYTES: u64 = 16 << 10;

/// The folder of one attempt.
#[derive(Clone, Debug)]
pub struct AttemptFolder {
    state: StateDir,
    dir: PathBuf,
}

impl AttemptFolder {
    /// Names the folder of attempt `number` of the task; does not create it.
    pub fn new(state: &StateDir, key: &TaskKey, number: u32) -> Self {
        Self { state: state.clone(), dir: state.attempt(key, number) }
    }

    /// The path of the folder.
    pub fn path(&self) -> &Path {
        &self.dir
    }

    /// The path of the file `name` in the folder.
    pub fn file(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// Creates the folder.
    ///
    /// # Errors
    /// Any I/O error except "already exists".
    pub fn create(&self) -> io::Result<()> {
        self.state.ensure(&self.dir)
    }

    /// Writes a new file, private to the user, and replaces whatever an agent put in its place.
    /// Creates the folder again if it vanished.
    ///
    /// # Errors
    /// Any I/O error.
    pub fn put(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        self.state.with(&self.dir, || open::anew(&self.file(name)))?.write_all(bytes)
    }

    /// Writes the report of the attempt.
    ///
    /// # Errors
    /// Any I/O error.
    pub fn put_report(&self, report: &AttemptReport) -> io::Result<()> {
        let mut text = serde_json::to_vec_pretty(report)?;
        text.push(b'\n');
        self.put(VERDICT_FILE, &text)
    }

    /// Reads the report of the attempt; `None` while it runs and when the folder is gone.
    pub fn report(&self) -> Option<AttemptReport> {
        let bytes = open::read(&self.file(VERDICT_FILE), Links::Refuse, VERDICT_BYTES).ok()?;
        serde_json::from_slice(&bytes).ok()
    }

    /// Reads a short text that this program wrote to the file `name`; `None` if there is none.
    pub fn text(&self, name: &str) -> Option<String> {
        let bytes = open::read(&self.file(name), Links::Refuse, TEXT_BYTES).ok()?;
        String::from_utf8(bytes).ok().filter(|text| !text.is_empty())
    }

    /// Where the agent works, if it has a private tree; `None` if agents share one.
    pub fn workspace(&self) -> Option<PathBuf> {
        let bytes = open::read(&self.file(WORKSPACE_FILE), Links::Refuse, PATH_BYTES).ok()?;
        (!bytes.is_empty()).then(|| PathBuf::from(OsString::from_vec(bytes)))
    }

    /// Returns the first and the last `half` bytes of a file in the folder, or all of it if it is
    /// short.
    pub fn ends(&self, name: &str, half: u64) -> io::Result<(Vec<u8>, Vec<u8>)> {
        let mut file = open::reading(&self.file(name), Links::Refuse)?;
        let len = file.metadata()?.len();
        let (mut head, mut tail) = (Vec::new(), Vec::new());
        let first = if len <= 2 * half { len } else { half };
        (&mut file).take(first).read_to_end(&mut head)?;
        if len > 2 * half {
            file.seek(SeekFrom::Start(len - half))?;
            file.take(half).read_to_end(&mut tail)?;
        }
        Ok((head, tail))
    }
}

/// The number under which a verification without an attempt is stored.
pub const NO_ATTEMPT: u32 = 0;

/// Returns the readable reports of all attempts of a task, oldest first.
pub fn reports(state: &StateDir, key: &TaskKey) -> Vec<AttemptReport> {
    let folder = |number| AttemptFolder::new(state, key, number);
    let numbers = state.attempt_numbers(key).unwrap_or_default().into_iter();
    let numbers = numbers.filter(|number| *number != NO_ATTEMPT);
    numbers.filter_map(|number| folder(number).report()).collect()
}

/// Counts the latest consecutive attempts that were lost.
pub fn lost_in_a_row(state: &StateDir, key: &TaskKey) -> u32 {
    in_a_row(state, key, |report| report.outcome == Outcome::Lost)
}

/// Counts the latest consecutive attempts that did not merge.
pub fn conflicts_in_a_row(state: &StateDir, key: &TaskKey) -> u32 {
    in_a_row(state, key, |report| report.reason_code == Some(ReasonCode::Conflict))
}

fn in_a_row(state: &StateDir, key: &TaskKey, is: impl Fn(&AttemptReport) -> bool) -> u32 {
    let last = reports(state, key).iter().rev().take_while(|report| is(report)).count();
    u32::try_from(last).unwrap_or(u32::MAX)
}

/// Removes the oldest folders of a task, except for the newest `keep`.
pub fn prune(state: &StateDir, key: &TaskKey, keep: usize) {
    // If they cannot be listed now, they are removed another time.
    let numbers = state.attempt_numbers(key).unwrap_or_default();
    let surplus = numbers.len().saturating_sub(keep.max(1));
    for number in &numbers[..surplus] {
        // A folder that cannot be removed costs space, not correctness.
        drop(fs::remove_dir_all(state.attempt(key, *number)));
    }
}

/// Removes all attempt folders of a task, as if it never ran.
pub fn forget(state: &StateDir, key: &TaskKey) {
    // A folder that cannot be removed costs space, not correctness.
    drop(fs::remove_dir_all(state.attempts(key)));
}

/// Appends one block to `verification.log` in a single write.
///
/// # Errors
/// Any I/O error. Anything at that path that is not a regular file is left in place.
pub fn log_verdict(state: &StateDir, block: &str) -> io::Result<()> {
    let log = state.with(state.root(), || open::appending(&state.verification_log()));
    log?.write_all(block.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(number: u32) -> (tempfile::TempDir, StateDir, TaskKey, AttemptFolder) {
        let dir = tempfile::tempdir().expect("a folder");
        let queue = dir.path().join("q.json");
        let (state, key) = (StateDir::beside(&queue), TaskKey::new(&queue, "A"));
        let folder = AttemptFolder::new(&state, &key, number);
        (dir, state, key, folder)
    }

    #[test]
    fn a_vanished_folder_is_made_anew() {
        let (_dir, state, _key, folder) = folder(1);
        folder.put(TASK_FILE, b"{}").expect("written");
        fs::remove_dir_all(state.root()).expect("removed");
        folder.put(TASK_FILE, b"{}").expect("written again");
        assert_eq!(fs::read(state.root().join(".gitignore")).expect("ignored"), b"*\n");
    }

    #[test]
    fn the_oldest_folders_go_first() {
        let (_dir, state, key, _) = folder(1);
        for number in 1..=12 {
            AttemptFolder::new(&state, &key, number).create().expect("made");
        }
        prune(&state, &key, 3);
        assert_eq!(state.attempt_numbers(&key).unwrap(), [10, 11, 12]);
    }

    #[test]
    fn long_files_are_read_from_both_ends() {
        let (_dir, _state, _key, folder) = folder(1);
        folder.put("long", b"0123456789").expect("written");
        assert_eq!(folder.ends("long", 2).expect("read"), (b"01".to_vec(), b"89".to_vec()));
        assert_eq!(folder.ends("long", 5).expect("read"), (b"0123456789".to_vec(), Vec::new()));
    }
}
