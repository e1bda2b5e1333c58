//! The journals behind a report, and their records besides attempts: hooks, and changes of what
//! judges.

use super::attempts::Attempts;
use super::model::HookRow;
use super::notes::{Note, Noted};
use crate::domain::{HookPoint, QueueIx};
use std::collections::HashSet;

/// The journals of the queues; several queues may share one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Journals {
    all: Vec<Attempts>,
    /// The journal of each queue.
    of: Vec<usize>,
}

impl Journals {
    /// Creates journals, with the index of the journal of each queue.
    pub(crate) fn new(all: Vec<Attempts>, of: Vec<usize>) -> Self {
        Self { all, of }
    }

    /// Returns the journal of a queue.
    pub(super) fn of(&self, queue: QueueIx) -> Option<&Attempts> {
        self.all.get(*queue.of(&self.of)?)
    }

    /// Returns the notes since a time, about runs and about the tasks that are `meant`.
    pub(super) fn notes<'a>(
        &'a self,
        since: Option<i64>,
        meant: &'a HashSet<(String, String)>,
    ) -> impl Iterator<Item = Noted> + 'a {
        let counts = move |note: &&Note| {
            since.is_none_or(|since| note.at >= since)
                && note.task.as_ref().is_none_or(|task| meant.contains(task))
        };
        self.all.iter().flat_map(|journal| &journal.notes).filter(counts).map(|note| note.what)
    }
}

/// Returns the hooks that ran, in the order in which they run.
pub(super) fn hooks(notes: &[Noted]) -> Vec<HookRow> {
    let row = |hook: HookPoint| {
        let mut row = HookRow { hook, runs: 0, vetoes: 0, failed: 0, minutes: 0.0 };
        let mut all = 0;
        for note in notes {
            let Noted::Hook { point, vetoed, failed, millis } = *note else { continue };
            if point == hook {
                row.runs += 1;
                row.vetoes += usize::from(vetoed);
                row.failed += usize::from(failed);
                all += millis;
            }
        }
        row.minutes = super::measures::rounded(all as f64 / 60_000.0);
        row
    };
    HookPoint::ALL.into_iter().map(row).filter(|row| row.runs > 0).collect()
}
