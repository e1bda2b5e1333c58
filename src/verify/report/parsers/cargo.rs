//! `cargo test`: the output of libtest. A program is `NAME:PATH`, since several crates have a
//! `src/lib.rs`.

use super::super::found::{Found, counted, number_before};
use crate::domain::{ItemId, ItemState};

pub(in super::super) fn read(text: &str) -> Result<Found, String> {
    let mut found = Found::new();
    let mut program = String::new();
    // The number of tests that the program runs, and the index of its first item; `None` outside
    // its list.
    let mut open: Option<(usize, usize)> = None;
    let mut lists = false;
    for line in text.lines() {
        let trimmed = line.trim_start();
        if let Some(name) = program_of(trimmed).filter(|_| open.is_none()) {
            program = name;
        } else if let Some(number) = running(line) {
            if open.is_some() {
                return Err(format!("the tests of {program} did not end"));
            }
            (open, lists) = (Some((number, found.len())), true);
        } else if let (Some((number, begin)), Some(end)) =
            (open, line.strip_prefix("test result: "))
        {
            let end = end.split("finished in").next().unwrap_or_default();
            let told: usize = ["passed;", "failed;", "ignored;", "measured;"]
                .iter()
                .map(|word| number_before(end, word.trim_end_matches(';')))
                .sum();
            counted(found.len() - begin, number)?;
            counted(found.len() - begin, told)?;
            open = None;
        } else if line == "failures:" {
            lists = false;
        } else if let Some((name, state)) = open.filter(|_| lists).and_then(|_| item(line)) {
            found.push((ItemId::new(program.as_str(), name), state));
        }
    }
    if open.is_some() {
        return Err(format!("the tests of {program} did not end"));
    }
    if text.lines().any(|line| line.starts_with("error: could not compile")) {
        return Err("it does not compile".to_owned());
    }
    Ok(found)
}

fn program_of(line: &str) -> Option<String> {
    if let Some(name) = line.strip_prefix("Doc-tests ") {
        return Some(format!("{}:doc", name.trim()));
    }
    let (path, program) = line.strip_prefix("Running ")?.split_once(" (")?;
    let program = program.trim_end_matches(')').rsplit('/').next()?;
    let name = program.rsplit_once('-').map_or(program, |(name, _)| name);
    Some(format!("{name}:{}", path.trim_start_matches("unittests ").trim()))
}

fn running(line: &str) -> Option<usize> {
    let number = line.strip_prefix("running ")?;
    let number = number.strip_suffix(" tests").or_else(|| number.strip_suffix(" test"))?;
    number.parse().ok()
}

fn item(line: &str) -> Option<(String, ItemState)> {
    let (name, end) = line.strip_prefix("test ")?.rsplit_once(" ... ")?;
    let state = match end.split([' ', ',']).next()? {
        "ok" | "bench:" => ItemState::Passed,
        "FAILED" => ItemState::Failed,
        "ignored" => ItemState::Skipped,
        _ => return None,
    };
    let name = name.strip_suffix(" - should panic").unwrap_or(name);
    // Doc tests are identified by their line, which moves.
    let name = match name.split_once(" (line ") {
        Some((before, rest)) => {
            format!("{before}{}", rest.split_once(')').map_or("", |(_, after)| after))
        }
        None => name.to_owned(),
    };
    Some((name, state))
}
