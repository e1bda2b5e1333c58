//! What an attempt changed in the project, and what may be the work of others.

use super::super::end::End;
use super::super::queue_files::QueueFiles;
use super::super::tamper::owns;
use super::Progress;
use super::look::changed_file;
use crate::platform::fault::{self, Fault};
use crate::store::at_work::{AtWork, Working};
use crate::store::attempts::CHANGED_FILE;
use crate::workspace::Snapshot;
use std::path::Path;

impl Progress<'_> {
    /// Takes a snapshot of the project before the agent changes anything.
    pub(super) fn look_before(&mut self) -> Result<(), End> {
        let job = self.job;
        // Register first: changes from here on may be the work of any registered attempt.
        let about = Working { task: job.id.clone(), declares: job.declares.clone() };
        let entry = AtWork::enter(&job.root, job.folder.path(), &about);
        if let Err(error) = &entry {
            let dir = AtWork::dir(&job.root);
            self.commands.warn(format!(
                "{}: failed to record in {} that its agent works, so files that other agents \
                 change meanwhile may count as its own: {error}",
                job.id,
                dir.display()
            ));
        }
        let before = self
            .commands
            .ask_git(|run| Snapshot::take(&job.root, &job.named_files, job.git.as_ref(), run))?;
        self.before = Some((before, entry.ok()));
        Ok(())
    }

    /// Lists what the agent changed, for the verification and for the queue.
    pub(super) fn list_changes(&mut self) -> Result<(), End> {
        let Some((before, entry)) = self.before.take() else { return Ok(()) };
        let job = self.job;
        let queues = QueueFiles::of(job)?;
        let ours = |path: &Path| queues.have(path);
        let all =
            self.commands.ask_git(|run| before.changed_since(&ours, job.git.as_ref(), run))?;
        self.changes.is_whole = all.is_whole;
        self.share_out(all.paths, entry);
        let paths = &self.changes.files;
        let lines =
            self.commands.ask_git(|run| before.line_changes(paths, job.git.as_ref(), run))?;
        let shown = |path: &Path| path.display().to_string();
        self.changes.lines = lines.into_iter().map(|file| changed_file(file, &shown)).collect();
        let mut text = [self.changes.files.as_slice(), self.changes.ambiguous.as_slice()].concat();
        text.sort_unstable();
        let mut text = text.join("\n");
        text.push('\n');
        if let Err(error) = self.job.folder.put(CHANGED_FILE, text.as_bytes()) {
            self.commands.warn(format!("failed to list the changed files: {error}"));
        }
        Ok(())
    }

    /// Splits the changed files into the attempt's own, and those that may be the work of others
    /// that ran meanwhile. A file that only others declare is theirs.
    fn share_out(&mut self, all: Vec<String>, entry: Option<AtWork>) {
        let entry = entry.filter(|_| !fault::is(Fault::OverlapIgnored));
        let others = match entry.as_ref().map_or(Ok(Vec::new()), AtWork::others) {
            Ok(others) => others,
            Err(error) => {
                let text = format!("failed to read which attempts ran meanwhile: {error}");
                self.commands.warn(text);
                Vec::new()
            }
        };
        drop(entry);
        for path in all {
            let has = |list: &[String]| owns(list, Path::new(&path));
            let own = has(&self.job.declares);
            let of_others = others.iter().any(|other| has(&other.declares));
            match (others.is_empty(), own, of_others) {
                (true, ..) | (_, true, false) => self.changes.files.push(path),
                (_, false, true) => {}
                (_, true, true) | (_, false, false) => self.changes.ambiguous.push(path),
            }
        }
    }
}

#[cfg(test)]
mod tests;
