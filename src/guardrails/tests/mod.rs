//! Tests of the guardrails: each rule with what it must find, and with the nearest text or file
//! that it must leave alone.

mod counted;
mod declared;
mod hidden;
mod inside;
mod languages;
mod rows;
mod steered;

use super::change::{ChangedFile, Line, What};
use super::grants::{Contract, Grants};
use super::rules::{Requires, Rules};
use crate::domain::{Finding, Level};

/// Returns lines that follow each other from `first`.
fn numbered(first: u32, texts: &[&str]) -> Vec<Line> {
    let one = |(number, text): (u32, &&str)| Line { number, text: (*text).to_owned() };
    (first..).zip(texts).map(one).collect()
}

/// Returns a changed file with added and removed lines.
fn file(path: &str, what: What, added: &[&str], removed: &[&str]) -> ChangedFile {
    ChangedFile {
        what,
        added: numbered(1, added),
        removed: numbered(1, removed),
        is_known: true,
        size: Some(9),
        ..ChangedFile::named(path)
    }
}

fn found(changed: &[ChangedFile], rules: &Rules, grants: &Grants) -> Vec<Finding> {
    super::found(changed, rules, grants)
}

/// Returns what is found without permissions, each as `path:line: code`.
fn told(changed: &[ChangedFile]) -> Vec<String> {
    let one = |found: &Finding| {
        let line = found.line.map_or_else(String::new, |line| format!(":{line}"));
        format!("{}{line}: {}", found.path.as_deref().unwrap_or_default(), found.code)
    };
    found(changed, &Rules::default(), &Grants::default()).iter().map(one).collect()
}

fn texts(list: &[&str]) -> Vec<String> {
    list.iter().map(ToString::to_string).collect()
}
