//! `go test -json`, or `go test -v`.

use super::super::found::Found;
use crate::domain::{ItemId, ItemState};
use serde_json::Value;
use std::collections::BTreeSet;

pub(in super::super) fn read(text: &str) -> Result<Found, String> {
    let is_json = |line: &str| line.starts_with('{') && line.contains("\"Action\"");
    if text.lines().any(is_json) { read_json(text) } else { read_text(text) }
}

fn read_json(text: &str) -> Result<Found, String> {
    let mut found = Found::new();
    let (mut open, mut failed) = (BTreeSet::new(), BTreeSet::new());
    for line in text.lines().filter(|line| line.starts_with('{')) {
        let event: Value = serde_json::from_str(line).map_err(|_| "a line is cut off")?;
        let text =
            |key: &str| event.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let (package, test) = (text("Package"), text("Test"));
        let state = match text("Action").as_str() {
            "pass" => ItemState::Passed,
            "fail" => ItemState::Failed,
            "skip" => ItemState::Skipped,
            _ => {
                open.insert((package, test));
                continue;
            }
        };
        open.remove(&(package.clone(), test.clone()));
        if !test.is_empty() {
            if state == ItemState::Failed {
                failed.insert(package.clone());
            }
            found.push((ItemId::new(package, test), state));
        } else if state == ItemState::Failed && !failed.contains(&package) {
            found.push((ItemId::new(package, "(package)"), state));
        }
    }
    // A package that fails to build reports nothing else.
    let left = open.into_iter().find(|(package, _)| !package.is_empty());
    match left {
        Some((package, test)) => Err(format!("{package} {test} did not end")),
        None => Ok(found),
    }
}

fn read_text(text: &str) -> Result<Found, String> {
    let mut found = Found::new();
    let (mut open, mut package_ends) = (Vec::new(), 0);
    for line in text.lines() {
        if let Some((name, state)) = item(line.trim_start()) {
            open.push((name, state));
            continue;
        }
        let mut words = line.split('\t');
        let word = words.next().unwrap_or_default().trim();
        let package = words.next().unwrap_or_default().trim();
        if !matches!(word, "ok" | "FAIL" | "?") || package.is_empty() {
            continue;
        }
        package_ends += 1;
        let is_red = open.iter().any(|(_, state)| *state == ItemState::Failed);
        if word == "FAIL" && !is_red {
            found.push((ItemId::new(package, "(package)"), ItemState::Failed));
        }
        found.extend(open.drain(..).map(|(name, state)| (ItemId::new(package, name), state)));
    }
    if !open.is_empty() || package_ends == 0 {
        return Err("the last package did not end".to_owned());
    }
    Ok(found)
}

/// Parses `--- PASS: TestX (0.00s)`.
fn item(line: &str) -> Option<(String, ItemState)> {
    let (word, name) = line.strip_prefix("--- ")?.split_once(": ")?;
    let state = match word {
        "PASS" => ItemState::Passed,
        "FAIL" => ItemState::Failed,
        "SKIP" => ItemState::Skipped,
        _ => return None,
    };
    Some((name.split(" (").next()?.to_owned(), state))
}
