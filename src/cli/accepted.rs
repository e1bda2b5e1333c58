//! Shared by `retry` and `done`: a person accepts the judging files that attempts at a task changed.
//!
//! The event of the verb names the files, so that loops know of it in the same instant.

use crate::cli::failure::Failure;
use crate::cli::session::Session;
use crate::domain::QueueIx;
use crate::engine::{ACCEPTS, left_by};
use crate::project::{Among, Project};
use crate::store::{JudgeFiles, StoreError};
use crate::views::escape;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::io::Write;

/// The changed files by task.
#[derive(Debug, Default)]
pub(super) struct Accepted(BTreeMap<(QueueIx, String), Vec<String>>);

impl Accepted {
    /// Finds the files that attempts at the given tasks changed.
    ///
    /// # Errors
    /// Fails if a task is unknown, or if what judged its attempts cannot be read.
    pub(super) fn find(project: &Project, ids: &[String]) -> Result<Self, Failure> {
        let set = project.set();
        let mut found = BTreeMap::new();
        for id in ids {
            let place = project.resolve(id, Among::Served)?;
            let id = project.queues()[place.queue].tasks()[place.task].id.to_string();
            let key = set.queue(place.queue).task(&id);
            let left = left_by(set.root(place.queue), &set.state(place.queue), &key);
            let left = left
                .map_err(StoreError::io("read what judged attempts in", set.root(place.queue)))?;
            if !left.is_empty() {
                found.insert((place.queue, id), left);
            }
        }
        Ok(Self(found))
    }

    /// Returns the data of the event by which they are accepted.
    pub(super) fn details(&self, queue: QueueIx, id: &str) -> Map<String, Value> {
        let files = self.0.get(&(queue, id.to_owned()));
        files.map(|files| (ACCEPTS.to_owned(), json!(files))).into_iter().collect()
    }

    /// Forgets the files after the verb was written, and prints what that means.
    ///
    /// # Errors
    /// Fails if the text cannot be printed.
    pub(super) fn settle(
        &self,
        project: &Project,
        session: &mut Session<'_>,
    ) -> Result<(), Failure> {
        let set = project.set();
        for ((queue, id), files) in &self.0 {
            let (root, state) = (set.root(*queue), set.state(*queue));
            let name = JudgeFiles::name(root, &state, &set.queue(*queue).task(id));
            // The event decides. A file that stays is removed by the next attempt.
            drop(JudgeFiles::of(root, &state).remove(&name));
            if !session.global.quiet {
                for file in files {
                    writeln!(
                        session.streams.err,
                        "{}: {} is accepted as an attempt left it, and judges from now on",
                        escape::line(id),
                        escape::line(file)
                    )?;
                }
            }
        }
        Ok(())
    }
}
