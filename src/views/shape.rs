//! The data of `status`, in the shape of its JSON.

use super::change::ChangeView;
use super::flag::Flag;
use super::flaky::FlakyView;
use super::json::Made;
use super::known::LiveView;
use super::need::{NeedView, QuestionView};
use super::progress::Progress;
use super::spent::SpentView;
use super::summary::Summary;
use crate::domain::{Need, ReasonCode, Typed};
use crate::plan::{Node, State, Waiting};
use chrono::{DateTime, Utc};
use serde::Serialize;

/// All queues that were asked for.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StatusView<T = Vec<TaskView>, N = Vec<NeedView>> {
    /// Version of this shape.
    pub schema_version: u32,
    /// The queues.
    pub queues: Vec<QueueView<T>>,
    /// Agents that are paused.
    pub pauses: Vec<PauseView>,
    /// The usage of attempts today, one entry for each project that used anything.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub spent: Vec<SpentView>,
    /// Tests that passed only on a retry, over all attempts of the queues, if requested.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub flaky: Vec<FlakyView>,
    /// What waits for a person, the oldest first.
    pub needs_you: N,
    /// The number of further entries that are not shown.
    #[serde(skip)]
    pub needs_more: usize,
    /// Tasks that a person should look at.
    pub red_flags: Vec<Flag>,
    /// The number of further flags.
    #[serde(skip_serializing_if = "is_none")]
    pub more_red_flags: usize,
    /// The time of the view.
    #[serde(skip)]
    pub now: DateTime<Utc>,
    /// How suggested commands name the queues.
    #[serde(skip)]
    pub typed: Typed,
}

/// An agent that is paused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PauseView {
    /// The agent.
    pub agent: String,
    /// The account that is affected, if known.
    pub account: Option<String>,
    /// The reason: `transient` for failures within seconds.
    pub kind: ReasonCode,
    /// Since when.
    pub since: String,
    /// Until when.
    pub until: Option<String>,
    /// Its last failure.
    pub reason: String,
    /// The same for people.
    #[serde(skip)]
    pub sentence: String,
}

/// The same with tasks and needs that are created while they are written, so that not all of them
/// are in memory at once.
pub type WrittenStatus<'a> = StatusView<Made<'a, Node, TaskView>, Made<'a, (Node, Need), NeedView>>;

/// A queue.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct QueueView<T = Vec<TaskView>> {
    /// Its path.
    pub path: String,
    /// Its project.
    pub project: Option<String>,
    /// Counts of the tasks that were asked for.
    pub summary: Summary,
    /// The number of pending tasks that nothing blocks.
    pub ready: usize,
    /// The number of pending tasks that something blocks.
    pub waiting: usize,
    /// How much of the work is done, weighted by estimates; `None` if there is no work.
    pub percent: Option<u8>,
    /// The same, if a task is partly done, which counts of tasks do not show.
    #[serde(skip)]
    pub partial: Option<u8>,
    /// The tasks that are shown.
    pub tasks: T,
    /// The number of open tasks that are not shown.
    #[serde(skip)]
    pub hidden: usize,
    /// Counts by the state of the tasks: a task whose worker is gone is not in progress.
    #[serde(skip)]
    pub counts: Summary,
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
    /// Its state.
    #[serde(skip)]
    pub state: State,
    /// The state as a word, which also shows that its change waits to land.
    #[serde(rename = "state")]
    pub word: &'static str,
    /// Its change that passed and waits to land.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub change: Option<ChangeView>,
    /// The commit on the target with which it landed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub landed_commit: Option<String>,
    /// What its attempts cost in US dollars, as far as it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost_usd: Option<f64>,
    /// Tokens that its attempts used, as far as it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokens: Option<u64>,
    /// Its own priority.
    pub priority: Option<i64>,
    /// The number of agent starts so far.
    pub attempts: u32,
    /// Its progress, if known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub progress: Option<Box<Progress>>,
    /// When it was first started.
    pub started_at: Option<String>,
    /// When it was completed or stopped.
    pub ended_at: Option<String>,
    /// Seconds from its first start to its end, or until now if it runs.
    pub duration_s: Option<u64>,
    /// Its running attempt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub live: Option<LiveView>,
    /// The window in which it ran last.
    #[serde(skip)]
    pub window: Option<usize>,
    /// The worker that has it.
    pub worker: Option<String>,
    /// The reasons why it waits.
    pub waiting_for: Vec<Waiting>,
    /// Files that changed while it ran, and may be the work of other tasks.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub files_ambiguous: Vec<String>,
    /// The error message.
    pub error: Option<String>,
    /// The same as a code, of the last attempt or of the reason why it waits.
    pub reason_code: Option<String>,
    /// Its deadline, in the words of the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deadline: Option<String>,
    /// Whether the deadline passed before it was complete.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub late: bool,
    /// The question or finding of its agent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub open_question: Option<QuestionView>,
    /// The agent that gets its attempts since another one failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub escalated_to: Option<String>,
    /// The person who completed it.
    pub completed_by: Option<String>,
    /// When it was completed.
    pub completed_at: Option<String>,
    /// The note of that person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completion_note: Option<String>,
    /// Warnings of the verification, although it passed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
    /// Whether its worker is known to be gone.
    #[serde(skip)]
    pub is_worker_gone: bool,
    /// When the worker took it.
    #[serde(skip)]
    pub since: Option<String>,
    /// Whether it is blocked and waits for a person's answer.
    #[serde(skip)]
    pub is_question: bool,
}

impl<T, N> StatusView<T, N> {
    /// Adds what was `spent` today: a limit that is reached pauses each of the `agents`.
    pub fn say_spent(&mut self, spent: Vec<SpentView>, agents: &[String]) {
        for over in spent.iter().filter_map(|view| view.pause(self.now)) {
            let pause = |(number, agent): (usize, &String)| PauseView {
                agent: agent.clone(),
                account: None,
                kind: over.kind,
                since: over.since.clone(),
                until: Some(over.until.clone()),
                reason: over.reason.clone(),
                // The sentence is shown once, for all agents.
                sentence: if number == 0 { over.sentence.clone() } else { String::new() },
            };
            self.pauses.extend(agents.iter().enumerate().map(pause));
        }
        self.spent = spent;
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands it over so")]
fn is_none(number: &usize) -> bool {
    *number == 0
}

impl StatusView {
    /// Removes values that change only because time passes.
    pub fn hold_still(&mut self) {
        for task in self.queues.iter_mut().flat_map(|queue| queue.tasks.iter_mut()) {
            task.duration_s = None;
            if let Some(live) = &mut task.live {
                (live.running_s, live.silent_s, live.last_output) = (None, None, None);
            }
        }
    }
}

impl<T> QueueView<T> {
    /// Replaces the tasks.
    pub(super) fn with<U>(self, made: &dyn Fn(T) -> U) -> QueueView<U> {
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
            counts: self.counts,
        }
    }
}
