//! The queues that a command serves, and those that it only looks at because tasks depend on
//! them.

use crate::config::{Config, ProjectRoot, Runner, SelectedQueue, Selection};
use crate::domain::{Field, Task, Text};
use crate::plan::{self, AgentLimit, QueueTasks};
use crate::queue::Queue;
use crate::store::file::{FileOptions, FileStore};
use crate::store::{Backups, StateDir};
use crate::store::{QueueStore, StoreError};
use std::collections::HashSet;
use std::path::{Path, PathBuf};

/// The loaded queues, the served ones first.
#[derive(Clone, Debug)]
pub struct QueueSet {
    /// The configuration that holds for all of them.
    pub config: Config,
    queues: Vec<Member>,
    served: usize,
    backups: Option<Backups>,
}

#[derive(Clone, Debug)]
struct Member {
    selected: SelectedQueue,
    real: PathBuf,
    root: ProjectRoot,
}

impl QueueSet {
    /// Opens the selected queues and every queue that they may refer to.
    ///
    /// Queues that are only referred to are left out when they cannot be read: what depends on
    /// them waits, and nothing else is held up.
    ///
    /// # Errors
    /// [`StoreError`] when a selected queue cannot be read or is refused.
    pub(super) fn open(
        selection: Selection,
        options: FileOptions,
    ) -> Result<(Self, FileStore), StoreError> {
        let known = selection.config.known_queues();
        let Selection { config, queues } = selection;
        let paths: Vec<PathBuf> = queues.iter().map(|queue| queue.path.clone()).collect();
        let served = queues.len();
        let backups = options.backups.clone();
        let mut store = FileStore::open(&paths, options)?;
        let mut members: Vec<SelectedQueue> = queues;
        for other in referred(store.queues(), known, &config) {
            if store.watch(&other.path) {
                members.push(other);
            }
        }
        let projects = store.queues().iter().map(|queue| queue.project().map(str::to_owned));
        let real = store.paths().map(Path::to_owned);
        let queues: Vec<Member> = members
            .into_iter()
            .zip(projects)
            .zip(real)
            .map(|((selected, project), real)| {
                let root = config.root_for(&selected, project.as_deref());
                Member { selected, real, root }
            })
            .collect();
        let set = Self { config, queues, served, backups };
        store.also_lock(set.roots().map(|root| root.path.clone()).collect());
        Ok((set, store))
    }

    /// Loads queues that the tasks refer to and that could not be read before, or were not yet
    /// referred to; `true` when there is one.
    pub(super) fn follow(&mut self, store: &mut FileStore) -> bool {
        let before = self.queues.len();
        for selected in referred(store.queues(), self.config.known_queues(), &self.config) {
            if !store.watch(&selected.path) {
                continue;
            }
            let newest = store.queues().last();
            let project = newest.and_then(|queue| queue.project().map(str::to_owned));
            let root = self.config.root_for(&selected, project.as_deref());
            let real = store.paths().last().unwrap_or(&selected.path).to_owned();
            self.queues.push(Member { selected, real, root });
        }
        self.queues.len() > before
    }

    /// How many queues are served; they are the first ones.
    pub fn served(&self) -> usize {
        self.served
    }

    /// Name of a queue in references.
    pub fn name(&self, queue: usize) -> &str {
        &self.queues[queue].selected.name
    }

    /// Its file stem, by which requests name it.
    pub fn stem(&self, queue: usize) -> &str {
        self.real(queue).file_stem().and_then(|stem| stem.to_str()).unwrap_or_default()
    }

    /// Its path for messages.
    pub fn shown(&self, queue: usize) -> &Path {
        &self.queues[queue].selected.shown
    }

    /// Its real path.
    pub fn real(&self, queue: usize) -> &Path {
        &self.queues[queue].real
    }

    /// The real paths of all.
    pub fn all_real(&self) -> impl Iterator<Item = &Path> {
        self.queues.iter().map(|member| member.real.as_path())
    }

    /// The files that loops write and that are nobody's work: the queues, and the board.
    pub fn own_files(&self) -> Vec<PathBuf> {
        let queues = self.all_real().map(Path::to_owned);
        // Paths of what changed are real ones.
        let real = |path: &PathBuf| {
            let folder = path.parent().and_then(|folder| folder.canonicalize().ok());
            folder.zip(path.file_name()).map_or_else(|| path.clone(), |(dir, name)| dir.join(name))
        };
        queues.chain(self.config.board.path.as_ref().map(real)).collect()
    }

    /// The working directory of its agents.
    pub fn root(&self, queue: usize) -> &Path {
        &self.queues[queue].root.path
    }

    /// The working directories of the agents of all queues.
    pub fn all_roots(&self) -> impl Iterator<Item = &Path> {
        self.queues.iter().map(|member| member.root.path.as_path())
    }

    /// The roots of the served queues.
    pub fn roots(&self) -> impl Iterator<Item = &ProjectRoot> {
        self.queues[..self.served].iter().map(|member| &member.root)
    }

    /// Its state folder.
    pub fn state(&self, queue: usize) -> StateDir {
        StateDir::beside(self.real(queue)).backed_up(self.backups.as_ref())
    }

    /// What the planner sees of `queues`.
    pub fn tasks<'a>(&'a self, queues: &'a [Queue]) -> Vec<QueueTasks<'a>> {
        let one = |(member, queue): (&'a Member, &'a Queue)| QueueTasks {
            name: &member.selected.name,
            path: &member.real,
            root: &member.root.path,
            tasks: queue.tasks(),
            phases: queue.phases(),
        };
        self.queues.iter().zip(queues).map(one).collect()
    }

    /// Whether a task that is in progress is a person's, who needs no claim.
    pub fn is_persons(&self, task: &Task) -> bool {
        task.claim().is_none() && self.limit(task).manual
    }

    /// The agent of a task as far as picking is concerned.
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

/// Queues outside `queues` that their tasks name: `queue:ID` by a known name or a file beside,
/// `path#ID` by its path; and all that the configuration lists, for plain ids.
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
