//! A queue file that is only glanced at, again and again: what a project's other loops have.

use super::loaded::Loaded;
use crate::domain::{Status, Task};
use crate::queue::Queue;
use std::path::{Path, PathBuf};

/// The running tasks of a queue file.
#[derive(Debug)]
pub struct Glimpse {
    path: PathBuf,
    loaded: Option<Loaded>,
    running: Vec<Task>,
}

impl Glimpse {
    /// A file at the real path `path`; nothing is read yet.
    pub fn of(path: &Path) -> Self {
        Self { path: path.to_owned(), loaded: None, running: Vec::new() }
    }

    /// The tasks that are in progress, read again if the file changed. A file that cannot be
    /// read is as it was last read, one that is gone has none.
    pub fn running(&mut self) -> &[Task] {
        let read = match &mut self.loaded {
            Some(loaded) => {
                loaded.read_again(|bytes| Queue::parse(&self.path, bytes)).ok().flatten()
            }
            None => Loaded::read(&self.path).ok().map(|(mut loaded, queue)| {
                loaded.know(&queue);
                self.loaded = Some(loaded);
                queue
            }),
        };
        if let Some(queue) = read {
            let running = queue.tasks().iter().filter(|task| task.status == Status::InProgress);
            self.running = running.cloned().collect();
        }
        if !self.path.exists() {
            self.running.clear();
            self.loaded = None;
        }
        &self.running
    }
}
