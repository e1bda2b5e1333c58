//! Notifications: sends the events of the journal to the channels of `[[notify]]`.
//!
//! Each pair of channel and journal has its own thread, so that neither an attempt nor another
//! channel waits for it. The thread follows the journal from a persistent cursor
//! (`docs/design/notify.md`): each event is sent by one loop, at least once. An event that cannot
//! be delivered now is delivered by a later loop.

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

pub(crate) use channel::Channel;
pub(crate) use need::Need;
pub(crate) use start::{Notifier, channels, test};
pub(crate) use tools::Tools;

#[cfg(test)]
mod tests;
