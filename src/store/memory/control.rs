//! Loops, requests and queues of a project in a table.

use super::place::{Document, Shared, locked};
use super::tables::{LoopEntry, PLACE};
use crate::domain::Task;
use crate::queue::Queue;
use crate::store::StoreError;
use crate::store::control::{
    Asked, Control, Entry, Looping, Request, Serving, Stillness, Whom, Withdrawn,
};
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
        let entry = LoopEntry::of(about.pid, &queues);
        table.loops.insert(about.name.clone(), entry);
        // A request from before was not meant for this loop.
        let is_old = |of: &PathBuf| queues.contains(of) || of == Path::new(PLACE);
        table.requests.retain(|(of, request), _| *request != Request::Stop || !is_old(of));
        let (name, pid, shared) = (about.name.clone(), about.pid, Arc::clone(&self.0));
        Ok(Box::new(MemoryEntry { name, pid, queues, shared }))
    }

    fn serving(&self, queue: &Path) -> Vec<Serving> {
        let table = locked(&self.0.control);
        let serving = table.loops.values().filter_map(|about| {
            let still = about.said.get(queue)?.map(|still| still.asked);
            Some(Serving { pid: about.pid, still })
        });
        serving.collect()
    }

    fn group(&self, _: &Path) -> (PathBuf, usize) {
        (PathBuf::from(PLACE), locked(&self.0.control).loops.len())
    }

    fn refusal(&self, _: &Path) -> io::Result<Option<String>> {
        Ok(None)
    }

    fn ask(&self, queue: &Path, request: Request, whom: Whom) -> Result<(), StoreError> {
        locked(&self.0.control).ask(name(queue, whom), request, SystemTime::now());
        Ok(())
    }

    fn asked(&self, queue: &Path, request: Request) -> Option<SystemTime> {
        locked(&self.0.control).asked(queue, request)
    }

    fn withdraw(&self, queue: &Path, whom: Whom) -> Result<Withdrawn, StoreError> {
        let mut table = locked(&self.0.control);
        let before = table.requests.len();
        table.requests.retain(|(of, _), _| match whom {
            Whom::Queue => of != queue,
            Whom::Group => false,
        });
        let group_is_asked = table.requests.keys().any(|(of, _)| of == Path::new(PLACE));
        let count = before - table.requests.len();
        Ok(Withdrawn { count, strays: Vec::new(), group_is_asked })
    }

    fn is_still(&self, queue: &Path) -> bool {
        self.0.is_still(queue)
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
}

/// Returns under what a request is kept.
fn name(queue: &Path, whom: Whom) -> &Path {
    match whom {
        Whom::Queue => queue,
        Whom::Group => Path::new(PLACE),
    }
}

#[derive(Debug)]
struct MemoryEntry {
    name: String,
    pid: u32,
    queues: Vec<PathBuf>,
    shared: Arc<Shared>,
}

impl Entry for MemoryEntry {
    fn asked(&self) -> Vec<Asked> {
        let table = locked(&self.shared.control);
        let one = |queue: &PathBuf| Asked {
            stop: table.asked(queue, Request::Stop).is_some(),
            pause: table.asked(queue, Request::Pause),
        };
        self.queues.iter().map(one).collect()
    }

    fn strays(&self) -> Vec<String> {
        Vec::new()
    }

    fn keep(&mut self) -> io::Result<()> {
        let mut table = locked(&self.shared.control);
        let entry = || LoopEntry::of(self.pid, &self.queues);
        table.loops.entry(self.name.clone()).or_insert_with(entry);
        Ok(())
    }

    fn say(&mut self, still: &[Option<Stillness>]) {
        let said = self.queues.iter().cloned().zip(still.iter().copied()).collect();
        let entry = LoopEntry { pid: self.pid, said };
        locked(&self.shared.control).loops.insert(self.name.clone(), entry);
    }
}

impl Drop for MemoryEntry {
    fn drop(&mut self) {
        locked(&self.shared.control).loops.remove(&self.name);
    }
}
