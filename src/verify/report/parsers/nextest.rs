//! `cargo nextest run`: its own lines. Skipped tests are counted there but not named.

use super::super::found::{Found, counted, number_before};
use crate::domain::{ItemId, ItemState};

pub(in super::super) fn read(text: &str) -> Result<Found, String> {
    let mut found = Found::new();
    for line in text.lines() {
        let line = line.trim_start();
        if let Some(summary) = line.strip_prefix("Summary [") {
            // The lines after the summary name the failures again.
            let summary = summary.split_once(']').map_or("", |(_, rest)| rest);
            let told = match summary.split_once("tests run:").or(summary.split_once("test run:")) {
                Some((before, _)) => {
                    before.split('/').next().unwrap_or_default().trim().parse().ok()
                }
                None => None,
            };
            let named_skips =
                found.iter().filter(|(_, state)| *state == ItemState::Skipped).count();
            let told = told.ok_or("its summary cannot be read")?;
            counted(found.len() - named_skips, told)?;
            if number_before(summary, "passed") > told {
                return Err("its summary contradicts itself".to_owned());
            }
            return Ok(found);
        }
        let Some((id, state)) = item(line) else { continue };
        // Each try of a test that is repeated has a line, and the last one is its result.
        let earlier = found.iter_mut().find(|(other, _)| line.starts_with("TRY ") && *other == id);
        match earlier {
            Some((_, earlier)) => *earlier = state,
            None => found.push((id, state)),
        }
    }
    Err("it has no summary: it is cut off, or nothing was compiled".to_owned())
}

/// Parses `PASS [   0.005s] (1/5) demo tests::adds`, or `TRY 2 PASS [   0.005s] demo tests::adds`.
fn item(line: &str) -> Option<(ItemId, ItemState)> {
    let (word, rest) = line.split_once(" [")?;
    let mut words = word.split(' ').filter(|part| !part.is_empty());
    let state =
        match words.next().and_then(|one| if one == "TRY" { words.nth(1) } else { Some(one) })? {
            "PASS" | "LEAK" | "FLAKY" | "SLOW+PASS" => ItemState::Passed,
            "SKIP" => ItemState::Skipped,
            "FAIL" | "TIMEOUT" | "ABORT" | "LEAK-FAIL" | "SIGABRT" | "SIGSEGV" | "SIGKILL"
            | "SIGTERM" | "SIGBUS" | "SIGILL" => ItemState::Failed,
            _ => return None,
        };
    let (_, rest) = rest.split_once(']')?;
    let mut rest = rest.trim_start();
    if rest.starts_with('(') {
        rest = rest.split_once(')')?.1.trim_start();
    }
    let (program, name) = rest.split_once(' ')?;
    Some((ItemId::new(program, name.trim()), state))
}
