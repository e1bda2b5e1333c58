//! What a store knows about its queues besides their texts.

use crate::domain::{Event, QueueIx};
use crate::platform::fault::{self, Fault};
use crate::queue::Queue;
use crate::store::StoreError;
use crate::store::journal::writes::LastWrite;
use crate::store::records::undecided::Undecided;

/// How the text of a queue relates to its journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::store) enum Origin {
    /// There is no journal yet, or none any more.
    Unknown,
    /// It is the text of the last write.
    Recorded,
    /// Another program wrote it.
    Edited {
        /// The hash of the text that was known before.
        known: String,
        /// Whether the last write of the journal never took place.
        is_void: bool,
    },
}

/// The facts by which the text of a queue is judged. All of them are read under the lock.
pub(in crate::store) trait Evidence {
    /// Returns, once, the hash of a text that this process neither wrote nor judged.
    fn take_unexplained(&mut self, queue: QueueIx) -> Option<String>;

    /// Compares the text with the last write of the journal.
    fn origin(&self, queue: QueueIx) -> Origin;

    /// Returns the queue as it was last recorded, or as it was before that if the last write
    /// `is_void`.
    fn last_good(&self, queue: QueueIx, is_void: bool) -> Option<Queue>;

    /// Returns whether a last good text is kept.
    fn has_last_good(&self, queue: QueueIx) -> bool;

    /// Returns all events of the queue, oldest first.
    fn events(&self, queue: QueueIx) -> Box<dyn Iterator<Item = Event> + '_>;

    /// Returns whether anything of the project that is not a task of this queue may have written
    /// the text: attempts of other queues, or a verification of the tree.
    fn others_ran(&self, queue: QueueIx) -> bool;

    /// Returns whether the queue is paused and all loops report that nothing runs for it.
    fn is_still(&self, queue: QueueIx) -> bool;

    /// Stores the tasks that were set back and about which nobody has decided.
    ///
    /// # Errors
    /// [`StoreError`] when they cannot be stored.
    fn keep_undecided(&self, queue: QueueIx, tasks: &Undecided) -> Result<(), StoreError>;
}

/// Compares a text with the `last` write of its journal. `known_before` returns the hash of the text
/// that was known before that write, if it recorded an edit.
pub(in crate::store) fn origin(
    last: LastWrite,
    hash: &str,
    identity: &str,
    known_before: impl FnOnce() -> Option<String>,
) -> Origin {
    if hash == last.after {
        return Origin::Recorded;
    }
    // The writer died before its text was in place, so an edit that it had found was not judged
    // either.
    if last.is_void(hash, identity) {
        let known = known_before().filter(|_| !fault::is(Fault::VoidBelieved));
        return known.map_or(Origin::Recorded, |known| Origin::Edited { known, is_void: true });
    }
    Origin::Edited { known: last.after, is_void: false }
}
