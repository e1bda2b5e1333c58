//! What a place for queues must be able to do. `docs/design/backends.md` says who uses which part,
//! and how a place is added.

use super::control::Control;
use super::draft::Draft;
use super::error::StoreError;
use super::judge::Recorded;
use super::log::Log;
use super::place::{Place, TaskRef};
use super::state::{StateDir, TaskKey};
use crate::domain::{Event, QueueIx};
use crate::platform::lock::FileLock;
use crate::queue::Queue;
use std::collections::HashSet;
use std::fmt::Debug;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// How long an update waits for the lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patience {
    /// As long as the store's options allow: for verbs and claims.
    Limited,
    /// Without a deadline: for the result of work that was done.
    Unlimited,
}

/// Called with the queues after a change; returns warnings about what failed besides it.
pub type OnChange = Box<dyn FnMut(&[Queue]) -> Vec<String> + Send>;

/// A set of queues that are read and changed together, with their journals.
///
/// The first queues are served: they may be changed. The others are only read.
pub trait QueueStore: Debug + Send {
    /// Returns the queues as of the last read or update, without reading again.
    fn queues(&self) -> &[Queue];

    /// Returns the key of a queue. It names the queue for as long as it exists, in this store and
    /// in claims; only the store knows what else it means.
    fn key(&self, queue: QueueIx) -> &Path;

    /// Returns the folder of this host for what attempts leave: logs, prompts, results.
    fn state(&self, queue: QueueIx) -> StateDir;

    /// Returns the journal of a queue.
    fn log(&self, queue: QueueIx) -> Log;

    /// Returns where the last good text of a queue is kept, if a person can read it there.
    fn last_good(&self, queue: QueueIx) -> Option<String>;

    /// Loads another queue for reading only. Returns `false` if it cannot be read.
    fn watch(&mut self, address: &Path) -> bool;

    /// Makes each update exclusive among all queues of the projects at these `roots`, one for each
    /// served queue, because the claims of their other queues count.
    fn share(&mut self, roots: Vec<PathBuf>);

    /// Reads again what changed since the last read. Takes no lock and writes nothing.
    ///
    /// Returns whether anything changed.
    ///
    /// # Errors
    /// [`StoreError`] when a queue cannot be read or is refused. The last good state remains.
    fn read(&mut self) -> Result<bool, StoreError>;

    /// Makes one change under the lock and writes the queues that it changed.
    ///
    /// `change` may be called again if a queue changed meanwhile, so it must not have side effects
    /// that cannot be repeated. If it fails, nothing is written.
    ///
    /// # Errors
    /// Any error of `change`, or [`StoreError`] when locking, reading or writing fails.
    fn update(
        &mut self,
        patience: Patience,
        change: &mut dyn FnMut(&mut Draft<'_>) -> Result<(), StoreError>,
    ) -> Result<Vec<Event>, StoreError>;

    /// Appends events that change no task, and returns them with their numbers.
    ///
    /// # Errors
    /// [`StoreError`] when the journal cannot be written.
    fn note(
        &mut self,
        patience: Patience,
        queue: QueueIx,
        events: Vec<Event>,
    ) -> Result<Vec<Event>, StoreError>;

    /// Leaves an event for the next append, by a transition or by [`QueueStore::note`]. This saves
    /// a lock and a write. If the process dies first, the event is missing in the journal, so no
    /// transition may depend on it.
    fn note_later(&mut self, queue: QueueIx, event: Event);

    /// Appends the events that wait, except those of queues that are left alone.
    ///
    /// # Errors
    /// As [`QueueStore::note`].
    fn note_waiting(&mut self) -> Result<Vec<Event>, StoreError>;

    /// Fails if writes cannot be safe here.
    ///
    /// # Errors
    /// [`StoreError`] with the reason.
    fn check_writable(&self) -> Result<(), StoreError>;

    /// Does what can wait until nobody else does: removes what dead writers left, and frees what
    /// the last update replaced.
    ///
    /// # Errors
    /// [`StoreError`] when the lock cannot be acquired.
    fn maintain(&mut self, patience: Patience) -> Result<(), StoreError>;

    /// Calls `tell` with all queues after each change of one. The call is made under the lock, so
    /// that its output is never older than what another process wrote from the same queues. If it
    /// fails, the change is kept.
    fn on_change(&mut self, tell: OnChange);

    /// Returns what is recorded besides the queues: by it, the edits of others are judged.
    fn recorded(&self) -> &Recorded;

    /// Returns the same, to tell the store what happened outside of it.
    fn recorded_mut(&mut self) -> &mut Recorded;

    /// Returns whether a served queue contains text of other writers that was not judged under the
    /// lock. It may be an edit that will be put back.
    fn is_unjudged(&self) -> bool;

    /// Returns whether the last write in each journal matches its served queue, as far as there are
    /// journals. For readers, which judge nothing.
    fn is_recorded(&mut self) -> bool;

    /// Returns whether the queue is paused, and each loop that serves it has recorded that nothing
    /// runs for it.
    fn is_still(&self, queue: QueueIx) -> bool;

    /// Reads the undecided tasks again, because other processes may have changed them.
    ///
    /// # Errors
    /// [`StoreError`] when they cannot be read.
    fn see_undecided(&mut self) -> Result<(), StoreError>;

    /// Removes the recorded state of set-back tasks that are to be done again.
    fn decide(&mut self, tasks: &[TaskRef]);

    /// Returns the tasks about which nobody has decided since they were set back.
    fn undecided(&self) -> Vec<Place> {
        self.recorded().undecided().filter_map(|task| task.place(self.queues())).collect()
    }

    /// Reads a paused queue once more, when nothing of this process runs for it any more, and
    /// judges what its attempts wrote.
    ///
    /// # Errors
    /// As [`QueueStore::update`].
    fn look_when_still(&mut self, queue: QueueIx) -> Result<Vec<Event>, StoreError> {
        let alone = self.recorded().alone.clone();
        self.recorded_mut().alone.remove(&queue);
        let looked = self.update(Patience::Unlimited, &mut |_| Ok(()));
        self.recorded_mut().alone = alone;
        looked
    }

    /// Records which of the queues that are left alone are at rest for all loops. What is written
    /// to them until they are resumed is then a person's edit.
    fn note_stillness(&mut self) {
        let alone = self.recorded().alone.iter().copied();
        let still: HashSet<QueueIx> = alone.filter(|queue| self.is_still(*queue)).collect();
        self.recorded_mut().quiet.extend(still);
    }
}

/// Where claims are held. Who has a task is decided above it, in the same way for every store
/// (`docs/design/claims.md`).
pub trait ClaimKeeper: Debug + Send + Sync {
    /// Takes the claim of a task without waiting. Returns `None` while somebody else holds it.
    ///
    /// # Errors
    /// [`StoreError`] when that cannot be determined.
    fn take(&self, queue: &Path, key: &TaskKey) -> Result<Option<Hold>, StoreError>;

    /// Returns what the last supervisor that held the claim wrote about itself.
    fn record(&self, queue: &Path, key: &TaskKey) -> Option<Vec<u8>>;

    /// Returns the last event of a task that gave it to a worker or took it away.
    fn last_owner(&self, queue: &Path, task: &str) -> Option<Event>;
}

/// A claim that this process holds, until this is dropped.
pub trait Held: Debug + Send {
    /// Returns whether it still excludes others. A hold that was deleted behind our back does not.
    ///
    /// # Errors
    /// Any error that leaves this open.
    fn is_valid(&self) -> io::Result<bool>;

    /// Returns the lock that a supervisor on this host must inherit to hold the claim as well;
    /// `None` if no process can inherit this claim.
    fn lock(&self) -> Option<&FileLock>;
}

/// A claim that this process holds, of any store.
pub type Hold = Box<dyn Held>;

/// A place for queues: from it come the queues, who has their tasks, and who serves them.
pub trait Backend {
    /// Returns the loops of the place, without reading a queue: loops can be reached even if their
    /// queue is broken.
    fn control(&self) -> Arc<dyn Control>;

    /// Returns the journal of the queue with this key, without reading the queue.
    fn log(&self, queue: &Path) -> Log;

    /// Opens and reads the queues at these addresses. Writes nothing and takes no lock.
    ///
    /// # Errors
    /// [`StoreError`] when one cannot be read or is refused.
    fn open(self: Box<Self>, addresses: &[PathBuf]) -> Result<Opened, StoreError>;
}

/// What a [`Backend`] opened.
#[derive(Debug)]
pub struct Opened {
    /// The queues.
    pub store: Box<dyn QueueStore>,
    /// The claims of their tasks.
    pub claims: Arc<dyn ClaimKeeper>,
    /// The loops that serve them.
    pub control: Arc<dyn Control>,
}
