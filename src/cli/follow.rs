//! Waits for changes in folders: by notifications of the file system, and by polling once a second.

use crate::platform::terminal;
use crate::platform::watch::Watch;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

/// The polling interval without notifications.
const POLL: Duration = Duration::from_secs(1);

/// Signals when to look for changes again.
pub(super) struct Follow {
    watch: Watch,
    told: Receiver<()>,
}

impl Follow {
    /// Watches `dirs`.
    pub(super) fn new(dirs: &[PathBuf]) -> Self {
        let (sender, told) = channel();
        let tell = move || sender.send(()).unwrap_or_default();
        let mut watch = Watch::new(dirs, |_| true, tell);
        watch.listen();
        Self { watch, told }
    }

    /// Waits for the next change or poll. Returns `false` if the reader of the output is gone.
    pub(super) fn wait(&mut self) -> bool {
        self.wait_for(POLL)
    }

    /// Does the same, but waits for at most `most` if that is less than the polling interval.
    pub(super) fn wait_for(&mut self, most: Duration) -> bool {
        let most = most.min(POLL);
        if self.told.recv_timeout(most) == Err(RecvTimeoutError::Disconnected) {
            thread::sleep(most);
        }
        self.watch.rearm();
        !terminal::reader_is_gone()
    }
}
