//! What reaches a loop, and how long it waits for it.

use super::attention::Attention;
use super::thread::Message;
use crate::platform::signal::Listener;
use std::sync::mpsc::Receiver;
use std::time::Duration;

/// The slow poll: file systems lose events, and a dead worker makes none.
pub(super) const POLL: Duration = Duration::from_secs(1);

/// Messages of slots, of signals and of watched folders.
pub(super) struct Inbox {
    messages: Receiver<Message>,
    attention: Attention,
    /// Signals are heard as long as it is there.
    _listener: Option<Listener>,
}

impl Inbox {
    /// Hears `messages`, those of `attention` and `listener` among them.
    pub(super) fn new(
        messages: Receiver<Message>,
        attention: Attention,
        listener: Option<Listener>,
    ) -> Self {
        Self { messages, attention, _listener: listener }
    }

    /// What is watched.
    pub(super) fn attention(&mut self) -> &mut Attention {
        &mut self.attention
    }

    /// Waits at most for `left` until there is a message, and takes all that are there: results that
    /// wait are written together.
    pub(super) fn next(&self, left: Duration) -> Vec<Message> {
        let first = self.messages.recv_timeout(left).ok();
        let more = first.is_some().then(|| self.messages.try_iter());
        first.into_iter().chain(more.into_iter().flatten()).collect()
    }
}
