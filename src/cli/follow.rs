//! Waits for changes of queues, journals and folders: by notifications, and by polling once a second.

use crate::platform::terminal;
use crate::platform::watch::Watch;
use crate::store::control::{Control, Wake};
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

/// The polling interval without notifications.
const POLL: Duration = Duration::from_secs(1);

/// Signals when to look for changes again.
pub(super) struct Follow {
    notice: Notice,
    told: Receiver<()>,
}

/// Where notifications come from.
enum Notice {
    Queues(Box<dyn Wake>),
    Folder(Watch),
}

impl Follow {
    /// Watches the queues with these keys, and the journals of the first `served` of them.
    pub(super) fn queues(control: &dyn Control, queues: &[&Path], served: usize) -> Self {
        let (sender, told) = channel();
        let tell = move || sender.send(()).unwrap_or_default();
        let mut wake = control.follow(queues, served, Box::new(tell));
        wake.listen();
        Self { notice: Notice::Queues(wake), told }
    }

    /// Watches a folder of this host.
    pub(super) fn folder(dir: &Path) -> Self {
        let (sender, told) = channel();
        let tell = move || sender.send(()).unwrap_or_default();
        let mut watch = Watch::new(&[dir.to_owned()], |_| true, tell);
        watch.listen();
        Self { notice: Notice::Folder(watch), told }
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
        match &mut self.notice {
            Notice::Queues(wake) => wake.rearm(),
            Notice::Folder(watch) => watch.rearm(),
        }
        !terminal::reader_is_gone()
    }
}
