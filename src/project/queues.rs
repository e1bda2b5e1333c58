//! The queues that a command serves, and those that it only reads because tasks depend on them.

use super::queue_ref::QueueRef;
use crate::config::{Config, ProjectRoot, Runner, SelectedQueue, Selection};
use crate::domain::{Field, QueueIx, Task, Text, Typed};
use crate::plan::{self, AgentLimit, QueueTasks};
use crate::queue::Queue;
use crate::store::control::Control;
use crate::store::log::Log;
use crate::store::{Backend, ClaimKeeper, Opened, QueueStore, StateDir, StoreError};
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The loaded queues, served ones first.
#[derive(Clone, Debug)]
pub struct QueueSet {
    /// The configuration of all of them.
    pub config: Config,
    /// How suggested commands name the served queues.
    pub typed: Typed,
    queues: Vec<QueueRef>,
    served: usize,
    claims: Arc<dyn ClaimKeeper>,
    control: Arc<dyn Control>,
}

impl QueueSet {
    /// Opens the selected queues and every queue to which they may refer.
    ///
    /// Queues that are only referred to are left out if they cannot be read. Tasks that depend on
    /// them wait, and all others are unaffected.
    ///
    /// # Errors
    /// Returns [`StoreError`] if a selected queue cannot be read or is refused.
    pub(super) fn open(
        selection: Selection,
        backend: Box<dyn Backend>,
    ) -> Result<(Self, Box<dyn QueueStore>), StoreError> {
        let known = selection.config.known_queues();
        let Selection { config, queues: mut members, typed } = selection;
        let paths: Vec<PathBuf> = members.iter().map(|queue| queue.path.clone()).collect();
        let served = members.len();
        let Opened { mut store, claims, control } = backend.open(&paths)?;
        for other in referred(store.queues(), known, &config) {
            if store.watch(&other.path) {
                members.push(other);
            }
        }
        let numbered = QueueIx::each(members);
        let queues: Vec<QueueRef> =
            numbered.map(|(queue, member)| identity(&*store, queue, member, &config)).collect();
        let set = Self { config, typed, queues, served, claims, control };
        store.share(set.roots().map(|root| root.path.clone()).collect());
        Ok((set, store))
    }

    /// Loads queues to which tasks refer and that were unreadable or not referred to before.
    /// Returns whether any was loaded.
    pub(super) fn follow(&mut self, store: &mut dyn QueueStore) -> bool {
        let before = self.queues.len();
        for selected in referred(store.queues(), self.config.known_queues(), &self.config) {
            if store.watch(&selected.path) {
                let queue = QueueIx::new(self.queues.len());
                self.queues.push(identity(store, queue, selected, &self.config));
            }
        }
        self.queues.len() > before
    }

    /// Returns where the claims of their tasks are held.
    pub fn claims(&self) -> &Arc<dyn ClaimKeeper> {
        &self.claims
    }

    /// Returns where loops and people find each other.
    pub fn control(&self) -> &dyn Control {
        &*self.control
    }

    /// Returns the number of served queues, which come first.
    pub fn served(&self) -> usize {
        self.served
    }

    /// Returns whether `queue` is served, and not only read.
    pub fn serves(&self, queue: QueueIx) -> bool {
        queue.index() < self.served
    }

    /// Returns the served queues.
    pub fn each_served(
        &self,
    ) -> impl DoubleEndedIterator<Item = QueueIx> + ExactSizeIterator + Clone + use<> {
        QueueIx::first(self.served)
    }

    /// Returns the identity of a queue.
    pub fn queue(&self, queue: QueueIx) -> &QueueRef {
        &self.queues[queue]
    }

    /// Returns the real path of a queue.
    pub fn real(&self, queue: QueueIx) -> &Path {
        self.queues[queue].key()
    }

    /// Returns the real paths of all queues.
    pub fn all_real(&self) -> impl Iterator<Item = &Path> {
        self.queues.iter().map(QueueRef::key)
    }

    /// Returns the files that loops themselves write, which are not part of any task's work: the
    /// queues and the board.
    pub fn own_files(&self) -> Vec<PathBuf> {
        let queues = self.all_real().map(Path::to_owned);
        // The paths of changed files are real paths.
        let real = |path: &PathBuf| {
            let folder = path.parent().and_then(|folder| folder.canonicalize().ok());
            folder.zip(path.file_name()).map_or_else(|| path.clone(), |(dir, name)| dir.join(name))
        };
        queues.chain(self.config.board.path.as_ref().map(real)).collect()
    }

    /// Returns the working directory of the agents of a queue.
    pub fn root(&self, queue: QueueIx) -> &Path {
        &self.queues[queue].root().path
    }

    /// Returns the working directories of the agents of all queues.
    pub fn all_roots(&self) -> impl Iterator<Item = &Path> {
        self.queues.iter().map(|queue| queue.root().path.as_path())
    }

    /// Returns the roots of the served queues.
    pub fn roots(&self) -> impl Iterator<Item = &ProjectRoot> {
        self.queues[..self.served].iter().map(QueueRef::root)
    }

    /// Returns the state folder of a queue.
    pub fn state(&self, queue: QueueIx) -> StateDir {
        self.queues[queue].state().clone()
    }

    /// Returns each journal of the first `queues` queues once, with its queues.
    pub(crate) fn logs(&self, queues: usize) -> Vec<(&Log, Vec<QueueIx>)> {
        let mut logs: Vec<(&Log, Vec<QueueIx>)> = Vec::new();
        for queue in QueueIx::first(queues) {
            let log = self.queues[queue].log();
            match logs.iter_mut().find(|(known, _)| known.key() == log.key()) {
                Some((_, of)) => of.push(queue),
                None => logs.push((log, vec![queue])),
            }
        }
        logs
    }

    /// Returns the data of `queues` that the planner uses.
    pub fn tasks<'a>(&'a self, queues: &'a [Queue]) -> Vec<QueueTasks<'a>> {
        let one = |(queue, content): (&'a QueueRef, &'a Queue)| QueueTasks {
            name: queue.name(),
            path: queue.key(),
            root: &queue.root().path,
            tasks: content.tasks(),
            phases: content.phases(),
        };
        self.queues.iter().zip(queues).map(one).collect()
    }

    /// Returns whether a task in progress is a person's, which needs no claim.
    pub fn is_persons(&self, task: &Task) -> bool {
        task.claim().is_none() && self.limit(task).manual
    }

    /// Returns the limits of the agent of a task, as far as they matter for picking tasks.
    pub fn limit(&self, task: &Task) -> AgentLimit {
        let named = plan::history_key(task.agent());
        match self.config.agent_for(task) {
            Ok(Runner::Agent(choice)) => AgentLimit {
                name: choice.name,
                max_parallel: choice.profile.max_parallel,
                manual: false,
            },
            Ok(Runner::Person) => AgentLimit { name: named, max_parallel: None, manual: true },
            Ok(Runner::Gate) | Err(_) => {
                AgentLimit { name: named, max_parallel: None, manual: false }
            }
        }
    }
}

/// Returns the identity of the open queue that was `selected`.
fn identity(
    store: &dyn QueueStore,
    queue: QueueIx,
    selected: SelectedQueue,
    config: &Config,
) -> QueueRef {
    let root = config.root_for(&selected, store.queues()[queue].project());
    QueueRef::new(
        selected,
        root,
        (store.key(queue).to_owned(), store.state(queue), store.log(queue)),
    )
}

/// Returns the queues outside of `queues` to which their tasks refer: `queue:ID` by a known name or
/// a file in the same folder, `path#ID` by its path; and all that the configuration lists, for
/// plain ids.
fn referred(queues: &[Queue], known: Vec<SelectedQueue>, config: &Config) -> Vec<SelectedQueue> {
    let mut seen: HashSet<PathBuf> = queues.iter().map(|q| q.path().to_owned()).collect();
    let mut others = Vec::new();
    let mut add = |other: SelectedQueue| {
        if other.path.canonicalize().is_ok_and(|real| seen.insert(real)) {
            others.push(other);
        }
    };
    known.into_iter().for_each(&mut add);
    for queue in queues {
        let folder = queue.path().parent().unwrap_or_else(|| Path::new("."));
        let named = |task: &'_ Task| -> Vec<Text> {
            let waits = task.waits_for().map(|(_, text)| text);
            waits.chain(task.list(Field::Blocks)).cloned().collect()
        };
        let names = queue.tasks().iter().flat_map(named);
        for name in names.filter(|name: &Text| queue.index_of(name).is_none()) {
            let path = match (name.split_once('#'), name.split_once(':')) {
                (Some((path, _)), _) => folder.join(path),
                (None, Some((stem, _))) => folder.join(format!("{stem}.json")),
                (None, None) => continue,
            };
            SelectedQueue::at(path, config).into_iter().for_each(&mut add);
        }
    }
    others
}
