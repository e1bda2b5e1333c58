//! The read model: queues and tasks as plain data, in the shape of `status --json`.
//!
//! Titles and texts are created only for the tasks that are shown, so that viewing a queue of a
//! hundred thousand tasks costs little more than reading it.

use super::change::ChangeView;
use super::deadline;
use super::json::Made;
use super::known::Known;
use super::mask::Mask;
use super::progress::{self, Share};
pub use super::shape::{PauseView, QueueView, StatusView, TaskView, WrittenStatus};
pub use super::summary::Summary;
use super::timing::{between, parsed};
use crate::domain::{Field, Liveness, Need, PauseKind, QueueIx, ReasonCode, Status, timestamp};
use crate::plan::{AgentPause, Estimates, Naming, Node, Readiness, State, Waiting};
use crate::queue::Queue;

/// The input of views.
#[derive(Clone, Copy)]
pub struct Sources<'a> {
    /// All loaded queues.
    pub queues: &'a [Queue],
    /// Their paths as shown to people.
    pub shown: &'a [String],
    /// How many of them were asked for; they are the first ones.
    pub served: usize,
    /// The state of the tasks.
    pub readiness: &'a Readiness<'a>,
    /// The secrets that must not be shown.
    pub mask: &'a Mask,
    /// The estimates of tasks, used as weights when many tasks are combined into one number.
    pub estimates: &'a Estimates,
    /// Returns the data of journals and attempt folders about a task; `None` if it is not needed.
    pub known: Option<&'a dyn Fn(Node) -> Known>,
    /// How much is reported about the tasks that a task waits for.
    pub naming: Naming,
}

/// Which tasks are shown one by one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// All.
    All,
    /// The open ones, at most this many per queue; the most interesting first.
    Open(usize),
}

impl<'a> Sources<'a> {
    /// Returns queue and index of a task.
    pub fn place(&self, node: Node) -> (&'a Queue, usize) {
        let (queue, index) = self.readiness.graph().location(node);
        (&self.queues[queue], index)
    }

    /// Returns the title of a task.
    pub fn title(&self, node: Node) -> String {
        let (queue, index) = self.place(node);
        self.mask.text(&queue.title(index)).into_owned()
    }

    /// Returns a field about the end of a complete task.
    fn told(&self, node: Node, field: Field) -> Option<String> {
        let (queue, index) = self.place(node);
        let text = queue.text(index, field).filter(|text| !text.trim().is_empty())?;
        let is_complete = queue.tasks()[index].status == Status::Complete;
        is_complete.then(|| self.mask.text(&text).into_owned())
    }

    /// Returns the error of a task.
    pub fn error(&self, node: Node) -> Option<String> {
        let (queue, index) = self.place(node);
        let text = queue.text(index, Field::Error).filter(|text| !text.trim().is_empty())?;
        Some(self.mask.text(&text).into_owned())
    }

    /// Returns the path of the queue of a task.
    pub fn queue_of(&self, node: Node) -> &'a str {
        &self.shown[self.readiness.graph().location(node).0]
    }

    /// Returns whether the worker that has a task is known to be gone.
    pub fn is_worker_gone(&self, node: Node) -> bool {
        self.readiness.conditions.claims.get(&node).is_some_and(Liveness::is_dead)
    }

    /// Returns the reasons why a task waits.
    pub fn waiting(&self, node: Node) -> Vec<Waiting> {
        let mut list = self.readiness.waiting(node, self.naming);
        for waiting in &mut list {
            waiting.what = self.mask.text(&waiting.what).into_owned();
        }
        list
    }

    /// Returns a task with all that is shown of it.
    pub fn task(&self, node: Node) -> TaskView {
        let (queue, index) = self.place(node);
        let task = &queue.tasks()[index];
        let status = queue.text(index, Field::Status);
        let state = self.readiness.state(node);
        let change = task.change().filter(|_| task.status == Status::InProgress);
        let change = change.map(|change| ChangeView::new(change, self.mask));
        let Known { traces, live } = self.known.map(|known| known(node)).unwrap_or_default();
        let (started_at, ended_at) = self.times(node, state, traces.ended_at);
        let conditions = self.readiness.conditions;
        let in_review = conditions.reviews.contains(&node);
        let word = if in_review { "review" } else { state.word() };
        let deadline = deadline::of(queue, index, conditions.now);
        let code = self.code(node, state, traces.reason_code);
        TaskView {
            duration_s: self.lasted(state, started_at.as_deref(), ended_at.as_deref()),
            started_at,
            ended_at,
            live: live.filter(|_| state == State::InProgress),
            window: traces.window,
            id: self.readiness.graph().reference(node),
            title: self.title(node),
            status: status.unwrap_or_else(|| task.status.word().to_owned()),
            state,
            word: change.as_ref().map_or(word, ChangeView::state),
            change,
            landed_commit: self.told(node, Field::LandedCommit),
            cost_usd: queue.value(index, Field::CostUsd).and_then(|cost| cost.as_f64()),
            tokens: queue.value(index, Field::Tokens).and_then(|tokens| tokens.as_u64()),
            priority: task.priority,
            attempts: task.attempts,
            progress: progress::of(queue, index, self.mask).map(Box::new),
            worker: task.claim().map(|claim| claim.worker.clone()),
            waiting_for: self.waiting(node),
            files_ambiguous: self.texts(node, Field::FilesAmbiguous),
            error: self.error(node),
            reason_code: code,
            late: deadline.as_ref().is_some_and(|deadline| deadline.is_late),
            deadline: deadline.map(|deadline| self.mask.text(&deadline.text).into_owned()),
            open_question: self.question(node),
            escalated_to: task.escalated_to().map(|agent| self.mask.text(agent).into_owned()),
            completed_by: self.told(node, Field::CompletedBy),
            completed_at: self.told(node, Field::CompletedAt),
            completion_note: self.told(node, Field::CompletionNote),
            warnings: super::warnings::of(queue, index, self.mask),
            is_worker_gone: self.is_worker_gone(node),
            since: task.claim().map(|claim| claim.since.clone()),
            is_question: in_review || conditions.questions.contains(&node),
        }
    }

    /// Returns why a task is not complete, as a code: of what it needs from a person, otherwise of
    /// the journal (`known`).
    fn code(&self, node: Node, state: State, known: Option<String>) -> Option<String> {
        let conditions = self.readiness.conditions;
        // Hooks have their own codes.
        let word = |code: ReasonCode| Some(code.word().to_owned());
        if state == State::Complete {
            return None;
        }
        if conditions.reviews.contains(&node) {
            return word(ReasonCode::Review);
        }
        let (queue, index) = self.place(node);
        let error = || queue.text(index, Field::Error);
        let asked = || ReasonCode::asked(&error()?).and_then(|(code, _)| word(code));
        match self.readiness.need(node) {
            Some(Need::Review) => word(ReasonCode::Review),
            Some(Need::Budget) => known.or_else(|| word(ReasonCode::Budget)),
            Some(Need::Answer) => asked().or(known),
            Some(Need::Approval | Need::Work | Need::Checkout | Need::Blocked | Need::Repair)
            | None => known,
        }
    }

    /// Returns when a task was first started, and when it ended: complete tasks by their own
    /// fields, and stopped ones by the journal (`known`).
    fn times(
        &self,
        node: Node,
        state: State,
        known: Option<String>,
    ) -> (Option<String>, Option<String>) {
        let (queue, index) = self.place(node);
        let time = |field| queue.text(index, field).filter(|text| parsed(text).is_some());
        let started = time(Field::StartedAt).or_else(|| time(Field::LastAttempt));
        let ended = match state {
            State::Complete => time(Field::CompletedAt).or(known),
            State::Blocked | State::Parked => known,
            State::InProgress | State::Ready | State::Waiting => None,
        };
        (started, ended)
    }

    fn lasted(&self, state: State, started: Option<&str>, ended: Option<&str>) -> Option<u64> {
        let from = parsed(started?)?;
        let to = match (ended.and_then(parsed), state) {
            (Some(ended), _) => ended,
            (None, State::InProgress) => self.readiness.conditions.now,
            (None, _) => return None,
        };
        Some(between(from, to).as_secs())
    }

    /// Returns the queues with those of their tasks that are `selected`; `filtered` means that
    /// these may not be all.
    pub fn status(
        &self,
        selected: &dyn Fn(Node) -> bool,
        filtered: bool,
        shown: Shown,
    ) -> StatusView {
        let made = |nodes: Vec<Node>| nodes.into_iter().map(|node| self.task(node)).collect();
        let queues = QueueIx::first(self.served)
            .map(|queue| self.queue(queue, selected, filtered, shown).with(&made));
        let queues = queues.collect();
        let mut needing = self.needing(selected);
        let most = match shown {
            Shown::All => usize::MAX,
            Shown::Open(most) => most,
        };
        let needs_more = needing.len().saturating_sub(most);
        needing.truncate(most);
        let needs = needing.into_iter().map(|key| self.need(key));
        StatusView { needs_more, ..self.whole(queues, needs.collect(), selected) }
    }

    /// Returns all selected tasks in a form that creates each one only when it is written.
    pub fn written_status(
        self,
        selected: &dyn Fn(Node) -> bool,
        filtered: bool,
    ) -> WrittenStatus<'a> {
        let made = |keys| Made { keys, make: Box::new(move |node: &Node| self.task(*node)) };
        let queues = QueueIx::first(self.served)
            .map(|queue| self.queue(queue, selected, filtered, Shown::All).with(&made));
        let make = move |key: &(Node, Need)| self.need(*key);
        let needs = Made { keys: self.needing(selected), make: Box::new(make) };
        self.whole(queues.collect(), needs, selected)
    }

    fn whole<T, N>(
        &self,
        queues: Vec<QueueView<T>>,
        needs_you: N,
        selected: &dyn Fn(Node) -> bool,
    ) -> StatusView<T, N> {
        let (pauses, now) = (self.pauses(), self.readiness.conditions.now);
        let (red_flags, more_red_flags) = self.red_flags(selected);
        StatusView {
            schema_version: 1,
            queues,
            pauses,
            spent: Vec::new(),
            flaky: Vec::new(),
            needs_you,
            needs_more: 0,
            red_flags,
            more_red_flags,
            now,
            typed: self.readiness.conditions.typed.clone(),
        }
    }

    /// Returns the agents that are paused.
    fn pauses(&self) -> Vec<PauseView> {
        let one = |pause: &AgentPause| PauseView {
            agent: pause.agent.clone(),
            account: pause.account.clone(),
            kind: pause.kind.code(),
            since: timestamp(pause.since),
            until: (pause.kind != PauseKind::Auth).then(|| timestamp(pause.until)),
            reason: self.mask.text(&pause.reason).into_owned(),
            sentence: pause.sentence(&self.readiness.conditions.typed),
        };
        self.readiness.agent_pauses().iter().map(one).collect()
    }

    /// Adds a task to the completed share. Parked tasks are no work, and an epic has none of its
    /// own.
    pub fn weigh(&self, node: Node, share: &mut Share) {
        let (queue, index) = self.place(node);
        let percent = progress::percent(queue, index);
        match queue.tasks()[index].status {
            Status::Parked => {}
            Status::Complete => share.add(self.estimates.seconds(node), percent),
            // A report of 100 % does not complete a task.
            Status::Pending | Status::InProgress | Status::Blocked | Status::Unknown => {
                share.add(self.estimates.seconds(node), percent.min(99));
            }
        }
    }

    fn queue(
        &self,
        queue: QueueIx,
        selected: &dyn Fn(Node) -> bool,
        filtered: bool,
        shown: Shown,
    ) -> QueueView<Vec<Node>> {
        let graph = self.readiness.graph();
        let mut summary = Summary::default();
        let (mut ready, mut waiting) = (0, 0);
        let mut counts = Summary::default();
        let mut share = Share::default();
        let mut picked: Vec<Node> = Vec::new();
        for node in graph.queue_nodes(queue).filter(|node| selected(*node)) {
            if filtered {
                summary.add(self.readiness.task(node).status);
            }
            let state = self.readiness.state(node);
            ready += usize::from(state == State::Ready);
            waiting += usize::from(state == State::Waiting);
            counts.add(status_of(state));
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
            counts,
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

/// Returns the rank of open tasks in a list for people; `None` for those that are not open.
fn interest(state: State) -> Option<u8> {
    match state {
        State::InProgress => Some(0),
        State::Blocked => Some(1),
        State::Ready => Some(2),
        State::Waiting => Some(3),
        State::Complete | State::Parked => None,
    }
}
