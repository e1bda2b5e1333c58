//! `ruff check`: its default format, or `--output-format concise`.

use super::super::found::{Found, counted};
use crate::domain::{ItemId, ItemState};

pub(in super::super) fn read(text: &str) -> Result<Found, String> {
    let mut found = Found::new();
    let mut waits: Option<String> = None;
    for line in text.lines() {
        if let Some(end) = line.strip_prefix("Found ") {
            let told = end.split(' ').next().and_then(|number| number.parse().ok());
            counted(found.len(), told.ok_or("its last line cannot be read")?)?;
            return Ok(found);
        }
        if line == "All checks passed!" {
            return counted(found.len(), 0).map(|()| found);
        }
        if let Some(place) = line.trim_start().strip_prefix("--> ") {
            let file = place.rsplitn(3, ':').nth(2).unwrap_or(place);
            found.extend(waits.take().map(|name| (ItemId::new(file, name), ItemState::Failed)));
        } else if let Some(item) = concise(line) {
            found.push(item);
        } else if let Some(name) = rule(line) {
            waits = Some(name);
        }
    }
    Err("it has no last line: it is cut off".to_owned())
}

/// Parses `bad.py:1:8: F401 [*] message`.
fn concise(line: &str) -> Option<(ItemId, ItemState)> {
    let mut parts = line.splitn(4, ':');
    let (file, row, column) = (parts.next()?, parts.next()?, parts.next()?);
    row.parse::<u32>().ok()?;
    column.parse::<u32>().ok()?;
    Some((ItemId::new(file, rule(parts.next()?.trim())?), ItemState::Failed))
}

/// Parses `F401 [*] message`; a file that cannot be read has no code.
fn rule(text: &str) -> Option<String> {
    let (code, message) = text.split_once(' ')?;
    let letters = code.trim_start_matches(|letter: char| letter.is_ascii_uppercase());
    let is_code =
        letters.len() < code.len() && letters.len() >= 3 && letters.parse::<u32>().is_ok();
    let is_syntax = code == "invalid-syntax:" || code == "SyntaxError:";
    let message = message.strip_prefix("[*] ").unwrap_or(message);
    (is_code || is_syntax).then(|| format!("{}: {message}", code.trim_end_matches(':')))
}
