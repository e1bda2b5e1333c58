//! The journals of the queues of a project.

use crate::store::Backups;
use crate::store::journal::{Journal, Moment};
use crate::store::judge;
use crate::store::records::registry::Registry;
use crate::store::state::StateDir;
use std::path::Path;

/// Returns whether an attempt of another queue of the project at `root` runs, or ran since the
/// queue at `path` was last written.
pub(super) fn others_ran(root: &Path, path: &Path, backups: Option<&Backups>) -> bool {
    // If the registry cannot be read, assume that they ran.
    let Ok(others) = Registry::of(root).queues() else { return true };
    let others = others.iter().filter(|other| *other != path);
    judge::others_ran(moments(path, backups), others.map(|other| moments(other, backups)))
}

fn moments(queue: &Path, backups: Option<&Backups>) -> impl Iterator<Item = Moment> + use<> {
    let name = queue.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let journal = Journal::new(StateDir::beside(queue).backed_up(backups));
    journal.moments().filter(move |moment| moment.queue == name)
}
