//! Files of the queues, which loops change and not the work: the queues of the project, whoever
//! serves them, and what is left of their writes.

use super::end::{End, environment};
use super::job::Job;
use crate::platform::atomic_file::is_temp;
use crate::store::registry::Registry;
use std::path::{Path, PathBuf};

/// The queues whose files are not the work.
pub(super) struct QueueFiles(Vec<PathBuf>);

impl QueueFiles {
    /// Those of the project of `job`.
    pub(super) fn of(job: &Job) -> Result<Self, End> {
        let entered: Vec<PathBuf> = Registry::of(&job.root).queues().map_err(|error| {
            environment(format!("cannot list the queues of the project: {error}"))
        })?;
        Ok(Self(job.queues.iter().cloned().chain(entered).collect()))
    }

    /// Whether `path` is one of them.
    pub(super) fn have(&self, path: &Path) -> bool {
        let is_temp_of = |queue: &Path| {
            path.parent() == queue.parent()
                && path.file_name().is_some_and(|name| is_temp(name, queue.file_name()))
        };
        self.0.iter().any(|queue| queue == path || is_temp_of(queue))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_queue_and_its_temp_files_are_no_work() {
        let files = QueueFiles(vec![PathBuf::from("/p/q.json")]);
        for ours in ["/p/q.json", "/p/.q.json.0123abcd.tmp"] {
            assert!(files.have(Path::new(ours)), "{ours}");
        }
        for work in ["/p/r.json", "/p/.r.json.0123abcd.tmp", "/p/a/q.json", "/p/.q.json.x.tmp"] {
            assert!(!files.have(Path::new(work)), "{work}");
        }
    }
}
