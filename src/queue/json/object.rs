//! The members of a JSON object as text, with three splices: replace a value, insert a key in the
//! style of its neighbours, remove a key with its comma and line.
//!
//! Works on text that was scanned before. Every byte outside of the splice stays the same.

use super::scan::Scanner;
use super::values::unquote;
use std::borrow::Cow;
use std::ops::Range;

/// A member of an object.
#[derive(Clone, Debug)]
pub(crate) struct Entry<'a> {
    /// The key, with escapes resolved.
    pub(crate) name: Cow<'a, str>,
    /// The offset of the key's opening quote.
    pub(crate) key: usize,
    /// The offset after the key's closing quote.
    pub(crate) key_end: usize,
    /// The offset of the value's first byte.
    pub(crate) start: usize,
    /// The offset after the value.
    pub(crate) end: usize,
}

/// Returns the members of the object that `text` starts with, including duplicates. Returns none if
/// `text` is not an object.
pub(crate) fn members(text: &str) -> impl Iterator<Item = Entry<'_>> {
    let mut scanner = Scanner::new(text);
    let mut more = scanner.peek() == Some(b'{');
    if more {
        scanner.bump();
        scanner.white();
        more = scanner.peek() != Some(b'}');
    }
    std::iter::from_fn(move || {
        if !more {
            return None;
        }
        more = false;
        let key = scanner.pos();
        let (key_end, _) = scanner.key().ok()?;
        let start = scanner.pos();
        scanner.value(0).ok()?;
        let end = scanner.pos();
        more = scanner.next_member().unwrap_or(false);
        Some(Entry { name: unquote(&text[key..key_end]), key, key_end, start, end })
    })
}

/// The replacement of a range of bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Splice {
    pub(crate) range: Range<usize>,
    pub(crate) with: String,
}

impl Splice {
    /// Makes the replacement.
    pub(crate) fn apply(&self, text: &mut String) {
        text.replace_range(self.range.clone(), &self.with);
    }
}

/// The text between members of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Gap {
    /// White space before a key.
    pub(crate) lead: String,
    /// The text from the end of the key to its value.
    pub(crate) colon: String,
}

impl Gap {
    /// Returns the indent of the line on which a key starts. Returns `None` if the keys are on one
    /// line.
    pub(crate) fn indent(&self) -> Option<&str> {
        self.lead.rfind('\n').map(|at| &self.lead[at + 1..])
    }
}

/// Returns the text that separates a key added after (or before) member `at`.
pub(crate) fn gap(text: &str, entries: &[Entry<'_>], at: usize) -> Gap {
    let one_line = |index: usize| !lead(text, entries, index).contains('\n');
    // In a one-line object the first key directly follows the brace; the second one shows the
    // spacing.
    let model = if at == 0 && one_line(0) && entries.len() > 1 { 1 } else { at };
    let mut before = lead(text, entries, model);
    if let Some(line) = before.rfind('\n') {
        let from = if before[..line].ends_with('\r') { line - 1 } else { line };
        before = &before[from..];
    }
    let entry = &entries[at];
    let colon = &text[entry.key_end..entry.start];
    let colon = if colon.contains('\n') { ": " } else { colon };
    let lone = entries.len() == 1 && !before.contains('\n');
    let before = if !lone {
        before
    } else if colon.ends_with(' ') {
        " "
    } else {
        ""
    };
    Gap { lead: before.to_owned(), colon: colon.to_owned() }
}

/// Returns the white space before the key of member `index`.
fn lead<'a>(text: &'a str, entries: &[Entry<'_>], index: usize) -> &'a str {
    let key = entries[index].key;
    let white = text[..key].bytes().rev().take_while(|b| b.is_ascii_whitespace()).count();
    &text[key - white..key]
}

/// Adds `"key": value` after member `at`. `key` is a rendered key with its quotes.
pub(crate) fn insert_behind(
    entries: &[Entry<'_>],
    at: usize,
    gap: &Gap,
    item: (&str, &str),
) -> Splice {
    let end = entries[at].end;
    let with = format!(",{}{}{}{}", gap.lead, item.0, gap.colon, item.1);
    Splice { range: end..end, with }
}

/// Adds `"key": value` before member `at`.
pub(crate) fn insert_before(
    entries: &[Entry<'_>],
    at: usize,
    gap: &Gap,
    item: (&str, &str),
) -> Splice {
    let key = entries[at].key;
    let with = format!("{}{}{},{}", item.0, gap.colon, item.1, gap.lead);
    Splice { range: key..key, with }
}

/// Returns the object without any member named `key`, including commas and lines. Returns `None` if
/// there is no such member.
pub(crate) fn without(text: &str, key: &str) -> Option<String> {
    let entries: Vec<Entry<'_>> = members(text).collect();
    let goes = |entry: &Entry<'_>| entry.name == key;
    if !entries.iter().any(goes) {
        return None;
    }
    let mut left = String::with_capacity(text.len());
    let mut done = 0;
    match entries.iter().position(|entry| !goes(entry)) {
        Some(0) => {}
        Some(first) => {
            left.push_str(&text[..entries[0].key]);
            done = entries[first].key;
        }
        None => {
            left.push('{');
            let mut close = Scanner::at(text, entries.last().map_or(0, |entry| entry.end));
            close.white();
            done = close.pos();
        }
    }
    for pair in entries.windows(2) {
        if pair[0].end < done || !goes(&pair[1]) {
            continue;
        }
        left.push_str(&text[done..pair[0].end]);
        done = pair[1].end;
    }
    left.push_str(&text[done..]);
    Some(left)
}
