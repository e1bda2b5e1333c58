//! What is made anew of the queues at each change of one: the board of the configuration, and
//! `state.md` in the state folders.
//!
//! Both are copies: they are written without a sync, and what goes wrong with them is told once and
//! costs no change. A board takes the place of a board alone: a file of a person stays.

use super::session::Session;
use crate::config::BoardRules;
use crate::plan::{EstimateRules, Estimates, Order, readiness};
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
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The last line of a board, by which it is known.
const SIGN: &str = "\n<!-- made by workloop from the queues; edits are lost -->\n";
/// The largest board that is read to see whether it changed.
const BYTES: u64 = 64 << 20;
/// Of more tasks no `state.md` is made for its own sake: that would take longer than the change.
const MANY: usize = 5_000;

/// What is made anew, with what is kept from one time to the next.
struct Derived {
    set: Arc<QueueSet>,
    mask: Mask,
    /// Names of the queues on boards.
    names: Vec<String>,
    /// A task weighs what its file says, on a board as in every other view.
    planner: Planner,
    /// By which loops rank, with what the journals measured.
    ranking: Option<EstimateRules>,
    /// What was written last.
    last: HashMap<PathBuf, String>,
    told: HashSet<String>,
}

/// Has board and state made anew at each change of `project`.
pub(super) fn keep(project: &mut Project, session: &Session<'_>) {
    let set = Arc::clone(project.set());
    let mut derived = Derived {
        mask: Mask::new(&set.config.and_own(&session.world.vars)),
        names: names(&set),
        set,
        planner: Planner::new(EstimateRules::default()),
        ranking: None,
        last: HashMap::new(),
        told: HashSet::new(),
    };
    project.store_mut().on_change(Box::new(move |queues| derived.write(queues)));
}

/// The queues as a reader of the configuration's folder knows them.
pub(super) fn names(set: &QueueSet) -> Vec<String> {
    let folder = set.config.folder().and_then(|folder| folder.canonicalize().ok());
    let name = |real: &Path| {
        let inside = folder.as_ref().and_then(|folder| real.strip_prefix(folder).ok());
        inside.unwrap_or(real).display().to_string()
    };
    set.all_real().map(name).collect()
}

/// The queues of a board, by name: the same whoever writes it.
pub(super) fn in_order(names: &[String], among: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..names.len().min(among)).collect();
    order.sort_by(|a, b| names[*a].cmp(&names[*b]));
    order
}

impl Derived {
    /// Writes what changed; gives what went wrong for the first time.
    fn write(&mut self, queues: &[Queue]) -> Vec<String> {
        // A queue that is loaded later is of no board of ours.
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

    /// The board, where there is one, and the states.
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
        let conditions = seen.conditions(&set, queues, &structure);
        let readiness = readiness(&structure.graph, &tasks, &conditions);
        let sources = Sources {
            queues,
            shown: &self.names,
            served: queues.len(),
            readiness: &readiness,
            mask: &self.mask,
            estimates: &structure.estimates,
            known: None,
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

    /// `state.md` of each state folder that is there: none is made for it.
    fn states(&self, queues: &[Queue], part: &dyn Fn(usize) -> String) -> Vec<(PathBuf, String)> {
        let mut folders: Vec<(PathBuf, Vec<(String, String)>)> = Vec::new();
        for queue in 0..queues.len() {
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

/// Puts `text` in the place of what was made before, if it differs.
fn put(path: &Path, text: &str, mode: u32) -> io::Result<()> {
    let is_board = text.ends_with(SIGN);
    match open::read_text(path, Links::Refuse, BYTES) {
        Ok(old) if old == text => return Ok(()),
        Ok(old) if is_board && !old.is_empty() && !old.ends_with(SIGN) => {
            let why = "it is not a board that workloop made; move it away, or set another \
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
    // A board is for whom the queue is for; a state folder is private.
    let mode = if is_board { mode } else { 0o600 };
    replace_as(&Dir::open(folder)?, name, [text.as_bytes()], &RandomIds, mode)
}
