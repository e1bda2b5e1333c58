//! Which queues were asked for, as a command says it that is to be typed next.

use super::args::{QueueArgs, QueueFlags};
use super::session::Session;
use crate::config::SelectedQueue;
use crate::views::style::shell_word;
use std::path::Path;

impl Session<'_> {
    /// What a command must say besides its verb and its task to mean the queues that `args` mean, which
    /// are `selected`: nothing where they are found without a word.
    pub(super) fn queue_words(&self, args: &QueueArgs, selected: &[SelectedQueue]) -> String {
        let words = said(args);
        if words.is_empty() {
            return words;
        }
        let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let found = self.select_all(&QueueArgs::default());
        let found: Vec<_> = found.into_iter().flat_map(|found| found.queues).collect();
        let is_found = |queue: &SelectedQueue| {
            found.iter().any(|other| real(&other.path) == real(&queue.path))
        };
        if selected.iter().all(is_found) { String::new() } else { words }
    }
}

/// The same words by flags, which every verb takes, with a blank before them.
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
