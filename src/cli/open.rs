//! Opens the selected queues, and converts their errors into failures.

use super::derived;
use super::failure::{Failure, FailureKind};
use super::session::Session;
use super::streams::Sink;
use crate::agent::named;
use crate::config::{SelectedQueue, Selection};
use crate::engine::{JudgeError, PreflightError};
use crate::platform::clock::SystemClock;
use crate::platform::ids::RandomIds;
use crate::platform::open;
use crate::project::verbs::VerbError;
use crate::project::{Project, QueueSet};
use crate::store::control::Control;
use crate::store::file::FileOptions;
use crate::store::log::Log;
use crate::store::{Backend, Backups, StoreError};
use crate::views::escape;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

impl Session<'_> {
    /// Opens the selected queues and those to which they refer.
    ///
    /// # Errors
    /// Fails if one cannot be read or is refused.
    pub fn open(&mut self, selection: Selection) -> Result<Project, Failure> {
        let queues = selection.queues.clone();
        Ok(self.open_project(selection).map_err(|error| as_typed(error, &queues))?)
    }

    /// Returns why the records of these queues would be lost with `.workloop/`, and what to do
    /// about it; `None` if copies are kept.
    pub(super) fn exposed(&self, set: &QueueSet) -> Option<String> {
        let why = self.backups().err()?;
        set.each_served().any(|queue| set.state(queue).is_alone()).then(|| {
            format!(
                "used budgets and finished work are forgotten if .workloop/ is deleted: there is no \
                 git here, and no copy can be kept ({why}); make this a git repository, or set \
                 XDG_STATE_HOME to a folder that you own"
            )
        })
    }

    /// Returns where copies of the records are kept, or why they cannot be kept.
    pub(super) fn backups(&self) -> Result<Backups, String> {
        Backups::find(|name| self.world.var(name))
    }

    /// Returns the loops of the place where queues are kept.
    pub(super) fn control(&self) -> Arc<dyn Control> {
        self.place(false).control()
    }

    /// Returns the journal of the queue with this key.
    pub(super) fn log(&self, queue: &Path) -> Log {
        self.place(false).log(queue)
    }

    /// Does the same as [`Session::open`], but returns the unconverted error.
    pub(super) fn open_project(&self, selection: Selection) -> Result<Project, StoreError> {
        let place = self.place(selection.config.unsafe_fs);
        let mut project = Project::open(selection, place)?;
        derived::keep(&mut project, self);
        self.tell_what_is_used(&project);
        Ok(project)
    }

    /// Returns the place where queues are kept.
    fn place(&self, unsafe_fs: bool) -> Box<dyn Backend> {
        let on_wait = |dir: &Path, holder: Option<&str>| {
            let holder = holder.unwrap_or("another process");
            // Not written to the session's streams, which are borrowed while the store waits.
            let text = format!("waiting for the lock of {}, held by {holder}", dir.display());
            drop(writeln!(Sink::stderr(), "{}", escape::line(&text)));
        };
        Box::new(FileOptions {
            clock: Arc::new(SystemClock),
            ids: Arc::new(RandomIds),
            lock_timeout: self.lock_timeout(),
            backups: self.backups().ok(),
            unsafe_fs: self.global.unsafe_fs || unsafe_fs,
            on_wait: Box::new(on_wait),
            on_warning: Box::new(|text| {
                drop(writeln!(Sink::stderr(), "warning: {}", escape::line(text)));
            }),
        })
    }
}

/// Replaces the path in the error with the path of the queue as messages show it.
pub(super) fn as_typed(error: StoreError, queues: &[SelectedQueue]) -> StoreError {
    let is_it = |queue: &&SelectedQueue, path: &Path| {
        queue.path == path || queue.path.canonicalize().is_ok_and(|real| real == path)
    };
    let shown = |path: PathBuf| {
        let queue = queues.iter().find(|queue| is_it(queue, &path));
        queue.map_or(path, |queue| queue.shown.clone())
    };
    match error {
        StoreError::Refused(mut refused) => {
            refused.path = shown(refused.path);
            StoreError::Refused(refused)
        }
        StoreError::Io { action, path, source } => {
            StoreError::Io { action, path: shown(path), source }
        }
        StoreError::Unsafe { path, reason } => StoreError::Unsafe { path: shown(path), reason },
        other @ (StoreError::Illegal(_)
        | StoreError::Edit(_)
        | StoreError::UnknownTask { .. }
        | StoreError::AmbiguousTask { .. }
        | StoreError::TaskElsewhere { .. }
        | StoreError::Newer { .. }
        | StoreError::Rejected(_)
        | StoreError::Locked { .. }
        | StoreError::Unsettled { .. }
        | StoreError::NotDurable { .. }
        | StoreError::Journal(_)) => other,
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let kind = match &error {
            StoreError::Refused(_) => FailureKind::Refused,
            StoreError::Locked { .. } => FailureKind::Locked,
            StoreError::Illegal(_)
            | StoreError::Edit(_)
            | StoreError::UnknownTask { .. }
            | StoreError::AmbiguousTask { .. }
            | StoreError::TaskElsewhere { .. }
            | StoreError::Newer { .. }
            | StoreError::Rejected(_)
            | StoreError::Unsafe { .. }
            | StoreError::Journal(crate::store::journal::JournalError::Newer { .. }) => {
                FailureKind::Usage
            }
            StoreError::Unsettled { .. }
            | StoreError::NotDurable { .. }
            | StoreError::Journal(_)
            | StoreError::Io { .. } => FailureKind::Internal,
        };
        let mut failure = Self::new(kind, with_causes(&error));
        failure.hints.extend(remedy(&error).map(str::to_owned));
        if kind == FailureKind::Refused {
            failure.hint("nothing was written; fix the file and run the command again")
        } else if kind == FailureKind::Locked {
            failure.hint(
                "--lock-timeout waits longer; a script that holds the lock and calls workloop \
                 deadlocks",
            )
        } else if matches!(error, StoreError::AmbiguousTask { .. }) {
            failure.hint("write queue:ID, or name one queue with --work-queue")
        } else {
            failure
        }
    }
}

impl From<VerbError> for Failure {
    fn from(error: VerbError) -> Self {
        match error {
            VerbError::Store(error) => error.into(),
            VerbError::AtWork { .. } => Self::usage(error.to_string()),
        }
    }
}

impl From<PreflightError> for Failure {
    fn from(error: PreflightError) -> Self {
        match error {
            PreflightError::Store(error) => error.into(),
            PreflightError::NoVerification => Self::usage(error.to_string())
                .hint("add a step to workloop.toml:\n  [[verify]]\n  name = \"test\"\n  run = \"npm test\"")
                .hint("or give one on the command line: --verify 'npm test'")
                .hint("or run without verification, with tasks recorded as SKIPPED: --no-verify"),
            PreflightError::Choice { task, source } => {
                let failure: Self = source.into();
                let message = format!("task {task}: {}", failure.message);
                Self { message, ..failure }
            }
            PreflightError::Missing { ref program, .. } => {
                let failure = Self::usage(error.to_string());
                match named(program) {
                    Some(tool) => failure.hint(format_args!("install it: {}", tool.install)),
                    None => failure.hint("install it, or change workloop.toml"),
                }
            }
            PreflightError::Root { .. } => Self::usage(error.to_string()),
        }
    }
}

impl From<JudgeError> for Failure {
    fn from(error: JudgeError) -> Self {
        match error {
            JudgeError::Store(error) => error.into(),
            JudgeError::Choice(error) => error.into(),
            JudgeError::Refused(_) => Self::usage(error.to_string()),
            JudgeError::Busy(_) => {
                Self::usage(error.to_string()).hint("workloop cancel ends the attempt first")
            }
            JudgeError::Supervisor(_) | JudgeError::Judges(_) => {
                Self::internal(with_causes(&error))
            }
        }
    }
}

/// Returns what to do about an error that was caused by a limit of the system.
fn remedy(error: &(dyn std::error::Error + 'static)) -> Option<&'static str> {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.filter_map(|cause| cause.downcast_ref()).find_map(open::remedy)
}

/// Formats an error and its causes in one line.
pub(super) fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(&format!(": {cause}"));
        next = cause.source();
    }
    text
}

#[cfg(test)]
mod tests;
