//! Types and functions that the parsers of reports share.

use crate::domain::{ItemId, ItemState};

/// Items in the order in which a tool reported them.
pub(super) type Found = Vec<(ItemId, ItemState)>;

/// Returns an error if a report lists another number of items than its summary counts.
pub(super) fn counted(found: usize, told: usize) -> Result<(), String> {
    if found == told {
        return Ok(());
    }
    Err(format!("it lists {found} items, and counts {told} at its end"))
}

/// Returns the number before `word` in a text such as `1 failed, 2 passed`.
pub(super) fn number_before(text: &str, word: &str) -> usize {
    let mut words = text.split([' ', ',', '|', '(', ')', ';', '=']).filter(|part| !part.is_empty());
    let mut last = "";
    words
        .find_map(|part| {
            let number = (part == word).then(|| last.parse().ok()).flatten();
            last = part;
            number
        })
        .unwrap_or(0)
}
