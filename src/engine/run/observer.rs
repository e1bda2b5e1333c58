//! What a loop reports while it runs. How that is displayed is up to the command line.

use crate::domain::{Event, QueueIx, StepReport, Turn, Verdict};
use crate::engine::attempt::{Job, Stage};
use crate::engine::dispatch::SlotIx;
use crate::store::attempts::AttemptFolder;
use crate::views::mask::Mask;
use std::collections::HashSet;
use std::path::Path;
use std::time::Duration;

/// What a slot is or was busy with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Piece<'a> {
    /// The slot.
    pub slot: SlotIx,
    /// The queue, by its number.
    pub queue: QueueIx,
    /// The id of the task, or the name of a verification of the tree.
    pub id: &'a str,
    /// The title of the task.
    pub title: &'a str,
    /// Which attempt of the task this is; `None` if it is not about a task.
    pub turn: Option<Turn>,
    /// The folder that has its output.
    pub folder: &'a AttemptFolder,
    /// The secrets that must not be shown.
    pub mask: &'a Mask,
}

impl<'a> Piece<'a> {
    /// Creates the piece for `job` in `slot`.
    pub(super) fn of(slot: SlotIx, job: &'a Job) -> Self {
        let Job { id, title, turn, folder, mask, .. } = job;
        Self { slot, queue: job.queue, id, title, turn: *turn, folder, mask }
    }
}

/// What is kept about a running job for notices.
#[derive(Clone, Debug)]
pub(super) struct About {
    /// The queue, by its number.
    pub(super) queue: QueueIx,
    /// The id of the task, or the name of a verification of the tree.
    pub(super) id: String,
    title: String,
    turn: Option<Turn>,
    folder: AttemptFolder,
    mask: Mask,
}

impl About {
    /// Creates it from `job`.
    pub(super) fn of(job: &Job) -> Self {
        let Piece { queue, id, title, turn, folder, mask, .. } = Piece::of(SlotIx::new(0), job);
        let (id, title) = (id.to_owned(), title.to_owned());
        Self { queue, id, title, turn, folder: folder.clone(), mask: mask.clone() }
    }

    /// Returns the folder that has its output.
    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Returns it as the piece of work that runs in `slot`.
    pub(super) fn piece(&self, slot: SlotIx) -> Piece<'_> {
        let Self { queue, id, title, turn, folder, mask } = self;
        Piece { slot, queue: *queue, id, title, turn: *turn, folder, mask }
    }
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug)]
pub(crate) struct End<'a> {
    /// The verdict, if there is one.
    pub verdict: Option<Verdict>,
    /// What happened to the task, in words.
    pub what: &'a str,
    /// The command that failed.
    pub failed: Option<&'a StepReport>,
    /// The time from its start to its end.
    pub took: Duration,
}

/// The progress of the tasks in scope.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// The number of tasks that are not parked.
    pub total: usize,
    /// The number of complete tasks.
    pub complete: usize,
    /// The number of tasks in progress, by any worker.
    pub running: usize,
    /// The number of blocked tasks.
    pub blocked: usize,
    /// The number of tasks that are ready to be claimed.
    pub ready: usize,
}

/// Something that happened.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Notice<'a> {
    /// A line that this loop wrote into the journal.
    Event(&'a Event),
    /// A slot begins an attempt, or a verification of the tree.
    Begins(Piece<'a>),
    /// An attempt reached a new stage.
    Stage {
        slot: SlotIx,
        /// The id of the task.
        id: &'a str,
        /// The stage that it reached.
        stage: &'a Stage,
    },
    /// An attempt ended and its result was written.
    Ends(Piece<'a>, End<'a>),
    /// An attempt that took so long passed. Its end is reported when its change has landed.
    Passed(Piece<'a>, Duration),
    /// A slot begins to land a change that passed.
    Lands(Piece<'a>),
    /// A landing did not succeed for now, and the change keeps waiting.
    Frees(SlotIx),
    /// The progress of the tasks, after each change.
    Tally(Tally),
    /// The queues that are paused from now on; if the set is empty, none is.
    Paused(&'a HashSet<QueueIx>),
    /// The loop waits, for the given reason.
    Waits(&'a str),
    /// The loop will end when all running work has ended, for the given reason.
    Drains(&'a str),
    /// Something a person should know.
    Warning(&'a str),
}

/// Receives what a loop reports.
pub(crate) trait Observer {
    /// Receives one notice.
    fn notice(&mut self, notice: &Notice<'_>);
}
