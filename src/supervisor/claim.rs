//! The claim as the supervisor holds it.

use super::record::ClaimRecord;
use crate::platform::environment;
use crate::platform::fault::{self, Fault};
use crate::platform::limit_mark;
use crate::platform::scan::{MARK, Process};
use std::fs::File;
use std::io;

/// The claim that a supervisor holds: closing its file lets go of it.
#[derive(Debug)]
pub(super) struct Claim {
    own: Process,
    held: Option<(File, ClaimRecord)>,
}

impl Claim {
    /// None yet; `own` is this process.
    pub(super) fn none(own: Process) -> Self {
        Self { own, held: None }
    }

    /// Holds the claim of the locked `file`, and lets go of the one before.
    ///
    /// The mark is shown before anything is said about it, so that whoever finds the lock file
    /// deleted and looks at the processes sees us.
    pub(super) fn hold(&mut self, file: File, mark: String) -> io::Result<()> {
        if fault::is(Fault::ClaimUnlocked) {
            rustix::fs::flock(&file, rustix::fs::FlockOperation::Unlock)?;
        }
        if !environment::show(MARK, &mark) {
            return Err(io::Error::other("the mark does not fit"));
        }
        limit_mark::carry(mark.rsplit(',').next().unwrap_or(&mark));
        let Process { pid, start, session, group, .. } = self.own;
        let v = ClaimRecord::VERSION;
        let record = ClaimRecord { v, pid, start, session, group, mark, command: None };
        let before = self.held.replace((file, record));
        self.note(None);
        if let Some((file, _)) = before {
            // We live on, and must not be taken for the supervisor of a later claim of that task.
            drop(file.set_len(0));
        }
        Ok(())
    }

    /// The mark in the environment of everything that runs for it.
    pub(super) fn mark(&self) -> &str {
        self.held.as_ref().map_or("", |(_, record)| &record.mark)
    }

    /// Notes the command that runs, for the day we are killed.
    pub(super) fn note(&mut self, command: Option<(u32, u64)>) {
        if let Some((file, record)) = &mut self.held {
            record.command = command;
            // The marks say the same; a full disk is no reason not to run.
            drop(record.write(file));
        }
    }
}
