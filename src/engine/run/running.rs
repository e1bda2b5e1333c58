//! What runs in a slot, and how it is steered.

use super::observer::About;
use super::set_back::SetBack;
use crate::domain::ClaimToken;
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
    /// A verification of the tree that attempts begin with.
    Untouched {
        /// What is judged.
        wanted: Wanted,
        /// Whether it was told that steps run.
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
    /// The number of the pause that it is in.
    paused: Option<u64>,
    /// Whether nothing of it runs.
    still: bool,
    thread: Option<JoinHandle<()>>,
}

impl Running {
    /// What begins with `job`.
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

    /// It runs in `thread`, if it has one.
    pub(super) fn runs_in(&mut self, thread: Option<JoinHandle<()>>) {
        self.thread = thread;
    }

    /// What it is.
    pub(super) fn kind(&self) -> &Kind {
        &self.kind
    }

    /// The same, to note what was told of it.
    pub(super) fn kind_mut(&mut self) -> &mut Kind {
        &mut self.kind
    }

    /// The queue that it is about.
    pub(super) fn queue(&self) -> usize {
        self.about.queue
    }

    /// Its task, or what it is called.
    pub(super) fn id(&self) -> &str {
        &self.about.id
    }

    /// The same as people are told of it.
    pub(super) fn about(&self) -> &About {
        &self.about
    }

    /// Its fencing token.
    pub(super) fn token(&self) -> &ClaimToken {
        &self.token
    }

    /// The supervisor can be steered from now on.
    pub(super) fn attach(&mut self, controls: Controls) {
        if self.steering.cancelled.load(Ordering::SeqCst) {
            controls.term();
        } else if let Some(number) = self.paused {
            controls.pause(number);
        }
        self.controls = Some(controls);
    }

    /// Ends the attempt: TERM, grace, KILL.
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

    /// Stops the attempt and its timers, with a number that was not used before, or lets it continue.
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

    /// Whether it is in a pause.
    pub(super) fn is_held(&self) -> bool {
        self.paused.is_some()
    }

    /// Where its output is.
    pub(super) fn folder(&self) -> &Path {
        self.about.folder()
    }

    /// Nothing of it runs any more because of the pause with this number.
    pub(super) fn stood_still(&mut self, number: u64) {
        self.still |= self.paused == Some(number);
    }

    /// Whether nothing of it runs.
    pub(super) fn is_still(&self) -> bool {
        self.still && !self.steering.cancelled.load(Ordering::SeqCst)
    }

    /// Waits for the thread, which has nothing left to do; gives what it was busy with.
    pub(super) fn join(self) -> Kind {
        if let Some(thread) = self.thread {
            // A panic was told by the alarm.
            drop(thread.join());
        }
        self.kind
    }
}
