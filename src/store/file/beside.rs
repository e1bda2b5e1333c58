//! Determines from the journals whether attempts of a project ran while one of its queues was
//! edited.

use crate::domain::EventKind;
use crate::store::Backups;
use crate::store::journal::{Journal, Moment};
use crate::store::records::registry::Registry;
use crate::store::state::StateDir;
use chrono::{DateTime, FixedOffset};
use std::collections::HashSet;
use std::path::Path;

/// Returns whether an attempt of another queue of the project at `root` runs, or ran since the
/// queue at `path` was last written.
///
/// Only this function compares times of different journals. The result decides only whether a hand
/// edit needs a verb. A wrong clock makes the rule stricter, or as strict as without other queues.
pub(super) fn others_ran(root: &Path, path: &Path, backups: Option<&Backups>) -> bool {
    let since = moments(path, backups).filter_map(|moment| time(&moment)).last();
    // If the registry cannot be read, assume that they ran.
    let Ok(others) = Registry::of(root).queues() else { return true };
    let others = others.into_iter().filter(|other| other != path);
    others.into_iter().any(|other| ran(&other, since, backups))
}

fn ran(queue: &Path, since: Option<DateTime<FixedOffset>>, backups: Option<&Backups>) -> bool {
    let mut running: HashSet<String> = HashSet::new();
    let mut last = None;
    for moment in moments(queue, backups) {
        let Some(task) = moment.task.clone() else { continue };
        if moment.event == EventKind::Claimed {
            running.insert(task);
        } else if moment.event.ends_attempt() && running.remove(&task) {
            last = time(&moment).max(last);
        }
    }
    !running.is_empty() || last.is_some() && last >= since
}

fn moments(queue: &Path, backups: Option<&Backups>) -> impl Iterator<Item = Moment> + use<> {
    let name = queue.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let journal = Journal::new(StateDir::beside(queue).backed_up(backups));
    journal.moments().filter(move |moment| moment.queue == name)
}

fn time(moment: &Moment) -> Option<DateTime<FixedOffset>> {
    DateTime::parse_from_rfc3339(&moment.at).ok()
}
