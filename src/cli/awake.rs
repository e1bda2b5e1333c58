//! Keeps the machine awake while agents run: between what a loop tells and whoever hears it.

use crate::engine::{Notice, Observer, SlotIx};
use crate::platform::awake::{Awake, program};
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::PathBuf;

/// Hands on what it hears, and holds off sleep meanwhile.
pub(super) struct KeepAwake<'o> {
    inner: &'o mut dyn Observer,
    program: Option<PathBuf>,
    vars: &'o [(OsString, OsString)],
    busy: BTreeSet<SlotIx>,
    held: Option<Awake>,
}

impl<'o> KeepAwake<'o> {
    /// Tells `inner`; holds off nothing where it is not `wanted`, or cannot be done here.
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
            // One that cannot be started is not tried again: a run is no worse without it.
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
            // Between two attempts it is kept: a new one begins within milliseconds.
            self.held = None;
        }
        self.inner.notice(notice);
    }
}
