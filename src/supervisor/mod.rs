//! The small process that every attempt runs under, and the loop's side of it.
//!
//! A supervisor is this same program, started with a hidden verb. It holds the lock on the claim
//! file together with its loop. It starts the commands of the attempt one after another, each in
//! its own session. When it reports the end of a command, nothing of that command is left. If the
//! loop dies, the supervisor ends what runs and only then releases the claim; if the supervisor is
//! killed, the loop ends what it left. Outside Linux there is no subreaper: processes that left
//! their session, emptied their environment and lost their parent are not found there.

mod beside;
mod body;
mod capture;
mod claim;
mod client;
mod link;
mod os_text;
mod protocol;
mod record;
mod run;
#[cfg(test)]
pub(crate) mod scripted;
mod server;

pub(crate) use beside::{Beside, Rest};
pub use body::Started;
pub(crate) use client::Lost;
pub use client::{Controls, Launch, Supervisor, Told};
pub(crate) use protocol::Unstarted;
pub use protocol::{CommandSpec, Ended};
pub use record::{Abandoned, ClaimRecord, end_leftovers, find_leftovers};
pub use server::serve;

/// The hidden verb that [`serve`] implements.
pub const VERB: &str = "supervise";
