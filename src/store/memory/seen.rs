//! A text as one handle last read it.

use super::place::{Document, Shared};
use crate::queue::Queue;
use crate::store::StoreError;
use std::path::{Path, PathBuf};

/// A text as it was last read.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) key: PathBuf,
    /// Its number; 0 if the queue in this handle differs from it.
    pub(super) number: u64,
    pub(super) hash: String,
    /// Whether this handle neither wrote nor judged it.
    pub(super) is_unexplained: bool,
}

pub(super) fn read(shared: &Shared, key: &Path) -> Result<(Seen, Queue), StoreError> {
    let (text, number) = shared.with(key, |document| (document.text.clone(), document.number))?;
    let queue = Queue::parse(key, text).map_err(Box::new)?;
    let (key, hash) = (key.to_owned(), queue.text_hash());
    Ok((Seen { key, number, hash, is_unexplained: true }, queue))
}

impl Seen {
    /// Reads the text again into `queue`, if it is another one. Returns whether it is.
    pub(super) fn refresh(
        &mut self,
        shared: &Shared,
        queue: &mut Queue,
    ) -> Result<bool, StoreError> {
        let is_new = |document: &mut Document| {
            (document.number != self.number).then(|| (document.text.clone(), document.number))
        };
        let Some((text, number)) = shared.with(&self.key, is_new)? else { return Ok(false) };
        queue.reread(text).map_err(Box::new)?;
        (self.number, self.hash, self.is_unexplained) = (number, queue.text_hash(), true);
        Ok(true)
    }
}
