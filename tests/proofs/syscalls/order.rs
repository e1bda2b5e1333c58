//! The order of the calls of a write, and what happens between them.

use super::recovery::status_of;
use super::transitions::pending;
use super::{Workshop, unsaved};
use crate::processes::lacks;
use crate::sandbox::{Sandbox, wait_until};
use crate::twin::broken;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

/// The new text is synced before it is renamed, and the rename is synced before it is acknowledged.
fn order(sandbox: &Sandbox) -> Vec<&'static str> {
    let program = sandbox.program.to_string_lossy().into_owned();
    let trace = "trace=fsync,rename,renameat,renameat2,write";
    let all = [
        "-y",
        "-qq",
        "-o",
        "../trace",
        "-e",
        trace,
        &program,
        "block",
        "A",
        "q.json",
        "--because",
        "x",
    ];
    sandbox.spawn_as(Path::new("strace"), &[], &all).ends().exits(0);
    let text = fs::read_to_string(sandbox.path("../trace")).unwrap_or_default();
    let kind = |line: &str| match line {
        line if line.starts_with("fsync(") && line.contains(".tmp>") => Some("sync file"),
        line if line.starts_with("fsync(") => Some("sync folder"),
        line if line.starts_with("rename") => Some("rename"),
        line if line.starts_with("write(1<") => Some("say"),
        _ => None,
    };
    let mut order: Vec<_> = text.lines().filter_map(kind).collect();
    order.dedup();
    order
}

#[test]
fn the_order_of_a_write() {
    let Some(workshop) = Workshop::open() else { return };
    // The second rename is that of the last good copy, which is not synced and comes after the
    // write.
    let right = ["sync file", "rename", "sync folder", "rename", "say"];
    let sandbox = unsaved().queue("q.json", &pending(&workshop));
    assert_eq!(order(&sandbox), right);
    for fault in ["no-file-sync", "no-dir-sync", "write-in-place"] {
        let sandbox = unsaved().queue("q.json", &pending(&workshop));
        let Some(sandbox) = broken(sandbox, fault) else { return };
        assert_ne!(order(&sandbox), right, "the fault {fault} was not noticed");
    }
}

/// A person saves the file while the new text is being synced. Returns the final content.
fn edited_meanwhile(sandbox: &Sandbox) -> Value {
    let program = sandbox.program.to_string_lossy().into_owned();
    let inject = "inject=fsync:delay_enter=600000:when=1";
    let all =
        ["-qq", "-o", "../trace", "-e", inject, &program, "block", "A", "q.json", "--because", "x"];
    let running = sandbox.spawn_as(Path::new("strace"), &[], &all);
    let temp = |name: &str| name.starts_with(".q.json.") && name.ends_with(".tmp");
    wait_until("the new text is written", || {
        let entries = fs::read_dir(sandbox.path("")).into_iter().flatten().flatten();
        entries.into_iter().any(|entry| entry.file_name().to_str().is_some_and(temp))
    });
    assert!(sandbox.shell("jq '.by_hand = 7' q.json >t && mv t q.json"));
    running.ends().exits(0);
    sandbox.read("q.json")
}

#[test]
fn an_edit_during_a_write_is_kept() {
    if lacks("jq") {
        return;
    }
    let Some(workshop) = Workshop::open() else { return };
    let sandbox = Sandbox::new().queue("q.json", &pending(&workshop));
    let queue = edited_meanwhile(&sandbox);
    assert_eq!((&queue["by_hand"], status_of(&queue, "A").as_str()), (&json!(7), "blocked"));
    let sandbox = Sandbox::new().queue("q.json", &pending(&workshop));
    let Some(sandbox) = broken(sandbox, "no-second-look") else { return };
    assert!(edited_meanwhile(&sandbox)["by_hand"].is_null(), "no-second-look was not noticed");
}
