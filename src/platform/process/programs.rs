//! Finds programs, in absolute folders only: a relative one depends on the folder in which a
//! command happens to run.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// Returns the program `name` on `path`; `None` if `name` is a path and needs no search.
pub fn find(name: &str, path: &OsStr) -> Option<PathBuf> {
    let plain = !name.is_empty() && !name.contains('/');
    let mut dirs = std::env::split_paths(path).filter(|_| plain);
    dirs.find_map(|dir| Some(dir.join(name)).filter(|file| is_executable(file)))
}

/// Returns a `PATH` without relative and empty entries. If nothing is left, returns the system's
/// own, because an empty one means the working directory.
pub fn absolute_path(path: &OsStr) -> OsString {
    let dirs = std::env::split_paths(path).filter(|dir| dir.is_absolute());
    // Joining fails only for a colon inside an entry, which splitting removes.
    let path = std::env::join_paths(dirs).unwrap_or_default();
    if path.is_empty() { OsString::from("/usr/bin:/bin") } else { path }
}

/// Returns whether a file may be executed.
pub fn is_executable(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

/// Returns whether the program `tool`, which a test needs, is missing on this machine. Prints that
/// to the real stderr, because the test harness hides the output of a test that passed, and counts
/// it.
#[cfg(test)]
pub(crate) fn lacks(tool: &str) -> bool {
    use std::io::Write;
    use std::sync::atomic::{AtomicUsize, Ordering};
    static SKIPPED: AtomicUsize = AtomicUsize::new(0);
    let missing = find(tool, &std::env::var_os("PATH").unwrap_or_default()).is_none();
    if missing {
        let count = SKIPPED.fetch_add(1, Ordering::SeqCst) + 1;
        let thread = std::thread::current();
        let name = thread.name().unwrap_or("a test");
        drop(writeln!(std::io::stderr(), "SKIPPED: {name} needs {tool} ({count} so far)"));
    }
    missing
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_absolute_folders_count() {
        let path = |text: &str| absolute_path(OsStr::new(text));
        assert_eq!(path("/a::bin:.:/b:"), "/a:/b");
        assert_eq!(path("bin:"), "/usr/bin:/bin");
    }

    #[test]
    fn a_program_is_a_name_and_not_a_path() {
        assert!(find("sh", OsStr::new("/usr/bin:/bin")).is_some_and(|path| path.is_absolute()));
        for name in ["", "/bin/sh", "./sh", "no-program-has-this-name"] {
            assert_eq!(find(name, OsStr::new("/usr/bin:/bin")), None, "{name}");
        }
    }
}
