//! Reads a file again after a small change.
//!
//! The whole text is read, but tasks whose text is unchanged keep their typed data. The result
//! equals that of parsing the same bytes from scratch.

use super::document::{Queue, decode};
use super::parse::ids::{Ids, Twice};
use super::parse::outline::outline;
use super::parse::refused::{Reason, Refused};
use super::parse::spans::{Earlier, EarlierTask, Outline, WHITE};
use super::structure;
use super::text::Slices;
use crate::domain::Task;
use crate::platform::utf8::Content;
use std::sync::{Arc, OnceLock};

impl Earlier for Queue {
    fn task(&self, index: usize) -> Option<EarlierTask<'_>> {
        let status = self.tasks.get(index)?.status;
        let (text, fields) = (self.slices.task(index), self.slices.fields(index));
        Some(EarlierTask { text, fields, status })
    }

    fn index_of(&self, id: &str) -> Option<usize> {
        self.ids.find(id, &self.tasks)
    }
}

impl Queue {
    /// Replaces the content with the current bytes of the file. The result is the same as that of
    /// [`parse`](Self::parse), but it is faster.
    ///
    /// # Errors
    /// Returns [`Refused`], as [`parse`](Self::parse) would; the queue is unchanged then.
    pub fn reread(&mut self, content: impl Into<Content>) -> Result<(), Refused> {
        let path = &self.path;
        let text = decode(content.into()).map_err(|(reason, bytes)| reason.refuse(path, &bytes))?;
        // In a file of another form, nothing is where it was.
        let is_object = text.trim_start_matches(WHITE).starts_with('{');
        if is_object != self.slices.list.is_some() {
            *self = Self::parse(path, Content::Text(text))?;
            return Ok(());
        }
        let refuse = |reason: Reason| reason.refuse(path, text.as_bytes());
        let mut read = outline(&text, Some(self)).map_err(refuse)?;
        let in_place = self.is_in_place(&read);
        if !in_place {
            let ids = self.ids_of(&read).map_err(|twice| refuse(read.duplicate(&text, &twice)))?;
            self.ids = Arc::new(ids);
        }
        let kept = std::mem::take(&mut read.kept);
        let scanned = std::mem::take(&mut read.tasks);
        let structure = self.structure.take();
        self.words = std::mem::take(&mut read.words);
        self.slices = Slices::new(text, read);
        let same = if in_place {
            self.replace(&kept, scanned)
        } else {
            self.arrange(&kept, scanned);
            false
        };
        let phases = Arc::clone(&self.phases);
        self.read_top();
        if let Some(hash) = structure.filter(|_| same && phases == self.phases) {
            self.structure = OnceLock::from(hash);
        }
        self.count();
        (self.revision, self.refreshed) = (0, 0);
        (self.style, self.ascii) = (OnceLock::new(), OnceLock::new());
        self.snapshot = OnceLock::new();
        Ok(())
    }

    /// Returns whether the same ids are in the same order.
    fn is_in_place(&self, read: &Outline) -> bool {
        let mut scanned = read.tasks.iter();
        read.kept.len() == self.tasks.len()
            && read.kept.iter().zip(self.tasks.iter()).enumerate().all(|(n, (kept, before))| {
                match kept {
                    Some(index) => *index as usize == n,
                    None => scanned.next().is_some_and(|task| task.id == before.id),
                }
            })
    }

    fn ids_of(&self, read: &Outline) -> Result<Ids, Twice> {
        let mut scanned = read.tasks.iter();
        let task = |kept: &Option<u32>| match kept {
            Some(index) => self.tasks.get(*index as usize),
            None => scanned.next(),
        };
        let ids: Vec<&str> =
            read.kept.iter().filter_map(task).map(|task| task.id.as_str()).collect();
        Ids::build(ids.len(), |index| ids[index])
    }

    /// Replaces the scanned tasks in place. Returns whether plans stay the same.
    fn replace(&mut self, kept: &[Option<u32>], scanned: Vec<Task>) -> bool {
        let places = kept.iter().enumerate().filter(|(_, kept)| kept.is_none());
        let tasks = Arc::make_mut(&mut self.tasks);
        let mut same = true;
        for ((place, _), task) in places.zip(scanned) {
            same &= structure::same(&tasks[place], &task);
            tasks[place] = task;
        }
        same
    }

    /// Rebuilds the task list after tasks were added, removed or moved.
    fn arrange(&mut self, kept: &[Option<u32>], scanned: Vec<Task>) {
        let before = std::mem::take(&mut self.tasks);
        let mut before: Vec<Option<Task>> =
            Arc::unwrap_or_clone(before).into_iter().map(Some).collect();
        let mut scanned = scanned.into_iter();
        let task = |kept: &Option<u32>| match kept {
            // No id occurs twice, so no task is taken twice.
            Some(index) => before[*index as usize].take(),
            None => scanned.next(),
        };
        self.tasks = Arc::new(kept.iter().filter_map(task).collect());
    }
}
