//! Reports judging files that attempts changed: nothing is judged by them until a person decides.

use crate::domain::{QueueIx, shell_word};
use crate::engine::left_files;
use crate::project::QueueSet;
use crate::project::repositories::is_private;
use crate::views::check::{FindingView, Findings};

/// Adds a finding for each such file.
pub(super) fn of_judges(set: &QueueSet, findings: &mut Findings) {
    if is_private(set) {
        return;
    }
    let mut roots = Vec::new();
    for queue in QueueIx::first(set.served()) {
        let root = set.root(queue);
        if roots.contains(&root) {
            continue;
        }
        roots.push(root);
        // Records that cannot be read end the next run, with the error.
        for left in left_files(root, &set.state(queue)).unwrap_or_default() {
            let text = match &left.task {
                Some(id) => format!(
                    "an attempt at {id} changed this file, so it judges nothing: put it back, or check it and \
                     accept it with workloop retry {}",
                    shell_word(id)
                ),
                None => "a verification of the tree changed this file, so it judges nothing: put it back, or \
                         change it yourself"
                    .to_owned(),
            };
            findings.add(FindingView::placeless("tampered-file", &left.path, text));
        }
    }
}
