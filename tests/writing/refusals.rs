//! Files and folders that must not be written.

use crate::folder::{Folder, QUEUE, ended};
use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;

const WRITERS: [&[&str]; 7] = [
    &["park", "W-001"],
    &["retry", "--failed"],
    &["reset", "W-004"],
    &["add", "--title", "x"],
    &["edit", "W-001", "--title", "x"],
    &["progress", "W-001", "--percent", "1"],
    &["release", "W-006", "--force"],
];

#[track_caller]
fn all_refuse(folder: &Folder, says: &str) {
    let before = fs::metadata(folder.path("q.json")).expect("there");
    for words in WRITERS {
        folder.refuses(words).says(says);
    }
    let after = fs::metadata(folder.path("q.json")).expect("there");
    assert_eq!((before.ino(), before.mtime_nsec()), (after.ino(), after.mtime_nsec()));
    assert!(!folder.path(".workloop").exists());
}

#[test]
fn a_hard_linked_queue() {
    let folder = Folder::with(QUEUE);
    fs::hard_link(folder.path("q.json"), folder.path("other.json")).expect("linked");
    all_refuse(&folder, "hard links");
}

#[test]
fn a_queue_that_all_may_write() {
    let folder = Folder::with(QUEUE);
    fs::set_permissions(folder.path("q.json"), Permissions::from_mode(0o666)).expect("set");
    all_refuse(&folder, "writable by every user");
}

#[test]
fn a_queue_of_somebody_else() {
    let folder = Folder::with(QUEUE);
    // Only root can give files away.
    if chown(folder.path("q.json"), Some(12_345), None).is_ok() {
        all_refuse(&folder, "belongs to user 12345");
    }
}

#[test]
fn a_read_only_folder() {
    let folder = Folder::with(QUEUE);
    let is_root = fs::metadata(folder.path("")).expect("there").uid() == 0;
    // Root may write everything, so the program then runs as another user.
    let program = folder.path("workloop");
    if is_root {
        // By another process: a child that other tests start meanwhile would keep the file open for
        // writing, and it could not be run.
        let mut copy = std::process::Command::new("cp");
        let copied =
            copy.args([env!("CARGO_BIN_EXE_workloop").as_ref(), program.as_os_str()]).status();
        assert!(copied.is_ok_and(|status| status.success()), "copied");
        for name in ["", "q.json", "workloop"] {
            chown(folder.path(name), Some(65_534), Some(65_534)).expect("given");
        }
    }
    fs::set_permissions(folder.path(""), Permissions::from_mode(0o555)).expect("set");
    for words in WRITERS.iter().copied().chain([&["stop"][..], &["pause"], &["resume"]]) {
        let words = [words, &["--work-queue", "q.json"]].concat();
        let mut command = folder.command(&words);
        if is_root {
            command = std::process::Command::new(&program);
            command.args(&words).current_dir(folder.path("")).uid(65_534).gid(65_534);
        }
        let ran = ended(command.output().expect("it starts")).says("read-only");
        assert_eq!(ran.status, 2, "{ran:?}");
    }
    fs::set_permissions(folder.path(""), Permissions::from_mode(0o755)).expect("set");
    assert_eq!(folder.text("q.json"), QUEUE);
}

#[test]
fn a_broken_queue_is_named_with_its_position() {
    let folder = Folder::with("{\n  \"tasks\": [\n    {\"id\": 1.5}\n  ]\n}\n");
    for words in WRITERS {
        let ran = folder.run(words).says("q.json:3:");
        assert_eq!(ran.status, 3, "{ran:?}");
    }
}
