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
    let after = if let Transition::GiveUp { reason, .. } = &transition {
        After::Blocked(reason.clone())
    } else if let Transition::Veto { reason } = &transition {
        After::Blocked(reason.clone())
    } else if let Transition::Ask { reason, .. } = &transition {
        After::Asked(reason.clone())
    } else if let Transition::Interrupt { reason } = &transition {
        After::Interrupted(reason.clone())
    } else if let Transition::Complete(_, completion) = &transition {
        After::Complete(completion.landed.as_ref().map(|landed| landed.commit.clone()))
    } else if let Transition::Await(Change { waits: Waits::Review, .. }) | Transition::Review(..) =
        &transition
    {
        After::Review
    } else if let Transition::Await(change) = &transition {
        After::Lands(change.obstacle.clone())
    } else {
        let written = if let Transition::Fail { reason, .. } = &transition {
            Some(reason.clone())
        } else {
            report.reason.clone()
        };
        let reason = written.unwrap_or_default();
        After::Again(match &escalated_to {
            Some(agent) => format!("{reason}; agent {agent} has it now"),
            None => reason,
        })
    };
    Decision { transition, code, after, escalated_to }
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
    // A gate is red once and then waits for the task that fixes it.
    if matches!(plain, Transition::Fail { .. })
        && !task.is_gate()
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
            Some(id) => failed(format!("{reason}; task {id} is to fix it"), facts.completion),
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

/// Returns the transition of a gate that runs again after the task that fixes it.
fn failed(reason: String, left: Completion) -> Transition {
    let Completion { files_changed, files_ambiguous, .. } = left;
    Transition::Fail { reason, files_changed, files_ambiguous, conflict_paths: Vec::new() }
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
mod tests {
    use super::*;
    use crate::domain::{Detail, Field, Fingerprint, HookReport, Status, TaskId};

    const BUDGETS: Budgets = Budgets { attempts: 3, crashes: 3, conflicts: 1 };

    fn task(attempts: u32) -> Task {
        let mut task = Task::new(TaskId::new("A").expect("not empty"));
        task.status = Status::InProgress;
        task.attempts = attempts;
        task
    }

    fn report(verdict: Option<Verdict>, outcome: Outcome) -> AttemptReport {
        AttemptReport {
            v: 1,
            task: "A".to_owned(),
            attempt: 3,
            worker: "w".to_owned(),
            started_at: String::new(),
            ended_at: String::new(),
            outcome,
            verdict,
            reason: Some("step test: exit status 1".to_owned()),
            reason_code: None,
            evidence: None,
            known_errors: Vec::new(),
            hooks: Vec::new(),
            steps: Vec::new(),
            agent: None,
            files_changed: Vec::new(),
            files_ambiguous: Vec::new(),
            fingerprint: Fingerprint::default(),
            findings: crate::domain::Findings::default(),
        }
    }

    fn facts(report: &AttemptReport, lost_before: u32) -> Facts<'_> {
        let (completion, streak) = (Completion::default(), Streak::default());
        let (change, conflicts_before) = (None, 0);
        let (conflict_paths, question) = (Vec::new(), None);
        Facts {
            report,
            completion,
            streak,
            cost: None,
            lost_before,
            change,
            conflicts_before,
            conflict_paths,
            review: false,
            question,
            over: None,
            mends: None,
            escalation: &|_| None,
        }
    }

    fn decided(attempts: u32, verdict: Option<Verdict>, outcome: Outcome, lost: u32) -> Transition {
        let report = report(verdict, outcome);
        decide(&task(attempts), facts(&report, lost), BUDGETS).transition
    }

    #[test]
    fn a_failed_attempt_is_repeated_until_the_budget_is_used_up() {
        let exited = || Outcome::Exited { code: 0 };
        let fail = Some(Verdict::Fail);
        assert!(matches!(decided(1, fail, exited(), 0), Transition::Fail { .. }));
        assert!(matches!(decided(2, fail, exited(), 0), Transition::Fail { .. }));
        let Transition::GiveUp { verdict, reason } = decided(3, fail, exited(), 0) else {
            panic!("the third of three must be the last");
        };
        assert_eq!(verdict, Verdict::Fail);
        assert_eq!(reason, "step test: exit status 1 (attempt 3 of 3)");
    }

    #[test]
    fn a_red_gate_is_not_repeated() {
        let mut gate = task(1);
        gate.set_text(Field::Type, "gate");
        let end = report(Some(Verdict::Fail), Outcome::Exited { code: 0 });
        let Transition::GiveUp { verdict: Verdict::Fail, reason } =
            decide(&gate, facts(&end, 0), BUDGETS).transition
        else {
            panic!("a gate is blocked at once");
        };
        assert_eq!(reason, "step test: exit status 1");
        let waits = Facts { mends: Some("T-7".to_owned()), ..facts(&end, 0) };
        let waits = decide(&gate, waits, BUDGETS);
        let said = "step test: exit status 1; task T-7 is to fix it";
        assert!(matches!(waits.transition, Transition::Fail { reason, .. } if reason == said));
        assert_eq!(waits.after, After::Again(said.to_owned()));
    }

    #[test]
    fn what_passed_waits_where_a_person_is_to_say_yes() {
        let report = report(Some(Verdict::Pass), Outcome::Exited { code: 0 });
        let facts = Facts { review: true, ..facts(&report, 0) };
        let decided = decide(&task(1), facts, BUDGETS);
        assert!(matches!(decided.transition, Transition::Review(Verdict::Pass, _)));
        assert_eq!((decided.code, decided.after), (Some(ReasonCode::Review), After::Review));
    }

    #[test]
    fn a_veto_before_the_agent_costs_nothing() {
        let mut end = report(Some(Verdict::Blocked), Outcome::Exited { code: 1 });
        end.reason_code = Some(ReasonCode::Hook);
        let mut decided = |hook| {
            let ended = (Outcome::Exited { code: 1 }, 1);
            end.hooks = vec![HookReport::new(hook, ended, ("question", "why"))];
            decide(&task(9), facts(&end, 0), BUDGETS).transition
        };
        assert!(matches!(decided(HookPoint::BeforeTask), Transition::Veto { .. }));
        assert!(matches!(decided(HookPoint::BeforeAttempt), Transition::Veto { .. }));
        for late in [HookPoint::BeforeVerification, HookPoint::BeforeLanding] {
            let late = decided(late);
            assert!(
                matches!(late, Transition::GiveUp { verdict: Verdict::Blocked, .. }),
                "{late:?}"
            );
        }
    }

    #[test]
    fn a_question_costs_nothing() {
        let mut end = report(Some(Verdict::Blocked), Outcome::Exited { code: 0 });
        let decided = |end: &AttemptReport| decide(&task(9), facts(end, 0), BUDGETS).transition;
        end.reason_code = Some(ReasonCode::Tampered);
        assert!(matches!(decided(&end), Transition::GiveUp { .. }));
        end.reason_code = Some(ReasonCode::Question);
        assert!(matches!(decided(&end), Transition::Ask { .. }));
    }

    #[test]
    fn the_tasks_own_budget_wins() {
        let mut one = task(1);
        one.set(Detail::Count(Field::MaxIterations, 1));
        let end = report(Some(Verdict::Fail), Outcome::Exited { code: 0 });
        let decided = decide(&one, facts(&end, 0), BUDGETS).transition;
        assert!(matches!(decided, Transition::GiveUp { .. }));
    }

    #[test]
    fn people_are_told_what_is_written() {
        let told = |verdict, outcome, used| {
            let report = report(verdict, outcome);
            decide(&task(used), facts(&report, 0), BUDGETS).after
        };
        let (exited, said) = (|| Outcome::Exited { code: 0 }, "step test: exit status 1");
        assert_eq!(told(Some(Verdict::Pass), exited(), 1), After::Complete(None));
        assert_eq!(told(Some(Verdict::Fail), exited(), 1), After::Again(said.to_owned()));
        let last = format!("{said} (attempt 3 of 3)");
        assert_eq!(told(Some(Verdict::Fail), exited(), 3), After::Blocked(last));
        assert_eq!(told(None, Outcome::Interrupted, 1), After::Interrupted(said.to_owned()));
        assert_eq!(told(None, Outcome::Lost, 1), After::Again(said.to_owned()));
    }

    #[test]
    fn an_agent_that_fails_for_everybody_costs_its_task_nothing() {
        let report = report(Some(Verdict::Fail), Outcome::Exited { code: 1 });
        let free = Facts { cost: Some(Cost::Free), ..facts(&report, 0) };
        let decided = decide(&task(3), free, BUDGETS);
        assert!(matches!(decided.transition, Transition::Interrupt { .. }));
        assert_eq!(decided.code, Some(ReasonCode::Transient));
        assert!(matches!(decided.after, After::Interrupted(_)));
    }

    #[test]
    fn a_change_that_waits_ends_nothing() {
        let change = Change {
            commit: "c".to_owned(),
            base: "b".to_owned(),
            verdict: "PASS".to_owned(),
            waits: crate::domain::Waits::Checkout,
            obstacle: Some("edits".to_owned()),
        };
        let report = report(Some(Verdict::Pass), Outcome::Exited { code: 0 });
        let facts = Facts { change: Some(change.clone()), ..facts(&report, 0) };
        let decided = decide(&task(1), facts, BUDGETS);
        assert_eq!(decided.transition, Transition::Await(change));
        assert_eq!(decided.after, After::Lands(Some("edits".to_owned())));
    }

    #[test]
    fn a_task_that_does_not_merge_goes_back_so_often_and_no_more() {
        let mut report = report(Some(Verdict::Fail), Outcome::Exited { code: 0 });
        report.reason_code = Some(ReasonCode::Conflict);
        let decided = |conflicts_before| {
            let facts = Facts { conflicts_before, ..facts(&report, 0) };
            decide(&task(1), facts, BUDGETS).transition
        };
        assert!(matches!(decided(0), Transition::Fail { .. }));
        let Transition::GiveUp { verdict: Verdict::Fail, reason } = decided(1) else {
            panic!("one conflict may be resolved, a second one in a row blocks");
        };
        assert!(reason.ends_with("(2 conflicts in a row)"), "{reason}");
    }

    #[test]
    fn an_interrupted_attempt_costs_nothing_however_often() {
        assert!(matches!(decided(99, None, Outcome::Interrupted, 0), Transition::Interrupt { .. }));
    }

    #[test]
    fn the_third_lost_attempt_in_a_row_blocks() {
        assert!(matches!(decided(1, None, Outcome::Lost, 0), Transition::Lose));
        assert!(matches!(decided(1, None, Outcome::Lost, 1), Transition::Lose));
        assert!(matches!(decided(1, None, Outcome::Lost, 2), Transition::GiveUp { .. }));
    }
}
