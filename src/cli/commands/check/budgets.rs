//! Finds tasks that an edit reopened although their budget is used up.

use crate::cli::read::Snapshot;
use crate::domain::{Field, Need, QueueIx};
use crate::views::check::{FindingView, Findings};

/// Reports open tasks that no loop starts because their budget is used up.
pub(super) fn of_budgets(snapshot: &Snapshot<'_>, findings: &mut Findings) {
    let sources = snapshot.sources();
    let graph = &snapshot.structure.graph;
    for ix in QueueIx::first(snapshot.set.served()) {
        let nodes = graph.queue_nodes(ix);
        for node in nodes.filter(|node| snapshot.readiness.need(*node) == Some(Need::Budget)) {
            let id = graph.reference(node);
            let why = snapshot.readiness.used_up(node);
            let retry = snapshot.set.typed.about("retry", &id);
            let text =
                format!("the task is open, but {why}: it is not run; {retry} gives a new one");
            let (queue, index) = sources.place(node);
            let position = queue.locate(index, Some(Field::Status), None);
            let finding = FindingView::placeless("budget-used", &sources.shown[ix], text);
            findings.add(finding.about(queue, position, id));
        }
    }
}
