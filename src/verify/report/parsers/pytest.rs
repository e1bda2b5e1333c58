//! `pytest -v`, or `-rA`: each test needs a name, which the output with dots does not have.

use super::super::found::{Found, counted, number_before};
use crate::domain::{ItemId, ItemState};

const WORDS: [(&str, ItemState); 6] = [
    ("PASSED", ItemState::Passed),
    ("XPASS", ItemState::Passed),
    ("FAILED", ItemState::Failed),
    ("ERROR", ItemState::Failed),
    ("SKIPPED", ItemState::Skipped),
    // The test ran, and its result does not count.
    ("XFAIL", ItemState::Skipped),
];

pub(in super::super) fn read(text: &str) -> Result<Found, String> {
    let lines: Vec<&str> = text.lines().collect();
    let end =
        lines.iter().rposition(|line| is_end(line)).ok_or("it has no last line: it is cut off")?;
    let summary = lines[end];
    let verbose: Found = lines[..end].iter().filter_map(|line| verbose(line)).collect();
    let short = lines[..end].iter().rposition(|line| line.contains(" short test summary info "));
    let short: Found = short.map_or_else(Vec::new, |begin| {
        lines[begin..end].iter().filter_map(|line| short_line(line)).collect()
    });
    let told = |word| number_before(summary, word);
    let tests = told("passed") + told("failed") + told("xfailed") + told("xpassed");
    let errors = told("errors") + told("error");
    let named = tests + told("skipped");
    if verbose.len() < named && !short.is_empty() {
        // The short summary gives no names to skipped tests.
        counted(short.len(), tests + errors)?;
        return Ok(short);
    }
    if verbose.is_empty() && named > 0 {
        return Err("it has no names: run pytest with -v".to_owned());
    }
    let failed = |found: &&(ItemId, ItemState)| found.1 == ItemState::Failed;
    let red = verbose.iter().filter(failed).count();
    // A test whose teardown fails is reported twice; a file that cannot be read only at the end.
    let extra = (told("failed") + errors).saturating_sub(red);
    let mut all = verbose;
    if extra > 0 {
        let known: Vec<ItemId> = all.iter().map(|(id, _)| id.clone()).collect();
        let more = short
            .into_iter()
            .filter(|(id, state)| *state == ItemState::Failed && !known.contains(id));
        all.extend(more);
    }
    if all.len() < named.max(usize::from(errors > 0)) {
        counted(all.len(), named + errors)?;
    }
    Ok(all)
}

/// Returns whether this is `=== 1 failed, 4 passed in 0.25s ===`, with the bars or without.
fn is_end(line: &str) -> bool {
    let line = line.trim_matches(['=', ' ']);
    let known =
        ["passed", "failed", "skipped", "error", "errors", "xfailed", "xpassed", "deselected"];
    let counts = || known.iter().any(|word| number_before(line, word) > 0);
    let ends = line.contains(" in ") && line.contains('s');
    ends && (counts() || line.starts_with("no tests ran in "))
        && line.starts_with(|letter: char| letter.is_ascii_digit() || letter == 'n')
}

/// Parses `tests/a.py::test_b PASSED [ 14%]`, or with several workers `[gw0] [ 14%] PASSED
/// tests/…`.
fn verbose(line: &str) -> Option<(ItemId, ItemState)> {
    if let Some(rest) = line.strip_prefix("[gw") {
        let (word, name) = rest.split_once("%] ")?.1.split_once(' ')?;
        return Some((id(name)?, state(word)?));
    }
    let words = WORDS.iter().flat_map(|(word, state)| {
        let places = line.match_indices(*word).map(|(at, _)| (at, at + word.len(), *state));
        places.collect::<Vec<_>>()
    });
    let is_word = |(at, end, _): &(usize, usize, ItemState)| {
        line[..*at].ends_with(' ') && (line[*end..].is_empty() || line[*end..].starts_with(' '))
    };
    let mut words: Vec<_> = words.filter(is_word).map(|(at, _, state)| (at - 1, state)).collect();
    words.sort_unstable();
    // The values of a case, and the reason of a skipped test, may contain such words. In doubt, the
    // worst one counts.
    let last = words.last()?.0;
    let names = words.into_iter().filter(|(at, _)| *at == last || is_whole(&line[..*at]));
    let (at, state) = names.min_by_key(|(_, state)| *state)?;
    Some((id(&line[..at])?, state))
}

/// Returns whether a name does not end within the values of a case.
fn is_whole(name: &str) -> bool {
    name.matches('[').count() == name.matches(']').count()
}

/// Parses `FAILED tests/a.py::test_b - assert …`.
fn short_line(line: &str) -> Option<(ItemId, ItemState)> {
    let (word, rest) = line.split_once(' ')?;
    let mut ends = rest.match_indices(" - ").map(|(at, _)| at);
    let name = ends.find(|at| is_whole(&rest[..*at])).map_or(rest, |at| &rest[..at]);
    let state = state(word)?;
    let id = id(name).or_else(|| (word == "ERROR").then(|| ItemId::new(name.trim(), "(file)")))?;
    Some((id, state))
}

fn state(word: &str) -> Option<ItemState> {
    WORDS.iter().find(|(known, _)| *known == word).map(|(_, state)| *state)
}

fn id(name: &str) -> Option<ItemId> {
    let (file, name) = name.trim().split_once("::")?;
    let is_path = !file.contains(char::is_whitespace) && !file.is_empty();
    is_path.then(|| ItemId::new(file, name))
}
