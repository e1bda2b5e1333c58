//! Files that agents and verification create have the modes of the caller's umask; files of the
//! program are always private.

use crate::sandbox::Sandbox;
use crate::twins::holds;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// An agent that creates a file, a folder and a script, and edits its queue as scripts do.
const CONFIG: &str = r#"
limits.untouched = false
[agents.default]
run = """: >made-$WORKLOOP_TASK_ID; mkdir folder-$WORKLOOP_TASK_ID
cat q.json >t && mv t q.json"""
[[verify]]
name = "test"
run = ": >checked-$WORKLOOP_TASK_ID"
"#;

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).map_or(0, |meta| meta.mode() & 0o777)
}

/// Returns everything in `folder`, at any depth.
fn below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() && !path.is_symlink() {
            found.extend(below(&path));
        }
        found.push(path);
    }
    found
}

/// Returns what is broken after a run of one task with `umask`.
fn broken(sandbox: &Sandbox, umask: &str, id: &str) -> Vec<String> {
    let program = sandbox.program.to_string_lossy().into_owned();
    let script = format!("umask {umask}; exec \"$@\"");
    let arguments = ["-c", &script, "sh", &program, "run", "q.json", "--task-id", id];
    let ran = sandbox.spawn_as(Path::new("sh"), &[], &arguments).ends();
    let mut broken = Vec::new();
    if ran.status != 0 {
        broken.push(format!("{ran}"));
    }
    let left = !u32::from_str_radix(umask, 8).unwrap_or_default() & 0o777;
    for (name, most) in [
        (format!("made-{id}"), 0o666),
        (format!("folder-{id}"), 0o777),
        (format!("checked-{id}"), 0o666),
        ("q.json".to_owned(), 0o666),
    ] {
        let found = mode(&sandbox.path(&name));
        if found != most & left {
            broken.push(format!("under {umask}, {name} has mode {found:o}"));
        }
    }
    let ours = below(&sandbox.path(".workloop"));
    let shared = ours.iter().filter(|path| !path.is_symlink() && mode(path) & 0o077 != 0);
    broken.extend(shared.map(|path| format!("{} is not private", path.display())));
    broken
}

#[test]
fn what_commands_make_has_the_caller_s_umask() {
    holds("forced-umask", |sandbox| {
        let sandbox = sandbox.config(CONFIG);
        let each = [("022", "T001"), ("002", "T002"), ("077", "T003")];
        each.iter().flat_map(|(umask, id)| broken(&sandbox, umask, id)).collect()
    });
}
