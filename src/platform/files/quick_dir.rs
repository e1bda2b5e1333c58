//! Temporary folders for tests that start programs often, and promise nothing about a file system.
//!
//! The end-to-end tests and the proofs include this file.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;
use tempfile::{Builder, TempDir};

/// A folder in memory on most Linux systems.
const MEMORY: &str = "/dev/shm";
/// The free space that makes it usable, in bytes. Containers often get 64 MiB.
const ROOM: u64 = 1 << 30;

/// Creates a temporary folder in memory, where half of the time of a git call is saved; on the disk
/// if there is no such place, or `TMPDIR` names one.
pub(crate) fn quick_dir() -> TempDir {
    quick_dir_named(&mut tempfile::Builder::new())
}

/// Creates one whose name `builder` chooses.
pub(crate) fn quick_dir_named(builder: &mut Builder<'_, '_>) -> TempDir {
    static MEMORY_DIR: LazyLock<Option<PathBuf>> = LazyLock::new(|| {
        let memory = PathBuf::from(MEMORY);
        (std::env::var_os("TMPDIR").is_none() && is_usable(&memory)).then_some(memory)
    });
    let made = match &*MEMORY_DIR {
        Some(memory) => builder.tempdir_in(memory),
        None => builder.tempdir(),
    };
    made.expect("a temporary folder")
}

/// Returns whether `folder` has room and runs programs, which is often forbidden there.
fn is_usable(folder: &Path) -> bool {
    fs2::available_space(folder).is_ok_and(|room| room >= ROOM) && runs_programs(folder)
}

#[expect(clippy::disallowed_methods, reason = "a test starts a program that it wrote itself")]
fn runs_programs(folder: &Path) -> bool {
    let Ok(dir) = tempfile::tempdir_in(folder) else { return false };
    let program = dir.path().join("program");
    fs::write(&program, "#!/bin/sh\n").expect("written");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o700)).expect("set");
    Command::new("sh").arg("-c").arg(&program).status().is_ok_and(|status| status.success())
}

#[test]
fn a_folder_without_room_or_programs_is_not_used() {
    assert!(!is_usable(Path::new("/no/such/folder")));
    assert!(!runs_programs(Path::new("/proc")));
    let dir = quick_dir();
    assert!(runs_programs(dir.path()));
}
