//! Waits for the exit of supervisors in its own thread, so that nothing else has to.

use super::thread::Message;
use crate::supervisor::Supervisor;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Sender};
use std::thread::{self, JoinHandle};

/// Releases supervisors, and with them the claims that they still hold.
#[derive(Debug)]
pub(super) struct Reaper {
    released: Option<Sender<Box<Supervisor>>>,
    leaving: Arc<AtomicUsize>,
    thread: Option<JoinHandle<()>>,
}

impl Reaper {
    /// Starts a reaper that notifies `outbox` of each supervisor that has exited.
    pub(super) fn start(outbox: Sender<Message>) -> Self {
        let (released, ended) = mpsc::channel::<Box<Supervisor>>();
        let leaving = Arc::new(AtomicUsize::new(0));
        let left = Arc::clone(&leaving);
        let body = move || {
            for supervisor in ended {
                // The result of its task is written already, so its exit status does not matter.
                drop(supervisor.finish());
                left.fetch_sub(1, Ordering::SeqCst);
                drop(outbox.send(Message::Released));
            }
        };
        let thread = thread::Builder::new().name("reaper".to_owned()).spawn(body).ok();
        Self { released: Some(released), leaving, thread }
    }

    /// Releases `supervisor`; it exits and frees its claim shortly after.
    pub(super) fn release(&self, supervisor: Box<Supervisor>) {
        if let Some(released) = &self.released {
            self.leaving.fetch_add(1, Ordering::SeqCst);
            if released.send(supervisor).is_err() {
                self.leaving.fetch_sub(1, Ordering::SeqCst);
            }
        }
    }

    /// Returns whether released supervisors may still hold claims.
    pub(super) fn is_busy(&self) -> bool {
        self.leaving.load(Ordering::SeqCst) > 0
    }

    /// Waits until all have exited.
    pub(super) fn finish(&mut self) {
        self.released = None;
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}
