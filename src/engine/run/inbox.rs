//! The messages that a loop receives, and how long it waits for them.

use super::attention::Attention;
use super::thread::Message;
use crate::platform::signal::Listener;
use std::sync::mpsc::Receiver;
use std::time::Duration;

/// The interval of the slow poll: file systems lose events, and a dead worker sends none.
pub(super) const POLL: Duration = Duration::from_secs(1);

/// A source of messages.
pub(super) trait Messages {
    /// Waits for messages for at most `left`. Returns none if the time has passed.
    fn wait(&self, left: Duration) -> Vec<Message>;
}

impl Messages for Receiver<Message> {
    fn wait(&self, left: Duration) -> Vec<Message> {
        let first = self.recv_timeout(left).ok();
        let more = first.is_some().then(|| self.try_iter());
        first.into_iter().chain(more.into_iter().flatten()).collect()
    }
}

/// Receives the messages of slots, signals and watched folders.
pub(super) struct Inbox {
    messages: Box<dyn Messages>,
    attention: Attention,
    /// Signals are received for as long as this exists.
    _listener: Option<Listener>,
}

impl Inbox {
    /// Creates an inbox that receives `messages`, which include those of `attention` and
    /// `listener`.
    pub(super) fn new(
        messages: impl Messages + 'static,
        attention: Attention,
        listener: Option<Listener>,
    ) -> Self {
        Self { messages: Box::new(messages), attention, _listener: listener }
    }

    /// Returns what is watched.
    pub(super) fn attention(&mut self) -> &mut Attention {
        &mut self.attention
    }

    /// Waits for at most `left` until there is a message, and takes all that have arrived: waiting
    /// results are written together.
    pub(super) fn next(&self, left: Duration) -> Vec<Message> {
        self.messages.wait(left)
    }
}
