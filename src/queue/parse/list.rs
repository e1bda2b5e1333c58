//! Determines which list of a file is its task list, and the refusal if there is none.

use super::refused::Reason;
use super::spans::Member;
use crate::queue::json::kind::Kind;
use crate::queue::json::object::members;
use crate::queue::json::values::elements;
use std::borrow::Cow;

/// The keys that always denote the task list.
const OWN: [&str; 2] = ["tasks", "features"];

/// The keys under which other tools store their tasks. They are ordinary words, so they denote the
/// task list only if neither key of [`OWN`] exists and the value is a list of objects.
const OTHERS: [&str; 7] =
    ["queue", "userStories", "stories", "items", "backlog", "jobs", "pending_tasks"];

/// The form of a queue, as an example in one line.
const FORM: &str = "a queue is a list of tasks, `[{\"id\": \"T-1\", \"title\": \"…\"}]`, by itself or under `tasks`";

/// Returns whether `name` is always the key of the task list.
pub(super) fn is_own_key(name: &str) -> bool {
    OWN.contains(&name)
}

/// The task list among the members of a file.
pub(super) struct TaskList {
    /// The index of the member.
    pub(super) member: usize,
    /// Whether its key is recognized immediately. Otherwise the tasks still have to be read.
    pub(super) own: bool,
}

/// Finds the task list of the file `text`.
pub(super) fn find(text: &str, all: &[Member]) -> Result<TaskList, Reason> {
    let file = File { text, all };
    let mut found: Option<(usize, Cow<'_, str>)> = None;
    let mut other = None;
    for (index, member) in all.iter().enumerate() {
        let name = file.name(member);
        if !is_own_key(&name) {
            continue;
        }
        if Kind::of(file.value(member)) != Kind::Array {
            other = Some(member);
            continue;
        }
        if found.as_ref().is_some_and(|(_, earlier)| *earlier != name) {
            return Err(two(member.key, "tasks", "features"));
        }
        found = Some((index, name));
    }
    match (found, other) {
        (Some((member, _)), _) => Ok(TaskList { member, own: true }),
        (None, Some(member)) => Err(file.no_list(member)),
        (None, None) => file.among_others(),
    }
}

fn two(at: usize, one: &str, other: &str) -> Reason {
    let text = format!(
        "there are lists of tasks under both `{one}` and `{other}`; put all tasks under one of them"
    );
    Reason::new(at, "two-task-lists", text)
}

/// A file whose members are known.
struct File<'t> {
    text: &'t str,
    all: &'t [Member],
}

impl<'t> File<'t> {
    fn name(&self, member: &Member) -> Cow<'t, str> {
        Member::name(&self.text[member.key..member.start])
    }

    fn value(&self, member: &Member) -> &'t str {
        &self.text[member.start..member.end]
    }

    /// Searches for the tasks under the keys of other tools. An empty list counts only if no other
    /// list has tasks, because a backlog may be empty next to them.
    fn among_others(&self) -> Result<TaskList, Reason> {
        let mut full: Option<usize> = None;
        let mut empty: Option<usize> = None;
        for (index, member) in self.all.iter().enumerate() {
            let name = self.name(member);
            if !OTHERS.contains(&&*name) || Kind::of(self.value(member)) != Kind::Array {
                continue;
            }
            let Some(first) = elements(self.value(member)).next() else {
                empty = Some(empty.filter(|at| self.name(&self.all[*at]) != name).unwrap_or(index));
                continue;
            };
            if Kind::of(first) != Kind::Object {
                continue;
            }
            let before = full.map(|at| self.name(&self.all[at]));
            if let Some(before) = before.filter(|before| *before != name) {
                return Err(two(member.key, &before, &name));
            }
            full = Some(index);
        }
        match full.or(empty) {
            Some(member) => Ok(TaskList { member, own: false }),
            None => Err(self.nowhere()),
        }
    }

    /// Returns the refusal of a file whose task-list key has another kind of value.
    fn no_list(&self, member: &Member) -> Reason {
        let (name, value) = (self.name(member), self.value(member));
        let kind = Kind::of(value);
        let mut text = format!("`{name}` must be a list of tasks, not {}", kind.words());
        if kind == Kind::Object && members(value).next().is_some() {
            text.push_str("; write its values as a list, each with its key as `id`");
        }
        Reason::new(member.start, "no-task-list", text)
    }

    /// Returns the refusal of a file without a task list at the top level, including what it
    /// contains.
    fn nowhere(&self) -> Reason {
        let deeper = self.all.iter().find_map(|member| {
            let place = tasks_inside(self.value(member))?;
            Some((member.key, format!("{}{place}", self.name(member))))
        });
        if let Some((at, place)) = deeper {
            let text =
                format!("the tasks are nested too deeply in the file, under `{place}`; {FORM}");
            return Reason::new(at, "no-task-list", text);
        }
        let names: Vec<String> = self.all.iter().map(|member| shown(&self.name(member))).collect();
        let found = match names.len() {
            0 => "the object is empty".to_owned(),
            count if count > SHOWN => {
                format!("it has {} and {} more", names[..SHOWN].join(", "), count - SHOWN)
            }
            _ => format!("it has {}", names.join(", ")),
        };
        let text = format!("there is no list of tasks in this file: {found}; {FORM}");
        Reason::new(0, "no-task-list", text)
    }
}

/// The number of keys of a file that are named.
const SHOWN: usize = 6;

fn shown(name: &str) -> String {
    let short: String = name.chars().take(40).flat_map(char::escape_debug).collect();
    format!("`{short}`")
}

/// Returns where a list of objects is one level below a value: `.tasks` of an object, `[].tasks` of
/// a list of objects.
fn tasks_inside(value: &str) -> Option<String> {
    match Kind::of(value) {
        Kind::Object => list_of(value).map(|key| format!(".{key}")),
        Kind::Array => elements(value).take(8).find_map(list_of).map(|key| format!("[].{key}")),
        Kind::Null | Kind::Bool | Kind::Number | Kind::String => None,
    }
}

/// Returns the key under which an object has a list of objects with a name used for task lists.
fn list_of(value: &str) -> Option<String> {
    let called = |name: &str| OWN.contains(&name) || OTHERS.contains(&name) || name == "subtasks";
    let found = members(value).find(|member| {
        let list = &value[member.start..member.end];
        called(&member.name) && elements(list).next().is_some_and(|e| Kind::of(e) == Kind::Object)
    });
    found.map(|member| member.name.into_owned())
}

/// Returns the refusal of a file that is a single value of another kind.
pub(super) fn no_form(at: usize, kind: Kind) -> Reason {
    Reason::new(at, "not-an-object", format!("the file holds {}; {FORM}", kind.words()))
}

/// Returns the refusal of text after the end of the first value.
pub(super) fn more_behind(text: &str, at: usize, close: char) -> Reason {
    let says = if text[at..].starts_with(['{', '['])
        && text[..at].trim_end_matches([' ', '\t']).ends_with('\n')
    {
        format!(
            "expected nothing more after the closing `{close}`: one value per line is not JSON; \
             {FORM}"
        )
    } else {
        format!("expected nothing more after the closing `{close}`")
    };
    Reason::new(at, "syntax", says)
}
