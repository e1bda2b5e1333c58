//! Queues that cannot be read or written for a while: a typo in the file, a missing file, a full
//! disk.
//!
//! Meanwhile attempts continue, results are kept and written later, and nothing is claimed. The
//! loop reports once what is wrong and where the last good copy is, and resumes by itself.

use crate::platform::fault::{self, Fault};
use crate::project::Project;
use crate::store::StoreError;
use std::path::Path;
use std::time::{Duration, Instant};

/// How long a loop in which nothing runs waits before it exits, if it is to exit when it has
/// nothing to do.
const PATIENCE: Duration = Duration::from_secs(60);

/// What prevents a loop from reading or writing.
#[derive(Debug, Default)]
pub(super) struct Trouble {
    /// The text that was reported, and since when the trouble lasts.
    now: Option<(String, Instant)>,
    /// Whether a turn was made without trouble.
    was_well: bool,
}

/// What is new about the trouble.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct News {
    /// Whether it has just begun.
    pub(super) begins: bool,
    /// Whether its text is new.
    pub(super) said: bool,
}

impl Trouble {
    /// Returns whether `error` may pass while the loop waits. A loop that has never made a turn
    /// does not wait.
    pub(super) fn may_pass(&self, error: &StoreError) -> bool {
        self.was_well && may_pass(error)
    }

    /// Records the trouble, which lasts since `now` at the latest.
    pub(super) fn is(&mut self, text: &str, now: Instant) -> News {
        let (begins, said, since) = match &self.now {
            Some((told, since)) => (false, told != text, *since),
            None => (true, true, now),
        };
        self.now = Some((text.to_owned(), since));
        News { begins, said }
    }

    /// Returns whether it has lasted for longer than a loop without work waits.
    pub(super) fn is_lasting(&self, now: Instant) -> bool {
        let lasts = |since: &Instant| now.saturating_duration_since(*since) >= PATIENCE;
        self.now.as_ref().is_some_and(|(_, since)| lasts(since))
    }

    /// Records a successful turn. Returns whether that ends trouble.
    pub(super) fn is_over(&mut self) -> bool {
        self.was_well = true;
        self.now.take().is_some()
    }
}

/// Returns the text about `error` for a person.
pub(super) fn sentence(error: &StoreError, project: &Project) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(next) = cause {
        text = format!("{text}: {next}");
        cause = next.source();
    }
    let first = text.lines().next().unwrap_or_default();
    let copy = path_of(error).and_then(|path| last_good_copy(path, project));
    let copy = copy.map_or_else(String::new, |path| format!("; the last good copy is {path}"));
    format!(
        "{first}; attempts continue and their results are kept, nothing is claimed until this is \
         fixed{copy}"
    )
}

/// Returns the path of the last good copy of the queue at `path`.
fn last_good_copy(path: &Path, project: &Project) -> Option<String> {
    let set = project.set();
    let queue = set.each_served().find(|queue| set.real(*queue) == path)?;
    project.store().last_good(queue)
}

/// Returns whether someone may fix the error while the loop waits.
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
        // The text is in place, but the work that it claims must not start.
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
