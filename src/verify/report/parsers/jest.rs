//! `jest --json`, or `jest --verbose`; vitest has the same JSON.

use super::super::found::{Found, counted, documents, number_before};
use crate::domain::{ItemId, ItemState};
use serde_json::Value;

pub(in super::super) fn read(text: &str) -> Result<Found, String> {
    match json(text) {
        Some(found) => found,
        None => read_text(text),
    }
}

/// Returns the items of the JSON documents in `text`, if there are any.
pub(super) fn json(text: &str) -> Option<Result<Found, String>> {
    match documents(text, "{\"num") {
        Ok(all) if all.is_empty() => None,
        Ok(all) => {
            Some(all.iter().map(of_json).collect::<Result<Vec<_>, _>>().map(|all| all.concat()))
        }
        Err(why) => Some(Err(why)),
    }
}

fn of_json(report: &Value) -> Result<Found, String> {
    let list = |value: &Value, key: &str| value.get(key).and_then(Value::as_array).cloned();
    let text = |value: &Value, key: &str| {
        value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let mut found = Found::new();
    for file in list(report, "testResults").ok_or("its JSON has no testResults")? {
        let path = text(&file, "name");
        let tests = list(&file, "assertionResults").unwrap_or_default();
        for test in &tests {
            let mut path_of: Vec<String> = list(test, "ancestorTitles")
                .unwrap_or_default()
                .iter()
                .filter_map(|part| part.as_str().map(str::to_owned))
                .collect();
            path_of.push(text(test, "title"));
            let state = match text(test, "status").as_str() {
                "passed" => ItemState::Passed,
                "failed" => ItemState::Failed,
                _ => ItemState::Skipped,
            };
            found.push((ItemId::new(path.as_str(), path_of.join(" > ")), state));
        }
        if text(&file, "status") == "failed" && tests.is_empty() {
            found.push((ItemId::new(path, "(file)"), ItemState::Failed));
        }
    }
    let told = report.get("numTotalTests").and_then(Value::as_u64).and_then(|n| n.try_into().ok());
    let files = found.iter().filter(|(id, _)| id.name == "(file)").count();
    counted(found.len() - files, told.unwrap_or(found.len() - files))?;
    Ok(found)
}

fn read_text(text: &str) -> Result<Found, String> {
    let mut found = Found::new();
    let (mut file, mut groups) = (String::new(), Vec::<(usize, String)>::new());
    for line in text.lines() {
        if let Some(path) = line.strip_prefix("PASS ").or_else(|| line.strip_prefix("FAIL ")) {
            file = path.split(" (").next().unwrap_or_default().trim().to_owned();
            groups.clear();
            continue;
        }
        if let Some(summary) = line.strip_prefix("Tests: ") {
            let files = found.iter().filter(|(id, _): &&(ItemId, _)| id.name == "(file)").count();
            counted(found.len() - files, number_before(summary, "total"))?;
            return Ok(found);
        }
        let depth = line.len() - line.trim_start().len();
        let name = line.trim();
        if name == "● Test suite failed to run" {
            found.push((ItemId::new(file.as_str(), "(file)"), ItemState::Failed));
        }
        // The details of failures follow.
        if name.starts_with('●') {
            file.clear();
        }
        if file.is_empty() || name.is_empty() || depth == 0 {
            continue;
        }
        groups.retain(|(above, _)| *above < depth);
        match item(name) {
            Some((name, state)) => {
                let mut path: Vec<&str> = groups.iter().map(|(_, name)| name.as_str()).collect();
                path.push(name);
                found.push((ItemId::new(file.as_str(), path.join(" > ")), state));
            }
            None => groups.push((depth, name.to_owned())),
        }
    }
    Err("it has no last line: it is cut off".to_owned())
}

/// Parses `✓ adds (2 ms)`.
fn item(line: &str) -> Option<(&str, ItemState)> {
    let (word, name) = line.split_once(' ')?;
    let state = match word {
        "✓" | "√" => ItemState::Passed,
        "✕" | "×" => ItemState::Failed,
        "○" | "✎" => ItemState::Skipped,
        _ => return None,
    };
    let name = name.strip_prefix("skipped ").or_else(|| name.strip_prefix("todo ")).unwrap_or(name);
    let timed = name.strip_suffix(" ms)").or_else(|| name.strip_suffix(" s)"));
    let name = timed.and_then(|name| name.rsplit_once(" (")).map_or(name, |(name, _)| name);
    Some((name, state))
}
