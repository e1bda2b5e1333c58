//! Commands of an attempt that run beside others: services, and steps that run in parallel.

use super::super::job::Ready;
use super::Commands;
use crate::domain::{Checked, Outcome, StepReport};
use crate::platform::lock::FileLock;
use crate::supervisor::{Beside, CommandSpec, Launch};
use std::io;
use std::sync::Arc;

impl Commands<'_> {
    /// Starts a command that runs beside others until it is ended.
    ///
    /// # Errors
    /// The reason, in words, if it cannot be started.
    pub(in super::super) fn beside(
        &mut self,
        spec: CommandSpec,
        name: &str,
    ) -> Result<Beside, String> {
        let lock = self.lock_beside(name)?;
        let failed = |error: io::Error| format!("cannot start its supervisor: {error}");
        let launch = Launch { exe: self.with.exe, tag: &self.job.tag, env: self.with.env };
        let leader = self.with.supervisor.controls();
        let beside = Beside::start(&launch, lock, spec, &leader).map_err(failed)?;
        self.beside.retain(|rest| Arc::strong_count(rest) > 1);
        self.beside.push(beside.rest());
        Ok(beside)
    }

    /// Locks the file that the supervisor of a command beside others holds. It needs its own file,
    /// because the attempt's supervisor holds the claim.
    fn lock_beside(&self, name: &str) -> Result<FileLock, String> {
        let path = self.job.folder.file(&format!("{name}.lock"));
        let failed = |error: io::Error| format!("cannot lock {}: {error}", path.display());
        self.job.folder.create().map_err(failed)?;
        match FileLock::acquire_soon(&path) {
            Ok(Some(lock)) => Ok(lock),
            Ok(None) => Err(format!("{} is locked by another process", path.display())),
            Err(error) => Err(failed(error.into_io())),
        }
    }

    /// Waits for the end of a command that ran beside others. Returns the report of its step.
    pub(in super::super) fn beside_report(
        &mut self,
        command: &Ready,
        spec: &CommandSpec,
        log: String,
        beside: Beside,
    ) -> StepReport {
        let (outcome, millis) = match beside.wait() {
            Some(ended) => self.ended(command, spec, ended),
            None => (Outcome::Lost, 0),
        };
        let checked = Checked::default();
        StepReport { kind: command.kind, name: command.name.clone(), outcome, millis, log, checked }
    }

    /// Records that a command can be started: if it cannot be later, an attempt removed it.
    pub(in super::super) fn note_started(&self, command: &Ready) {
        self.with.known.note(&self.job.root, &command.configured);
    }

    /// Acknowledges a pause while only commands beside others run, because then no other code does.
    pub(in super::super) fn tell_rest(&mut self) {
        let asked = self.with.supervisor.controls().paused();
        if let Some(number) = asked.filter(|number| self.rested != Some(*number))
            && self.beside.iter().all(|rest| rest.is_still(number))
        {
            self.rested = Some(number);
            (self.with.steering.on_still)(number);
        }
    }
}
