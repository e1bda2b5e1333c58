//! Queues that cannot be read or written for a while: a typo in the file, a file that is gone, a
//! full disk.
//!
//! Attempts live on meanwhile, results are kept and written later, and nothing is claimed. The loop
//! says once what is wrong and where the last good copy is, and resumes by itself.

use super::ending::Reason;
use super::limits::Urgency;
use super::observer::Notice;
use super::options::WhenEmpty;
use super::run_loop::RunLoop;
use crate::platform::fault::{self, Fault};
use crate::store::{StoreError, last_good};
use std::collections::HashSet;
use std::path::Path;
use std::time::{Duration, Instant};

/// How long a loop in which nothing runs waits before it leaves, if it is to leave when it has
/// nothing to do.
const PATIENCE: Duration = Duration::from_secs(60);

/// What was said to the person at the terminal, so that nothing is said twice.
#[derive(Debug, Default)]
pub(super) struct Said {
    /// Warnings that were given already.
    pub(super) told: HashSet<String>,
    /// What the loop waits for.
    pub(super) waits: String,
    /// What keeps it from reading or writing, and since when.
    trouble: Option<(String, Instant)>,
    /// Whether a turn was made without trouble.
    well: bool,
}

impl RunLoop<'_> {
    /// Takes in that a turn could not be made; waits a moment if the loop goes on.
    ///
    /// # Errors
    /// The error itself, where waiting would not help, and where it has been waited for long enough
    /// and no attempt and no result is left.
    pub(super) fn endure(&mut self, error: StoreError) -> Result<Option<Reason>, StoreError> {
        self.dispatcher.keeper.let_go_of_all();
        if !self.said.well || !may_pass(&error) {
            return Err(error);
        }
        let text = self.sentence(&error);
        let since = match &self.said.trouble {
            Some((told, since)) if *told == text => *since,
            Some((_, since)) => {
                let since = *since;
                self.observer.notice(&Notice::Warning(&text));
                since
            }
            None => {
                self.observer.notice(&Notice::Warning(&text));
                self.store.be_impatient(true);
                Instant::now()
            }
        };
        self.said.trouble = Some((text, since));
        self.confirm_pauses();
        if self.running() == 0 {
            if self.asked.urgency >= Urgency::End {
                self.tell_unwritten();
            }
            // A result that is kept is waited for, and nothing else.
            if self.finished.is_empty() && self.draining.is_some() {
                return Ok(self.draining.take());
            }
            let leaves = self.options.when_empty == WhenEmpty::Exit;
            if self.finished.is_empty() && leaves && since.elapsed() >= PATIENCE {
                return Err(error);
            }
        }
        self.hear();
        Ok(None)
    }

    /// A turn was made: what was wrong is over.
    pub(super) fn well(&mut self) {
        self.said.well = true;
        if self.said.trouble.take().is_some() {
            self.store.be_impatient(false);
            self.observer.notice(&Notice::Warning("the queue is read and written again"));
        }
    }

    fn sentence(&self, error: &StoreError) -> String {
        let mut text = error.to_string();
        let mut cause = std::error::Error::source(error);
        while let Some(next) = cause {
            text = format!("{text}: {next}");
            cause = next.source();
        }
        let first = text.lines().next().unwrap_or_default();
        let copy = path_of(error).and_then(|path| self.last_good(path));
        let copy = copy.map_or_else(String::new, |path| format!("; the last good copy is {path}"));
        format!(
            "{first}; attempts go on and their results are kept, nothing is claimed until this is \
             mended{copy}"
        )
    }

    /// The last good copy of the queue at `path`.
    fn last_good(&self, path: &Path) -> Option<String> {
        let set = &self.dispatcher.set;
        let queue = (0..set.served()).find(|queue| set.real(*queue) == path)?;
        let copy = last_good::path(&set.state(queue), path.file_name()?);
        copy.exists().then(|| copy.display().to_string())
    }

    /// Names results that were not written before a signal ended the loop.
    fn tell_unwritten(&mut self) {
        for (_, finished) in std::mem::take(&mut self.finished) {
            let text = format!(
                "the result of task {} could not be written and is kept in {}; the task runs again",
                finished.job.id,
                finished.job.folder.path().display()
            );
            self.observer.notice(&Notice::Warning(&text));
        }
    }
}

/// Whether somebody may mend what is wrong while the loop waits.
fn may_pass(error: &StoreError) -> bool {
    if fault::is(Fault::BrokenEnds) {
        return false;
    }
    match error {
        StoreError::Refused(_)
        | StoreError::Unsafe { .. }
        | StoreError::Unsettled { .. }
        | StoreError::Locked { .. }
        | StoreError::Newer { .. }
        | StoreError::Journal(_)
        | StoreError::Io { .. } => true,
        // The text is in place: whatever was to be started must not start.
        StoreError::NotDurable { .. }
        | StoreError::Illegal(_)
        | StoreError::Edit(_)
        | StoreError::UnknownTask { .. }
        | StoreError::AmbiguousTask { .. }
        | StoreError::TaskElsewhere { .. }
        | StoreError::Rejected(_) => false,
    }
}

fn path_of(error: &StoreError) -> Option<&Path> {
    match error {
        StoreError::Refused(refused) => Some(&refused.path),
        StoreError::Io { path, .. }
        | StoreError::Unsafe { path, .. }
        | StoreError::Unsettled { path, .. }
        | StoreError::Newer { path, .. } => Some(path),
        StoreError::NotDurable { .. }
        | StoreError::Illegal(_)
        | StoreError::Edit(_)
        | StoreError::UnknownTask { .. }
        | StoreError::AmbiguousTask { .. }
        | StoreError::TaskElsewhere { .. }
        | StoreError::Rejected(_)
        | StoreError::Locked { .. }
        | StoreError::Journal(_) => None,
    }
}
