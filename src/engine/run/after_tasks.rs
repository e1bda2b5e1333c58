//! The `after_task` hooks. Each runs in its own thread under its own supervisor, after the end of
//! its task has been written. Only the end of the loop waits for them.

use super::hooked::Hooked;
use super::thread::{Message, Surroundings};
use crate::domain::HookPoint;
use crate::engine::attempt::{Extra, Finished, hook_report, hook_spec};
use crate::engine::dispatch::After;
use crate::platform::lock::FileLock;
use crate::supervisor::{Controls, Launch, Supervisor, Told};
use std::io;
use std::sync::Arc;
use std::thread;

/// The lock file that the supervisor of a hook holds instead of a claim.
const LOCK: &str = "hook.lock";

/// The hooks that are running.
#[derive(Debug, Default)]
pub(super) struct AfterTasks {
    running: usize,
    controls: Vec<Controls>,
}

impl AfterTasks {
    /// Runs the hook after the task of `finished`, if a hook is configured and the task has ended.
    pub(super) fn begin(
        &mut self,
        finished: &Finished,
        after: &After,
        around: &Arc<Surroundings>,
    ) -> Option<String> {
        let state = match after {
            After::Complete(_) => "complete",
            After::Blocked(_) | After::Asked(_) => "blocked",
            After::Lands(_)
            | After::Review
            | After::Again(_)
            | After::Interrupted(_)
            | After::Lost(_) => return None,
        };
        finished.job.hooks.at(HookPoint::AfterTask)?;
        match self.start(finished, state, around) {
            Ok(()) => None,
            Err(error) => {
                Some(format!("{}: hook after_task cannot be started: {error}", finished.job.id))
            }
        }
    }

    fn start(
        &mut self,
        finished: &Finished,
        state: &str,
        around: &Arc<Surroundings>,
    ) -> io::Result<()> {
        let job = &finished.job;
        let point = HookPoint::AfterTask;
        let (Some(ready), Some(task)) = (job.hooks.at(point), job.task()) else { return Ok(()) };
        let report = &finished.report;
        let named = [
            ("WORKLOOP_STATE", state),
            ("WORKLOOP_VERDICT", report.verdict.map_or("", |verdict| verdict.word())),
            ("WORKLOOP_REASON_CODE", report.code().unwrap_or_default()),
        ];
        let extra: Extra = named.into_iter().map(|(name, is)| (name.into(), is.into())).collect();
        job.folder.create()?;
        let spec = hook_spec((point, ready), &job.root, &job.folder, &extra);
        let lock = FileLock::try_acquire(&job.folder.file(LOCK)).map_err(|e| e.into_io())?;
        let lock = lock.ok_or_else(|| io::Error::other("another hook of this attempt runs"))?;
        let launch = Launch { exe: &around.exe, tag: &job.tag, env: &around.env };
        let mut supervisor = Supervisor::start(&launch, &lock)?;
        let controls = supervisor.controls();
        let (folder, mask, outbox) = (job.folder.clone(), job.mask.clone(), around.outbox.clone());
        let attempt = job.token.attempt;
        let body = move || {
            let mut told = |told| match told {
                Told::Started(_) | Told::Paused(_) => {}
            };
            let ended = supervisor.run(&spec, &mut told);
            let came_to = match ended {
                Ok(ended) => Ok(hook_report(point, Some(ended), &folder, &mask)),
                Err(lost) => Err(format!("failed to {lost}")),
            };
            drop(supervisor.finish());
            drop(lock);
            let hooked = Hooked { task, attempt, came_to };
            // The receiver is gone only if the loop itself is gone.
            drop(outbox.send(Message::Hooked(Box::new(hooked))));
        };
        thread::Builder::new().name("hook".to_owned()).spawn(body)?;
        self.running += 1;
        self.controls.push(controls);
        Ok(())
    }

    /// Records that one hook ended.
    pub(super) fn ended(&mut self) {
        self.running = self.running.saturating_sub(1);
        if self.running == 0 {
            self.controls.clear();
        }
    }

    /// Returns whether no hook is running.
    pub(super) fn are_over(&self) -> bool {
        self.running == 0
    }

    /// Ends the running hooks: TERM, grace period, KILL.
    pub(super) fn end(&self) {
        self.controls.iter().for_each(Controls::term);
    }

    /// Kills the running hooks.
    pub(super) fn kill(&self) {
        self.controls.iter().for_each(Controls::kill);
    }
}
