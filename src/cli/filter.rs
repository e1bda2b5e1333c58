//! Turns the filters of the command line into a selection of tasks.

use super::args::FilterArgs;
use super::failure::Failure;
use crate::domain::{Task, Text, nearest};
use crate::project::Scope;
use crate::queue::Queue;

/// The maximum number of existing values to list.
const LISTED: usize = 20;

/// Converts the filters of the command line into a scope.
pub(super) fn scope(filter: &FilterArgs, ids: &[String]) -> Scope {
    Scope {
        nothing: false,
        ids: ids.iter().cloned().collect(),
        phases: filter.phase.clone(),
        tracks: filter.track.clone(),
        kinds: filter.kind.clone(),
        tags: filter.tag.clone(),
        epics: filter.epic.clone(),
    }
}

/// Rejects filters that no task of `queues` matches: most likely a value was mistyped.
///
/// # Errors
/// Fails as wrong usage, with the existing values.
pub(super) fn refuse_empty(filter: &FilterArgs, queues: &[Queue]) -> Result<(), Failure> {
    let tasks = || queues.iter().flat_map(Queue::tasks);
    let is_met = |filter: &FilterArgs| {
        let scope = scope(filter, &[]);
        tasks().any(|task| scope.includes(task))
    };
    let all = scope(filter, &[]);
    if all.is_all() || is_met(filter) {
        return Ok(());
    }
    let none = FilterArgs::default;
    let each: [(&str, &[String], FilterArgs, Values); 5] = [
        ("phase", &filter.phase, FilterArgs { phase: filter.phase.clone(), ..none() }, of_phase),
        ("track", &filter.track, FilterArgs { track: filter.track.clone(), ..none() }, of_track),
        ("type", &filter.kind, FilterArgs { kind: filter.kind.clone(), ..none() }, of_kind),
        ("tag", &filter.tag, FilterArgs { tag: filter.tag.clone(), ..none() }, of_tags),
        ("epic", &filter.epic, FilterArgs { epic: filter.epic.clone(), ..none() }, of_epic),
    ];
    for (name, wanted, alone, values) in &each {
        if !wanted.is_empty() && !is_met(alone) {
            let there = || tasks().flat_map(values);
            let near = wanted.iter().find_map(|wanted| nearest(wanted, there()));
            let meant = near.map_or_else(String::new, |near| format!("; did you mean {near}?"));
            let (wanted, there) = (wanted.join(" or "), listed(there()));
            return Err(Failure::usage(format_args!("no task has {name} {wanted}{there}{meant}")));
        }
    }
    let given = each.iter().filter(|(_, wanted, ..)| !wanted.is_empty());
    let given: Vec<String> =
        given.map(|(name, wanted, ..)| format!("{name} {}", wanted.join(" or "))).collect();
    Err(Failure::usage(format_args!("no task has all of {}", given.join(", "))))
}

/// Returns the values of a task with which a filter is compared.
type Values = fn(&Task) -> Vec<&str>;

fn of_phase(task: &Task) -> Vec<&str> {
    task.phase().into_iter().collect()
}

fn of_track(task: &Task) -> Vec<&str> {
    task.track().into_iter().collect()
}

fn of_kind(task: &Task) -> Vec<&str> {
    task.kind().into_iter().collect()
}

fn of_tags(task: &Task) -> Vec<&str> {
    task.tags().iter().map(Text::as_str).collect()
}

fn of_epic(task: &Task) -> Vec<&str> {
    task.epic().or(task.parent()).into_iter().collect()
}

/// Lists each value once, in the order of the file.
fn listed<'a>(values: impl Iterator<Item = &'a str>) -> String {
    let mut seen: Vec<&str> = Vec::new();
    let mut more = false;
    for value in values {
        if seen.contains(&value) {
            continue;
        }
        if seen.len() == LISTED {
            more = true;
            break;
        }
        seen.push(value);
    }
    match (seen.is_empty(), more) {
        (true, _) => "; no task has any".to_owned(),
        (false, false) => format!("; there are: {}", seen.join(", ")),
        (false, true) => format!("; there are: {} and more", seen.join(", ")),
    }
}
