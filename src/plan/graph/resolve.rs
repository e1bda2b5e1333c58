//! Finds the task to which the text of a reference refers.
//!
//! The order is that of the queue format: the exact text as an id in its own file; `queue:ID` or
//! `path/to/queue.json#ID`; the exact text as an id in exactly one other loaded queue.

use super::node::{NONE, QueueTasks, owner};
use crate::domain::{QueueIx, Task, distance_below};
use crate::plan::fast::FastMap;
use crate::platform::hash::seeded;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;
use std::cell::Cell;
use std::ffi::OsStr;
use std::path::{Component, Path, PathBuf};

/// The result of resolving a text.
pub(super) enum Found {
    /// The text refers to this task.
    One(u32),
    /// The text refers to no task.
    Unknown,
    /// The text may refer to any of these tasks.
    Ambiguous(Vec<u32>),
}

/// The ids of all loaded queues.
pub(super) struct Names<'a> {
    queues: &'a [QueueTasks<'a>],
    starts: &'a [u32],
    /// The first node of each id. The others are linked from `same`, in list order.
    first: HashTable<u32>,
    /// Empty if there is only one queue, because no id occurs twice in a queue.
    same: Vec<u32>,
    /// The number of ids that were compared with texts that are not ids.
    compared: Cell<usize>,
}

/// Longer texts are not considered as misspelled ids.
const LONGEST: usize = 64;

/// The maximum number of comparisons. A large file of free text must not take a minute.
const COMPARED: usize = 2_000_000;

impl<'a> Names<'a> {
    /// Enters all ids if any reference exists. `starts` has the first node of each queue.
    pub(super) fn new(queues: &'a [QueueTasks<'a>], starts: &'a [u32]) -> Self {
        let mut names = Self {
            queues,
            starts,
            first: HashTable::new(),
            same: Vec::new(),
            compared: Cell::new(0),
        };
        let mut tasks = queues.iter().flat_map(|queue| queue.tasks);
        let several = queues.len() > 1;
        if several || tasks.any(refers) {
            names.enter(several);
        }
        names
    }

    fn enter(&mut self, several: bool) {
        let total = self.starts.last().map_or(0, |end| *end as usize);
        let mut first = HashTable::with_capacity(total);
        let mut same = vec![NONE; if several { total } else { 0 }];
        let mut last: FastMap<u32, u32> = FastMap::default();
        for node in 0..total as u32 {
            let id = self.id(node);
            let equal = |&other: &u32| several && self.id(other) == id;
            match first.entry(hash(id), equal, |&other| hash(self.id(other))) {
                Entry::Vacant(slot) => _ = slot.insert(node),
                Entry::Occupied(head) => {
                    let head = *head.get();
                    let before = last.insert(head, node).unwrap_or(head);
                    same[before as usize] = node;
                }
            }
        }
        (self.first, self.same) = (first, same);
    }

    fn owner(&self, node: u32) -> QueueIx {
        owner(self.starts, node)
    }

    fn id(&self, node: u32) -> &'a str {
        let queue = self.owner(node);
        self.queues[queue].tasks[(node - self.starts[queue]) as usize].id.as_str()
    }

    /// Returns for every node whether another one has the same id. Empty if there is only one
    /// queue.
    pub(super) fn shared(&self) -> Vec<bool> {
        let mut shared: Vec<bool> = self.same.iter().map(|&next| next != NONE).collect();
        for &next in &self.same {
            if next != NONE {
                shared[next as usize] = true;
            }
        }
        shared
    }

    /// Resolves `text`, which is written in a task of `queue`.
    pub(super) fn find(&self, queue: QueueIx, text: &str) -> Found {
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

    /// Returns whether a text that is not an id is similar to an id of its own queue. Then it is
    /// probably a misspelled id; otherwise it is probably free text.
    pub(super) fn is_slip(&self, queue: QueueIx, text: &str) -> bool {
        let limit = (text.chars().count() / 3).clamp(1, 3) + 1;
        let tasks = self.queues[queue].tasks;
        let few = self.compared.get() + tasks.len() <= COMPARED;
        if !few || text.len() > LONGEST || text.contains(char::is_whitespace) {
            return false;
        }
        self.compared.set(self.compared.get() + tasks.len());
        tasks.iter().any(|task| distance_below(text, task.id.as_str(), limit).is_some())
    }

    fn nodes(&self, id: &str) -> impl Iterator<Item = u32> {
        let mut next = self.first.find(hash(id), |&node| self.id(node) == id).copied();
        std::iter::from_fn(move || {
            let node = next?;
            next = self.same.get(node as usize).copied().filter(|&same| same != NONE);
            Some(node)
        })
    }

    fn in_queue(&self, queue: QueueIx, id: &str) -> Option<u32> {
        self.nodes(id).find(|&node| self.owner(node) == queue)
    }

    fn in_queues(&self, queues: impl Iterator<Item = QueueIx>, id: &str) -> Vec<u32> {
        queues.filter_map(|queue| self.in_queue(queue, id)).collect()
    }

    /// Resolves `queue:ID`. Names and ids may themselves contain colons.
    fn by_queue_name(&self, text: &str) -> Vec<u32> {
        for (at, _) in text.match_indices(':') {
            let (name, id) = (&text[..at], &text[at + 1..]);
            let named =
                QueueIx::first(self.queues.len()).filter(|&q| self.queues[q].is_called(name));
            let nodes = self.in_queues(named, id);
            if !nodes.is_empty() {
                return nodes;
            }
        }
        Vec::new()
    }

    /// Resolves `path/to/queue.json#ID`. The path is relative to the folder of the own queue or to
    /// the project root, or it is the end of the path of a loaded queue.
    fn by_path(&self, own: QueueIx, text: &str) -> Vec<u32> {
        // Only text that ends like the file of a loaded queue is treated as a path. Otherwise a
        // long text with many `#` would take too long.
        let files = self.queues.iter().filter_map(|queue| queue.path.file_name());
        let files: Vec<&[u8]> = files.map(OsStr::as_encoded_bytes).collect();
        for (at, _) in text.match_indices('#') {
            let (path, id) = (Path::new(&text[..at]), &text[at + 1..]);
            if !files.iter().any(|file| path.as_os_str().as_encoded_bytes().ends_with(file)) {
                continue;
            }
            let folder = self.queues[own].path.parent().unwrap_or(Path::new(""));
            for wanted in [tidy(&folder.join(path)), tidy(&self.queues[own].root.join(path))] {
                let same = QueueIx::first(self.queues.len())
                    .filter(|&q| tidy(self.queues[q].path) == wanted);
                let nodes = self.in_queues(same, id);
                if !nodes.is_empty() {
                    return nodes;
                }
            }
            let end = tidy(path);
            let ending =
                QueueIx::first(self.queues.len()).filter(|&q| self.queues[q].path.ends_with(&end));
            let nodes = self.in_queues(ending, id);
            if !nodes.is_empty() {
                return nodes;
            }
        }
        Vec::new()
    }
}

fn refers(task: &Task) -> bool {
    !task.dependencies().is_empty()
        || task.names_by_rare_fields()
        || !task.children().is_empty()
        || task.parent().is_some()
}

fn hash(id: &str) -> u64 {
    seeded(id.as_bytes())
}

/// Removes `.` and resolves `..` in the text of a path, without accessing files.
pub(super) fn tidy(path: &Path) -> PathBuf {
    let mut tidied = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            // The root is its own parent.
            Component::ParentDir if tidied.components().next_back() == Some(Component::RootDir) => {
            }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_tidied_by_its_text() {
        for (path, tidied) in [
            ("a/./b/../c", "a/c"),
            ("./a//b/", "a/b"),
            ("a/..", ""),
            ("..", ".."),
            ("../../a", "../../a"),
            ("a/../../b", "../b"),
            ("/a/../b", "/b"),
            ("/../../b", "/b"),
            ("/", "/"),
            ("", ""),
        ] {
            assert_eq!(tidy(Path::new(path)), Path::new(tidied), "{path}");
        }
    }
}
