//! The facts about a text in memory, from what is kept beside it.

use super::place::Shared;
use super::seen::Seen;
use crate::domain::{Event, QueueIx};
use crate::queue::Queue;
use crate::store::StoreError;
use crate::store::journal::last_good;
use crate::store::journal::writes;
use crate::store::judge::{Evidence, Origin, origin};
use crate::store::records::undecided::Undecided;

/// The queues of one handle.
pub(super) struct Texts<'s> {
    pub(super) shared: &'s Shared,
    pub(super) seen: &'s mut [Seen],
}

impl Texts<'_> {
    fn journal(&self, queue: QueueIx) -> Vec<Event> {
        let key = &self.seen[queue].key;
        self.shared.with(key, |document| document.events.clone()).unwrap_or_default()
    }
}

impl Evidence for Texts<'_> {
    fn take_unexplained(&mut self, queue: QueueIx) -> Option<String> {
        let seen = &mut self.seen[queue];
        std::mem::take(&mut seen.is_unexplained).then(|| seen.hash.clone())
    }

    fn origin(&self, queue: QueueIx) -> Origin {
        let seen = &self.seen[queue];
        let last = self.shared.with(&seen.key, |document| document.last_write()).ok().flatten();
        let Some(last) = last else { return Origin::Unknown };
        let known_before = || writes::read(self.journal(queue).into_iter()).0?.known;
        origin(last, &seen.hash, &seen.number.to_string(), known_before)
    }

    fn last_good(&self, queue: QueueIx, is_void: bool) -> Option<Queue> {
        let seen = &self.seen[queue];
        let text = self.shared.with(&seen.key, |document| document.last_good.clone()).ok()??;
        let copy = Queue::parse(&seen.key, text).ok()?;
        let events = self.journal(queue);
        let since = writes::since(|| events.iter().cloned(), &copy.text_hash(), is_void)?;
        Some(last_good::completed(copy, &since))
    }

    fn has_last_good(&self, queue: QueueIx) -> bool {
        let key = &self.seen[queue].key;
        self.shared.with(key, |document| document.last_good.is_some()).unwrap_or(false)
    }

    fn events(&self, queue: QueueIx) -> Box<dyn Iterator<Item = Event> + '_> {
        Box::new(self.journal(queue).into_iter())
    }

    fn others_ran(&self, queue: QueueIx) -> bool {
        self.shared.others_ran(&self.seen[queue].key)
    }

    fn is_still(&self, queue: QueueIx) -> bool {
        self.shared.is_still(&self.seen[queue].key)
    }

    fn keep_undecided(&self, queue: QueueIx, tasks: &Undecided) -> Result<(), StoreError> {
        let key = &self.seen[queue].key;
        self.shared.with(key, |document| document.undecided = tasks.clone())
    }
}
