//! Finds the task that the text of a reference means.
//!
//! The order is that of the queue format: the exact text as an id of the own file; `queue:ID`
//! or `path/to/queue.json#ID`; the exact text as an id of exactly one other loaded queue.

use super::fast::FastMap;
use super::graph::QueueTasks;
use std::path::{Component, Path, PathBuf};

const NONE: u32 = u32::MAX;

/// What a text means.
pub(super) enum Found {
    /// This task.
    One(u32),
    /// No task.
    Unknown,
    /// One of these, and nobody can say which.
    Ambiguous(Vec<u32>),
}

/// Every id of every loaded queue.
pub(super) struct Names<'a> {
    queues: &'a [QueueTasks<'a>],
    starts: Vec<u32>,
    owner: Vec<u32>,
    /// The first node of an id; the others hang on `same`, in list order.
    first: FastMap<&'a str, u32>,
    same: Vec<u32>,
}

impl<'a> Names<'a> {
    /// Enters all ids.
    pub(super) fn new(queues: &'a [QueueTasks<'a>]) -> Self {
        let total: usize = queues.iter().map(|queue| queue.tasks.len()).sum();
        let mut names = Self {
            queues,
            starts: Vec::with_capacity(queues.len()),
            owner: Vec::with_capacity(total),
            first: FastMap::with_capacity_and_hasher(total, Default::default()),
            same: vec![NONE; total],
        };
        let mut last: FastMap<u32, u32> = FastMap::default();
        for (number, queue) in queues.iter().enumerate() {
            names.starts.push(names.owner.len() as u32);
            for task in queue.tasks {
                let node = names.owner.len() as u32;
                names.owner.push(number as u32);
                let head = *names.first.entry(task.id.as_str()).or_insert(node);
                if head != node {
                    let before = last.insert(head, node).unwrap_or(head);
                    names.same[before as usize] = node;
                }
            }
        }
        names
    }

    /// For every node whether another one has the same id.
    pub(super) fn shared(&self) -> Vec<bool> {
        let mut shared: Vec<bool> = self.same.iter().map(|&next| next != NONE).collect();
        for &next in &self.same {
            if next != NONE {
                shared[next as usize] = true;
            }
        }
        shared
    }

    /// Finds what `text`, written in a task of `queue`, means.
    pub(super) fn find(&self, queue: usize, text: &str) -> Found {
        if let Some(node) = self.in_queue(queue, text) {
            return Found::One(node);
        }
        let mut candidates = self.by_queue_name(text);
        if candidates.is_empty() {
            candidates = self.by_path(queue, text);
        }
        if candidates.is_empty() {
            candidates = self.nodes(text).collect();
        }
        match candidates[..] {
            [] => Found::Unknown,
            [only] => Found::One(only),
            [..] => Found::Ambiguous(candidates),
        }
    }

    fn nodes(&self, id: &str) -> impl Iterator<Item = u32> {
        let mut next = self.first.get(id).copied().unwrap_or(NONE);
        std::iter::from_fn(move || {
            let node = next;
            (node != NONE).then(|| {
                next = self.same[node as usize];
                node
            })
        })
    }

    fn in_queue(&self, queue: usize, id: &str) -> Option<u32> {
        self.nodes(id).find(|&node| self.owner[node as usize] as usize == queue)
    }

    fn in_queues(&self, queues: impl Iterator<Item = usize>, id: &str) -> Vec<u32> {
        queues.filter_map(|queue| self.in_queue(queue, id)).collect()
    }

    /// `queue:ID`; a name or an id may itself hold colons.
    fn by_queue_name(&self, text: &str) -> Vec<u32> {
        for (at, _) in text.match_indices(':') {
            let (name, id) = (&text[..at], &text[at + 1..]);
            let named = (0..self.queues.len()).filter(|&q| self.queues[q].is_called(name));
            let nodes = self.in_queues(named, id);
            if !nodes.is_empty() {
                return nodes;
            }
        }
        Vec::new()
    }

    /// `path/to/queue.json#ID`: seen from the own queue's folder, from the project root, or the
    /// end of the path of a loaded queue.
    fn by_path(&self, own: usize, text: &str) -> Vec<u32> {
        for (at, _) in text.match_indices('#') {
            let (path, id) = (Path::new(&text[..at]), &text[at + 1..]);
            if at == 0 {
                continue;
            }
            let folder = self.queues[own].path.parent().unwrap_or(Path::new(""));
            for wanted in [tidy(&folder.join(path)), tidy(&self.queues[own].root.join(path))] {
                let same = (0..self.queues.len()).filter(|&q| tidy(self.queues[q].path) == wanted);
                let nodes = self.in_queues(same, id);
                if !nodes.is_empty() {
                    return nodes;
                }
            }
            let end = tidy(path);
            let ending = (0..self.queues.len()).filter(|&q| self.queues[q].path.ends_with(&end));
            let nodes = self.in_queues(ending, id);
            if !nodes.is_empty() {
                return nodes;
            }
        }
        Vec::new()
    }
}

/// Removes `.` and resolves `..` by the text alone; no file is looked at.
pub(super) fn tidy(path: &Path) -> PathBuf {
    let mut tidied = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir
                if matches!(tidied.components().next_back(), Some(Component::Normal(_))) =>
            {
                tidied.pop();
            }
            Component::Prefix(_)
            | Component::RootDir
            | Component::ParentDir
            | Component::Normal(_) => {
                tidied.push(part);
            }
        }
    }
    tidied
}
