//! Loops, requests and queues of a project in a table.

use super::place::{Document, Shared, locked};
use crate::domain::Task;
use crate::queue::Queue;
use crate::store::StoreError;
use crate::store::control::{Asked, Control, Entry, Looping, Stillness, Tell, Wake};
use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

/// The loops of a place.
#[derive(Debug)]
pub(super) struct ControlTable(pub(super) Arc<Shared>);

impl Control for ControlTable {
    fn enter(&self, queues: &[&Path], about: &Looping) -> Result<Box<dyn Entry>, StoreError> {
        let queues: Vec<PathBuf> = queues.iter().map(|queue| (*queue).to_owned()).collect();
        let mut table = locked(&self.0.control);
        let said = queues.iter().map(|queue| (queue.clone(), None)).collect();
        table.loops.insert(about.name.clone(), said);
        // A request from before was not meant for this loop.
        table.stopped.retain(|queue| !queues.contains(queue));
        let (name, shared) = (about.name.clone(), Arc::clone(&self.0));
        Ok(Box::new(MemoryEntry { name, queues, shared }))
    }

    fn loops(&self, queue: &Path) -> usize {
        locked(&self.0.control).loops.values().filter(|queues| queues.contains_key(queue)).count()
    }

    fn paused(&self, queue: &Path) -> Option<SystemTime> {
        locked(&self.0.control).paused.get(queue).copied()
    }

    fn register(&self, root: &Path, queue: &Path) -> Result<(), StoreError> {
        let mut table = locked(&self.0.control);
        table.registered.entry(root.to_owned()).or_default().insert(queue.to_owned());
        Ok(())
    }

    fn registered(&self, root: &Path) -> Result<Vec<PathBuf>, StoreError> {
        let table = locked(&self.0.control);
        Ok(table.registered.get(root).into_iter().flatten().cloned().collect())
    }

    fn tasks(
        &self,
        queue: &Path,
        may_run: &dyn Fn(&Task) -> bool,
    ) -> Result<Vec<Task>, StoreError> {
        let texts = |document: &mut Document| (document.text.clone(), document.last_good.clone());
        let Ok((text, last_good)) = self.0.with(queue, texts) else { return Ok(Vec::new()) };
        let read = |text| Queue::parse(queue, text).ok();
        let tasks = read(text)
            .or_else(|| read(last_good?))
            .map(|queue| queue.tasks().iter().filter(|task| may_run(task)).cloned().collect());
        Ok(tasks.unwrap_or_default())
    }

    fn wake(&self, queues: &[&Path], _: usize, _: &[&Path], _: Tell) -> Box<dyn Wake> {
        let known = queues.iter().map(|queue| (*queue).to_owned()).collect();
        Box::new(Poll { known, is_listening: false })
    }
}

#[derive(Debug)]
struct MemoryEntry {
    name: String,
    queues: Vec<PathBuf>,
    shared: Arc<Shared>,
}

impl Entry for MemoryEntry {
    fn asked(&self) -> Vec<Asked> {
        let table = locked(&self.shared.control);
        let one = |queue: &PathBuf| Asked {
            stop: table.stopped.contains(queue),
            pause: table.paused.get(queue).copied(),
        };
        self.queues.iter().map(one).collect()
    }

    fn strays(&self) -> Vec<String> {
        Vec::new()
    }

    fn keep(&mut self) -> io::Result<()> {
        let said = || self.queues.iter().map(|queue| (queue.clone(), None)).collect();
        locked(&self.shared.control).loops.entry(self.name.clone()).or_insert_with(said);
        Ok(())
    }

    fn say(&mut self, still: &[Option<Stillness>]) {
        let said = self.queues.iter().cloned().zip(still.iter().copied()).collect();
        locked(&self.shared.control).loops.insert(self.name.clone(), said);
    }
}

impl Drop for MemoryEntry {
    fn drop(&mut self) {
        locked(&self.shared.control).loops.remove(&self.name);
    }
}

/// Watches nothing: the loops of tests look when they are told to.
struct Poll {
    known: BTreeSet<PathBuf>,
    is_listening: bool,
}

impl Wake for Poll {
    fn listen(&mut self) -> bool {
        !std::mem::replace(&mut self.is_listening, true)
    }

    fn rearm(&mut self) {}

    fn also(&mut self, queues: &[&Path]) -> bool {
        queues.iter().fold(false, |new, queue| self.known.insert((*queue).to_owned()) | new)
    }
}
