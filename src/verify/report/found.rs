//! Types and functions that the parsers of reports share.

use crate::domain::{ItemId, ItemState};
use serde_json::{Deserializer, Value};

/// Items in the order in which a tool reported them.
pub(super) type Found = Vec<(ItemId, ItemState)>;

/// Returns an error if a report lists another number of items than its summary counts.
pub(super) fn counted(found: usize, told: usize) -> Result<(), String> {
    if found == told {
        return Ok(());
    }
    Err(format!("it lists {found} items, and counts {told} at its end"))
}

/// Returns the JSON documents in `text` that begin with `head`. A tool that runs once for each
/// package of a project prints several, and none may hide another.
pub(super) fn documents(text: &str, head: &str) -> Result<Vec<Value>, String> {
    let (mut all, mut rest) = (Vec::new(), text);
    while let Some(begin) = rest.find(head) {
        let mut values = Deserializer::from_str(&rest[begin..]).into_iter::<Value>();
        let read = values.next().and_then(Result::ok).ok_or("its JSON is cut off")?;
        rest = &rest[begin + values.byte_offset()..];
        all.push(read);
    }
    Ok(all)
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
