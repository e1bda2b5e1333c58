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

#[cfg(test)]
mod tests {
    use crate::cli::args::QueueFlags;
    use crate::cli::session::tests::{session, world};

    #[test]
    fn a_queue_ends_in_json_or_is_a_file_in_a_folder() {
        let dir = tempfile::tempdir().expect("a folder");
        std::fs::create_dir_all(dir.path().join("a/folder")).expect("made");
        for file in ["plain", "a/queue", "a/folder/task"] {
            std::fs::write(dir.path().join(file), "").expect("written");
        }
        let flags = QueueFlags { project: Some("p".to_owned()), ..QueueFlags::default() };
        let words = [
            "A-1",
            "q.json",
            "no/such.json",
            "a/queue",
            "a/missing",
            "a/folder",
            "plain",
            "-",
            "./a/folder/task",
            "B",
            ".json",
            "x.JSON",
        ];
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        let world = world(dir.path(), &[]);
        let ((ids, queues), _) =
            session(&world, "", |session| session.ids_and_queues(&words, &flags));
        // A folder is no queue, and a file without a `/` may be an id.
        assert_eq!(ids, ["A-1", "a/missing", "a/folder", "plain", "-", "B", "x.JSON"]);
        let paths: Vec<_> = queues.queues.iter().map(|path| path.display().to_string()).collect();
        assert_eq!(paths, ["q.json", "no/such.json", "a/queue", "./a/folder/task", ".json"]);
        assert_eq!(queues.flags.project.as_deref(), Some("p"));
    }
}
