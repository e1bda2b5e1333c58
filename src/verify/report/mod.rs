//! Reads reports: the items of a tool, as text, JSON or XML.
//!
//! A report counts only if it is complete: each parser compares what it read with the tool's
//! summary. A report that is cut off, or into which other output was printed, is refused.

mod found;
mod parsers;

use super::plain::plain;
use crate::domain::{ItemId, ItemMap};
use found::Found;

/// The kind of items in a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Tests: each must run again, and one that does not is lost.
    Tests,
    /// Findings of a linter: each is a failure, and fewer are better.
    Findings,
}

/// A report format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parser {
    Junit,
    Cargo,
    Nextest,
    Pytest,
    Go,
    Jest,
    Vitest,
    Tsc,
    Eslint,
    Ruff,
    Clippy,
    Tap,
}

/// A row of the table of parsers.
struct Row {
    parser: Parser,
    word: &'static str,
    kind: Kind,
    /// Exit statuses besides 0 that only report failed items.
    red: &'static [i32],
    read: fn(&str) -> Result<Found, String>,
}

const TABLE: [Row; 12] = [
    row(Parser::Junit, "junit", Kind::Tests, &[1], parsers::junit::read),
    row(Parser::Cargo, "cargo", Kind::Tests, &[1, 101], parsers::cargo::read),
    row(Parser::Nextest, "nextest", Kind::Tests, &[1, 100], parsers::nextest::read),
    row(Parser::Pytest, "pytest", Kind::Tests, &[1], parsers::pytest::read),
    row(Parser::Go, "go", Kind::Tests, &[1], parsers::go::read),
    row(Parser::Jest, "jest", Kind::Tests, &[1], parsers::jest::read),
    row(Parser::Vitest, "vitest", Kind::Tests, &[1], parsers::vitest::read),
    row(Parser::Tsc, "tsc", Kind::Findings, &[1, 2], parsers::tsc::read),
    row(Parser::Eslint, "eslint", Kind::Findings, &[1], parsers::eslint::read),
    row(Parser::Ruff, "ruff", Kind::Findings, &[1], parsers::ruff::read),
    row(Parser::Clippy, "clippy", Kind::Findings, &[1, 101], parsers::clippy::read),
    row(Parser::Tap, "tap", Kind::Tests, &[1], parsers::tap::read),
];

const fn row(
    parser: Parser,
    word: &'static str,
    kind: Kind,
    red: &'static [i32],
    read: fn(&str) -> Result<Found, String>,
) -> Row {
    Row { parser, word, kind, red, read }
}

impl Parser {
    /// Returns the configuration words of the parsers. JUnit has its own key.
    pub fn words() -> impl Iterator<Item = (&'static str, Self)> {
        TABLE.iter().filter(|row| row.parser != Self::Junit).map(|row| (row.word, row.parser))
    }

    fn row(self) -> &'static Row {
        &TABLE[self as usize]
    }

    /// Returns the kind of items in such a report.
    pub fn kind(self) -> Kind {
        self.row().kind
    }

    /// Returns whether an exit status only reports failed items.
    pub fn is_red(self, code: i32) -> bool {
        self.row().red.contains(&code)
    }

    /// Reads a report in which paths may begin with one of `roots`.
    ///
    /// # Errors
    /// Returns the reason why the report is invalid or incomplete.
    pub fn read(self, text: &str, roots: &[&str]) -> Result<ItemMap, String> {
        self.read_all(&[(None, text.to_owned())], roots)
    }

    /// Reads a report of several files, each complete in itself, with its name where errors are to
    /// show it.
    ///
    /// # Errors
    /// Returns the reason why a report is invalid or incomplete.
    pub fn read_all(
        self,
        texts: &[(Option<String>, String)],
        roots: &[&str],
    ) -> Result<ItemMap, String> {
        let mut found = Found::new();
        for (name, text) in texts {
            let mut text = plain(text);
            for root in roots.iter().filter(|root| root.len() > 1) {
                text = text.replace(&format!("{root}/"), "");
            }
            let read = (self.row().read)(&text).map_err(|why| match name {
                Some(name) => format!("{name}: {why}"),
                None => why,
            });
            found.extend(read?);
        }
        if self.kind() == Kind::Tests && found.is_empty() {
            return Err("no test ran".to_owned());
        }
        Ok(told_apart(found))
    }
}

/// Numbers items that have the same name, the failed ones first, so that none hides another.
fn told_apart(mut found: Found) -> ItemMap {
    found.sort();
    let mut items = ItemMap::new();
    let mut last: Option<(ItemId, u32)> = None;
    for (id, state) in found {
        let number = match &last {
            Some((before, number)) if *before == id => number + 1,
            Some(_) | None => 1,
        };
        last = Some((id.clone(), number));
        let name = if number == 1 { id.name } else { format!("{} #{number}", id.name) };
        items.insert(ItemId::new(id.file, name), state);
    }
    items
}

#[cfg(test)]
mod tests;
