//! The queues that the configuration lists, whether or not they are selected, because tasks may
//! depend on tasks in them.

use super::model::Config;
use super::queues::{QueueQuery, SelectedQueue, config_queues, describe};
use std::path::{Path, PathBuf};

impl Config {
    /// Returns every existing queue file that the configuration lists.
    pub fn known_queues(&self) -> Vec<SelectedQueue> {
        let listed = config_queues(self).into_iter();
        listed.filter_map(|path| SelectedQueue::at(path, self)).collect()
    }
}

impl SelectedQueue {
    /// Returns the queue file at `path`, named as in the configuration. Returns `None` if it does
    /// not exist.
    pub fn at(path: PathBuf, config: &Config) -> Option<Self> {
        let real: PathBuf = path.canonicalize().ok()?;
        let folder = config.folder().unwrap_or_else(|| Path::new("/"));
        let query = QueueQuery { cwd: folder.to_owned(), ..QueueQuery::default() };
        Some(describe(path, &real, &query, config))
    }
}
