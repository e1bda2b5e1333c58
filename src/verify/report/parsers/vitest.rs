//! `vitest run --reporter=verbose`, or `--reporter=json`.

use super::super::found::{Found, counted};
use super::jest;
use crate::domain::{ItemId, ItemState};

pub(in super::super) fn read(text: &str) -> Result<Found, String> {
    if let Some(found) = jest::json(text) {
        return found;
    }
    let mut found = Found::new();
    for line in text.lines() {
        let line = line.trim();
        if let Some(summary) = line.strip_prefix("Tests ") {
            let told = summary
                .rsplit_once('(')
                .and_then(|(_, end)| end.trim_end_matches(')').parse().ok());
            counted(found.len(), told.ok_or("its last lines cannot be read")?)?;
            return Ok(found);
        }
        found.extend(item(line));
    }
    if text.contains("No test files found") {
        return Ok(Found::new());
    }
    Err("it has no last lines: it is cut off, or not of --reporter=verbose".to_owned())
}

/// Parses `✓ v/a.test.js > sum > adds 2ms`.
fn item(line: &str) -> Option<(ItemId, ItemState)> {
    let (word, rest) = line.split_once(' ')?;
    let state = match word {
        "✓" | "√" => ItemState::Passed,
        "×" | "✗" => ItemState::Failed,
        "↓" | "□" => ItemState::Skipped,
        _ => return None,
    };
    let (file, name) = rest.split_once(" > ")?;
    let timed = name.rsplit_once(' ').filter(|(_, time)| is_time(time));
    let name = timed.map_or(name, |(name, _)| name);
    let file = file.rsplit(' ').next().unwrap_or(file);
    Some((ItemId::new(file, name.trim()), state))
}

fn is_time(text: &str) -> bool {
    let number = text.strip_suffix("ms").or_else(|| text.strip_suffix('s'));
    number.is_some_and(|number| !number.is_empty() && number.parse::<f64>().is_ok())
}
