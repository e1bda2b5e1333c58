//! `[guardrails]`: what agents must not change, and what changes must not add.

use super::super::reader::{Section, word};
use crate::domain::Level;
use crate::guardrails::{CODES, Denied, Frozen, Requires, Rules};
use regex::Regex;
use std::collections::BTreeMap;

/// The maximum value of a file size limit, in kilobytes.
const MOST_KB: u32 = 1 << 20;

/// The settings of the section.
pub(in super::super) struct Guardrails {
    /// `protect`.
    pub(in super::super) protect: Vec<String>,
    /// `require_changes`.
    pub(in super::super) requires: Requires,
    /// All other settings.
    pub(in super::super) rules: Rules,
}

/// Reads the section.
pub(in super::super) fn read(section: &Section<'_>) -> Guardrails {
    let default = Rules::default();
    let scopes = [("warn", Level::Warn), ("fail", Level::Fail)];
    let kilobytes = section.number("max_file_kb", 1).map(|number| (*number).min(MOST_KB));
    let read = Guardrails {
        protect: globs(section, "protect"),
        requires: requires(section).unwrap_or_default(),
        rules: Rules {
            scope: word(section, "scope", &scopes).map_or(default.scope, |level| *level),
            deny: deny(section),
            allow: allow(section),
            levels: levels(section),
            max_file_bytes: kilobytes.map_or(default.max_file_bytes, |kb| u64::from(kb) << 10),
            frozen: section.sections("frozen").iter().filter_map(frozen).collect(),
        },
    };
    section.close(&[]);
    read
}

/// Reads `require_changes` of a section.
pub(in super::super) fn requires(section: &Section<'_>) -> Option<Requires> {
    word(section, "require_changes", &Requires::WORDS).map(|word| *word)
}

/// Reads globs that are relative to the project root.
fn globs(section: &Section<'_>, key: &'static str) -> Vec<String> {
    let globs = section.spanned_texts(key);
    for (glob, span) in &globs {
        if !is_glob(glob) {
            let message = format!("{key} must be globs relative to the project root");
            section.reader.report(span.clone(), message);
        }
    }
    globs.into_iter().map(|(glob, _)| glob).collect()
}

fn is_glob(glob: &str) -> bool {
    let outside = glob.starts_with('/') || glob.split('/').any(|part| part == "..");
    !glob.trim().is_empty() && !outside && fast_glob::validate(glob).is_ok()
}

fn deny(section: &Section<'_>) -> Vec<Denied> {
    let mut all = Vec::new();
    for (text, span) in section.spanned_texts("deny") {
        match Regex::new(&text) {
            // A pattern that matches the empty text matches every line.
            Ok(regex) if regex.is_match("") => {
                let message = format!("deny: {text:?} matches every line");
                section.reader.report(span, message);
            }
            Ok(regex) => all.push(Denied { text, regex }),
            Err(error) => {
                let why = error.to_string().replace('\n', " ");
                section.reader.report(span, format!("deny must be regular expressions: {why}"));
            }
        }
    }
    all
}

fn allow(section: &Section<'_>) -> Vec<(String, String)> {
    let mut all = Vec::new();
    for (text, span) in section.spanned_texts("allow") {
        match text.split_once(':') {
            Some((code, glob)) if is_glob(glob) => {
                if is_code(section, code, &span) {
                    all.push((code.to_owned(), glob.to_owned()));
                }
            }
            Some(_) | None => {
                let message = "allow must be rule codes, each followed by a glob relative to the \
                               project root: \"stub:examples/**\"";
                section.reader.report(span, message);
            }
        }
    }
    all
}

fn levels(section: &Section<'_>) -> BTreeMap<String, Option<Level>> {
    let mut all = BTreeMap::new();
    let Some(levels) = section.section("levels") else { return all };
    for (code, span, value) in levels.entries() {
        if !is_code(section, &code, &span) {
            continue;
        }
        let said = value.get_ref().as_str().unwrap_or_default();
        let level = Level::WORDS.iter().find(|(word, _)| *word == said).map(|(_, level)| *level);
        if level.is_none() && said != "off" {
            let message = format!("{code} must be \"warn\", \"fail\", \"block\" or \"off\"");
            section.reader.report(value.span(), message);
        }
        all.insert(code, level);
    }
    all
}

/// Returns whether a rule has this code. Reports the code if none has.
fn is_code(section: &Section<'_>, code: &str, span: &std::ops::Range<usize>) -> bool {
    let all = || CODES.iter().copied();
    if all().any(|known| known == code) {
        return true;
    }
    let near = crate::domain::nearest(code, all());
    let near = near.map_or_else(String::new, |near| format!("; did you mean {near}?"));
    let known = all().collect::<Vec<_>>().join(", ");
    section
        .reader
        .report(span.clone(), format!("no rule has the code {code}{near}; known: {known}"));
    false
}

fn frozen(section: &Section<'_>) -> Option<Frozen> {
    let before = section.reader.count();
    let frozen = Frozen {
        name: section.text("name").map(|name| name.value),
        paths: globs(section, "paths"),
        after: section.text("after").map(|after| after.value),
    };
    if frozen.paths.is_empty() && section.reader.count() == before {
        section.reader.report(section.span.clone(), "[[guardrails.frozen]] needs paths");
    }
    section.close(&[]);
    (!frozen.paths.is_empty()).then_some(frozen)
}
