//! Finds the processes that belong to a sandbox.

use rustix::process::{Pid, Signal, kill_process};
use std::fs;
use std::io::Write as _;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

/// Sends a signal to a process that this test started, directly or not.
pub(crate) fn signal(pid: u32, which: Signal) {
    if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
        let _ = kill_process(pid, which);
    }
}

/// Returns the processes that have `folder` in their environment, in their arguments or as their
/// working directory. Everything that an agent starts has it in its environment.
pub(crate) fn marked_with(folder: &Path) -> Vec<u32> {
    let marker = folder.as_os_str().as_bytes();
    let has = |path: PathBuf| fs::read(path).is_ok_and(|bytes| contains(&bytes, marker));
    let own = std::process::id();
    all()
        .filter(|pid| *pid != own)
        .filter(|pid| {
            let entry = PathBuf::from(format!("/proc/{pid}"));
            let inside = fs::read_link(entry.join("cwd")).is_ok_and(|at| at.starts_with(folder));
            inside || has(entry.join("environ")) || has(entry.join("cmdline"))
        })
        .filter(|pid| !is_dead(*pid))
        .collect()
}

/// Uses the search of the library, which is fast in an unoptimised build as well: tests that kill
/// processes call this hundreds of times.
fn contains(bytes: &[u8], part: &[u8]) -> bool {
    String::from_utf8_lossy(bytes).contains(&*String::from_utf8_lossy(part))
}

fn all() -> impl Iterator<Item = u32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

/// Returns whether a process is gone or a zombie. Only then are its locks free; its command line
/// disappears earlier.
pub(crate) fn is_dead(pid: u32) -> bool {
    state(&PathBuf::from(format!("/proc/{pid}"))).is_none_or(|state| state == 'Z')
}

/// Returns the state letter of a process or thread, from its folder in `/proc`.
pub(crate) fn state(entry: &Path) -> Option<char> {
    let stat = fs::read_to_string(entry.join("stat")).ok()?;
    stat.rsplit(") ").next()?.chars().next()
}

/// Returns the command line of a process, for messages.
pub(crate) fn command_line(pid: u32) -> String {
    let bytes = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    format!("{pid}: {}", String::from_utf8_lossy(&bytes).replace('\0', " "))
}

/// Returns the children of the first thread of a process.
pub(crate) fn children(pid: u32) -> Vec<u32> {
    let list = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    list.split_whitespace().filter_map(|word| word.parse().ok()).collect()
}

/// Returns whether `tool` is missing on this machine, in which case the test should end. Prints
/// that to the real stderr, because the test harness hides the output of a test that passed, and
/// counts it.
pub(crate) fn lacks(tool: &str) -> bool {
    static SKIPPED: AtomicUsize = AtomicUsize::new(0);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let missing = !std::env::split_paths(&path).any(|dir| dir.join(tool).is_file());
    if missing {
        let count = SKIPPED.fetch_add(1, Ordering::SeqCst) + 1;
        let thread = std::thread::current();
        let name = thread.name().unwrap_or("a test");
        drop(writeln!(std::io::stderr(), "SKIPPED: {name} needs {tool} ({count} so far)"));
    }
    missing
}
