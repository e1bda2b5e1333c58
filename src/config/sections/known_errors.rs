//! `[[known_errors]]`: what people know about recurring errors.

use super::super::model::KnownErrorRule;
use super::super::reader::Section;
use crate::domain::KnownError;
use regex::Regex;

/// Reads the tables, in file order.
pub(in super::super) fn read(sections: &[Section<'_>]) -> Vec<KnownErrorRule> {
    sections.iter().filter_map(one).collect()
}

fn one(section: &Section<'_>) -> Option<KnownErrorRule> {
    let before = section.reader.count();
    let pattern = section.spanned_text("match");
    let is_missing = pattern.is_none() && section.reader.count() == before;
    let cause = section.text("cause").map(|text| text.value);
    let fix = section.text("fix").map(|text| text.value);
    section.close(&[]);
    if is_missing {
        let message = "a known error needs match: a regular expression";
        section.reader.report(section.span.clone(), message);
    }
    let (pattern, span) = pattern?;
    if let Err(error) = Regex::new(&pattern) {
        let why = error.to_string().replace('\n', " ");
        section.reader.report(span.clone(), format!("match is not a regular expression: {why}"));
        return None;
    }
    // A pattern that matches the empty text matches every output.
    if Regex::new(&pattern).is_ok_and(|regex| regex.is_match("")) {
        section.reader.report(span, format!("match: {pattern:?} matches every output"));
        return None;
    }
    if cause.is_none() && fix.is_none() && section.reader.count() == before {
        section.reader.report(section.span.clone(), "a known error needs cause, fix or both");
    }
    Some(KnownErrorRule { pattern, known: KnownError { cause, fix } })
}
