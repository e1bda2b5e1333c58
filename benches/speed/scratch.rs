//! Folders with queues, and the programs that run in them.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The program that is measured.
pub(crate) const WORKLOOP: &str = env!("CARGO_BIN_EXE_workloop");

/// Agent and verification are the smallest possible process.
const CONFIG: &str = "[agents.default]\nrun = [\"true\"]\n\n[[verify]]\nname = \"check\"\n\
                      run = [\"true\"]\n";

/// Returns where scratch folders are created: `WORKLOOP_BENCH_DIR`, otherwise the system's
/// temporary folder, which must not be in memory. It is outside of any git work tree, where each
/// attempt asks git twice what changed; that is measured separately.
pub(crate) fn base() -> PathBuf {
    let chosen = std::env::var_os("WORKLOOP_BENCH_DIR").map(PathBuf::from);
    chosen.unwrap_or_else(std::env::temp_dir).join("workloop-bench")
}

/// A folder that stays until [`clean_up`], because some file systems create new files slowly for a
/// minute after many were removed.
pub(crate) struct Scratch(PathBuf);

/// Makes ext4 put each scratch folder into a separate part of the disk, as it does with top-level
/// folders. Otherwise one measurement pays for the files that earlier ones replaced: ext4 without a
/// journal skips each inode that was freed recently.
fn spread() {
    let mut command = Command::new("chattr");
    command.arg("+T").arg(base()).stdout(Stdio::null()).stderr(Stdio::null());
    // Other file systems have no such parts.
    drop(command.status());
}

/// Removes all scratch folders.
pub(crate) fn clean_up() {
    drop(fs::remove_dir_all(base()));
}

impl Scratch {
    pub(crate) fn new() -> Self {
        fs::create_dir_all(base()).expect("a folder for scratch folders");
        spread();
        let dir = tempfile::Builder::new().prefix("bench-").tempdir_in(base());
        let scratch = Self(dir.expect("a scratch folder").keep());
        scratch.put("workloop.toml", CONFIG.as_bytes());
        scratch
    }

    /// Creates a folder with a queue `q.json` of `count` independent tasks of about `size` bytes.
    pub(crate) fn with_queue(count: usize, size: usize) -> Self {
        Self::with_text(&queue(count, size, |_| None))
    }

    /// Creates a folder with this queue.
    pub(crate) fn with_text(text: &str) -> Self {
        let scratch = Self::new();
        scratch.put("q.json", text.as_bytes());
        scratch
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }

    pub(crate) fn put(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.file(name);
        let written = File::create(&path).and_then(|mut file| file.write_all(bytes));
        written.expect("a file in the scratch folder");
        path
    }

    /// Returns a command that runs `program` in this folder, without output.
    pub(crate) fn command(&self, program: &str, words: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.args(words).current_dir(self.path()).stdin(Stdio::null());
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command.env("NO_COLOR", "1").env_remove("WORKLOOP_CLAIM");
        command.env("XDG_STATE_HOME", self.file("state"));
        command
    }

    /// Runs a program to its end and checks its exit status.
    pub(crate) fn run(&self, program: &str, words: &[&str]) {
        let status = self.command(program, words).status().expect("a program that starts");
        assert!(status.success(), "{program} {words:?}: {status}");
    }
}

/// Returns the text of a queue; `needs` returns the dependency of a task.
pub(crate) fn queue(count: usize, size: usize, needs: impl Fn(usize) -> Option<String>) -> String {
    let mut text = String::with_capacity(count * (size + 64));
    text.push_str("{\n  \"project\": \"bench\",\n  \"tasks\": [\n");
    for number in 0..count {
        let id = id(number);
        let needs = needs(number).map_or_else(String::new, |id| format!("\"{id}\""));
        let fixed = 130 + needs.len();
        let fill = "Words about it. ".repeat(size.saturating_sub(fixed) / 16);
        let comma = if number + 1 == count { "" } else { "," };
        let _ok = writeln!(
            text,
            "    {{\n      \"id\": \"{id}\",\n      \"title\": \"Task {number}\",\n      \
             \"description\": \"{fill}\",\n      \"status\": \"pending\",\n      \
             \"dependencies\": [{needs}]\n    }}{comma}"
        );
    }
    text.push_str("  ]\n}\n");
    text
}

/// Returns the id of task `number`.
pub(crate) fn id(number: usize) -> String {
    format!("T-{number:06}")
}

/// Returns whether a program of that name can be started.
pub(crate) fn is_installed(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|dir| dir.join(program).is_file())
}
