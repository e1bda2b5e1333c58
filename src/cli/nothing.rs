//! The message that is shown if no task is ready.

use crate::cli::read::Snapshot;
use crate::engine::{Ending, Reason};
use crate::plan::Node;

/// Returns why none of the selected tasks is ready. If one of them waits only for an agent that is
/// paused, that is the reason; otherwise it is the sentence that a run would print at its end.
pub(super) fn ready(snapshot: &Snapshot<'_>, selected: impl Fn(Node) -> bool + Copy) -> String {
    let graph = &snapshot.structure.graph;
    let rests =
        graph.nodes().any(|node| selected(node) && snapshot.readiness.waits_for_agent(node));
    let pause = snapshot.readiness.agent_pauses().first().filter(|_| rests);
    if let Some(pause) = pause {
        return format!("nothing is ready: {}", pause.sentence(&snapshot.set.typed));
    }
    let backlog = snapshot.readiness.backlog(selected);
    let ending = Ending::new(Reason::Done, backlog, 0, |node| graph.reference(node))
        .with_words(|node| snapshot.structure.unknown_word(snapshot.queues, node))
        .typed(&snapshot.set.typed);
    format!("nothing is ready: {}", ending.sentence())
}
