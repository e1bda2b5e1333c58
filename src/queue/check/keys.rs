//! Finds keys that the program does not read but the author probably thinks it does: misspellings
//! of known keys, and keys that name other tasks. Each key is reported once per file.

use super::checks::clip;
use super::finding::{Finding, severity};
use crate::domain::{Field, Status, distance_below};
use crate::queue::document::Queue;
use crate::queue::json::kind::Kind;
use crate::queue::json::object::members;
use crate::queue::json::values::{elements, string};
use crate::queue::parse::forms;
use crate::queue::parse::keys::keys;
use std::collections::HashMap;

/// The maximum number of distinct keys of a file that are checked.
const MOST: usize = 1000;

/// An unknown key that looks as if it should have a meaning.
pub(super) struct OddKey {
    pub(super) code: &'static str,
    /// The offset of the first occurrence of the key.
    pub(super) offset: usize,
    /// The task in which the key occurs first.
    pub(super) index: usize,
    says: String,
    tasks: usize,
}

impl Queue {
    /// Returns the unknown keys that are probably meant to be known ones, each once, in file order.
    pub fn odd_keys(&self) -> Vec<Finding> {
        let made = |odd: OddKey| Finding {
            severity: severity(odd.code),
            code: odd.code,
            position: self.snapshot().position(odd.offset),
            task: self.tasks().get(odd.index).map(|task| task.id.clone()),
            message: odd.message(),
        };
        self.search_keys().into_iter().map(made).collect()
    }

    pub(super) fn search_keys(&self) -> Vec<OddKey> {
        let mut seen: HashMap<String, Option<usize>> = HashMap::new();
        let mut found: Vec<OddKey> = Vec::new();
        for index in 0..self.slices.len() {
            let text = self.task_text(index);
            for entry in members(text).filter(|entry| keys().find(entry.name.as_bytes()).is_none())
            {
                let raw = &text[entry.start..entry.end];
                if let Some(at) = seen.get(&*entry.name).copied().flatten() {
                    found[at].tasks += 1;
                    continue;
                }
                let is_new = !seen.contains_key(&*entry.name);
                if is_new && seen.len() == MOST {
                    continue;
                }
                // A key that is not odd here may name a task further down.
                let near = if is_new { near_miss(&entry.name) } else { None };
                let odd = near
                    .or_else(|| self.tells_state(index, &entry.name, raw))
                    .or_else(|| self.names_task(index, &entry.name, raw));
                seen.insert(entry.name.clone().into_owned(), odd.as_ref().map(|_| found.len()));
                if let Some((code, says)) = odd {
                    let offset = self.slices.offset(index) + entry.key;
                    found.push(OddKey { code, offset, index, says, tasks: 1 });
                }
            }
        }
        found
    }

    /// Returns the finding about an unknown key that is most likely meant as the state of a task
    /// without a status: `isDone`, `finished`, `task_status`.
    fn tells_state(&self, index: usize, key: &str, raw: &str) -> Option<(&'static str, String)> {
        if self.home(index).is_some() {
            return None;
        }
        let word = letters(key);
        let meant = match Kind::of(raw) {
            Kind::Bool => {
                let word = ["is", "was", "has"].iter().find_map(|verb| word.strip_prefix(verb));
                let word = word.map_or_else(|| letters(key), str::to_owned);
                (Status::from_word(&word) == Status::Complete).then_some("done")
            }
            Kind::String => {
                let says = string(raw)?;
                let is_state = Status::from_word(&says) != Status::Unknown;
                (is_state && ["status", "state"].iter().any(|end| word.ends_with(end)))
                    .then_some("status")
            }
            Kind::Null | Kind::Number | Kind::Array | Kind::Object => None,
        }?;
        let key = clip(key);
        let says = format!(
            "`{key}` is not read, so the task counts as pending; if it is the state, call it \
             `{meant}`"
        );
        Some(("unread-state", says))
    }

    /// Returns the finding about an unknown key of a task whose value is the id of another task.
    fn names_task(&self, index: usize, key: &str, raw: &str) -> Option<(&'static str, String)> {
        let is_other = |raw: &str| {
            let id = forms::id(raw)?;
            self.index_of(&id).filter(|other| *other != index).map(|_| id.into_owned())
        };
        let id = match Kind::of(raw) {
            Kind::String => is_other(raw),
            // A list of numbers may be anything unless all of them are ids.
            Kind::Array => {
                let mut all = elements(raw).take(64).map(|e| (Kind::of(e), is_other(e)));
                let first = all.next()?;
                let numbers = first.0 == Kind::Number;
                let rest: Vec<_> = std::iter::once(first).chain(all).collect();
                let fits = !numbers || rest.iter().all(|(_, id)| id.is_some());
                rest.into_iter().find_map(|(_, id)| id).filter(|_| fits)
            }
            Kind::Null | Kind::Bool | Kind::Number | Kind::Object => None,
        }?;
        let (key, id) = (clip(key), clip(&id));
        let says = format!(
            "`{key}` names tasks of this file (`{id}`) but is not read, so it does not \
             order them; use `dependencies`"
        );
        Some(("unread-ids", says))
    }
}

impl OddKey {
    pub(super) fn message(&self) -> String {
        match self.tasks - 1 {
            0 => self.says.clone(),
            1 => format!("{} (also in 1 more task)", self.says),
            more => format!("{} (also in {more} more tasks)", self.says),
        }
    }
}

/// Returns the finding for a key that is similar to a known one.
fn near_miss(key: &str) -> Option<(&'static str, String)> {
    let known = Field::all().flat_map(|field| field.spellings()).copied();
    let near = known
        .filter(|known| is_near(key, known))
        .min_by_key(|known| letters(known) != letters(key))?;
    let key = clip(key);
    Some(("near-key", format!("`{key}` is not a known key; `{near}` is probably meant")))
}

/// Returns whether a key is probably a misspelling of a known one. A key that differs only in an
/// `s` at its end is treated as a different word.
fn is_near(key: &str, known: &str) -> bool {
    let (own, other) = (letters(key), letters(known));
    if own == other {
        return true;
    }
    // The keys of these fields are ordinary words, so similar keys such as `required` are not
    // misspellings.
    if Field::from_key(known).is_some_and(|field| Field::MAY_NAME_TASKS.contains(&field)) {
        return false;
    }
    let plural = own.strip_suffix('s') == Some(&other) || other.strip_suffix('s') == Some(&own);
    let limit = if own.len() < 5 || plural {
        0
    } else if own.len() < 10 {
        2
    } else {
        3
    };
    distance_below(&own, &other, limit).is_some()
}

/// Returns the letters of a key in lower case, without separators.
fn letters(key: &str) -> String {
    key.chars().filter(|c| !matches!(c, '_' | '-' | ' ')).flat_map(char::to_lowercase).collect()
}
