//! A queue file that is only read, repeatedly: one that another loop of the project serves.

use super::loaded::Loaded;
use crate::domain::Task;
use crate::platform::open;
use crate::queue::Queue;
use crate::store::StoreError;
use std::fs;
use std::path::{Path, PathBuf};

/// The tasks of a queue file that may be running.
#[derive(Debug)]
pub(super) struct Peek {
    path: PathBuf,
    loaded: Option<Loaded>,
    tasks: Vec<Task>,
}

impl Peek {
    /// Creates a peek at the file with the real path `path`; reads nothing yet.
    pub(super) fn of(path: &Path) -> Self {
        Self { path: path.to_owned(), loaded: None, tasks: Vec::new() }
    }

    /// Returns the tasks that `may_run`, reading the file again if it changed. A file that cannot
    /// be read keeps its last tasks; a file that is gone has none.
    ///
    /// # Errors
    /// When the system lacks the resources to read it: a task that is left out could run at the
    /// same time as one that touches the same files.
    pub(super) fn tasks(&mut self, may_run: impl Fn(&Task) -> bool) -> Result<&[Task], StoreError> {
        let read = match &mut self.loaded {
            Some(loaded) => loaded.read_again(|content| Queue::parse(&self.path, content)),
            None => Loaded::read(&self.path, None).map(|(mut loaded, queue)| {
                loaded.know(&queue);
                self.loaded = Some(loaded);
                Some(queue)
            }),
        };
        match read {
            Ok(Some(queue)) => {
                self.tasks = queue.tasks().iter().filter(|task| may_run(task)).cloned().collect();
            }
            Err(StoreError::Io { action, path, source }) if open::is_shortage(&source) => {
                return Err(StoreError::Io { action, path, source });
            }
            Ok(None) | Err(_) => {}
        }
        let there = open::if_there(fs::metadata(&self.path));
        if there.is_ok_and(|there| there.is_none()) {
            self.tasks.clear();
            self.loaded = None;
        }
        Ok(&self.tasks)
    }
}
