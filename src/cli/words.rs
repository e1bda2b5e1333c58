//! Separates arguments into ids and queues.

use super::args::{QueueArgs, QueueFlags};
use super::session::Session;
use std::path::{Path, PathBuf};

impl Session<'_> {
    /// Separates the arguments of a verb that takes ids and queues. A queue ends in `.json`, or is
    /// an existing file with a `/` in its path; any other one can be named with `--work-queue`.
    pub(super) fn ids_and_queues(
        &self,
        words: &[String],
        flags: &QueueFlags,
    ) -> (Vec<String>, QueueArgs) {
        let is_queue = |word: &&String| {
            word.ends_with(".json")
                || word.contains('/') && self.absolute(Path::new(word.as_str())).is_file()
        };
        let (queues, ids): (Vec<&String>, Vec<&String>) = words.iter().partition(is_queue);
        let queues = queues.into_iter().map(PathBuf::from).collect();
        (ids.into_iter().cloned().collect(), QueueArgs { queues, flags: flags.clone() })
    }
}
