//! Rewrites files that are derived from the queues at each change of a queue: the board of the
//! configuration, and `state.md` in the state folders.
//!
//! Both are copies: they are written without a sync, and an error is reported once and fails no
//! change. A board only replaces a board: a file that a person wrote is not overwritten.

use super::session::Session;
use crate::config::BoardRules;
use crate::domain::{QueueIx, Typed};
use crate::plan::{Conditions, EstimateRules, Estimates, Naming, Order, readiness};
use crate::platform::atomic_file::replace_as;
use crate::platform::clock::{Clock, SystemClock};
use crate::platform::dir::Dir;
use crate::platform::ids::RandomIds;
use crate::platform::open::{self, Links};
use crate::project::{Planner, Project, QueueSet, Seen, ranking_rules};
use crate::queue::Queue;
use crate::views::board::{Board, state};
use crate::views::mask::Mask;
use crate::views::view::Sources;
use std::collections::{HashMap, HashSet};
use std::ffi::OsString;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The last line of a board, which identifies it.
const SIGN: &str = "\n<!-- made by workloop from the queues; edits are lost -->\n";
/// The maximum size of a board that is read to detect changes, in bytes.
const BYTES: u64 = 64 << 20;
/// With more tasks than this, `state.md` is written only along with a board: it would take longer
/// than the change itself.
const MANY: usize = 5_000;

/// The writer of the derived files, with its state between two changes.
struct Derived {
    set: Arc<QueueSet>,
    mask: Mask,
    /// The names of the queues on boards.
    names: Vec<String>,
    /// Plans without measured durations: on a board, like in every other view, the estimate of a
    /// task is that of its file.
    planner: Planner,
    /// The rules by which loops rank tasks, with durations measured from the journals.
    ranking: Option<EstimateRules>,
    /// The text that was written last, by path.
    last: HashMap<PathBuf, String>,
    /// The errors that were reported.
    told: HashSet<String>,
}

/// Registers the rewriting of board and state at each change of `project`.
pub(super) fn keep(project: &mut Project, session: &Session<'_>) {
    let mut derived = Derived::of(Arc::clone(project.set()), &session.world.vars);
    project.store_mut().on_change(Box::new(move |queues| derived.write(queues)));
}

/// Returns the paths of the queues, relative to the folder of the configuration if possible.
pub(super) fn names(set: &QueueSet) -> Vec<String> {
    let folder = set.config.folder().and_then(|folder| folder.canonicalize().ok());
    let name = |real: &Path| {
        let inside = folder.as_ref().and_then(|folder| real.strip_prefix(folder).ok());
        inside.unwrap_or(real).display().to_string()
    };
    set.all_real().map(name).collect()
}

/// Returns the order of the queues on a board: by name, so that every process writes the same
/// board.
pub(super) fn in_order(names: &[String], among: usize) -> Vec<QueueIx> {
    let mut order: Vec<QueueIx> = QueueIx::first(names.len().min(among)).collect();
    order.sort_by(|a, b| names[*a].cmp(&names[*b]));
    order
}

impl Derived {
    /// Creates a writer for the queues of `set` that has not written anything.
    fn of(set: Arc<QueueSet>, vars: &[(OsString, OsString)]) -> Self {
        Self {
            mask: Mask::new(&set.config.and_own(vars)),
            names: names(&set),
            set,
            planner: Planner::new(EstimateRules::default()),
            ranking: None,
            last: HashMap::new(),
            told: HashSet::new(),
        }
    }

    /// Writes the files that changed. Returns the errors that occurred for the first time.
    fn write(&mut self, queues: &[Queue]) -> Vec<String> {
        // Queues that were loaded later are not on the board.
        let queues = &queues[..queues.len().min(self.names.len())];
        let is_large = queues.iter().map(|queue| queue.tasks().len()).sum::<usize>() > MANY;
        let rules = self.set.config.board.clone();
        if is_large && rules.path.is_none() {
            return Vec::new();
        }
        let files = self.all(queues, &rules);
        let mode = queues.first().and_then(|queue| std::fs::metadata(queue.path()).ok());
        let mode = mode.map_or(0o600, |meta| meta.mode());
        let mut warnings = Vec::new();
        for (path, text) in files {
            if self.last.get(&path) == Some(&text) {
                continue;
            }
            match put(&path, &text, mode) {
                Ok(()) => drop(self.last.insert(path, text)),
                Err(error) => {
                    let what = format!("failed to write {}: {error}", path.display());
                    if self.told.insert(what.clone()) {
                        warnings.push(what);
                    }
                }
            }
        }
        warnings
    }

    /// Renders the states, and the board if one is configured.
    fn all(&mut self, queues: &[Queue], rules: &BoardRules) -> Vec<(PathBuf, String)> {
        let set = Arc::clone(&self.set);
        let ranking = self.ranking.get_or_insert_with(|| ranking_rules(&set, queues));
        let structure = self.planner.structure(&set, queues);
        let tasks = set.tasks(queues);
        let now = SystemClock.now();
        let seen = Seen {
            now,
            paused: HashSet::new(),
            agent_pauses: Vec::new(),
            claims: Vec::new(),
            outside: Vec::new(),
        };
        // The content of a board must not depend on the process that writes it.
        let typed = Typed::default();
        let conditions = Conditions { typed, ..seen.conditions(&set, queues, &structure) };
        let readiness = readiness(&structure.graph, &tasks, &conditions);
        let sources = Sources {
            queues,
            shown: &self.names,
            served: queues.len(),
            readiness: &readiness,
            mask: &self.mask,
            estimates: &structure.estimates,
            known: None,
            naming: Naming::WithReason,
        };
        let order = in_order(&self.names, queues.len());
        let board = Board { sources, order: &order, now };
        let estimates = Estimates::new(&structure.graph, &tasks, ranking);
        let order = Order::new(&structure.graph, &tasks, &estimates);
        let attempts = set.config.limits.attempts.value;
        let mut files = self.states(queues, &|queue| state::part(&board, queue, attempts, &order));
        if let Some(path) = &rules.path {
            files.push((path.clone(), board.render(rules.style) + SIGN));
        }
        files
    }

    /// Renders `state.md` for each existing state folder; none is created for it.
    fn states(&self, queues: &[Queue], part: &dyn Fn(QueueIx) -> String) -> Vec<(PathBuf, String)> {
        let mut folders: Vec<(PathBuf, Vec<(String, String)>)> = Vec::new();
        for queue in QueueIx::first(queues.len()) {
            let root = self.set.state(queue).root().to_owned();
            let new = (self.names[queue].clone(), part(queue));
            match folders.iter_mut().find(|(known, _)| *known == root) {
                Some((_, parts)) => parts.push(new),
                None if root.is_dir() => folders.push((root, vec![new])),
                None => {}
            }
        }
        let file = |(root, parts): (PathBuf, Vec<(String, String)>)| {
            let path = root.join("state.md");
            let old = self.last.get(&path).cloned();
            let old = old.or_else(|| open::read_text(&path, Links::Refuse, BYTES).ok());
            let exists = |name: &str| {
                let beside = root.parent().zip(Path::new(name).file_name());
                beside.is_some_and(|(folder, name)| folder.join(name).is_file())
            };
            let text = state::merged(&parts, &old.unwrap_or_default(), &exists);
            (path, text)
        };
        folders.into_iter().map(file).collect()
    }
}

/// Replaces the file with `text` if it differs.
fn put(path: &Path, text: &str, mode: u32) -> io::Result<()> {
    let is_board = text.ends_with(SIGN);
    match open::read_text(path, Links::Refuse, BYTES) {
        Ok(old) if old == text => return Ok(()),
        Ok(old) if is_board && !old.is_empty() && !old.ends_with(SIGN) => {
            let why = "it is not a board written by workloop; move it away, or set another \
                       [board] path";
            return Err(io::Error::other(why));
        }
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(io::ErrorKind::InvalidFilename.into());
    };
    // A board is readable by the readers of the queue; a state folder is private.
    let mode = if is_board { mode } else { 0o600 };
    replace_as(&Dir::open(folder)?, name, [text.as_bytes()], &RandomIds, mode)
}

#[cfg(test)]
mod tests;
