//! Waiting for something to change: told by the file system, and looked at once a second.

use crate::platform::terminal;
use crate::platform::watch::Watch;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

/// How long nothing is looked at when nothing is told.
const POLL: Duration = Duration::from_secs(1);

/// Tells when to look again.
pub(super) struct Follow {
    watch: Watch,
    told: Receiver<()>,
}

impl Follow {
    /// Follows what happens in `dirs`.
    pub(super) fn new(dirs: &[PathBuf]) -> Self {
        let (sender, told) = channel();
        let tell = move || sender.send(()).unwrap_or_default();
        let mut watch = Watch::new(dirs, |_| true, tell);
        watch.listen();
        Self { watch, told }
    }

    /// Waits for the next change, or the next poll; `false` when nobody reads any more.
    pub(super) fn wait(&mut self) -> bool {
        self.wait_for(POLL)
    }

    /// The same for so long at most, where that is less.
    pub(super) fn wait_for(&mut self, most: Duration) -> bool {
        let most = most.min(POLL);
        if self.told.recv_timeout(most) == Err(RecvTimeoutError::Disconnected) {
            thread::sleep(most);
        }
        self.watch.rearm();
        !terminal::reader_is_gone()
    }
}
