//! TAP, including subtests in the format of node and perl, whose names become paths.

use super::super::found::{Found, counted};
use crate::domain::{ItemId, ItemState};

pub(in super::super) fn read(text: &str) -> Result<Found, String> {
    let mut found = Found::new();
    let mut groups: Vec<(usize, String)> = Vec::new();
    let (mut plan, mut top) = (None, 0);
    for line in text.lines() {
        let depth = line.len() - line.trim_start().len();
        let line = line.trim();
        if line.starts_with("Bail out!") {
            return Err(line.to_owned());
        }
        if let Some(name) = line.strip_prefix("# Subtest: ") {
            groups.retain(|(above, _)| *above < depth);
            groups.push((depth, name.to_owned()));
        } else if let Some(number) = line.strip_prefix("1..").filter(|_| depth == 0) {
            plan = number.split(' ').next().and_then(|number| number.parse::<usize>().ok());
        } else if let Some((name, state)) = item(line) {
            top += usize::from(depth == 0);
            groups.retain(|(above, _)| *above < depth);
            let mut path: Vec<&str> = groups.iter().map(|(_, name)| name.as_str()).collect();
            path.push(&name);
            found.push((ItemId::new("", path.join(" > ")), state));
        }
    }
    counted(top, plan.ok_or("it has no plan: it is cut off")?)?;
    Ok(found)
}

/// Parses `not ok 2 - name # SKIP why`.
fn item(line: &str) -> Option<(String, ItemState)> {
    let (is_ok, rest) = match line.strip_prefix("not ok") {
        Some(rest) => (false, rest),
        None => (true, line.strip_prefix("ok")?),
    };
    if !rest.is_empty() && !rest.starts_with(' ') {
        return None;
    }
    let (name, is_off) = directive(rest);
    let name = name.trim().trim_start_matches(|letter: char| letter.is_ascii_digit()).trim();
    let name = name.strip_prefix("- ").unwrap_or(name).to_owned();
    let state = if is_off {
        ItemState::Skipped
    } else if is_ok {
        ItemState::Passed
    } else {
        ItemState::Failed
    };
    Some((name, state))
}

/// Splits the end of a line into the name and whether a directive says that the test does not count.
/// A name may contain a `#` of its own.
fn directive(rest: &str) -> (&str, bool) {
    let mut notes = rest.match_indices(" #").map(|(at, mark)| (at, rest[at + mark.len()..].trim()));
    let says = |note: &str| {
        let word = note.get(..4).unwrap_or_default();
        word.eq_ignore_ascii_case("skip") || word.eq_ignore_ascii_case("todo")
    };
    match notes.find(|(_, note)| says(note)) {
        Some((at, _)) => (&rest[..at], true),
        None => (rest.split_once(" # ").map_or(rest, |(name, _)| name), false),
    }
}
