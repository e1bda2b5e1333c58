//! The queues that the configuration lists, whether they are asked for or not: tasks may depend
//! on theirs.

use super::model::Config;
use super::queues::{QueueQuery, SelectedQueue, config_queues, describe};
use std::path::{Path, PathBuf};

impl Config {
    /// Every queue file that the configuration lists and that exists.
    pub fn known_queues(&self) -> Vec<SelectedQueue> {
        let listed = config_queues(self).into_iter();
        listed.filter_map(|path| SelectedQueue::at(path, self)).collect()
    }
}

impl SelectedQueue {
    /// The queue file at `path`, named as the configuration does; `None` when there is none.
    pub fn at(path: PathBuf, config: &Config) -> Option<Self> {
        let real: PathBuf = path.canonicalize().ok()?;
        let folder = config.folder().unwrap_or_else(|| Path::new("/"));
        let query = QueueQuery { cwd: folder.to_owned(), ..QueueQuery::default() };
        Some(describe(path, &real, &query, config))
    }
}
