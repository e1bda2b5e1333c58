//! Decides once what a finished attempt means for its task, and what people are notified of.

use super::escalation::escalated;
use crate::config::Escalation;
use crate::domain::{
    AttemptReport, Change, Completion, Cost, HookPoint, OpenQuestion, Outcome, ReasonCode, Task,
    Transition, Turn, Typed, Verdict, Waits, budget_of, budget_used_now,
};
use crate::engine::attempt::{Finished, Streak};
use crate::platform::fault::{self, Fault};

/// The limits that decide between another attempt and a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Budgets {
    /// Attempts of a task that has no `max_iterations`.
    pub(super) attempts: u32,
    /// Attempts lost in a row before the task is blocked.
    pub(super) crashes: u32,
    /// How often a task goes back to its agent because its change does not merge.
    pub(super) conflicts: u32,
}

/// The result of an attempt.
pub(super) struct Facts<'a> {
    pub(super) report: &'a AttemptReport,
    /// What it leaves on its task if it passed.
    pub(super) completion: Completion,
    /// How many attempts before it failed in the same way.
    pub(super) streak: Streak,
    /// What it costs its task, if its agent failed within seconds.
    pub(super) cost: Option<Cost>,
    /// How many attempts of the task in a row were lost just before this one.
    pub(super) lost_before: u32,
    /// Its change, if that waits to land.
    pub(super) change: Option<Change>,
    /// How many attempts in a row before it had a change that did not merge.
    pub(super) conflicts_before: u32,
    /// The paths where its change does not merge.
    pub(super) conflict_paths: Vec<String>,
    /// Whether work that passed waits for a person's approval.
    pub(super) review: bool,
    /// The question for which its agent stopped.
    pub(super) question: Option<OpenQuestion>,
    /// The limit of cost, tokens or time that was reached.
    pub(super) over: Option<String>,
    /// The task that a red gate waits for from now on.
    pub(super) mends: Option<String>,
    /// Returns who gets a task that ends with the given reason code.
    pub(super) escalation: &'a dyn Fn(ReasonCode) -> Option<&'a Escalation>,
}

impl<'a> Facts<'a> {
    /// Collects the facts of `finished`.
    pub(super) fn of(finished: &'a Finished) -> Self {
        Self {
            report: &finished.report,
            completion: finished.completion(),
            streak: finished.streak,
            cost: finished.cost,
            change: finished.waiting().map(|(change, _)| change),
            lost_before: 0,
            conflicts_before: 0,
            conflict_paths: finished.conflict_paths().to_vec(),
            review: finished.needs_review(),
            question: finished.result.stopped(),
            over: None,
            mends: None,
            escalation: &|_| None,
        }
    }
}

/// What happens to a task.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Decision {
    pub(super) transition: Transition,
    /// The reason as a code.
    pub(super) code: Option<ReasonCode>,
    /// What people are notified of.
    pub(super) after: After,
    /// The agent that has the task from now on, if it was escalated.
    pub(super) escalated_to: Option<String>,
}

/// What happened to an attempt, for people.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum After {
    /// Its task is complete. The commit, if its change landed.
    Complete(Option<String>),
    /// Its change waits to land. The obstacle, if there is one.
    Lands(Option<String>),
    /// Its work passed, and a person has to approve it.
    Review,
    /// It is tried again, for this reason.
    Again(String),
    /// A person must look, for this reason.
    Blocked(String),
    /// A person must answer; it is not a failure.
    Asked(String),
    /// Its task is in its earlier state again, for this reason.
    Interrupted(String),
    /// The task is no longer ours; the result stays in the attempt folder.
    Lost(String),
}

/// Decides what an attempt that ended means for its task.
pub(super) fn decide(task: &Task, facts: Facts<'_>, budgets: Budgets) -> Decision {
    let report = facts.report;
    let (files, escalation) = (facts.completion.clone(), facts.escalation);
    let (transition, code) = outweighed(task, facts, budgets);
    let left = budget_used_now(task).saturating_add(1) < budget_of(task, budgets.attempts);
    let to = code.and_then(escalation).filter(|_| !task.is_gate());
    let (transition, escalated_to) = match to {
        Some(to) => escalated(transition, to, (files, left)),
        None => (transition, None),
    };
    let after = after(&transition, escalated_to.as_deref(), report);
    Decision { transition, code, after, escalated_to }
}

/// Returns what `transition` means for people. `agent` has the task from now on, if it was
/// escalated.
fn after(transition: &Transition, agent: Option<&str>, report: &AttemptReport) -> After {
    if let Transition::GiveUp { reason, .. } = transition {
        After::Blocked(reason.clone())
    } else if let Transition::Veto { reason } = transition {
        After::Blocked(reason.clone())
    } else if let Transition::Ask { reason, .. } = transition {
        After::Asked(reason.clone())
    } else if let Transition::Interrupt { reason } = transition
        && agent.is_none()
    {
        After::Interrupted(reason.clone())
    } else if let Transition::Complete(_, completion) = transition {
        After::Complete(completion.landed.as_ref().map(|landed| landed.commit.clone()))
    } else if let Transition::Await(Change { waits: Waits::Review, .. }) | Transition::Review(..) =
        transition
    {
        After::Review
    } else if let Transition::Await(change) = transition {
        After::Lands(change.obstacle.clone())
    } else {
        let written = if let Transition::Fail { reason, .. }
        | Transition::AwaitFix { reason }
        | Transition::Interrupt { reason } = transition
        {
            Some(reason)
        } else {
            report.reason.as_ref()
        };
        let reason = written.map_or_else(String::new, Clone::clone);
        After::Again(match agent {
            Some(agent) => format!("{reason}; agent {agent} has it now"),
            None => reason,
        })
    }
}

/// Returns what the report alone means, and its code, unless something else outweighs it: the agent
/// fails for all tasks, or the attempts of the task repeat the same result.
fn outweighed(task: &Task, facts: Facts<'_>, budgets: Budgets) -> (Transition, Option<ReasonCode>) {
    if let Some(change) = &facts.change
        && !fault::is(Fault::CompleteUnlanded)
    {
        let code = (change.waits == Waits::Review).then_some(ReasonCode::Review);
        return (Transition::Await(change.clone()), code);
    }
    let (report, streak, cost) = (facts.report, facts.streak, facts.cost);
    let is_pause = report.verdict.is_none()
        && report.reason_code.is_some_and(|code| {
            matches!(code, ReasonCode::UsageLimit | ReasonCode::Transient | ReasonCode::Auth)
        });
    let fails = is_pause || report.verdict == Some(Verdict::Fail);
    if let Some(over) =
        facts.over.as_ref().filter(|_| fails && !fault::is(Fault::SpendingUnlimited))
    {
        let reason = report.reason.clone().unwrap_or_default();
        let retry = Typed::default().about("retry", &report.task);
        let reason = format!("{over}; {retry} starts over ({reason})");
        return (Transition::GiveUp { verdict: Verdict::Fail, reason }, Some(ReasonCode::Budget));
    }
    if cost == Some(Cost::Free) {
        let reason = report.reason.clone().unwrap_or_default();
        // The agent's own reason code, if it reported one.
        let own = report.reason_code.filter(|_| report.verdict.is_none());
        let code = own.unwrap_or(ReasonCode::Transient);
        return (Transition::Interrupt { reason }, Some(code));
    }
    let (used, budget) = (budget_used_now(task), budget_of(task, budgets.attempts));
    let plain = plain(task, facts, budgets);
    if matches!(plain, Transition::Fail { .. })
        && cost != Some(Cost::First)
        && let Some(reason) = streak.no_progress(report, used, budget)
    {
        let verdict = Verdict::Fail;
        return (Transition::GiveUp { verdict, reason }, Some(ReasonCode::NoProgress));
    }
    let in_review = matches!(plain, Transition::Review(..));
    (plain, if in_review { Some(ReasonCode::Review) } else { report.reason_code })
}

/// Returns what the report alone means.
fn plain(task: &Task, facts: Facts<'_>, budgets: Budgets) -> Transition {
    let Facts { report, lost_before, conflicts_before, .. } = facts;
    let reason = report.reason.clone().unwrap_or_else(|| report.outcome.to_string());
    let budget = budget_of(task, budgets.attempts);
    let used = budget_used_now(task).saturating_add(1);
    let asks = report.reason_code.is_some_and(ReasonCode::is_question);
    let is_early = report.vetoed_by().is_some_and(HookPoint::is_before_agent);
    // The service fails for this task alone.
    let fails_alone =
        facts.cost == Some(Cost::Own) && report.reason_code == Some(ReasonCode::Transient);
    let verdict = report.verdict.or(fails_alone.then_some(Verdict::Fail));
    match (verdict, &report.outcome) {
        (Some(verdict @ (Verdict::Pass | Verdict::Skipped)), _) if facts.review => {
            Transition::Review(verdict, facts.completion)
        }
        (Some(verdict @ (Verdict::Pass | Verdict::Skipped)), _) => {
            Transition::Complete(verdict, facts.completion)
        }
        (Some(Verdict::Blocked), _) if asks && !fault::is(Fault::QuestionCounts) => {
            let question = facts.question.unwrap_or_else(|| asked(&reason));
            Transition::Ask { reason, question: Box::new(question) }
        }
        (Some(Verdict::Blocked), _) if is_early => Transition::Veto { reason },
        (Some(Verdict::Blocked), _) => Transition::GiveUp { verdict: Verdict::Blocked, reason },
        // Nothing was changed, so the same steps would have the same result on the same tree.
        (Some(Verdict::Fail), _) if task.is_gate() => match facts.mends {
            None => Transition::GiveUp { verdict: Verdict::Fail, reason },
            Some(id) => awaits_fix(&reason, &id),
        },
        (Some(Verdict::Fail), _)
            if report.reason_code == Some(ReasonCode::Conflict)
                && conflicts_before >= budgets.conflicts =>
        {
            let reason = format!("{reason} ({} in a row)", conflicts(conflicts_before + 1));
            Transition::GiveUp { verdict: Verdict::Fail, reason }
        }
        (Some(Verdict::Fail), _) if used >= budget => Transition::GiveUp {
            verdict: Verdict::Fail,
            reason: format!("{reason} ({})", Turn { attempt: report.attempt, used, budget }),
        },
        (Some(Verdict::Fail), _) => {
            let Completion { files_changed, files_ambiguous, .. } = facts.completion;
            let conflict_paths = facts.conflict_paths;
            Transition::Fail { reason, files_changed, files_ambiguous, conflict_paths }
        }
        (None, Outcome::Lost) if lost_before + 1 >= budgets.crashes || used >= budget => {
            Transition::GiveUp {
                verdict: Verdict::Blocked,
                reason: format!("{} attempts lost in a row: {reason}", lost_before + 1),
            }
        }
        (None, Outcome::Lost) => Transition::Lose,
        (
            None,
            Outcome::Interrupted
            | Outcome::FailedToStart { .. }
            | Outcome::Exited { .. }
            | Outcome::Signaled { .. }
            | Outcome::TimedOut { .. }
            | Outcome::Silent { .. },
        ) => Transition::Interrupt { reason },
    }
}

/// Returns the transition of a red gate that waits for the task `id`.
fn awaits_fix(reason: &str, id: &str) -> Transition {
    Transition::AwaitFix { reason: format!("{reason}; task {id} is to fix it") }
}

/// Returns a question of which only the first line is known.
fn asked(reason: &str) -> OpenQuestion {
    let (code, text) = ReasonCode::asked(reason).unwrap_or((ReasonCode::Question, reason));
    OpenQuestion { code, text: text.to_owned(), evidence: None, to: None }
}

fn conflicts(number: u32) -> String {
    if number == 1 { "1 conflict".to_owned() } else { format!("{number} conflicts") }
}

#[cfg(test)]
mod tests;
