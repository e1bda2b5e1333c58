//! The claim as the supervisor holds it.

use super::record::ClaimRecord;
use std::fs::File;

/// The claim as the supervisor holds it: closing the file lets go of it.
#[derive(Debug)]
pub(super) struct Claim {
    pub(super) file: File,
    pub(super) record: ClaimRecord,
}

impl Claim {
    /// The mark in the environment of everything that runs for it.
    pub(super) fn mark(&self) -> &str {
        &self.record.mark
    }

    /// Notes the command that runs, for the day we are killed.
    pub(super) fn note(&mut self, command: Option<(u32, u64)>) {
        self.record.command = command;
        // The marks say the same; a full disk is no reason not to run.
        drop(self.record.write(&self.file));
    }
}
