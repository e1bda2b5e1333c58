//! Maps keys to fields, for every key of every task of a file: a small hash table of the spellings
//! in the domain.

use crate::domain::Field;
use std::sync::OnceLock;

/// A spelling: a field, and the index of the key in its list of spellings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Spelling {
    /// The field.
    pub(crate) field: Field,
    /// The index into [`Field::spellings`]; 0 is the preferred spelling.
    pub(crate) index: u8,
}

const SIZE: usize = 512;

pub(crate) struct Keys {
    slots: Vec<Option<(&'static str, Spelling)>>,
}

/// Returns the table.
pub(crate) fn keys() -> &'static Keys {
    static KEYS: OnceLock<Keys> = OnceLock::new();
    KEYS.get_or_init(Keys::build)
}

fn slot(key: &[u8]) -> usize {
    let length = key.len();
    let byte = |index: usize| usize::from(key.get(index).copied().unwrap_or(0));
    let sum = length * 67 + byte(0) * 31 + byte(length / 2) * 17 + byte(length.wrapping_sub(1)) * 7;
    (sum ^ (sum >> 9)) % SIZE
}

impl Keys {
    fn build() -> Self {
        let mut slots = vec![None; SIZE];
        for field in Field::all() {
            for (index, key) in field.spellings().iter().enumerate() {
                let mut at = slot(key.as_bytes());
                while slots[at].is_some() {
                    at = (at + 1) % SIZE;
                }
                slots[at] = Some((*key, Spelling { field, index: index as u8 }));
            }
        }
        Self { slots }
    }

    /// Returns the spelling of `key` (with its escapes resolved).
    #[inline]
    pub(crate) fn find(&self, key: &[u8]) -> Option<Spelling> {
        let mut at = slot(key);
        while let Some((name, spelling)) = self.slots[at] {
            if name.as_bytes() == key {
                return Some(spelling);
            }
            at = (at + 1) % SIZE;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_is_found_and_nothing_else() {
        for field in Field::all() {
            for (index, key) in field.spellings().iter().enumerate() {
                let found = keys().find(key.as_bytes());
                assert_eq!(found, Some(Spelling { field, index: index as u8 }), "{key}");
            }
        }
        for key in ["", "Id", "titles", "zzz", "état"] {
            assert_eq!(keys().find(key.as_bytes()), None, "{key}");
        }
    }
}
