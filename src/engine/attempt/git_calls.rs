//! The git calls that workloop makes for an attempt: commands under its supervisor, as the agent
//! is.

use super::end::{End, unknown};
use super::job::Job;
use super::with::{Steering, With};
use crate::domain::Outcome;
use crate::platform::command::Short;
use crate::platform::fault::{self, Fault};
use crate::supervisor::{CommandSpec, Ended, Supervisor, Told};
use crate::workspace::{Call, Run};
use std::fs;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// How long a call may take. In a repository that needs longer, changes are reported by the files
/// that the task names.
const LIMIT: Duration = Duration::from_secs(30);
/// The file in the attempt folder that receives the output of a call, while it is needed.
const OUT: &str = "git.out";
/// The file that receives stderr of a call.
const ERR: &str = "git.err";
/// How often a call is repeated if its output could not be stored: agents delete folders.
const TRIES: u32 = 3;

/// Lets `question` query git in the attempt of `job`. Warns of failed calls.
///
/// # Errors
/// The end of the attempt, if it was cancelled meanwhile or its supervisor vanished.
pub(super) fn ask<T>(
    job: &Job,
    with: &mut With<'_>,
    warnings: &mut Vec<String>,
    question: impl FnOnce(Run<'_>) -> T,
) -> Result<T, End> {
    let With { supervisor, steering, .. } = with;
    let mut calls = GitCalls { job, supervisor, steering, warnings, cut: None };
    let answer = question(&mut |call| calls.run(call));
    calls.cut.map_or(Ok(answer), |outcome| Err(unknown("git", outcome)))
}

/// Runs the git calls of an attempt.
struct GitCalls<'a> {
    job: &'a Job,
    supervisor: &'a mut Supervisor,
    steering: &'a Steering,
    warnings: &'a mut Vec<String>,
    /// Why nothing more may run.
    cut: Option<Outcome>,
}

impl GitCalls<'_> {
    /// Returns the output of a call; `None`, with a warning, if it failed.
    fn run(&mut self, call: &Call) -> Option<Vec<u8>> {
        if fault::is(Fault::SoftGit) {
            return soft(call);
        }
        let ended = self.ended(call)?;
        let told = match &ended.outcome {
            Outcome::Exited { code: 0 } => Some(self.output(&ended)),
            Outcome::Interrupted | Outcome::Lost => {
                self.cut = Some(ended.outcome);
                None
            }
            Outcome::Exited { .. }
            | Outcome::Signaled { .. }
            | Outcome::TimedOut { .. }
            | Outcome::Silent { .. }
            | Outcome::FailedToStart { .. } => Some(Err(self.complaint(&ended.outcome))),
        };
        for file in [OUT, ERR] {
            // Most calls write no such file, and a leftover file only costs space.
            drop(fs::remove_file(self.job.folder.file(file)));
        }
        told?.map_err(|why| self.warn(call, &why)).ok()
    }

    fn ended(&mut self, call: &Call) -> Option<Ended> {
        let spec = self.spec(call);
        let mut last = None;
        for _ in 0..TRIES {
            if self.cut.is_some() {
                return None;
            }
            if self.steering.cancelled.load(Ordering::SeqCst) {
                self.cut = Some(Outcome::Interrupted);
                return None;
            }
            // If the folder could not be created, the missing output shows it.
            drop(self.job.folder.create());
            let steering = self.steering;
            let mut tell = |told| match told {
                Told::Started(_) => {}
                Told::Paused(number) => (steering.on_still)(number),
            };
            match self.supervisor.run(&spec, &mut tell) {
                Ok(ended) if ended.output_error.is_none() => return Some(ended),
                Ok(ended) => last = Some(ended),
                Err(lost) => {
                    self.warnings.push(format!("failed to {lost}"));
                    self.cut = Some(Outcome::Lost);
                }
            }
        }
        last
    }

    fn spec(&self, call: &Call) -> CommandSpec {
        CommandSpec {
            argv: call.argv.clone(),
            cwd: call.cwd.clone(),
            env: call.env.clone(),
            stdin: None,
            stdout: self.job.folder.file(OUT),
            stderr: Some(self.job.folder.file(ERR)),
            timeout: LIMIT,
            silence: None,
            // The call writes nothing, so there is nothing to finish gracefully.
            grace: Duration::ZERO,
            cap: CommandSpec::CAP,
        }
    }

    /// Returns everything that the call printed.
    fn output(&self, ended: &Ended) -> Result<Vec<u8>, String> {
        if let Some(why) = &ended.output_error {
            return Err(why.clone());
        }
        if ended.printed > CommandSpec::CAP {
            return Err(format!("it printed {} bytes", ended.printed));
        }
        if ended.printed == 0 {
            // No file is created for empty output.
            return Ok(Vec::new());
        }
        let half = CommandSpec::CAP / 2;
        let (mut head, tail) = match self.job.folder.ends(OUT, half) {
            Ok(ends) => ends,
            // It wrote to stderr only.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error.to_string()),
        };
        head.extend(tail);
        Ok(head)
    }

    /// Returns how it ended, with the first line of its stderr.
    fn complaint(&self, outcome: &Outcome) -> String {
        let (said, _) = self.job.folder.ends(ERR, 512).unwrap_or_default();
        let said = String::from_utf8_lossy(&said);
        match said.lines().map(str::trim).find(|line| !line.is_empty()) {
            Some(line) => format!("{outcome}: {}", self.job.mask.text(line)),
            None => outcome.to_string(),
        }
    }

    fn warn(&mut self, call: &Call, why: &str) {
        let verb = call.argv.get(2).map(|verb| verb.to_string_lossy()).unwrap_or_default();
        let (id, cwd) = (&self.job.id, call.cwd.display());
        self.warnings.push(if self.job.purpose.is_attempt() {
            format!(
                "{id}: git {verb} could not report what changed in {cwd} ({why}); the list of \
                 changed files may miss files that the task does not name"
            )
        } else {
            format!("{id}: git {verb} could not report what changed in {cwd} ({why})")
        });
    }
}

/// Runs the call as an ordinary child with the whole environment of this process and no supervisor.
fn soft(call: &Call) -> Option<Vec<u8>> {
    let words: Vec<_> = call.argv.iter().skip(2).filter_map(|word| word.to_str()).collect();
    let mut command = Short::new("git", &words);
    command.dir = Some(call.cwd.clone());
    let finished = command.run().ok()?;
    (finished.code == 0).then_some(finished.stdout)
}
