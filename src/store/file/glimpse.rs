//! A queue file that is only glanced at, again and again: what a project's other loops have.

use super::loaded::Loaded;
use crate::domain::Task;
use crate::queue::Queue;
use std::path::{Path, PathBuf};

/// The tasks of a queue file that may be running.
#[derive(Debug)]
pub struct Glimpse {
    path: PathBuf,
    loaded: Option<Loaded>,
    tasks: Vec<Task>,
}

impl Glimpse {
    /// A file at the real path `path`; nothing is read yet.
    pub fn of(path: &Path) -> Self {
        Self { path: path.to_owned(), loaded: None, tasks: Vec::new() }
    }

    /// The tasks that `may_run`, read again if the file changed. A file that cannot be read is as it
    /// was last read, one that is gone has none.
    pub fn tasks(&mut self, may_run: impl Fn(&Task) -> bool) -> &[Task] {
        let read = match &mut self.loaded {
            Some(loaded) => {
                loaded.read_again(|content| Queue::parse(&self.path, content)).ok().flatten()
            }
            None => Loaded::read(&self.path, None).ok().map(|(mut loaded, queue)| {
                loaded.know(&queue);
                self.loaded = Some(loaded);
                queue
            }),
        };
        if let Some(queue) = read {
            self.tasks = queue.tasks().iter().filter(|task| may_run(task)).cloned().collect();
        }
        if !self.path.exists() {
            self.tasks.clear();
            self.loaded = None;
        }
        &self.tasks
    }
}
