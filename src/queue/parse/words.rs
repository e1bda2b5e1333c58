//! The words of a file: its status words and the spellings of its keys, with how often each occurs.

use super::field_span::FieldSpan;
use super::home::{Home, fits_flag};
use crate::domain::{Field, Status};
use crate::queue::json::values::unquote;

/// Counts that are updated with every change of a task.
#[derive(Clone, Debug, Default)]
pub(crate) struct Words {
    statuses: Vec<(Status, String, usize)>,
    /// How many tasks store their state under each key. Of tasks with a `status`, only pending and
    /// complete ones count, because the others may have it in addition to a flag that cannot
    /// express their state.
    homes: [usize; Home::ALL.len()],
    /// How many tasks use each spelling, for fields with more than one.
    spellings: Vec<((Field, u8), usize)>,
}

impl Words {
    /// Adds a task to the counts.
    pub(crate) fn add(&mut self, text: &str, fields: &[FieldSpan], status: Status) {
        self.count(text, fields, status, 1);
    }

    /// Removes a task from the counts.
    pub(crate) fn remove(&mut self, text: &str, fields: &[FieldSpan], status: Status) {
        self.count(text, fields, status, -1);
    }

    /// Adds the counts of `behind`, which are from tasks that come later.
    pub(super) fn merge(&mut self, behind: Self) {
        for (status, word, count) in behind.statuses {
            match self.statuses.iter_mut().find(|(s, w, _)| *s == status && *w == word) {
                Some((.., own)) => *own += count,
                None => self.statuses.push((status, word, count)),
            }
        }
        for (own, count) in self.homes.iter_mut().zip(behind.homes) {
            *own += count;
        }
        for (key, count) in behind.spellings {
            match self.spellings.iter_mut().find(|(own, _)| *own == key) {
                Some((_, own)) => *own += count,
                None => self.spellings.push((key, count)),
            }
        }
    }

    fn count(&mut self, text: &str, fields: &[FieldSpan], status: Status, by: isize) {
        if let Some((home, span)) = Home::find(text, fields) {
            let raw = &text[span.start as usize..span.end as usize];
            if home != Home::Status || fits_flag(status) {
                let count = &mut self.homes[home as usize];
                *count = count.saturating_add_signed(by);
            }
            if status != Status::Unknown && raw.starts_with('"') {
                self.count_status(status, &unquote(raw), by);
            }
        }
        for span in fields {
            if matches!(span.field, Field::Attempts | Field::Error) {
                self.count_spelling((span.field, span.spelling), by);
            }
        }
    }

    fn count_status(&mut self, status: Status, word: &str, by: isize) {
        let found = self.statuses.iter_mut().find(|(s, w, _)| *s == status && w == word);
        match found {
            Some((.., count)) => *count = count.saturating_add_signed(by),
            None => self.statuses.push((status, word.to_owned(), 1)),
        }
    }

    fn count_spelling(&mut self, key: (Field, u8), by: isize) {
        match self.spellings.iter_mut().find(|(k, _)| *k == key) {
            Some((_, count)) => *count = count.saturating_add_signed(by),
            None => self.spellings.push((key, 1)),
        }
    }

    /// Returns the word that the file uses most for a state. A word whose last use was changed
    /// still counts as the file's own.
    pub(crate) fn status(&self, status: Status) -> Option<&str> {
        let own = self.statuses.iter().filter(|(s, ..)| *s == status);
        // Of equally frequent words the first one counts, as it would after parsing the file again.
        own.rev().max_by_key(|(.., count)| *count).map(|(_, word, _)| word.as_str())
    }

    /// Returns where most tasks store their state, which is also the place for tasks without one.
    pub(crate) fn home(&self) -> Home {
        let most = self.homes.iter().copied().max().unwrap_or_default();
        let is_most = |home: &Home| self.homes[*home as usize] == most;
        Home::ALL.into_iter().find(is_most).unwrap_or(Home::Status)
    }

    /// Returns the key under which `field` is added to a task that lacks it.
    pub(crate) fn key(&self, field: Field) -> &'static str {
        let used = |index: u8| {
            self.spellings.iter().any(|(key, count)| *key == (field, index) && *count > 0)
        };
        let spellings = field.spellings();
        let index = (0..spellings.len()).find(|index| used(*index as u8)).unwrap_or(0);
        spellings[index]
    }
}
