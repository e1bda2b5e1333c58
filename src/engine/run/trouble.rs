//! Queues that cannot be read or written for a while: a typo in the file, a file that is gone, a
//! full disk.
//!
//! Attempts live on meanwhile, results are kept and written later, and nothing is claimed. The loop
//! says once what is wrong and where the last good copy is, and resumes by itself.

use crate::platform::fault::{self, Fault};
use crate::project::QueueSet;
use crate::store::{StoreError, last_good};
use std::path::Path;
use std::time::{Duration, Instant};

/// How long a loop in which nothing runs waits before it leaves, if it is to leave when it has
/// nothing to do.
const PATIENCE: Duration = Duration::from_secs(60);

/// What keeps a loop from reading or writing.
#[derive(Debug, Default)]
pub(super) struct Trouble {
    /// What was said of it, and since when it lasts.
    now: Option<(String, Instant)>,
    /// Whether a turn was made without trouble.
    was_well: bool,
}

/// What is new about trouble.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct News {
    /// Whether it begins.
    pub(super) begins: bool,
    /// Whether its words are new.
    pub(super) said: bool,
}

impl Trouble {
    /// Whether `error` may pass while the loop waits. A loop that never made a turn does not wait.
    pub(super) fn may_pass(&self, error: &StoreError) -> bool {
        self.was_well && may_pass(error)
    }

    /// It is so since `now` at the latest.
    pub(super) fn is(&mut self, text: &str, now: Instant) -> News {
        let (begins, said, since) = match &self.now {
            Some((told, since)) => (false, told != text, *since),
            None => (true, true, now),
        };
        self.now = Some((text.to_owned(), since));
        News { begins, said }
    }

    /// Whether it has lasted for longer than a loop without work waits.
    pub(super) fn is_lasting(&self, now: Instant) -> bool {
        let lasts = |since: &Instant| now.saturating_duration_since(*since) >= PATIENCE;
        self.now.as_ref().is_some_and(|(_, since)| lasts(since))
    }

    /// A turn was made: says whether trouble is over by that.
    pub(super) fn is_over(&mut self) -> bool {
        self.was_well = true;
        self.now.take().is_some()
    }
}

/// What a person is told of `error`.
pub(super) fn sentence(error: &StoreError, set: &QueueSet) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(next) = cause {
        text = format!("{text}: {next}");
        cause = next.source();
    }
    let first = text.lines().next().unwrap_or_default();
    let copy = path_of(error).and_then(|path| last_good_copy(path, set));
    let copy = copy.map_or_else(String::new, |path| format!("; the last good copy is {path}"));
    format!(
        "{first}; attempts continue and their results are kept, nothing is claimed until this is \
         mended{copy}"
    )
}

/// The last good copy of the queue at `path`.
fn last_good_copy(path: &Path, set: &QueueSet) -> Option<String> {
    let queue = (0..set.served()).find(|queue| set.real(*queue) == path)?;
    let copy = last_good::path(&set.state(queue), path.file_name()?);
    copy.exists().then(|| copy.display().to_string())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trouble_is_said_once_and_lasts_from_its_beginning() {
        let (start, mut trouble) = (Instant::now(), Trouble::default());
        let later = |seconds| start + Duration::from_secs(seconds);
        assert!(!trouble.may_pass(&StoreError::Rejected(String::new())));
        assert!(!trouble.is_over(), "there was none");
        assert_eq!(trouble.is("a", start), News { begins: true, said: true });
        assert_eq!(trouble.is("a", later(1)), News { begins: false, said: false });
        assert_eq!(trouble.is("b", later(2)), News { begins: false, said: true });
        assert!(!trouble.is_lasting(later(59)) && trouble.is_lasting(later(60)));
        assert!(trouble.is_over() && !trouble.is_lasting(later(99)));
    }
}
