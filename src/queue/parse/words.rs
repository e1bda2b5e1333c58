//! The words of a file: its status words and the spellings of its keys, with how often each
//! is in it.

use super::field_span::FieldSpan;
use super::home::{Home, fits_flag};
use crate::domain::{Field, Status};
use crate::queue::json::values::unquote;

/// Counts that are kept true with every change of a task.
#[derive(Clone, Debug, Default)]
pub(crate) struct Words {
    statuses: Vec<(Status, String, usize)>,
    /// How many tasks have their state where. Of those with a `status` only the pending and the
    /// complete ones count: the others may have it beside a flag, which cannot say more.
    homes: [usize; Home::ALL.len()],
    /// How many tasks write a field in a spelling, for fields that have more than one.
    spellings: Vec<((Field, u8), usize)>,
}

impl Words {
    /// Counts a task in.
    pub(crate) fn add(&mut self, text: &str, fields: &[FieldSpan], status: Status) {
        self.count(text, fields, status, 1);
    }

    /// Takes a task out.
    pub(crate) fn remove(&mut self, text: &str, fields: &[FieldSpan], status: Status) {
        self.count(text, fields, status, -1);
    }

    /// Counts in all that `behind` has counted, in tasks that come later.
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

    /// The word that the file uses most for a state. A word of which the last use was changed
    /// away still counts as the file's own.
    pub(crate) fn status(&self, status: Status) -> Option<&str> {
        let own = self.statuses.iter().filter(|(s, ..)| *s == status);
        // Of equally frequent words the first one counts, as a new reading would say.
        own.rev().max_by_key(|(.., count)| *count).map(|(_, word, _)| word.as_str())
    }

    /// Where most tasks have their state: the place of it in a task that does not say.
    pub(crate) fn home(&self) -> Home {
        let most = self.homes.iter().copied().max().unwrap_or_default();
        let is_most = |home: &Home| self.homes[*home as usize] == most;
        Home::ALL.into_iter().find(is_most).unwrap_or(Home::Status)
    }

    /// The key under which a task that lacks `field` gets it.
    pub(crate) fn key(&self, field: Field) -> &'static str {
        let used = |index: u8| {
            self.spellings.iter().any(|(key, count)| *key == (field, index) && *count > 0)
        };
        let spellings = field.spellings();
        let index = (0..spellings.len()).find(|index| used(*index as u8)).unwrap_or(0);
        spellings[index]
    }
}
