//! What must be true after any harm to a transition: another process continues.

use super::transitions::Transition;
use crate::sandbox::{Sandbox, holds_within, program};
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::time::Duration;

pub(super) fn status_of(queue: &Value, id: &str) -> String {
    let tasks = queue["tasks"].as_array().into_iter().flatten();
    let found = tasks.into_iter().find(|task| task["id"] == id);
    found.map_or_else(String::new, |task| task["status"].as_str().unwrap_or("?").to_owned())
}

/// Returns what is violated.
pub(super) fn recovers(
    transition: &Transition,
    sandbox: &mut Sandbox,
    about: &str,
) -> Result<(), String> {
    sandbox.program = program();
    sandbox.variables.clear();
    let starts = || sandbox.oracle().starts("A");
    let checked = before_others(transition, sandbox)
        .and_then(|status| {
            let before = starts();
            others_go_on(transition, sandbox)?;
            // Whoever reads the file may rely on what is complete.
            match status == "complete" && starts() > before {
                true => Err("A was complete, and was started again".to_owned()),
                false => Ok(()),
            }
        })
        .and_then(|()| nothing_left(sandbox));
    checked.map_err(|what| format!("{} {about}: {what}", transition.name))
}

/// Returns the status of `A`.
fn before_others(transition: &Transition, sandbox: &Sandbox) -> Result<String, String> {
    let bytes = sandbox.bytes("q.json");
    let Ok(queue) = serde_json::from_slice::<Value>(&bytes) else {
        return Err("the file is not whole".to_owned());
    };
    let status = status_of(&queue, "A");
    if !transition.states.contains(&status.as_str()) {
        return Err(format!("A is {status:?}: {queue}"));
    }
    let text = String::from_utf8_lossy(&bytes);
    if text.contains("12345678901234567890") && text.contains("1.5") {
        Ok(status)
    } else {
        Err(format!("foreign fields changed: {text}"))
    }
}

fn others_go_on(transition: &Transition, sandbox: &Sandbox) -> Result<(), String> {
    let next = sandbox.run(["edit", "Z", "q.json", "--description", "after"]);
    if next.status != 0 {
        return Err(format!("the next process fails: {next}"));
    }
    let again = sandbox.spawn_as(&sandbox.program, &[], transition.arguments).ends();
    let refused = transition.once && again.status != 0;
    if again.status != 0 && !refused {
        return Err(format!("a second time it fails: {again}"));
    }
    let queue = sandbox.read("q.json");
    let end = status_of(&queue, "A");
    if transition.states.last() != Some(&end.as_str()) {
        return Err(format!("in the end A is {end:?}"));
    }
    if transition.name == "init" && !are_whole(&sandbox.path("fresh")) {
        return Err("what was made is not whole".to_owned());
    }
    if transition.name == "add" && status_of(&queue, "N") != "pending" {
        return Err("N was not added".to_owned());
    }
    let tasks = queue["tasks"].as_array().cloned().unwrap_or_default();
    for (key, number) in queue["summary"].as_object().into_iter().flatten() {
        let counted = tasks.iter().filter(|task| task["status"] == key.as_str()).count();
        let counts =
            key.contains('_') || ["pending", "blocked", "complete"].contains(&key.as_str());
        if counts && number.as_u64() != u64::try_from(counted).ok() {
            return Err(format!("the summary says {number} {key}, there are {counted}"));
        }
    }
    Ok(())
}

fn nothing_left(sandbox: &Sandbox) -> Result<(), String> {
    let mut left = Vec::new();
    for entry in fs::read_dir(sandbox.path("")).into_iter().flatten().flatten() {
        left.extend(entry.file_name().into_string().ok().filter(|name| name.ends_with(".tmp")));
    }
    if !left.is_empty() {
        return Err(format!("temp files were left: {left:?}"));
    }
    if !holds_within(Duration::from_secs(20), || sandbox.strays().is_empty()) {
        return Err("processes were left".to_owned());
    }
    let held =
        "for f in .workloop/claims/*.lock; do test ! -e $f || flock -n $f true || exit 1; done";
    if !sandbox.shell(held) {
        return Err("the lock of a claim is held".to_owned());
    }
    if sandbox.oracle().overlaps().is_empty() {
        Ok(())
    } else {
        Err("ran twice at once".to_owned())
    }
}

/// Returns whether all JSON files below `folder` are valid.
fn are_whole(folder: &Path) -> bool {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).all(|path| {
        let is_json = path.extension().is_some_and(|name| name == "json");
        if path.is_dir() {
            return are_whole(&path);
        }
        let text = fs::read_to_string(&path).unwrap_or_default();
        !is_json || serde_json::from_str::<Value>(&text).is_ok()
    })
}
