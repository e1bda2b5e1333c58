//! What a finished attempt means for its task.

use crate::domain::{
    AttemptReport, Completion, Outcome, ReasonCode, Task, Transition, Verdict, budget_of,
    budget_used_now,
};
use crate::platform::fault::{self, Fault};

/// The limits that decide between another attempt and a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Budgets {
    /// Attempts of a task that has no `max_iterations`.
    pub attempts: u32,
    /// Attempts lost in a row before the task is blocked.
    pub crashes: u32,
}

/// The transition for an attempt that ended.
///
/// `lost_before` is how many attempts of this task were lost in a row just before this one.
pub(super) fn decide(
    task: &Task,
    report: &AttemptReport,
    completion: Completion,
    budgets: Budgets,
    lost_before: u32,
) -> Transition {
    let reason = report.reason.clone().unwrap_or_else(|| report.outcome.to_string());
    let budget = budget_of(task, budgets.attempts);
    let used = budget_used_now(task).saturating_add(1);
    let asks = report.reason_code.is_some_and(ReasonCode::is_question);
    match (report.verdict, &report.outcome) {
        (Some(verdict @ (Verdict::Pass | Verdict::Skipped)), _) => {
            Transition::Complete(verdict, completion)
        }
        (Some(Verdict::Blocked), _) if asks && !fault::is(Fault::QuestionCounts) => {
            Transition::Ask { reason }
        }
        (Some(Verdict::Blocked), _) => Transition::GiveUp { verdict: Verdict::Blocked, reason },
        // Nobody changed anything: the same steps would say the same of the same tree.
        (Some(Verdict::Fail), _) if task.is_gate() => {
            Transition::GiveUp { verdict: Verdict::Fail, reason }
        }
        (Some(Verdict::Fail), _) if used >= budget => Transition::GiveUp {
            verdict: Verdict::Fail,
            reason: format!("{reason} ({})", counted(report.attempt, used, budget)),
        },
        (Some(Verdict::Fail), _) => {
            Transition::Fail { reason, files_changed: completion.files_changed }
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

/// Which attempt of its budget was the last. Numbers run on after a `retry` and where attempts
/// cost nothing, so that the attempt's own number is said where it is another one; a budget may
/// have been lowered meanwhile.
fn counted(attempt: u32, used: u32, budget: u32) -> String {
    if attempt == used && used <= budget {
        return format!("attempt {attempt} of {budget}");
    }
    format!("attempt {attempt}, the last of a budget of {budget}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Detail, Field, Fingerprint, Status, TaskId};

    const BUDGETS: Budgets = Budgets { attempts: 3, crashes: 3 };

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
            steps: Vec::new(),
            files_changed: Vec::new(),
            fingerprint: Fingerprint::default(),
        }
    }

    fn decided(attempts: u32, verdict: Option<Verdict>, outcome: Outcome, lost: u32) -> Transition {
        decide(&task(attempts), &report(verdict, outcome), Completion::default(), BUDGETS, lost)
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
    fn numbers_read_right_after_a_retry_and_with_a_lowered_budget() {
        assert_eq!(counted(3, 3, 3), "attempt 3 of 3");
        assert_eq!(counted(6, 3, 3), "attempt 6, the last of a budget of 3");
        assert_eq!(counted(6, 6, 3), "attempt 6, the last of a budget of 3");
    }

    #[test]
    fn a_red_gate_is_not_repeated() {
        let mut gate = task(1);
        gate.set_text(Field::Type, "gate");
        let end = report(Some(Verdict::Fail), Outcome::Exited { code: 0 });
        let Transition::GiveUp { verdict: Verdict::Fail, reason } =
            decide(&gate, &end, Completion::default(), BUDGETS, 0)
        else {
            panic!("a gate is blocked at once");
        };
        assert_eq!(reason, "step test: exit status 1");
    }

    #[test]
    fn a_question_costs_nothing() {
        let mut end = report(Some(Verdict::Blocked), Outcome::Exited { code: 0 });
        let decided =
            |end: &AttemptReport| decide(&task(9), end, Completion::default(), BUDGETS, 0);
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
        let decided = decide(&one, &end, Completion::default(), BUDGETS, 0);
        assert!(matches!(decided, Transition::GiveUp { .. }));
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
