//! The read model: queues and tasks as plain data, in the shape of `status --json`.
//!
//! Titles and words are made only for the tasks that are shown, so that a look at a queue of a
//! hundred thousand tasks costs little more than reading it.

use super::change::ChangeView;
use super::json::Made;
use super::mask::Mask;
use super::need::{NeedView, QuestionView};
use super::progress::{self, Progress, Share};
use super::summary::Summary;
use crate::domain::{Field, Liveness, ReasonCode, Status, timestamp};
use crate::plan::{AgentPause, Estimates, Node, Readiness, State, Waiting};
use crate::queue::Queue;
use serde::Serialize;

/// What views are made from.
#[derive(Clone, Copy)]
pub struct Sight<'a> {
    /// All loaded queues.
    pub queues: &'a [Queue],
    /// Their paths as people know them.
    pub shown: &'a [String],
    /// How many of them were asked for; they are the first ones.
    pub served: usize,
    /// Where the tasks stand.
    pub readiness: &'a Readiness<'a>,
    /// What must not be shown.
    pub mask: &'a Mask,
    /// How long tasks take, which is their weight where many are one number.
    pub estimates: &'a Estimates,
}

/// Which tasks are shown one by one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// All.
    All,
    /// The open ones, at most so many a queue; the most interesting first.
    Open(usize),
}

/// All queues that were asked for.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StatusView<T = Vec<TaskView>> {
    /// Version of this shape.
    pub schema_version: u32,
    /// The queues.
    pub queues: Vec<QueueView<T>>,
    /// Agents that are not started now.
    pub pauses: Vec<PauseView>,
    /// What needs a person, those that have waited longest first.
    pub needs_you: Vec<NeedView>,
}

/// An agent that is not started for a while.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PauseView {
    /// The agent.
    pub agent: String,
    /// The account that is concerned, where it is known.
    pub account: Option<String>,
    /// Why: `transient` for failures within seconds.
    pub kind: ReasonCode,
    /// Since when.
    pub since: String,
    /// Until when.
    pub until: String,
    /// How it failed last.
    pub reason: String,
    /// The same for people.
    #[serde(skip)]
    pub sentence: String,
}

/// The same with tasks that are made when they are written: not all of them are in memory at once.
pub type WrittenStatus<'a> = StatusView<Made<'a, Node, TaskView>>;

/// A queue.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct QueueView<T = Vec<TaskView>> {
    /// Its path.
    pub path: String,
    /// Its project.
    pub project: Option<String>,
    /// Counts of the tasks that were asked for.
    pub summary: Summary,
    /// Tasks with nothing in their way.
    pub ready: usize,
    /// Tasks not started with something in their way.
    pub waiting: usize,
    /// How much of the work is done, each task by its estimate; `None` where there is none.
    pub percent: Option<u8>,
    /// The same where counts of tasks do not say it: a task is done in part.
    #[serde(skip)]
    pub partial: Option<u8>,
    /// The tasks that are shown.
    pub tasks: T,
    /// Open tasks that are not.
    #[serde(skip)]
    pub hidden: usize,
    /// Counts by where the tasks stand: one whose worker is gone is not in progress.
    #[serde(skip)]
    pub standing: Summary,
}

/// A task.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TaskView {
    /// Its reference.
    pub id: String,
    /// Its title.
    pub title: String,
    /// The status word of the file.
    pub status: String,
    /// Where it stands.
    #[serde(skip)]
    pub state: State,
    /// The same as a word, which says as well that its change waits to land.
    #[serde(rename = "state")]
    pub word: &'static str,
    /// What passed and waits to land.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub change: Option<ChangeView>,
    /// The commit of the target as which it landed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub landed_commit: Option<String>,
    /// Its own priority.
    pub priority: Option<i64>,
    /// Agent starts so far.
    pub attempts: u32,
    /// How far it is, where something is known of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub progress: Option<Box<Progress>>,
    /// Who has it.
    pub worker: Option<String>,
    /// What it waits for.
    pub waiting_for: Vec<Waiting>,
    /// Files that changed while it ran, and may be the work of others.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub files_ambiguous: Vec<String>,
    /// What went wrong.
    pub error: Option<String>,
    /// What its agent asked or found instead of finishing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub open_question: Option<QuestionView>,
    /// The person who completed it.
    pub completed_by: Option<String>,
    /// When it was completed.
    pub completed_at: Option<String>,
    /// Whether its worker is known to be gone.
    #[serde(skip)]
    pub is_worker_gone: bool,
    /// Since when the worker has it.
    #[serde(skip)]
    pub since: Option<String>,
    /// Whether it is blocked and waits for a person's word.
    #[serde(skip)]
    pub is_question: bool,
}

impl<'a> Sight<'a> {
    /// Queue and index of a task.
    pub fn place(&self, node: Node) -> (&'a Queue, usize) {
        let (queue, index) = self.readiness.graph().location(node);
        (&self.queues[queue], index)
    }

    /// The title of a task.
    pub fn title(&self, node: Node) -> String {
        let (queue, index) = self.place(node);
        self.mask.text(&queue.title(index)).into_owned()
    }

    /// What a complete task says of its end.
    fn told(&self, node: Node, field: Field) -> Option<String> {
        let (queue, index) = self.place(node);
        let text = queue.text(index, field).filter(|text| !text.trim().is_empty())?;
        let is_complete = queue.tasks()[index].status == Status::Complete;
        is_complete.then(|| self.mask.text(&text).into_owned())
    }

    /// What went wrong with a task.
    pub fn error(&self, node: Node) -> Option<String> {
        let (queue, index) = self.place(node);
        let text = queue.text(index, Field::Error).filter(|text| !text.trim().is_empty())?;
        Some(self.mask.text(&text).into_owned())
    }

    /// The path of the queue of a task.
    pub fn queue_of(&self, node: Node) -> &'a str {
        &self.shown[self.readiness.graph().location(node).0]
    }

    /// Whether the worker that has a task is known to be gone.
    pub fn is_worker_gone(&self, node: Node) -> bool {
        self.readiness.conditions.claims.get(&node).is_some_and(Liveness::is_dead)
    }

    /// What a task waits for.
    pub fn waiting(&self, node: Node) -> Vec<Waiting> {
        let mut list = self.readiness.waiting(node);
        for waiting in &mut list {
            waiting.what = self.mask.text(&waiting.what).into_owned();
        }
        list
    }

    /// A task with all that is shown of it.
    pub fn task(&self, node: Node) -> TaskView {
        let (queue, index) = self.place(node);
        let task = &queue.tasks()[index];
        let status = queue.text(index, Field::Status);
        let state = self.readiness.state(node);
        let change = task.change().filter(|_| task.status == Status::InProgress);
        let change = change.map(|change| ChangeView::new(change, self.mask));
        let conditions = self.readiness.conditions;
        let in_review = conditions.reviews.contains(&node);
        let word = if in_review { "review" } else { state.word() };
        TaskView {
            id: self.readiness.graph().reference(node),
            title: self.title(node),
            status: status.unwrap_or_else(|| task.status.word().to_owned()),
            state,
            word: change.as_ref().map_or(word, ChangeView::state),
            change,
            landed_commit: self.told(node, Field::LandedCommit),
            priority: task.priority,
            attempts: task.attempts,
            progress: progress::of(queue, index, self.mask).map(Box::new),
            worker: task.claim().map(|claim| claim.worker.clone()),
            waiting_for: self.waiting(node),
            files_ambiguous: self.texts(node, Field::FilesAmbiguous),
            error: self.error(node),
            open_question: self.question(node),
            completed_by: self.told(node, Field::CompletedBy),
            completed_at: self.told(node, Field::CompletedAt),
            is_worker_gone: self.is_worker_gone(node),
            since: task.claim().map(|claim| claim.since.clone()),
            is_question: in_review || conditions.questions.contains(&node),
        }
    }

    /// The queues with those of their tasks that are `selected`; `filtered` says that these may
    /// not be all.
    pub fn status(
        &self,
        selected: &dyn Fn(Node) -> bool,
        filtered: bool,
        shown: Shown,
    ) -> StatusView {
        let made = |nodes: Vec<Node>| nodes.into_iter().map(|node| self.task(node)).collect();
        let queues =
            (0..self.served).map(|queue| self.queue(queue, selected, filtered, shown).with(&made));
        let (pauses, needs_you) = (self.pauses(), self.needs(selected));
        StatusView { schema_version: 1, queues: queues.collect(), pauses, needs_you }
    }

    /// All selected tasks, for writing.
    pub fn written_status(
        self,
        selected: &dyn Fn(Node) -> bool,
        filtered: bool,
    ) -> WrittenStatus<'a> {
        let made = |keys| Made { keys, make: Box::new(move |node: &Node| self.task(*node)) };
        let queues = (0..self.served)
            .map(|queue| self.queue(queue, selected, filtered, Shown::All).with(&made));
        let (pauses, needs_you) = (self.pauses(), self.needs(selected));
        StatusView { schema_version: 1, queues: queues.collect(), pauses, needs_you }
    }

    /// The agents that are not started now.
    fn pauses(&self) -> Vec<PauseView> {
        let one = |pause: &AgentPause| PauseView {
            agent: pause.agent.clone(),
            account: None,
            kind: ReasonCode::Transient,
            since: timestamp(pause.since),
            until: timestamp(pause.until),
            reason: self.mask.text(&pause.reason).into_owned(),
            sentence: pause.sentence(),
        };
        self.readiness.agent_pauses().iter().map(one).collect()
    }

    /// Counts a task for the share that is done. What is parked is no work, and an epic none of
    /// its own.
    pub fn weigh(&self, node: Node, share: &mut Share) {
        let (queue, index) = self.place(node);
        if queue.tasks()[index].status == Status::Parked {
            return;
        }
        share.add(self.estimates.seconds(node), progress::percent(queue, index));
    }

    fn queue(
        &self,
        queue: usize,
        selected: &dyn Fn(Node) -> bool,
        filtered: bool,
        shown: Shown,
    ) -> QueueView<Vec<Node>> {
        let graph = self.readiness.graph();
        let mut summary = Summary::default();
        let (mut ready, mut waiting) = (0, 0);
        let mut standing = Summary::default();
        let mut share = Share::default();
        let mut picked: Vec<Node> = Vec::new();
        for node in graph.queue_nodes(queue).filter(|node| selected(*node)) {
            if filtered {
                summary.add(self.readiness.task(node).status);
            }
            let state = self.readiness.state(node);
            ready += usize::from(state == State::Ready);
            waiting += usize::from(state == State::Waiting);
            standing.add(status_of(state));
            self.weigh(node, &mut share);
            if shown == Shown::All || interest(state).is_some() {
                picked.push(node);
            }
        }
        let mut hidden = 0;
        if let Shown::Open(most) = shown {
            picked.sort_by_key(|node| interest(self.readiness.state(*node)));
            hidden = picked.len().saturating_sub(most);
            picked.truncate(most);
        }
        let text = &self.queues[queue];
        QueueView {
            path: self.shown[queue].clone(),
            project: text.project().map(str::to_owned),
            summary: if filtered { summary } else { text.counts().into() },
            ready,
            waiting,
            percent: share.percent(),
            partial: share.percent().filter(|_| share.is_partial()),
            tasks: picked,
            hidden,
            standing,
        }
    }
}

impl<T> QueueView<T> {
    /// The same with other tasks.
    fn with<U>(self, made: &dyn Fn(T) -> U) -> QueueView<U> {
        QueueView {
            path: self.path,
            project: self.project,
            summary: self.summary,
            ready: self.ready,
            waiting: self.waiting,
            percent: self.percent,
            partial: self.partial,
            tasks: made(self.tasks),
            hidden: self.hidden,
            standing: self.standing,
        }
    }
}

fn status_of(state: State) -> Status {
    match state {
        State::Ready | State::Waiting => Status::Pending,
        State::InProgress => Status::InProgress,
        State::Complete => Status::Complete,
        State::Blocked => Status::Blocked,
        State::Parked => Status::Parked,
    }
}

/// Where open tasks stand in a list for people; `None` for those that are not open.
fn interest(state: State) -> Option<u8> {
    match state {
        State::InProgress => Some(0),
        State::Blocked => Some(1),
        State::Ready => Some(2),
        State::Waiting => Some(3),
        State::Complete | State::Parked => None,
    }
}
