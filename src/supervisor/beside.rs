//! A command that runs beside the others of an attempt, under its own supervisor: nothing of it is
//! left either, whichever process dies first.
//!
//! Controls of the attempt apply to it as well, because its controls follow theirs.

use super::client::{Controls, Launch, Lost, Supervisor, Told};
use super::protocol::{CommandSpec, Ended};
use crate::platform::lock::FileLock;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};

/// Whether a command that runs beside others is at rest.
#[derive(Debug, Default)]
pub(crate) struct Rest {
    /// The number of the last pause that it answered.
    still: AtomicU64,
    /// Whether nothing of it is left.
    over: AtomicBool,
}

impl Rest {
    /// Returns whether nothing of it runs any more, as requested by the pause with this number.
    pub(crate) fn is_still(&self, number: u64) -> bool {
        self.over.load(Ordering::SeqCst) || self.still.load(Ordering::SeqCst) == number
    }
}

/// Records that nothing is left, even if its thread panics.
struct AtEnd(Arc<Rest>);

impl Drop for AtEnd {
    fn drop(&mut self) {
        self.0.over.store(true, Ordering::SeqCst);
    }
}

/// A command that runs beside others. Dropping it ends the command and waits until nothing of it is
/// left.
#[derive(Debug)]
pub(crate) struct Beside {
    controls: Controls,
    rest: Arc<Rest>,
    thread: Option<JoinHandle<Result<Ended, Lost>>>,
    /// The lock that its supervisor holds instead of a claim.
    #[expect(dead_code, reason = "held until it is dropped")]
    lock: FileLock,
}

impl Beside {
    /// Starts `spec`; its controls follow `leader`.
    ///
    /// # Errors
    /// When its supervisor or its thread cannot be started.
    pub(crate) fn start(
        launch: &Launch<'_>,
        lock: FileLock,
        spec: CommandSpec,
        leader: &Controls,
    ) -> io::Result<Self> {
        let mut supervisor = Supervisor::start(launch, &lock)?;
        let controls = supervisor.controls();
        // Before the command is sent: if the leader was asked to end, it never starts.
        leader.lead(&controls);
        let rest = Arc::new(Rest::default());
        let at_end = AtEnd(Arc::clone(&rest));
        let body = move || {
            let AtEnd(rest) = &at_end;
            let ended = supervisor.run(&spec, &mut |told| match told {
                Told::Started(_) => {}
                Told::Paused(number) => rest.still.store(number, Ordering::SeqCst),
            });
            drop(supervisor.finish());
            ended
        };
        let thread = thread::Builder::new().name("beside".to_owned()).spawn(body)?;
        Ok(Self { controls, rest, thread: Some(thread), lock })
    }

    /// Returns whether it ended and nothing of it is left.
    pub(crate) fn is_over(&self) -> bool {
        self.thread.as_ref().is_none_or(JoinHandle::is_finished)
    }

    /// Returns a handle for waiting until it has stopped.
    pub(crate) fn rest(&self) -> Arc<Rest> {
        Arc::clone(&self.rest)
    }

    /// Waits until it ends by itself; `None` if its thread panicked.
    pub(crate) fn wait(mut self) -> Option<Result<Ended, Lost>> {
        self.thread.take()?.join().ok()
    }

    /// Ends it, unless it has ended by itself. Use [`Self::wait`] to learn which.
    pub(crate) fn term(&self) {
        self.controls.term();
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        if let Some(thread) = self.thread.take() {
            self.controls.term();
            drop(thread.join());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_still_as_the_pause_asked_or_when_nothing_is_left_of_it() {
        let rest = Rest::default();
        assert!(rest.is_still(0) && !rest.is_still(7), "no pause was answered");
        rest.still.store(7, Ordering::SeqCst);
        assert!(rest.is_still(7) && !rest.is_still(8), "the next pause is not answered yet");
        rest.over.store(true, Ordering::SeqCst);
        assert!(rest.is_still(8));
    }

    #[test]
    fn nothing_is_left_of_a_command_whose_thread_panicked() {
        let rest = Arc::new(Rest::default());
        let at_end = AtEnd(Arc::clone(&rest));
        let thread = thread::spawn(move || {
            let _at_end = at_end;
            std::panic::resume_unwind(Box::new("stop"));
        });
        assert!(thread.join().is_err());
        assert!(rest.is_still(1));
    }
}
