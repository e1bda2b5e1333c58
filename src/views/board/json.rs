//! A board as data: what its styles show about each task, in the lists of the kanban board.

use super::card::Board;
use super::kanban::LISTS;
use crate::domain::QueueIx;
use crate::plan::{Node, State};
use crate::views::progress::Share;
use crate::views::summary::Summary;
use crate::views::view::TaskView;
use serde::Serialize;

/// A board. Fields may be added, never renamed.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct BoardView {
    /// Version of this shape.
    pub schema_version: u32,
    /// The queues.
    pub queues: Vec<BoardQueue>,
    /// How much of all work is done, weighted by estimates; `None` if there is no work.
    pub percent: Option<u8>,
    /// The tasks by state: those that need a person first.
    pub lists: Vec<BoardList>,
}

/// A queue of a board.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct BoardQueue {
    /// Its path, as shown on the board.
    pub path: String,
    /// Its tasks by state.
    pub summary: Summary,
    /// How much of its work is done.
    pub percent: Option<u8>,
}

/// The tasks in one state.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct BoardList {
    /// The state.
    pub state: &'static str,
    /// The tasks, in the order of the board.
    pub tasks: Vec<BoardTask>,
}

/// A task of a board: the fields of `status`, and those that boards add.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct BoardTask {
    /// The fields of `status`.
    #[serde(flatten)]
    pub task: TaskView,
    /// Its queue.
    pub queue: String,
    /// Its phase.
    pub phase: Option<String>,
    /// How much of it is done, in percent.
    pub percent: u8,
    /// The next step.
    pub next: Option<String>,
    /// When it will be complete: as reported, otherwise by its estimate.
    pub eta: Option<String>,
    /// Its dependencies that are not complete.
    pub depends_on: Vec<String>,
    /// The reasons why it waits besides other tasks.
    pub blockers: Vec<String>,
    /// For a complete task: who was notified of it.
    pub notified: Vec<String>,
    /// For a complete task: what it made.
    pub artifacts: Vec<String>,
}

impl Board<'_> {
    /// Returns the board as data.
    pub(crate) fn data(&self) -> BoardView {
        let mut all = Share::default();
        let mut lists: Vec<BoardList> = LISTS
            .iter()
            .map(|(state, _)| BoardList { state: state.word(), tasks: Vec::new() })
            .collect();
        let mut queues = Vec::new();
        for &queue in self.order {
            let mut own = Share::default();
            for node in self.sources.readiness.graph().queue_nodes(queue) {
                self.sources.weigh(node, &mut own);
                self.sources.weigh(node, &mut all);
                let state = self.sources.readiness.state(node);
                if let Some(at) = LISTS.iter().position(|(of, _)| *of == state) {
                    lists[at].tasks.push(self.task(queue, node));
                }
            }
            queues.push(BoardQueue {
                path: self.sources.shown[queue].clone(),
                summary: self.sources.queues[queue].counts().into(),
                percent: own.percent(),
            });
        }
        BoardView { schema_version: 1, queues, percent: all.percent(), lists }
    }

    fn task(&self, queue: QueueIx, node: Node) -> BoardTask {
        let card = self.card(node);
        let phase = self.sources.readiness.task(node).phase();
        let is_complete = card.task.state == State::Complete;
        BoardTask {
            queue: self.sources.shown[queue].clone(),
            phase: phase.map(|phase| self.sources.mask.text(phase).into_owned()),
            percent: card.percent(),
            next: card.next(),
            depends_on: if is_complete { Vec::new() } else { card.depends.1.clone() },
            blockers: card.blockers(),
            notified: if is_complete { self.notified(node) } else { Vec::new() },
            artifacts: if is_complete { self.artifacts(node) } else { Vec::new() },
            eta: card.eta,
            task: card.task,
        }
    }
}
