//! What a loop tells while it runs; how it looks is the command line's business.

use crate::domain::{Event, StepReport, Turn, Verdict};
use crate::engine::attempt::{Job, Stage};
use crate::engine::dispatch::SlotIx;
use crate::store::attempts::AttemptFolder;
use crate::views::mask::Mask;
use std::collections::HashSet;
use std::path::Path;
use std::time::Duration;

/// What a slot is busy with, or was.
#[derive(Clone, Copy, Debug)]
pub struct Piece<'a> {
    /// The slot.
    pub slot: SlotIx,
    /// The queue, by its number.
    pub queue: usize,
    /// The task, or what a verification of the tree is called.
    pub id: &'a str,
    /// Its title.
    pub title: &'a str,
    /// Which attempt of the task; `None` where no task is worked on.
    pub turn: Option<Turn>,
    /// Where its output is.
    pub folder: &'a AttemptFolder,
    /// What must not be shown of it.
    pub mask: &'a Mask,
}

impl<'a> Piece<'a> {
    /// That of `job` in `slot`.
    pub(super) fn of(slot: SlotIx, job: &'a Job) -> Self {
        let Job { id, title, turn, folder, mask, .. } = job;
        Self { slot, queue: job.place.queue, id, title, turn: *turn, folder, mask }
    }
}

/// What is kept of a job that runs, to tell of it.
#[derive(Clone, Debug)]
pub(super) struct About {
    /// The queue, by its number.
    pub(super) queue: usize,
    /// The task, or what a verification of the tree is called.
    pub(super) id: String,
    title: String,
    turn: Option<Turn>,
    folder: AttemptFolder,
    mask: Mask,
}

impl About {
    /// That of `job`.
    pub(super) fn of(job: &Job) -> Self {
        let Piece { queue, id, title, turn, folder, mask, .. } = Piece::of(SlotIx::new(0), job);
        let (id, title) = (id.to_owned(), title.to_owned());
        Self { queue, id, title, turn, folder: folder.clone(), mask: mask.clone() }
    }

    /// Where its output is.
    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// As it is told of what runs in `slot`.
    pub(super) fn piece(&self, slot: SlotIx) -> Piece<'_> {
        let Self { queue, id, title, turn, folder, mask } = self;
        Piece { slot, queue: *queue, id, title, turn: *turn, folder, mask }
    }
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug)]
pub struct End<'a> {
    /// The verdict, if there is one.
    pub verdict: Option<Verdict>,
    /// What became of the task, in words.
    pub what: &'a str,
    /// The command that did not end well.
    pub failed: Option<&'a StepReport>,
    /// From its begin to its end.
    pub took: Duration,
}

/// How the tasks in scope are going.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// All that are not parked.
    pub total: usize,
    /// Complete.
    pub complete: usize,
    /// In progress, by whomever.
    pub running: usize,
    /// Blocked.
    pub blocked: usize,
    /// Ready to be claimed.
    pub ready: usize,
}

/// Something that happened.
#[derive(Clone, Copy, Debug)]
pub enum Notice<'a> {
    /// A line that this loop wrote into the journal.
    Event(&'a Event),
    /// A slot begins an attempt, or a verification of the tree.
    Begins(Piece<'a>),
    /// An attempt continues.
    Stage {
        /// The slot.
        slot: SlotIx,
        /// The task.
        id: &'a str,
        /// The stage.
        stage: &'a Stage,
    },
    /// An attempt ended and its result was written.
    Ends(Piece<'a>, End<'a>),
    /// An attempt passed, and its end is told when its change has landed.
    Passed(Piece<'a>, Duration),
    /// A slot begins to land a change that passed.
    Lands(Piece<'a>),
    /// A landing came to nothing for now, and the change waits.
    Frees(SlotIx),
    /// How the tasks are going, after each change.
    Tally(Tally),
    /// These queues are paused from now on; none is when the set is empty.
    Paused(&'a HashSet<usize>),
    /// The loop waits, and for what.
    Waits(&'a str),
    /// The loop will end when what runs has ended, and why.
    Drains(&'a str),
    /// Something a person should know.
    Warning(&'a str),
}

/// Hears what a loop tells.
pub trait Observer {
    /// Hears one notice.
    fn notice(&mut self, notice: &Notice<'_>);
}
