//! Sees supervisors out, in a thread of its own, so that nobody waits for their end.

use super::thread::Message;
use crate::supervisor::Supervisor;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Sender};
use std::thread::{self, JoinHandle};

/// Lets supervisors go, and with them the claims that they still hold.
#[derive(Debug)]
pub(super) struct Reaper {
    released: Option<Sender<Box<Supervisor>>>,
    leaving: Arc<AtomicUsize>,
    thread: Option<JoinHandle<()>>,
}

impl Reaper {
    /// One that tells `outbox` about each supervisor that is gone.
    pub(super) fn start(outbox: Sender<Message>) -> Self {
        let (released, ended) = mpsc::channel::<Box<Supervisor>>();
        let leaving = Arc::new(AtomicUsize::new(0));
        let left = Arc::clone(&leaving);
        let body = move || {
            for supervisor in ended {
                // What it held was written back; how it exits changes nothing.
                drop(supervisor.finish());
                left.fetch_sub(1, Ordering::SeqCst);
                drop(outbox.send(Message::Released));
            }
        };
        let thread = thread::Builder::new().name("reaper".to_owned()).spawn(body).ok();
        Self { released: Some(released), leaving, thread }
    }

    /// Lets `supervisor` go; it is gone, and its claim free, some moments later.
    pub(super) fn release(&self, supervisor: Box<Supervisor>) {
        if let Some(released) = &self.released {
            self.leaving.fetch_add(1, Ordering::SeqCst);
            if released.send(supervisor).is_err() {
                self.leaving.fetch_sub(1, Ordering::SeqCst);
            }
        }
    }

    /// Whether supervisors that were let go may still hold claims.
    pub(super) fn is_busy(&self) -> bool {
        self.leaving.load(Ordering::SeqCst) > 0
    }

    /// Waits until all are gone.
    pub(super) fn finish(&mut self) {
        self.released = None;
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}
