//! The claim as the supervisor holds it.

use super::record::ClaimRecord;
use crate::platform::claim_tag::{Carried, VARIABLE, supervisor_value};
use crate::platform::environment;
use crate::platform::fault::{self, Fault};
use crate::platform::host::Host;
use crate::platform::limit_tag;
use crate::platform::scan::Process;
use std::fs::File;
use std::io;

/// The claim that a supervisor holds: closing its file lets go of it.
#[derive(Debug)]
pub(super) struct Claim {
    own: Process,
    boot: String,
    held: Option<(File, ClaimRecord)>,
}

impl Claim {
    /// None yet; `own` is this process.
    pub(super) fn none(own: Process) -> Self {
        Self { own, boot: Host::current().boot, held: None }
    }

    /// Holds the claim of the locked `file`, and lets go of the one before.
    ///
    /// The tag is shown before anything is said about it, so that whoever finds the lock file
    /// deleted and looks at the processes sees us.
    pub(super) fn hold(&mut self, file: File, tags: String) -> io::Result<()> {
        if fault::is(Fault::ClaimUnlocked) {
            rustix::fs::flock(&file, rustix::fs::FlockOperation::Unlock)?;
        }
        if !environment::show(VARIABLE, &supervisor_value(&tags)) {
            return Err(io::Error::other("the claim tag does not fit"));
        }
        if let Some(tag) = Carried::of(&tags).tags().last() {
            limit_tag::carry(&tag.lasting());
        }
        let Process { pid, start, session, group, .. } = self.own;
        let v = ClaimRecord::VERSION;
        let boot = self.boot.clone();
        let record = ClaimRecord { v, pid, start, session, group, boot, tags, command: None };
        let before = self.held.replace((file, record));
        self.note(None);
        if let Some((file, _)) = before {
            // We live on, and must not be taken for the supervisor of a later claim of that task.
            drop(file.set_len(0));
        }
        Ok(())
    }

    /// The claim tags in the environment of everything that runs for it.
    pub(super) fn tags(&self) -> &str {
        self.held.as_ref().map_or("", |(_, record)| &record.tags)
    }

    /// Notes the command that runs, for the day we are killed.
    pub(super) fn note(&mut self, command: Option<(u32, u64)>) {
        if let Some((file, record)) = &mut self.held {
            record.command = command;
            // The claim tags say the same; a full disk is no reason not to run.
            drop(record.write(file));
        }
    }
}
