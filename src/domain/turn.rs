//! Describes an attempt by its number and its share of the budget, in the words that all views use.

use super::ends::{budget_of, budget_used_now};
use super::status::Status;
use super::task::Task;
use std::fmt;

/// The number of an attempt, with its share of the budget.
///
/// Attempt numbers are never reused: they continue after a `retry` and after attempts that cost no
/// budget. So the number alone does not show how many attempts are left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn {
    /// The number of the attempt, which identifies it in `log`, `why` and the journal.
    pub attempt: u32,
    /// How many attempts of the budget are used once this one has counted.
    pub used: u32,
    /// The attempt budget.
    pub budget: u32,
}

impl Turn {
    /// Returns the running attempt of `task`, or else the one that ended last. `default` is the
    /// budget of a task without one of its own.
    pub fn of(task: &Task, default: u32) -> Self {
        let running = u32::from(task.status == Status::InProgress);
        let used = budget_used_now(task).saturating_add(running);
        Self { attempt: task.attempts, used, budget: budget_of(task, default) }
    }

    /// Returns the attempt that `task` would have next.
    pub fn next(task: &Task, default: u32) -> Self {
        let attempt = task.attempts.saturating_add(1);
        let used = budget_used_now(task).saturating_add(1);
        Self { attempt, used, budget: budget_of(task, default) }
    }
}

impl fmt::Display for Turn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { attempt, used, budget } = *self;
        if used > budget {
            // The budget was lowered in the meantime.
            write!(f, "attempt {attempt}, over its budget of {budget}")
        } else if used == attempt {
            write!(f, "attempt {attempt} of {budget}")
        } else {
            write!(f, "attempt {attempt}, budget {used} of {budget}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Detail, Field, TaskId};

    #[test]
    fn numbers_read_right_after_a_retry_and_with_a_lowered_budget() {
        let words = |attempt, used, budget| Turn { attempt, used, budget }.to_string();
        assert_eq!(words(3, 3, 3), "attempt 3 of 3");
        assert_eq!(words(6, 3, 3), "attempt 6, budget 3 of 3");
        assert_eq!(words(6, 6, 3), "attempt 6, over its budget of 3");
    }

    #[test]
    fn what_runs_counts_and_what_is_next_has_the_next_number() {
        let mut task = Task::new(TaskId::new("A").expect("not empty"));
        assert_eq!(Turn::next(&task, 5), Turn { attempt: 1, used: 1, budget: 5 });
        (task.attempts, task.status) = (6, Status::InProgress);
        task.set(Detail::Count(Field::BudgetUsed, 2));
        assert_eq!(Turn::of(&task, 5), Turn { attempt: 6, used: 3, budget: 5 });
        task.status = Status::Blocked;
        task.set(Detail::Count(Field::BudgetUsed, 3));
        assert_eq!(Turn::of(&task, 5), Turn { attempt: 6, used: 3, budget: 5 });
        assert_eq!(Turn::next(&task, 5).to_string(), "attempt 7, budget 4 of 5");
    }
}
