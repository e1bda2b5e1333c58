//! Telling people: what the journal says goes to the channels of `[[notify]]`.
//!
//! A channel has a thread of its own for each journal, so that neither an attempt nor another
//! channel ever waits for it. The thread follows the journal from a cursor that is kept
//! (`docs/design/notify.md`): each event is told by one loop, at least once, and what cannot be
//! delivered now is delivered by the loop that lives then.

mod body;
mod carrier;
mod channel;
mod curl;
mod kinds;
mod message;
mod need;
mod outbox;
mod refused;
mod route;
mod start;
mod tools;

pub use channel::Channel;
pub use need::Need;
pub use start::{Notifier, channels, test};
pub use tools::Tools;

#[cfg(test)]
mod tests;
