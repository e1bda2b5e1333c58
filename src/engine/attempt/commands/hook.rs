//! Runs commands under the supervisor of an attempt, including its hooks.

use super::super::hooks::{Extra, report, spec};
use super::Commands;
use crate::domain::{HookPoint, HookReport, Outcome};
use crate::store::attempts::TASK_FILE;
use crate::supervisor::{CommandSpec, Ended, Lost, Told};
use std::thread;
use std::time::Duration;

/// The interval at which commands beside others are checked for having stopped.
const STILL: Duration = Duration::from_millis(5);

impl Commands<'_> {
    /// Runs the hook at `point` to its end, if one is configured.
    pub(in super::super) fn hook(&mut self, point: HookPoint, extra: &Extra) -> Option<HookReport> {
        let job = self.job;
        let ready = job.hooks.at(point)?;
        if let Err(error) = job.folder.put(TASK_FILE, job.task_json.as_bytes()) {
            let file = job.folder.file(TASK_FILE);
            self.warn(format!("hook {point}: cannot write {}: {error}", file.display()));
        }
        let spec = spec((point, ready), &job.root, &job.folder, extra);
        let ended = if self.is_cut() { Ok(interrupted()) } else { self.supervised(&spec) };
        let ended = match ended {
            Ok(ended) => Some(ended),
            Err(lost @ Lost { .. }) => {
                self.warn(format!("failed to {lost}"));
                None
            }
        };
        let report = report(point, ended, &job.folder, &job.mask);
        self.reports.hooks.push(report.clone());
        Some(report)
    }
}

impl Commands<'_> {
    /// Runs `spec` under the supervisor of the attempt.
    pub(super) fn supervised(&mut self, spec: &CommandSpec) -> Result<Ended, Lost> {
        let (steering, beside) = (self.with.steering, &self.beside);
        let mut tell = |told| match told {
            Told::Started(_) => {}
            Told::Paused(number) => {
                while !beside.iter().all(|rest| rest.is_still(number)) {
                    thread::sleep(STILL);
                }
                (steering.on_still)(number);
            }
        };
        self.with.supervisor.run(spec, &mut tell)
    }
}

/// Returns the end of a command that was not started.
fn interrupted() -> Ended {
    Ended {
        outcome: Outcome::Interrupted,
        unstarted: None,
        millis: 0,
        printed: 0,
        leftovers: false,
        output_error: None,
    }
}
