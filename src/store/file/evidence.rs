//! What the files beside a queue say about its text.

use super::beside;
use super::loaded::Loaded;
use crate::domain::{Event, QueueIx};
use crate::platform::ids::Ids;
use crate::queue::Queue;
use crate::store::journal::Journal;
use crate::store::judge::{Evidence, Origin};
use crate::store::records::requests;
use crate::store::records::undecided::{self, Undecided};
use crate::store::{Backups, StoreError, Trees, last_good};
use std::collections::HashMap;
use std::path::PathBuf;

/// The files of all queues, served ones first.
pub(super) struct Files<'s> {
    pub(super) loaded: &'s mut [Loaded],
    pub(super) journals: &'s HashMap<PathBuf, Journal>,
    pub(super) roots: &'s [PathBuf],
    pub(super) ids: &'s dyn Ids,
    pub(super) backups: Option<&'s Backups>,
}

impl Files<'_> {
    fn journal(&self, queue: QueueIx) -> Option<&Journal> {
        self.journals.get(self.loaded[queue].dir())
    }
}

impl Evidence for Files<'_> {
    fn take_unexplained(&mut self, queue: QueueIx) -> Option<String> {
        self.loaded[queue].take_unexplained()
    }

    fn origin(&self, queue: QueueIx) -> Origin {
        let Some(journal) = self.journal(queue) else { return Origin::Unknown };
        self.loaded[queue].origin(journal)
    }

    fn last_good(&self, queue: QueueIx, is_void: bool) -> Option<Queue> {
        let file = &self.loaded[queue];
        last_good::recorded(file.state(), file.path(), self.journal(queue)?, is_void)
    }

    fn has_last_good(&self, queue: QueueIx) -> bool {
        let file = &self.loaded[queue];
        last_good::exists(file.state(), file.path())
    }

    fn events(&self, queue: QueueIx) -> Box<dyn Iterator<Item = Event> + '_> {
        let name = self.loaded[queue].journal_name();
        let all = self.journal(queue).map(Journal::all);
        Box::new(all.into_iter().flatten().filter(move |event| event.queue == name))
    }

    fn others_ran(&self, queue: QueueIx) -> bool {
        let others =
            |root: &PathBuf| beside::others_ran(root, self.loaded[queue].path(), self.backups);
        match queue.of(self.roots) {
            // A verification of the tree executes what agents left there.
            Some(root) => Trees::of(root).are_judged() || others(root),
            // The project of a queue that is only read is unknown.
            None => self.roots.iter().any(others),
        }
    }

    fn is_still(&self, queue: QueueIx) -> bool {
        let file = &self.loaded[queue];
        requests::is_still(file.state(), file.stem())
    }

    fn keep_undecided(&self, queue: QueueIx, tasks: &Undecided) -> Result<(), StoreError> {
        let file = &self.loaded[queue];
        undecided::keep(file.state(), file.name(), tasks, self.ids)
            .map_err(StoreError::io("store the undecided tasks of", file.path()))
    }
}
