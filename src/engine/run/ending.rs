//! How a run ended: the exit status, and the sentence that states the same.

use crate::domain::{Need, ReasonCode, Typed};
use crate::plan::{Backlog, Cause, Node, Resolution, Root};

/// The id of a task that was blocked, and the reason.
pub(super) type Failure = (String, String);

/// Why a run ended, in order of priority.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    /// A signal, by number.
    Signal(i32),
    /// An agent or a verification could not be started.
    Environment(String),
    /// Only a usage limit prevents progress, and the run does not wait for it.
    UsageLimit(String),
    /// A limit of this run or a stop request, with work left.
    Budget(String),
    /// A blocked task left the tree red, and another task failed because of that.
    LeftRed(String),
    /// Several different tasks were blocked in a row.
    Failures(String),
    /// Nothing was left to do.
    Done,
}

impl Reason {
    /// Returns the priority of the reason: the one with the lowest number is reported.
    pub(super) fn rank(&self) -> u8 {
        match self {
            Self::Signal(_) => 0,
            Self::Environment(_) => 1,
            Self::UsageLimit(_) => 2,
            Self::Budget(_) => 3,
            Self::LeftRed(_) => 4,
            Self::Failures(_) => 5,
            Self::Done => 6,
        }
    }

    /// Returns the text shown when the loop begins to end for this reason. `None` for a signal: its
    /// urgency is reported instead.
    pub(super) fn words(&self) -> Option<&str> {
        match self {
            Self::Signal(_) | Self::Done => None,
            Self::Environment(why)
            | Self::UsageLimit(why)
            | Self::Budget(why)
            | Self::LeftRed(why)
            | Self::Failures(why) => Some(why),
        }
    }

    /// Returns the reason as a code and in words, if it has a code.
    pub(super) fn code(&self) -> Option<(ReasonCode, &str)> {
        match self {
            Self::LeftRed(why) => Some((ReasonCode::LeftRed, why)),
            Self::Environment(why) => Some((ReasonCode::Environment, why)),
            Self::UsageLimit(why) => Some((ReasonCode::UsageLimit, why)),
            Self::Signal(_) | Self::Budget(_) | Self::Failures(_) | Self::Done => None,
        }
    }
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ending {
    /// The reason why the run ended.
    pub reason: Reason,
    /// The tasks in scope, counted by state.
    pub backlog: Backlog,
    /// References of the tasks at the root of the unfinished work, the worst first.
    pub roots: Vec<Root<String>>,
    /// The number of attempts and landings that this run started.
    pub attempts: u64,
    /// For each of `roots`, the status word in the file if it is not a known status.
    pub words: Vec<Option<String>>,
    /// How suggested commands name the queues.
    pub typed: Typed,
}

impl Ending {
    /// Creates an ending; `name` returns the reference of a task.
    pub(crate) fn new(
        reason: Reason,
        backlog: Backlog,
        attempts: u64,
        name: impl Fn(Node) -> String,
    ) -> Self {
        let root = |root: &Root<Node>| Root {
            task: name(root.task),
            resolution: root.resolution,
            cause: root.cause,
        };
        let roots = backlog.roots.iter().map(root).collect();
        Self { reason, backlog, roots, attempts, words: Vec::new(), typed: Typed::default() }
    }

    /// Adds the status words that are not a known status.
    #[must_use]
    pub(crate) fn with_words(self, word: impl Fn(Node) -> Option<String>) -> Self {
        let words = self.backlog.roots.iter().map(|root| word(root.task)).collect();
        Self { words, ..self }
    }

    /// Sets how suggested commands name the queues.
    #[must_use]
    pub(crate) fn typed(self, typed: &Typed) -> Self {
        Self { typed: typed.clone(), ..self }
    }

    /// Returns whether every task in scope is complete.
    pub(crate) fn is_complete(&self) -> bool {
        self.backlog.complete == self.backlog.total
    }

    /// Returns the exit status that the contract defines.
    pub(crate) fn exit_status(&self) -> u8 {
        match &self.reason {
            Reason::Signal(signal) => u8::try_from(128 + signal).unwrap_or(u8::MAX),
            Reason::Environment(_) => 2,
            _ if self.is_complete() => 0,
            Reason::UsageLimit(_) => 8,
            Reason::Budget(_) => 6,
            Reason::LeftRed(_) | Reason::Failures(_) => 5,
            Reason::Done if self.backlog.stuck > 0 => 5,
            Reason::Done => 7,
        }
    }

    /// Returns the last line on stderr.
    pub(crate) fn sentence(&self) -> String {
        let Backlog { total, parked, .. } = self.backlog;
        let so_far = self.so_far();
        let all = || match total {
            1 => format!("the task is complete{}", self.parked()),
            _ => format!("all {total} tasks are complete{}", self.parked()),
        };
        match &self.reason {
            Reason::Signal(2) => format!("interrupted: {so_far}; the same command continues"),
            Reason::Signal(signal) => {
                format!("ended by signal {signal}: {so_far}; the same command continues")
            }
            Reason::Environment(why) => {
                format!("stopped: {why}; no task was blamed, {so_far}")
            }
            _ if total == 0 && parked > 0 => format!("nothing to do: {parked} parked"),
            _ if total == 0 => "nothing to do: no task is in scope".to_owned(),
            _ if self.is_complete() && self.attempts == 0 => {
                format!("nothing to do: {}", all())
            }
            _ if self.is_complete() => all(),
            Reason::Budget(why) | Reason::UsageLimit(why) => {
                format!("stopped: {why}; {so_far}; the same command continues")
            }
            Reason::LeftRed(why) => format!(
                "stopped: {why}; {so_far}; fix the tree (git status shows what was left), then the \
                 same command continues"
            ),
            Reason::Failures(why) => {
                let next = self.commands(Resolution::Stuck);
                let next = if next.is_empty() { "the same command continues" } else { &next };
                format!("stopped: {why}; {so_far}; {next}")
            }
            Reason::Done => format!("{so_far}; {}", self.left()),
        }
    }

    /// Returns how many tasks are complete, in words.
    pub(crate) fn so_far(&self) -> String {
        let Backlog { total, complete, .. } = self.backlog;
        format!("{complete} of {total} complete{}", self.parked())
    }

    /// Parked tasks are not part of the count.
    fn parked(&self) -> String {
        match self.backlog.parked {
            0 => String::new(),
            parked => format!("; {parked} parked"),
        }
    }

    /// Returns what is left, and what it waits for.
    pub(crate) fn left(&self) -> String {
        let Backlog { ready, stuck, asked, person, elsewhere, later, flowing, running, .. } =
            self.backlog;
        let mut parts = Vec::new();
        let mut part = |count: usize, what: &str, kind: Option<Resolution>| {
            if count > 0 {
                let names = kind.map_or_else(String::new, |kind| self.names(kind));
                let next = kind.map_or_else(String::new, |kind| self.commands(kind));
                let next = if next.is_empty() { next } else { format!(": {next}") };
                parts.push(format!("{count} {what}{names}{next}"));
            }
        };
        part(stuck, "cannot continue", Some(Resolution::Stuck));
        part(person, "waiting for a person", Some(Resolution::Person));
        part(elsewhere, "waiting for another queue or worker", Some(Resolution::Elsewhere));
        part(later, "waiting for their time", None);
        // Only a person's decision after the run leaves a task ready: those behind it wait for no worker.
        let (free, theirs) = if ready > 0 { (ready + flowing, 0) } else { (0, flowing) };
        part(free, "can continue: the same command starts them", None);
        part(theirs + running, "with other workers", None);
        let asking = self.roots.iter().filter(|root| root.resolution == Resolution::Question);
        if let Some(Root { task: first, .. }) = asking.clone().next() {
            let count = asking.count();
            let behind = asked.saturating_sub(count);
            if behind > 0 {
                parts.push(format!("{behind} waiting for the answer to a question"));
            }
            let wait = if count == 1 {
                "1 question waits".into()
            } else {
                format!("{count} questions wait")
            };
            parts.push(format!("{wait}: {}", self.typed.with("answer", first, "TEXT")));
        }
        if parts.is_empty() { "nothing can be started".to_owned() } else { parts.join("; ") }
    }

    /// Returns each task at the root of the unfinished work, with the command to type next.
    pub(crate) fn next_steps(&self) -> Vec<(&str, String)> {
        let step = |root: &Root<String>| match root.cause {
            // The reason has to be known first; the next step depends on it.
            Cause::Blocked | Cause::Other => self.typed.about("why", &root.task),
            cause @ (Cause::Budget
            | Cause::Parked
            | Cause::Question
            | Cause::Approval
            | Cause::Review
            | Cause::Work) => self.command(cause, &root.task),
        };
        self.roots.iter().map(|root| (root.task.as_str(), step(root))).collect()
    }

    /// Returns what to type next, for the first task of each cause.
    fn commands(&self, kind: Resolution) -> String {
        let mut known = Vec::new();
        let mut commands = Vec::new();
        for root in self.roots.iter().filter(|root| root.resolution == kind) {
            if !known.contains(&root.cause) {
                known.push(root.cause);
                commands.push(self.command(root.cause, &root.task));
            }
        }
        commands.join(", ")
    }

    /// Returns the next command for a person about the task `id`.
    fn command(&self, cause: Cause, id: &str) -> String {
        let typed = &self.typed;
        match cause {
            Cause::Blocked => Need::Blocked.command(id, typed),
            Cause::Budget => Need::Budget.command(id, typed),
            Cause::Parked => typed.about("unpark", id),
            Cause::Question => Need::Answer.command(id, typed),
            Cause::Approval => Need::Approval.command(id, typed),
            Cause::Review => Need::Review.command(id, typed),
            Cause::Work => Need::Work.command(id, typed),
            Cause::Other => typed.about("why", id),
        }
    }

    fn names(&self, kind: Resolution) -> String {
        const MOST: usize = 8;
        let of_kind = self.roots.iter().enumerate().filter(|(_, root)| root.resolution == kind);
        let name = |(at, root): (usize, &Root<String>)| match self.words.get(at) {
            Some(Some(word)) => format!("{}: status `{word}` is unknown", root.task),
            Some(None) | None => root.task.clone(),
        };
        let names: Vec<String> = of_kind.clone().take(MOST).map(name).collect();
        let more = of_kind.count().saturating_sub(MOST);
        match (names.is_empty(), more) {
            (true, _) => String::new(),
            (false, 0) => format!(" ({})", names.join(", ")),
            (false, more) => format!(" ({} and {more} more)", names.join(", ")),
        }
    }
}

/// Describes what tasks that were blocked one after the other have in common.
pub(super) fn common_reason(failures: &[Failure]) -> String {
    let (_, last) = failures.last().cloned().unwrap_or_default();
    let same = failures.iter().all(|(_, reason)| *reason == last);
    let ids: Vec<&str> = failures.iter().map(|(id, _)| id.as_str()).collect();
    if let [id] = ids.as_slice() {
        return format!("task {id} was blocked: {last}");
    }
    let what = if same { format!("all with: {last}") } else { format!("the last with: {last}") };
    format!("{} different tasks were blocked in a row ({}), {what}", ids.len(), ids.join(", "))
}

#[cfg(test)]
mod tests;
