//! Reads TOML tables manually, so that every invalid value and every unknown key is reported with
//! its position, all of them at once.

use super::duration::parse_duration;
use super::origin::{Origin, Sourced};
use super::problem::Problem;
use crate::domain::Command;
use crate::domain::nearest;
use crate::verify::Limit;
use std::cell::RefCell;
use std::ops::Range;
use std::time::Duration;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Collects the problems of one text.
pub(super) struct Reader<'t> {
    text: &'t str,
    problems: RefCell<Vec<Problem>>,
}

impl<'t> Reader<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, problems: RefCell::default() }
    }

    /// Adds a problem. One that is already known is not added again: a key may be read twice.
    pub(super) fn report(&self, span: Range<usize>, message: impl Into<String>) {
        let problem = self.at(span, message);
        let mut problems = self.problems.borrow_mut();
        if !problems.contains(&problem) {
            problems.push(problem);
        }
    }

    /// Returns a message about a place in the text.
    pub(super) fn at(&self, span: Range<usize>, message: impl Into<String>) -> Problem {
        Problem::at(self.text, span, message.into())
    }

    /// Returns the number of problems so far.
    pub(super) fn count(&self) -> usize {
        self.problems.borrow().len()
    }

    pub(super) fn origin(&self, span: &Range<usize>) -> Origin {
        Origin::File { line: Problem::at(self.text, span.clone(), String::new()).line }
    }

    /// Returns everything that was reported, in file order.
    pub(super) fn into_problems(self) -> Vec<Problem> {
        let mut problems = self.problems.into_inner();
        problems.sort_by_key(|problem| (problem.line, problem.column));
        problems
    }
}

/// A key with its position and its value.
pub(super) type Entry<'d> = (String, Range<usize>, &'d Spanned<DeValue<'d>>);

/// A table. Requested keys are known; [`Section::close`] reports all others.
pub(super) struct Section<'d> {
    pub(super) reader: &'d Reader<'d>,
    /// The name in messages, such as `[agents.default]`.
    name: String,
    pub(super) span: Range<usize>,
    table: &'d DeTable<'d>,
    known: RefCell<Vec<&'static str>>,
}

impl<'d> Section<'d> {
    pub(super) fn new(
        reader: &'d Reader<'d>,
        name: String,
        span: Range<usize>,
        table: &'d DeTable<'d>,
    ) -> Self {
        Self { reader, name, span, table, known: RefCell::default() }
    }

    fn get(&self, key: &'static str) -> Option<&'d Spanned<DeValue<'d>>> {
        let mut known = self.known.borrow_mut();
        if !known.contains(&key) {
            known.push(key);
        }
        self.table.get(key)
    }

    /// Reports an invalid value.
    pub(super) fn wrong(&self, value: &Spanned<DeValue<'_>>, key: &str, expected: &str) {
        let found = value.get_ref().type_str();
        self.reader.report(value.span(), format!("{key} must be {expected}, not {found}"));
    }

    pub(super) fn text(&self, key: &'static str) -> Option<Sourced<String>> {
        let value = self.get(key)?;
        let Some(text) = value.get_ref().as_str() else {
            self.wrong(value, key, "a string");
            return None;
        };
        if text.trim().is_empty() {
            self.reader.report(value.span(), format!("{key} must not be empty"));
            return None;
        }
        Some(Sourced::new(text.to_owned(), self.reader.origin(&value.span())))
    }

    pub(super) fn flag(&self, key: &'static str) -> Option<Sourced<bool>> {
        let value = self.get(key)?;
        let flag = value.get_ref().as_bool();
        if flag.is_none() {
            self.wrong(value, key, "true or false");
        }
        Some(Sourced::new(flag?, self.reader.origin(&value.span())))
    }

    /// Reads a whole number of at least `least`.
    pub(super) fn number(&self, key: &'static str, least: u32) -> Option<Sourced<u32>> {
        let value = self.get(key)?;
        let number = integer(value.get_ref())
            .and_then(|number| u32::try_from(number).ok())
            .filter(|number| *number >= least);
        if number.is_none() {
            let message = format!("{key} must be a whole number of at least {least}");
            self.reader.report(value.span(), message);
        }
        Some(Sourced::new(number?, self.reader.origin(&value.span())))
    }

    /// Reads an amount above 0, which may have a fraction.
    pub(super) fn amount(&self, key: &'static str) -> Option<Sourced<f64>> {
        let value = self.get(key)?;
        let float = value.get_ref().as_float().map(|float| float.as_str().replace('_', ""));
        let whole = integer(value.get_ref()).map(|number| number as f64);
        let amount = float.and_then(|text| text.parse().ok()).or(whole);
        let amount = amount.filter(|amount: &f64| amount.is_finite() && *amount > 0.0);
        if amount.is_none() {
            self.reader.report(value.span(), format!("{key} must be a number above 0"));
        }
        Some(Sourced::new(amount?, self.reader.origin(&value.span())))
    }

    /// Reports a key whose value is well-formed but cannot be applied.
    pub(super) fn refuse(&self, key: &'static str, why: &str) {
        let span = self.table.get(key).map_or_else(|| self.span.clone(), Spanned::span);
        self.reader.report(span, why);
    }

    /// Reads a list of exit statuses, none below `least`.
    pub(super) fn exit_codes(&self, key: &'static str, least: i32) -> Vec<i32> {
        let number = |item: &Spanned<DeValue<'_>>| integer(item.get_ref())?.try_into().ok();
        let code = |item: &_| number(item).filter(|code| (least..=255).contains(code));
        self.items(key, &format!("a list of exit statuses from {least} to 255"), &code)
    }

    /// Reads the items of a list. Each wrong item is reported at its own position, and then no
    /// item is used.
    fn items<T>(
        &self,
        key: &'static str,
        expected: &str,
        item: &dyn Fn(&'d Spanned<DeValue<'d>>) -> Option<T>,
    ) -> Vec<T> {
        let Some(value) = self.get(key) else { return Vec::new() };
        let Some(list) = value.get_ref().as_array() else {
            self.wrong(value, key, expected);
            return Vec::new();
        };
        let one = |value: &'d Spanned<DeValue<'d>>| {
            let read = item(value);
            if read.is_none() {
                let message = format!("{key} must be {expected}, and this item is not");
                self.reader.report(value.span(), message);
            }
            read
        };
        let read: Vec<Option<T>> = list.iter().map(one).collect();
        read.into_iter().collect::<Option<Vec<T>>>().unwrap_or_default()
    }

    /// Reads a number, whole or not.
    pub(super) fn float(&self, key: &'static str) -> Option<Limit> {
        let value = self.get(key)?;
        let float = value.get_ref().as_float().map(|float| float.as_str().replace('_', ""));
        let number = match float {
            Some(float) => float.parse::<f64>().ok(),
            // Larger numbers than 2^53 are not used as thresholds.
            None => integer(value.get_ref()).map(|number| number as f64),
        };
        let number = number.and_then(Limit::new);
        if number.is_none() {
            self.wrong(value, key, "a finite number");
        }
        number
    }

    /// Reports something about the value of an existing key.
    pub(super) fn report_at(&self, key: &str, message: impl Into<String>) {
        let span = self.table.get(key).map_or(self.span.clone(), Spanned::span);
        self.reader.report(span, message);
    }

    /// Reads a duration: a text, or a whole number of seconds.
    pub(super) fn duration(&self, key: &'static str) -> Option<Duration> {
        let value = self.get(key)?;
        let seconds = integer(value.get_ref()).map(|seconds| seconds.to_string());
        let Some(text) = value.get_ref().as_str().or(seconds.as_deref()) else {
            self.wrong(value, key, "a duration such as \"45m\"");
            return None;
        };
        match parse_duration(text) {
            Ok(duration) if duration.is_zero() => {
                self.reader.report(value.span(), format!("{key} must not be zero"));
                None
            }
            Ok(duration) => Some(duration),
            Err(message) => {
                self.reader.report(value.span(), message);
                None
            }
        }
    }

    /// Reads a duration, with its position.
    pub(super) fn timed(&self, key: &'static str) -> Option<Sourced<Duration>> {
        let span = self.get(key)?.span();
        Some(Sourced::new(self.duration(key)?, self.reader.origin(&span)))
    }

    /// Reads a list of strings. A single string counts as a list of one.
    pub(super) fn texts(&self, key: &'static str) -> Vec<String> {
        self.spanned_texts(key).into_iter().map(|(text, _)| text).collect()
    }

    /// Reads a string with its position. A list is refused: only its first string would count.
    pub(super) fn spanned_text(&self, key: &'static str) -> Option<(String, Range<usize>)> {
        let value = self.get(key)?;
        let text = value.get_ref().as_str().map(|text| (text.to_owned(), value.span()));
        if text.is_none() {
            self.wrong(value, key, "a string");
        }
        text
    }

    /// Reads a list of strings, with the position of each.
    pub(super) fn spanned_texts(&self, key: &'static str) -> Vec<(String, Range<usize>)> {
        let Some(value) = self.get(key) else { return Vec::new() };
        if let Some(text) = value.get_ref().as_str() {
            return vec![(text.to_owned(), value.span())];
        }
        let text =
            |item: &Spanned<DeValue<'_>>| Some((item.get_ref().as_str()?.into(), item.span()));
        self.items(key, "a list of strings", &text)
    }

    /// Reads a command: a string for the shell, or a list of arguments.
    pub(super) fn command(&self, key: &'static str) -> Option<Command> {
        let value = self.get(key)?;
        let before = self.reader.count();
        let command = match value.get_ref().as_str() {
            Some(text) => Command::Shell(text.to_owned()),
            None if value.get_ref().is_array() => Command::List(self.texts(key)),
            None => {
                self.wrong(value, key, "a string for the shell or a list of arguments");
                return None;
            }
        };
        if self.reader.count() > before {
            return None;
        }
        if command.is_blank() {
            self.reader.report(value.span(), format!("{key} must not be empty"));
            return None;
        }
        Some(command)
    }

    /// Reads a subtable.
    pub(super) fn section(&self, key: &'static str) -> Option<Section<'d>> {
        let value = self.get(key)?;
        self.open(key, value)
    }

    /// Opens the value of an entry as a section.
    pub(super) fn open(&self, key: &str, value: &'d Spanned<DeValue<'d>>) -> Option<Section<'d>> {
        let Some(table) = value.get_ref().as_table() else {
            self.wrong(value, key, "a table");
            return None;
        };
        let name = match self.name.as_str() {
            "" => format!("[{key}]"),
            name => format!("{}.{key}]", name.trim_end_matches(']')),
        };
        Some(Section::new(self.reader, name, value.span(), table))
    }

    /// Reads an array of tables, in file order.
    pub(super) fn sections(&self, key: &'static str) -> Vec<Section<'d>> {
        let Some(value) = self.get(key) else { return Vec::new() };
        let Some(list) = value.get_ref().as_array() else {
            self.wrong(value, key, &format!("tables under [[{key}]]"));
            return Vec::new();
        };
        list.iter().filter_map(|item| self.open(key, item)).collect()
    }

    /// Returns all entries except the `known` ones, in file order, for tables whose keys are names.
    pub(super) fn entries(&self) -> Vec<Entry<'d>> {
        let known = self.known.borrow();
        let mut entries: Vec<Entry<'d>> = self
            .table
            .iter()
            .map(|(key, value)| (key.get_ref().to_string(), key.span(), value))
            .filter(|(key, ..)| !known.contains(&key.as_str()))
            .collect();
        entries.sort_by_key(|(_, span, _)| span.start);
        entries
    }

    /// Returns the keys that are set, in file order, each prefixed with the name of its section.
    pub(super) fn keys(&self) -> Vec<Sourced<String>> {
        let section = self.name.trim_matches(['[', ']']);
        let mut keys: Vec<_> = self.table.keys().map(|key| (key.span(), key.get_ref())).collect();
        keys.sort_by_key(|(span, _)| span.start);
        let one = |(span, key)| Sourced::new(format!("{section}.{key}"), self.reader.origin(&span));
        keys.into_iter().map(one).collect()
    }

    /// Returns the line of a key.
    pub(super) fn line(&self, key: &str) -> u32 {
        let span = self.table.get(key).map_or_else(|| self.span.clone(), Spanned::span);
        match self.reader.origin(&span) {
            Origin::File { line } => line,
            Origin::Flag(_) | Origin::Environment(_) | Origin::Default => 0,
        }
    }

    /// Reports every key that was not requested. The keys in `absent` belong to features that this
    /// version does not have. They are refused, because silently ignoring them would break a
    /// promise.
    pub(super) fn close(&self, absent: &[&str]) {
        let place = if self.name.is_empty() { String::new() } else { format!(" in {}", self.name) };
        for (key, span, _) in self.entries() {
            let known = self.known.borrow();
            let message = if absent.contains(&key.as_str()) {
                format!("{key}{place} is not supported by this version; remove it")
            } else if let Some(meant) = nearest(&key, known.iter().copied()) {
                format!("unknown key {key}{place}; did you mean {meant}?")
            } else {
                format!("unknown key {key}{place}; known: {}", known.join(", "))
            };
            self.reader.report(span, message);
        }
    }
}

/// Reads a key that must be one of several words, and returns the meaning of the word.
pub(super) fn word<T: Copy>(
    section: &Section<'_>,
    key: &'static str,
    words: &[(&str, T)],
) -> Option<Sourced<T>> {
    let (text, span) = section.spanned_text(key)?;
    let meant = words.iter().find(|(word, _)| *word == text);
    if meant.is_none() {
        let known: Vec<String> = words.iter().map(|(word, _)| format!("\"{word}\"")).collect();
        section.reader.report(span.clone(), format!("{key} must be {}", known.join(" or ")));
    }
    meant.map(|(_, value)| Sourced::new(*value, section.reader.origin(&span)))
}

fn integer(value: &DeValue<'_>) -> Option<i64> {
    let integer = value.as_integer()?;
    i64::from_str_radix(&integer.as_str().replace('_', ""), integer.radix()).ok()
}
