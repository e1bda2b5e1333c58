//! What reaches a loop, and how long it waits for it.

use super::attention::Attention;
use super::thread::Message;
use crate::platform::signal::Listener;
use std::sync::mpsc::Receiver;
use std::time::Duration;

/// The slow poll: file systems lose events, and a dead worker makes none.
pub(super) const POLL: Duration = Duration::from_secs(1);

/// Where messages come from.
pub(super) trait Messages {
    /// Waits for messages, at most as long as is `left`; none when that is over.
    fn wait(&self, left: Duration) -> Vec<Message>;
}

impl Messages for Receiver<Message> {
    fn wait(&self, left: Duration) -> Vec<Message> {
        let first = self.recv_timeout(left).ok();
        let more = first.is_some().then(|| self.try_iter());
        first.into_iter().chain(more.into_iter().flatten()).collect()
    }
}

/// Messages of slots, of signals and of watched folders.
pub(super) struct Inbox {
    messages: Box<dyn Messages>,
    attention: Attention,
    /// Signals are heard as long as it is there.
    _listener: Option<Listener>,
}

impl Inbox {
    /// Hears `messages`, those of `attention` and `listener` among them.
    pub(super) fn new(
        messages: impl Messages + 'static,
        attention: Attention,
        listener: Option<Listener>,
    ) -> Self {
        Self { messages: Box::new(messages), attention, _listener: listener }
    }

    /// What is watched.
    pub(super) fn attention(&mut self) -> &mut Attention {
        &mut self.attention
    }

    /// Waits at most for `left` until there is a message, and takes all that are there: results that
    /// wait are written together.
    pub(super) fn next(&self, left: Duration) -> Vec<Message> {
        self.messages.wait(left)
    }
}
