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
            debug_assert!(number_before(summary, "passed") <= told);
            return Ok(found);
        }
        found.extend(item(line));
    }
    Err("it has no summary: it is cut off, or nothing was compiled".to_owned())
}

/// Parses `PASS [   0.005s] (1/5) demo tests::adds`. The last line of a retried test is its result.
fn item(line: &str) -> Option<(ItemId, ItemState)> {
    let (word, rest) = line.split_once(" [")?;
    let state = match word.split(' ').next()? {
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
