//! Keeps the machine awake while agents run, by observing the notices of a loop.

use crate::engine::{Notice, Observer, SlotIx};
use crate::platform::awake::{Awake, program};
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::PathBuf;

/// An observer that passes notices on to another one, and inhibits sleep while a slot is busy.
pub(super) struct KeepAwake<'o> {
    inner: &'o mut dyn Observer,
    program: Option<PathBuf>,
    vars: &'o [(OsString, OsString)],
    busy: BTreeSet<SlotIx>,
    held: Option<Awake>,
}

impl<'o> KeepAwake<'o> {
    /// Passes notices on to `inner`. Inhibits sleep only if that is `wanted` and supported here.
    pub(super) fn new(
        inner: &'o mut dyn Observer,
        wanted: bool,
        vars: &'o [(OsString, OsString)],
    ) -> Self {
        let path = vars.iter().find(|(name, _)| name == "PATH").map(|(_, path)| path);
        let program = path.filter(|_| wanted).and_then(|path| program(path));
        Self { inner, program, vars, busy: BTreeSet::new(), held: None }
    }

    fn hold(&mut self) {
        if self.held.is_none()
            && let Some(program) = &self.program
        {
            // A program that failed to start is not tried again: a run works without it.
            self.held = Awake::hold(program, self.vars).ok();
            self.program = self.program.take().filter(|_| self.held.is_some());
        }
    }
}

impl Observer for KeepAwake<'_> {
    fn notice(&mut self, notice: &Notice<'_>) {
        if let Notice::Begins(piece) = notice {
            self.busy.insert(piece.slot);
            self.hold();
        } else if let Notice::Ends(piece, _) | Notice::Passed(piece, _) = notice {
            self.busy.remove(&piece.slot);
        } else if let Notice::Waits(_) = notice
            && self.busy.is_empty()
        {
            // The inhibitor is kept between two attempts: the next one begins within milliseconds.
            self.held = None;
        }
        self.inner.notice(notice);
    }
}
