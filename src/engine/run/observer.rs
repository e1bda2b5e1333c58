//! What a loop tells while it runs; how it looks is the command line's business.

use crate::domain::{Event, Verdict};
use crate::engine::attempt::Stage;
use crate::engine::dispatch::SlotIx;

/// Something that happened.
#[derive(Clone, Debug)]
pub enum Notice<'a> {
    /// A line that this loop wrote into the journal.
    Event(&'a Event),
    /// A slot begins an attempt.
    Begins {
        /// The slot.
        slot: SlotIx,
        /// The task.
        id: &'a str,
        /// Its title.
        title: &'a str,
        /// The attempt.
        attempt: u32,
    },
    /// An attempt goes on.
    Stage {
        /// The slot.
        slot: SlotIx,
        /// The task.
        id: &'a str,
        /// The stage.
        stage: &'a Stage,
    },
    /// An attempt ended and its result was written.
    Ends {
        /// The slot.
        slot: SlotIx,
        /// The task.
        id: &'a str,
        /// Its title.
        title: &'a str,
        /// The attempt.
        attempt: u32,
        /// The verdict, if there is one.
        verdict: Option<Verdict>,
        /// What became of the task, in words.
        what: &'a str,
    },
    /// An attempt is over, and its end is told when its change has landed.
    Frees {
        /// The slot.
        slot: SlotIx,
        /// The task.
        id: &'a str,
    },
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
