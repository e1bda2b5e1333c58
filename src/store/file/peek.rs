//! A queue file that is only glanced at, again and again: what a project's other loops have.

use super::loaded::Loaded;
use crate::domain::Task;
use crate::platform::open;
use crate::queue::Queue;
use crate::store::StoreError;
use std::fs;
use std::path::{Path, PathBuf};

/// The tasks of a queue file that may be running.
#[derive(Debug)]
pub struct Peek {
    path: PathBuf,
    loaded: Option<Loaded>,
    tasks: Vec<Task>,
}

impl Peek {
    /// A file at the real path `path`; nothing is read yet.
    pub fn of(path: &Path) -> Self {
        Self { path: path.to_owned(), loaded: None, tasks: Vec::new() }
    }

    /// The tasks that `may_run`, read again if the file changed. A file that cannot be read is as it
    /// was last read, one that is gone has none.
    ///
    /// # Errors
    /// When the system lacks what it takes to look: tasks that are left out would not be kept off.
    pub fn tasks(&mut self, may_run: impl Fn(&Task) -> bool) -> Result<&[Task], StoreError> {
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
