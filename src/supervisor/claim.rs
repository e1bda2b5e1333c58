//! The claim as held by the supervisor.

use super::record::ClaimRecord;
use crate::platform::claim_tag::{Carried, VARIABLE, supervisor_value};
use crate::platform::environment;
use crate::platform::fault::{self, Fault};
use crate::platform::host::Host;
use crate::platform::limit_tag;
use crate::platform::scan::Process;
use std::fs::File;
use std::io;

/// The claim that a supervisor holds; closing its file releases it.
#[derive(Debug)]
pub(super) struct Claim {
    own: Process,
    boot: String,
    held: Option<(File, ClaimRecord)>,
}

impl Claim {
    /// Holds no claim yet; `own` is this process.
    pub(super) fn none(own: Process) -> Self {
        Self { own, boot: Host::current().boot, held: None }
    }

    /// Holds the claim of the locked `file` and releases the previous one.
    ///
    /// The tag is written to the environment before the loop is notified, so that a process that
    /// finds the lock file deleted and scans the processes finds this one.
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
            // This process stays alive and must not appear as the supervisor of a later claim of
            // that task.
            drop(file.set_len(0));
        }
        Ok(())
    }

    /// The claim tags in the environment of everything that runs for the claim.
    pub(super) fn tags(&self) -> &str {
        self.held.as_ref().map_or("", |(_, record)| &record.tags)
    }

    /// Records the running command, in case this process is killed.
    pub(super) fn note(&mut self, command: Option<(u32, u64)>) {
        if let Some((file, record)) = &mut self.held {
            record.command = command;
            // The claim tags contain the same information; a full disk must not prevent a run.
            drop(record.write(file));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::scan::process;

    /// The tag must be visible to other processes, which only the start of this one can arrange.
    #[test]
    fn a_claim_whose_tag_cannot_be_shown_is_not_held() {
        let own = process(std::process::id()).expect("this process");
        let mut claim = Claim::none(own);
        claim.note(Some((1, 2)));
        assert_eq!(claim.tags(), "");
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("1.lock");
        let file = File::create_new(&path).expect("made");
        let error =
            claim.hold(file, "f.p.t.r".repeat(50)).expect_err("no such variable is that long");
        assert_eq!(error.to_string(), "the claim tag does not fit");
        assert_eq!((claim.tags(), ClaimRecord::read(&path)), ("", None));
    }
}
