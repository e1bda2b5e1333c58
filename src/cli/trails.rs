//! What journals and attempt folders record about tasks, read on demand.

use crate::domain::{Event, QueueIx, Status};
use crate::plan::Node;
use crate::platform::clock::{Clock, SystemClock};
use crate::project::{QueueSet, Structure};
use crate::queue::Queue;
use crate::store::attempts::AttemptFolder;
use crate::store::log::{Log, Span};
use crate::store::queue_name;
use crate::views::known::{Known, LiveView, Phase, Recent};
use crate::views::mask::Mask;
use std::cell::OnceCell;
use std::sync::Arc;

/// The journals of the served queues.
pub(super) struct Trails {
    logs: Vec<(Log, Vec<QueueIx>)>,
    recent: Vec<OnceCell<Recent>>,
}

impl Trails {
    /// Creates it for the queues of `set`. Reads nothing yet.
    pub(super) fn of(set: &QueueSet) -> Self {
        let logs = set.logs(set.served()).into_iter();
        let logs: Vec<_> = logs.map(|(log, of)| (Arc::clone(log), of)).collect();
        let recent = logs.iter().map(|_| OnceCell::new()).collect();
        Self { logs, recent }
    }

    /// Returns what the end of the journal of `queue` records.
    fn recent(&self, queue: QueueIx) -> Option<&Recent> {
        let number = self.logs.iter().position(|(_, of)| of.contains(&queue))?;
        let log = &self.logs[number].0;
        Some(self.recent[number].get_or_init(|| Recent::read(log.events::<Event>(Span::Recent))))
    }

    /// Returns what is known about a task.
    pub(super) fn known(
        &self,
        (set, queues): (&QueueSet, &[Queue]),
        structure: &Structure,
        node: Node,
        mask: &Mask,
    ) -> Known {
        let (queue, index) = structure.graph.location(node);
        let task = &queues[queue].tasks()[index];
        let tried = task.attempts > 0 || task.status != Status::Pending;
        let recent = tried.then(|| self.recent(queue)).flatten();
        let traces = recent
            .and_then(|recent| recent.of(&queue_name(&queues[queue]), task.id.as_str()).cloned());
        let claim = task.claim().filter(|_| task.status == Status::InProgress);
        let live = claim.filter(|_| set.serves(queue)).map(|claim| {
            let key = set.queue(queue).task(task.id.as_str());
            let folder = AttemptFolder::new(&set.state(queue), &key, claim.attempt);
            let now = SystemClock.now();
            let look = LiveView::look(folder.path(), Some(&claim.since), now, mask);
            let phase = if task.change().is_some() { Phase::Landing } else { look.phase };
            LiveView { phase, ..look }
        });
        Known { traces: traces.unwrap_or_default(), live }
    }
}
