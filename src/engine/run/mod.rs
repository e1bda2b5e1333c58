//! The loop: receives messages, makes turns, and ends.
//!
//! `RunLoop` decides when there is something to do. [`Work`](work::Work) makes one turn with the
//! project and the dispatcher. [`Crew`](crew::Crew) has the slots, the reasons to end and the
//! observer. [`start`](mod@start) is the only place that touches the system: it registers the loop
//! in the state folders, starts threads, listens for signals, and passes these parts on.

mod after_tasks;
mod attention;
mod checks;
mod crew;
mod drain;
mod edits;
mod ending;
mod hooked;
mod inbox;
mod landings;
mod observer;
mod options;
mod presence;
mod purse;
mod reaper;
mod run_hooks;
mod run_loop;
mod running;
mod set_back;
mod silence;
mod slots;
mod start;
mod survey;
mod tally;
mod teller;
mod thread;
mod tree_job;
mod trouble;
mod untouched;
mod work;

pub(crate) use ending::{Ending, Reason};
pub(crate) use observer::{End, Notice, Observer, Piece, Tally};
pub(crate) use options::{RunOptions, WhenEmpty};
pub(crate) use run_hooks::{RunHook, RunHooks, hook_event};
pub(crate) use start::start;

#[cfg(test)]
mod simulator;
#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests write what their loops find")]
mod tests;
