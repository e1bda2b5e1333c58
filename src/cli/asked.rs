//! Repeats the user's choice of queues in the commands that hints suggest.

use super::args::{QueueArgs, QueueFlags};
use super::session::Session;
use crate::config::{SelectedQueue, Selection};
use crate::domain::{Typed, shell_word};
use std::path::Path;

impl Session<'_> {
    /// Makes suggested commands name the queues of `selection`, which `args` selected, unless exactly
    /// these are found without flags.
    pub(super) fn name_queues(&self, args: &QueueArgs, selection: &mut Selection) {
        let words = said(args);
        if words.is_empty() {
            return;
        }
        let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let found = self.select_all(&QueueArgs::default());
        let found: Vec<_> = found.into_iter().flat_map(|found| found.queues).collect();
        let is_found = |queue: &SelectedQueue| {
            found.iter().any(|other| real(&other.path) == real(&queue.path))
        };
        // Without flags, all found queues are meant: an id may exist in another one of them, and one
        // that cannot be read fails the command.
        let is_same = selection.queues.len() == found.len();
        if !is_same || !selection.queues.iter().all(is_found) {
            selection.typed = Typed::naming(words);
        }
    }
}

/// Formats the queues as flags, which every verb accepts, each with a leading space.
fn said(args: &QueueArgs) -> String {
    let QueueArgs { queues, flags: QueueFlags { work_queue, project, names } } = args;
    let paths =
        queues.iter().chain(work_queue).map(|path| ("--work-queue", path.to_string_lossy()));
    let project = project.iter().map(|project| ("--project", project.into()));
    let names = names.iter().map(|name| ("--queue", name.into()));
    paths
        .chain(project)
        .chain(names)
        .map(|(flag, value)| format!(" {flag} {}", shell_word(&value)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queues_are_named_by_flags() {
        let args = QueueArgs {
            queues: vec!["a b.json".into()],
            flags: QueueFlags { project: Some("p".to_owned()), ..QueueFlags::default() },
        };
        assert_eq!(said(&args), " --work-queue 'a b.json' --project p");
        assert_eq!(said(&QueueArgs::default()), "");
    }
}
