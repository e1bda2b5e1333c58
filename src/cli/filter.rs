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

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};
    use std::path::Path;

    fn queue(tasks: Value) -> Queue {
        let text = json!({ "tasks": tasks }).to_string();
        Queue::parse(Path::new("q.json"), text.into_bytes()).expect("a queue")
    }

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    /// Returns the failure of a filter over two queues; `None` if some task matches.
    fn refused(filter: &FilterArgs) -> Option<String> {
        let queues = [
            queue(json!([
                {"id": "A", "title": "a", "phase": "build", "type": "bug", "tags": ["x", "y"]},
                {"id": "B", "title": "b", "phase": 2, "type": "docs", "parent": "E"},
            ])),
            queue(
                json!([{"id": "C", "title": "c", "phase": "build", "tags": ["y"], "epic": "F", "parent": "E"}]),
            ),
        ];
        refuse_empty(filter, &queues).err().map(|failure| {
            assert_eq!((failure.exit(), failure.hints.len()), (2, 0));
            failure.message
        })
    }

    fn none() -> FilterArgs {
        FilterArgs::default()
    }

    #[test]
    fn a_filter_that_some_task_matches_is_accepted() {
        for filter in [
            none(),
            FilterArgs { phase: words(&["BUILD"]), ..none() },
            FilterArgs { phase: words(&["nowhere", "2"]), ..none() },
            FilterArgs { kind: words(&["bug"]), tag: words(&["y"]), ..none() },
            FilterArgs { epic: words(&["E"]), ..none() },
        ] {
            assert_eq!(refused(&filter), None, "{filter:?}");
        }
        assert!(refuse_empty(&none(), &[]).is_ok(), "nothing was asked for");
    }

    #[test]
    fn a_value_that_no_task_has_is_reported_with_those_that_exist() {
        for (filter, text) in [
            (
                FilterArgs { phase: words(&["biuld"]), ..none() },
                "no task has phase biuld; there are: build, 2; did you mean build?",
            ),
            (
                FilterArgs { phase: words(&["one", "three"]), ..none() },
                "no task has phase one or three; there are: build, 2",
            ),
            (FilterArgs { track: words(&["t"]), ..none() }, "no task has track t; no task has any"),
            (
                FilterArgs { kind: words(&["feature"]), ..none() },
                "no task has type feature; there are: bug, docs",
            ),
            (
                FilterArgs { tag: words(&["zzzz"]), ..none() },
                "no task has tag zzzz; there are: x, y",
            ),
            (
                FilterArgs { epic: words(&["Gggg"]), ..none() },
                "no task has epic Gggg; there are: E, F",
            ),
            // The first filter that nothing matches alone is the one to correct.
            (
                FilterArgs {
                    phase: words(&["build"]),
                    kind: words(&["feature"]),
                    tag: words(&["zzzz"]),
                    ..none()
                },
                "no task has type feature; there are: bug, docs",
            ),
            // Each matches alone.
            (
                FilterArgs { phase: words(&["2"]), kind: words(&["bug", "x"]), ..none() },
                "no task has all of phase 2, type bug or x",
            ),
            (
                FilterArgs { epic: words(&["F"]), tag: words(&["x"]), ..none() },
                "no task has all of tag x, epic F",
            ),
        ] {
            assert_eq!(refused(&filter).as_deref(), Some(text), "{filter:?}");
        }
    }

    #[test]
    fn only_the_first_twenty_values_are_listed() {
        let text = |count: usize| {
            let values: Vec<String> =
                (1..=count).flat_map(|n| [n.to_string(), n.to_string()]).collect();
            listed(values.iter().map(String::as_str))
        };
        assert_eq!(text(0), "; no task has any");
        assert_eq!(text(2), "; there are: 1, 2");
        assert!(text(20).ends_with(", 19, 20"), "{}", text(20));
        assert!(text(21).ends_with(", 19, 20 and more"), "{}", text(21));
    }

    #[test]
    fn a_scope_has_what_the_flags_say() {
        let filter = FilterArgs {
            phase: words(&["p"]),
            track: words(&["t"]),
            kind: words(&["k"]),
            tag: words(&["g"]),
            epic: words(&["e"]),
        };
        let scope = scope(&filter, &words(&["A", "B", "A"]));
        let wanted = Scope {
            nothing: false,
            ids: words(&["A", "B"]).into_iter().collect(),
            phases: words(&["p"]),
            tracks: words(&["t"]),
            kinds: words(&["k"]),
            tags: words(&["g"]),
            epics: words(&["e"]),
        };
        assert_eq!(scope, wanted);
    }
}
