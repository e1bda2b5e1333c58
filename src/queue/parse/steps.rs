//! Reads which steps of a task depend on other tasks, and which on each other.

use super::forms;
use super::lists::references;
use crate::domain::{Field, Text, Texts};
use crate::queue::json::object::members;
use crate::queue::json::values::elements;

/// A step that names others.
struct Step {
    /// The names by which others may refer to it: its number in the list, its id, its title.
    names: Vec<Text>,
    /// The names that it refers to.
    waits_for: Texts,
}

fn read(raw: &str) -> Vec<Step> {
    let one = |(number, raw): (usize, &str)| {
        let mut step = Step { names: Vec::new(), waits_for: Texts::new() };
        for member in members(raw) {
            let value = &raw[member.start..member.end];
            match &*member.name {
                "id" | "step" | "number" | "name" | "title" => {
                    step.names.extend(forms::name(value));
                }
                key if Field::Dependencies.spellings().contains(&key) && value != "null" => {
                    step.waits_for.extend(references(value));
                }
                _ => {}
            }
        }
        step.names.push(Text::from((number + 1).to_string()));
        step
    };
    elements(raw).enumerate().map(one).collect()
}

/// Returns the names that the steps `raw` refer to apart from each other: tasks on which their task
/// depends.
pub(super) fn named(raw: &str) -> Texts {
    let steps = read(raw);
    let is_step = |text: &&Text| steps.iter().any(|step| step.names.contains(text));
    let mut named = Texts::new();
    for text in steps.iter().flat_map(|step| &step.waits_for).filter(|text| !is_step(text)) {
        if !named.contains(text) {
            named.push(text.clone());
        }
    }
    named
}

/// Returns a step that is listed before one on which it depends, and that other one, by name.
pub(crate) fn out_of_order(raw: &str) -> Option<(Text, Text)> {
    let steps = read(raw);
    steps.iter().enumerate().find_map(|(at, step)| {
        let later = |text: &&Text| steps[at..].iter().any(|other| other.names.contains(text));
        let earlier = |text: &&Text| steps[..at].iter().any(|other| other.names.contains(text));
        let first = step.waits_for.iter().find(|text| later(text) && !earlier(text))?;
        Some((step.names.first()?.clone(), first.clone()))
    })
}
