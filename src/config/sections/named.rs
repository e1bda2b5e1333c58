//! Checks the names of agents and profiles that other sections use.

use super::super::model::Config;
use super::super::names::fold;
use super::super::reader::Section;
use crate::domain::nearest;
use std::ops::Range;

/// Reports a name of the kind `what` that no section defines.
pub(in super::super) fn check(
    section: &Section<'_>,
    span: &Range<usize>,
    (what, name): (&str, &str),
    config: &Config,
) {
    let known: Vec<&str> = if what == "agent" {
        config.agents.keys().map(String::as_str).chain(["manual", "human"]).collect()
    } else {
        config.steps.iter().map(|step| step.profile.as_str()).collect()
    };
    if known.iter().any(|known| fold(known) == fold(name)) {
        return;
    }
    let meant = nearest(name, known).map_or_else(String::new, |m| format!("; did you mean {m}?"));
    section.reader.report(span.clone(), format!("there is no {what} {name}{meant}"));
}
