//! How loops and people find each other.

use super::error::StoreError;
pub use super::records::requests::Request;
pub use super::records::workers::Stillness;
use crate::domain::Task;
use std::collections::BTreeSet;
use std::fmt::Debug;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// How loops find each other, and how people reach them.
pub trait Control: Debug + Send + Sync {
    /// Enters a loop over the queues with these keys. Others find it for as long as the entry
    /// exists.
    ///
    /// # Errors
    /// [`StoreError`] when it cannot be entered.
    fn enter(&self, queues: &[&Path], about: &Looping) -> Result<Box<dyn Entry>, StoreError>;

    /// Returns the live loops that serve a queue.
    fn serving(&self, queue: &Path) -> Vec<Serving>;

    /// Returns the group of a queue: what people call it, and how many live loops serve queues of
    /// it.
    fn group(&self, queue: &Path) -> (PathBuf, usize);

    /// Returns why the loops of a queue cannot be asked anything; `None` if they can.
    ///
    /// # Errors
    /// Any error that leaves this open.
    fn refusal(&self, queue: &Path) -> io::Result<Option<String>>;

    /// Asks the loops of a queue, or of all queues of its group. Loops that are asked again learn
    /// that the request is new.
    ///
    /// # Errors
    /// [`StoreError`] when the request cannot be made.
    fn ask(&self, queue: &Path, request: Request, whom: Whom) -> Result<(), StoreError>;

    /// Returns when the loops of a queue were asked, if the request is in effect.
    fn asked(&self, queue: &Path, request: Request) -> Option<SystemTime>;

    /// Withdraws all requests to the loops of a queue, or of all queues of its group.
    ///
    /// # Errors
    /// [`StoreError`] when one cannot be withdrawn.
    fn withdraw(&self, queue: &Path, whom: Whom) -> Result<Withdrawn, StoreError>;

    /// Returns whether the queue is paused, and each loop that serves it said that nothing runs for
    /// it any more and that what its attempts wrote was judged. Any other change was then made by a
    /// person. Returns `false` if no loop is alive: nothing was judged then.
    fn is_still(&self, queue: &Path) -> bool;

    /// Enters a queue among those of the project at `root`, so that loops over other queues find
    /// it. It stays there.
    ///
    /// # Errors
    /// [`StoreError`] when it cannot be entered.
    fn register(&self, root: &Path, queue: &Path) -> Result<(), StoreError>;

    /// Returns the keys of all queues of the project at `root`, in a fixed order.
    ///
    /// # Errors
    /// When one may be missing: its tasks could run at the same time.
    fn registered(&self, root: &Path) -> Result<Vec<PathBuf>, StoreError>;

    /// Returns the tasks of a queue that `may_run`. A queue that cannot be read keeps its last
    /// ones; a queue that is gone has none.
    ///
    /// # Errors
    /// When a task may be missing, as for [`Control::registered`].
    fn tasks(&self, queue: &Path, may_run: &dyn Fn(&Task) -> bool)
    -> Result<Vec<Task>, StoreError>;

    /// Prepares to watch `queues`, requests to the loops of the first `served` of them, and the
    /// queues of the projects at `roots`. Calls `tell` when something changed. This only saves
    /// time: callers look once in a while anyway, so a place need not watch anything.
    fn wake(
        &self,
        queues: &[&Path],
        _served: usize,
        _roots: &[&Path],
        _tell: Tell,
    ) -> Box<dyn Wake> {
        Box::new(Unwatched::of(queues))
    }

    /// Prepares to watch `queues` and the journals of the first `served` of them, for people who
    /// follow what happens. Calls `tell` as [`Control::wake`] does.
    fn follow(&self, queues: &[&Path], _served: usize, _tell: Tell) -> Box<dyn Wake> {
        Box::new(Unwatched::of(queues))
    }
}

/// The loops that are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whom {
    /// Those of one queue.
    Queue,
    /// Those of all queues of its group, whatever it contains later.
    Group,
}

/// What became of requests that were withdrawn.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Withdrawn {
    /// How many there were.
    pub count: usize,
    /// Describes, in words, what looks like a request and is none. It stays.
    pub strays: Vec<String>,
    /// Whether the loops of all queues of the group are still asked something.
    pub group_is_asked: bool,
}

/// A live loop that serves a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Serving {
    /// Its process.
    pub pid: u32,
    /// The pause for which nothing runs for the queue any more.
    pub still: Option<SystemTime>,
}

/// Called when something changed.
pub type Tell = Box<dyn Fn() + Send>;

/// What others learn about a loop.
#[derive(Clone, Debug)]
pub struct Looping {
    /// Its name, 8 hex digits.
    pub name: String,
    /// Its process.
    pub pid: u32,
    /// The start time of that process.
    pub start: u64,
    /// How many slots it has.
    pub jobs: usize,
}

/// What people ask of the loops of a queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// Finish what is running, claim nothing more, and exit.
    pub stop: bool,
    /// Claim nothing and suspend what is running until asked to continue. The value identifies the
    /// request.
    pub pause: Option<SystemTime>,
}

/// The entry of a loop among others. Dropping it removes it.
pub trait Entry: Debug + Send {
    /// Returns what is asked now about each of its queues, in their order.
    fn asked(&self) -> Vec<Asked>;

    /// Describes, in words, what looks like a request and is none.
    fn strays(&self) -> Vec<String>;

    /// Enters the loop again if its entry is gone: agents delete what git ignores.
    ///
    /// # Errors
    /// Any error that prevents it.
    fn keep(&mut self) -> io::Result<()>;

    /// Tells which of its queues are at rest, in their order.
    fn say(&mut self, still: &[Option<Stillness>]);
}

/// Wakes a loop.
pub trait Wake: Send {
    /// Starts watching. Returns whether it was not watching before: the caller then has to look for
    /// changes made until now.
    fn listen(&mut self) -> bool;

    /// Prepares for the next change.
    fn rearm(&mut self);

    /// Watches `queues` too. Returns `true` if one of them is new.
    fn also(&mut self, queues: &[&Path]) -> bool;
}

/// Watches nothing: its owner looks once in a while.
struct Unwatched {
    known: BTreeSet<PathBuf>,
    is_listening: bool,
}

impl Unwatched {
    fn of(queues: &[&Path]) -> Self {
        let known = queues.iter().map(|queue| (*queue).to_owned()).collect();
        Self { known, is_listening: false }
    }
}

impl Wake for Unwatched {
    fn listen(&mut self) -> bool {
        !std::mem::replace(&mut self.is_listening, true)
    }

    fn rearm(&mut self) {}

    fn also(&mut self, queues: &[&Path]) -> bool {
        queues.iter().fold(false, |new, queue| self.known.insert((*queue).to_owned()) | new)
    }
}
