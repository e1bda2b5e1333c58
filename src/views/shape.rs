//! What `status` shows, as plain data in the shape of its JSON.

use super::change::ChangeView;
use super::flag::Flag;
use super::flaky::FlakyView;
use super::json::Made;
use super::known::LiveView;
use super::need::{NeedView, QuestionView};
use super::progress::Progress;
use super::spent::SpentView;
use super::summary::Summary;
use crate::domain::{Need, ReasonCode};
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
    /// Agents that are not started now.
    pub pauses: Vec<PauseView>,
    /// What attempts used today, one for each project that used anything.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub spent: Vec<SpentView>,
    /// Tests that passed only when they ran again, over all attempts of the queues, where that was asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub flaky: Vec<FlakyView>,
    /// What waits for a person, the oldest first.
    pub needs_you: N,
    /// How many more there are, where few are shown.
    #[serde(skip)]
    pub needs_more: usize,
    /// What a person should look at.
    pub red_flags: Vec<Flag>,
    /// How many more there are.
    #[serde(skip_serializing_if = "is_none")]
    pub more_red_flags: usize,
    /// When it was looked at.
    #[serde(skip)]
    pub now: DateTime<Utc>,
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
    pub until: Option<String>,
    /// How it failed last.
    pub reason: String,
    /// The same for people.
    #[serde(skip)]
    pub sentence: String,
}

/// The same with tasks and needs that are made when they are written: not all of them are in memory
/// at once.
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
    /// Counts by the state of the tasks: one whose worker is gone is not in progress.
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
    /// The same as a word, which says as well that its change waits to land.
    #[serde(rename = "state")]
    pub word: &'static str,
    /// What passed and waits to land.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub change: Option<ChangeView>,
    /// The commit of the target as which it landed.
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
    /// Agent starts so far.
    pub attempts: u32,
    /// How far it is, where something is known of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub progress: Option<Box<Progress>>,
    /// When it was first started.
    pub started_at: Option<String>,
    /// When it was completed, or came to a stop.
    pub ended_at: Option<String>,
    /// Seconds from its first start to its end, or until now where it runs.
    pub duration_s: Option<u64>,
    /// The attempt that runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub live: Option<LiveView>,
    /// The window in which it ran last.
    #[serde(skip)]
    pub window: Option<usize>,
    /// Who has it.
    pub worker: Option<String>,
    /// What it waits for.
    pub waiting_for: Vec<Waiting>,
    /// Files that changed while it ran, and may be the work of others.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub files_ambiguous: Vec<String>,
    /// What went wrong.
    pub error: Option<String>,
    /// The same as a code, of the last attempt or of what it waits for.
    pub reason_code: Option<String>,
    /// Until when it is to be complete, in the words of the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deadline: Option<String>,
    /// Whether that passed before it was.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub late: bool,
    /// What its agent asked or found instead of finishing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub open_question: Option<QuestionView>,
    /// The agent that its attempts are given to since one failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub escalated_to: Option<String>,
    /// The person who completed it.
    pub completed_by: Option<String>,
    /// When it was completed.
    pub completed_at: Option<String>,
    /// What the verification noted although it passed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
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

impl<T, N> StatusView<T, N> {
    /// Takes in what was `spent` today: a limit that is reached is a pause of each of the `agents`.
    pub fn say_spent(&mut self, spent: Vec<SpentView>, agents: &[String]) {
        for over in spent.iter().filter_map(|view| view.pause(self.now)) {
            let pause = |(number, agent): (usize, &String)| PauseView {
                agent: agent.clone(),
                account: None,
                kind: over.kind,
                since: over.since.clone(),
                until: Some(over.until.clone()),
                reason: over.reason.clone(),
                // It is said once, for all of them.
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

impl<T> StatusView<T> {
    /// Has each command say which queues are meant, in `words` that begin with a blank.
    pub fn say_queues(&mut self, words: &str) {
        self.needs_you.iter_mut().for_each(|need| need.say_queues(words));
    }
}

impl StatusView {
    /// Leaves out what changes while time passes and nothing else does.
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
    /// The same with other tasks.
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
