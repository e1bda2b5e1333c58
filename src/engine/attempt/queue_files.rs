//! Files that loops change and that are not work: the queues of the project, whoever serves them,
//! leftovers of their writes, state folders, and the configuration, which is put back.

use super::end::{End, environment};
use super::job::Job;
use super::tamper::owns;
use crate::platform::atomic_file::is_temp;
use crate::store::STATE_DIR;
use crate::store::registry::Registry;
use std::path::{Path, PathBuf};

/// The queues whose files are not work, and the configuration unless the task declares it.
#[derive(Default)]
pub(super) struct QueueFiles {
    queues: Vec<PathBuf>,
    config: Vec<PathBuf>,
}

impl QueueFiles {
    /// Returns those of the project of `job`.
    pub(super) fn of(job: &Job) -> Result<Self, End> {
        let entered: Vec<PathBuf> = Registry::of(&job.root).queues().map_err(|error| {
            environment(format!("cannot list the queues of the project: {error}"))
        })?;
        let declared = |path: &PathBuf| {
            let path = path.strip_prefix(&job.root).unwrap_or(path);
            owns(&job.declares, path)
        };
        Ok(Self {
            queues: job.queues.iter().cloned().chain(entered).collect(),
            config: job.watch.config_paths().filter(|path| !declared(path)).collect(),
        })
    }

    /// Returns whether `path` is one of them.
    pub(super) fn have(&self, path: &Path) -> bool {
        let is_temp_of = |queue: &Path| {
            path.parent() == queue.parent()
                && path.file_name().is_some_and(|name| is_temp(name, queue.file_name()))
        };
        let is_state = path.components().any(|part| part.as_os_str() == STATE_DIR);
        is_state
            || self.config.iter().any(|config| config == path)
            || self.queues.iter().any(|queue| queue == path || is_temp_of(queue))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::attempt::tamper::Kept;
    use crate::engine::attempt::tests::case::Case;
    use crate::platform::ids::{Ids, RandomIds};
    use serde_json::json;
    use std::sync::Arc;

    #[test]
    fn a_queue_and_its_temp_files_are_no_work() {
        let queues = vec![PathBuf::from("/p/q.json")];
        let files = QueueFiles { queues, config: vec![PathBuf::from("/p/workloop.toml")] };
        let state = "/p/sub/.workloop/events.jsonl";
        for ours in ["/p/q.json", "/p/.q.json.0123abcd.tmp", "/p/workloop.toml", state] {
            assert!(files.have(Path::new(ours)), "{ours}");
        }
        for work in ["/p/r.json", "/p/.r.json.0123abcd.tmp", "/p/a/q.json", "/p/.q.json.x.tmp"] {
            assert!(!files.have(Path::new(work)), "{work}");
        }
    }

    #[test]
    fn the_configuration_is_work_only_for_the_task_that_declares_it() {
        for (files, is_ours) in [(json!(["a.rs"]), true), (json!(["workloop.toml"]), false)] {
            let case = Case::new().task(json!({ "files": files }));
            let mut job = case.prepared();
            let ids: Arc<dyn Ids> = Arc::new(RandomIds);
            let config = case.root().join("workloop.toml");
            job.watch.config = vec![Arc::new(Kept::new(&config, ids).unwrap())];
            // A queue that another loop of the project serves.
            let other = case.root().join("sub/other.json");
            case.put("sub/other.json", "{}");
            Registry::of(&job.root).enter(&other).unwrap();
            let found = QueueFiles::of(&job).ok().unwrap();
            assert_eq!(found.have(&config), is_ours, "{files}");
            assert!(found.have(&case.root().join("q.json")) && found.have(&other));
            assert!(!found.have(&case.root().join("sub/another.json")));
        }
    }
}
