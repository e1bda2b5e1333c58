//! What runs in a slot, and how it is paused or ended.

use super::observer::About;
use super::set_back::SetBack;
use crate::domain::{ClaimToken, QueueIx};
use crate::engine::attempt::{Job, Steering};
use crate::engine::dispatch::Wanted;
use crate::supervisor::Controls;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::JoinHandle;

/// What a slot is busy with.
#[derive(Debug)]
pub(super) enum Kind {
    /// An attempt at a task.
    Attempt,
    /// A landing of a change that passed.
    Landing,
    /// A verification of the tree, which decides about finished work that was set back.
    SetBack(SetBack),
    /// A verification of the tree that attempts start from.
    Untouched {
        /// The profile that is judged.
        wanted: Wanted,
        /// Whether it was reported that steps run.
        told: bool,
    },
}

/// What runs in a slot.
#[derive(Debug)]
pub(super) struct Running {
    kind: Kind,
    about: About,
    token: ClaimToken,
    steering: Arc<Steering>,
    controls: Option<Controls>,
    /// The number of the present pause, if it is paused.
    paused: Option<u64>,
    /// Whether none of its processes runs.
    still: bool,
    thread: Option<JoinHandle<()>>,
}

impl Running {
    /// Creates it for `job`, which begins now.
    pub(super) fn new(kind: Kind, job: &Job, steering: &Arc<Steering>) -> Self {
        Self {
            kind,
            about: About::of(job),
            token: job.token.clone(),
            steering: Arc::clone(steering),
            controls: None,
            paused: None,
            still: false,
            thread: None,
        }
    }

    /// Sets the `thread` in which it runs, if it has one.
    pub(super) fn runs_in(&mut self, thread: Option<JoinHandle<()>>) {
        self.thread = thread;
    }

    /// Returns what kind of work it is.
    pub(super) fn kind(&self) -> &Kind {
        &self.kind
    }

    /// Returns the kind, to record what was reported.
    pub(super) fn kind_mut(&mut self) -> &mut Kind {
        &mut self.kind
    }

    /// Returns its queue, by number.
    pub(super) fn queue(&self) -> QueueIx {
        self.about.queue
    }

    /// Returns the id of its task, or the name of a verification of the tree.
    pub(super) fn id(&self) -> &str {
        &self.about.id
    }

    /// Returns what notices show about it.
    pub(super) fn about(&self) -> &About {
        &self.about
    }

    /// Returns its fencing token.
    pub(super) fn token(&self) -> &ClaimToken {
        &self.token
    }

    /// Records that its supervisor can be controlled from now on.
    pub(super) fn attach(&mut self, controls: Controls) {
        if self.steering.cancelled.load(Ordering::SeqCst) {
            controls.term();
        } else if let Some(number) = self.paused {
            controls.pause(number);
        }
        self.controls = Some(controls);
    }

    /// Ends the attempt: TERM, grace period, KILL.
    pub(super) fn end(&mut self) {
        self.steering.cancelled.store(true, Ordering::SeqCst);
        if let Some(controls) = &self.controls {
            controls.term();
        }
    }

    /// Ends the attempt at once.
    pub(super) fn kill(&mut self) {
        self.steering.cancelled.store(true, Ordering::SeqCst);
        if let Some(controls) = &self.controls {
            controls.kill();
        }
    }

    /// Stops the attempt and its timers, under a `number` that was not used before, or continues
    /// it.
    pub(super) fn hold(&mut self, paused: bool, number: u64) {
        if self.paused.is_some() == paused {
            return;
        }
        self.still = false;
        self.paused = paused.then_some(number);
        match &self.controls {
            Some(controls) if paused => controls.pause(number),
            Some(controls) => controls.resume(),
            None => {}
        }
    }

    /// Returns whether it is paused.
    pub(super) fn is_held(&self) -> bool {
        self.paused.is_some()
    }

    /// Returns the folder that has its output.
    pub(super) fn folder(&self) -> &Path {
        self.about.folder()
    }

    /// Records that none of its processes runs any more because of the pause with this number.
    pub(super) fn stood_still(&mut self, number: u64) {
        self.still |= self.paused == Some(number);
    }

    /// Returns whether none of its processes runs.
    pub(super) fn is_still(&self) -> bool {
        self.still && !self.steering.cancelled.load(Ordering::SeqCst)
    }

    /// Waits for the thread, which has nothing left to do. Returns what kind of work it was.
    pub(super) fn join(self) -> Kind {
        if let Some(thread) = self.thread {
            // The alarm has reported a panic already.
            drop(thread.join());
        }
        self.kind
    }
}
