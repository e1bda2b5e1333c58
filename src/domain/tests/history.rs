//! Properties of random histories: whatever people, workers and crashes do to a task in whatever
//! order, these hold after each step.

use super::*;
use proptest::prelude::*;

/// Returns the task as the queue document reads it after `changes`.
fn after(mut task: Task, changes: &Changes) -> Task {
    for (field, write) in changes {
        match (field, write) {
            (Field::Status, Write::Status(status)) => task.status = *status,
            (Field::Attempts, Write::Set(value) | Write::Replace(value)) => {
                task.attempts = serde_json::from_value(value.clone()).expect("a number");
            }
            (Field::BudgetUsed, Write::Set(value)) => {
                let used = serde_json::from_value(value.clone()).expect("a number");
                task.set(Detail::Count(*field, used));
            }
            (Field::Claim, Write::Set(value)) => {
                let claim = serde_json::from_value(value.clone()).expect("a claim");
                task.set(Detail::Claim(Box::new(claim)));
            }
            (Field::Change, Write::Set(value)) => {
                let change = serde_json::from_value(value.clone()).expect("a change");
                task.set(Detail::Change(Box::new(change)));
            }
            (Field::Passes, Write::Set(value) | Write::Replace(value)) => {
                task.passes = value.as_bool();
            }
            (Field::VerificationVerdict, Write::Set(value)) => {
                task.verdict = value.as_str().and_then(Verdict::from_word);
            }
            (Field::VerificationVerdict, Write::Clear) => task.verdict = None,
            (Field::ApprovedAt, Write::Set(_)) if task.approval == Approval::Required => {
                task.approval = Approval::Given;
            }
            (Field::BudgetUsed | Field::Claim | Field::Change, Write::Remove) => task.unset(*field),
            _ => {}
        }
    }
    task
}

/// Returns `transition` with what depends on the task: the next number of a claim, and a verdict.
fn fitted(transition: Transition, task: &Task, verdict: Verdict) -> Transition {
    let attempt = task.attempts;
    if let Transition::Claim(_) = transition {
        return Transition::Claim(claim("h:2:00000000", attempt.saturating_add(1)));
    }
    if let Transition::Adopt(_) = transition {
        return Transition::Adopt(claim("h:3:00000000", attempt));
    }
    if let Transition::Complete(_, completion) = transition {
        return Transition::Complete(verdict, completion);
    }
    if let Transition::Review(_, completion) = transition {
        return Transition::Review(verdict, completion);
    }
    transition
}

/// Whether only the worker with the claim may write this.
fn is_write_back(transition: &Transition) -> bool {
    matches!(
        name(transition),
        "await"
            | "complete"
            | "review"
            | "fail"
            | "await fix"
            | "give up"
            | "ask"
            | "veto"
            | "interrupt"
            | "lose"
    )
}

/// Tasks of people and of the loop. An epic has no claim, so it has a history of its own.
fn step() -> impl Strategy<Value = (Transition, Verdict)> {
    let all: Vec<Transition> =
        every_transition().into_iter().filter(|one| name(one) != "settle").collect();
    let verdict = prop_oneof![Just(Verdict::Pass), Just(Verdict::Skipped)];
    (prop::sample::select(all), verdict)
}

/// What the change of a task has to do with the budget.
fn check_budget(kind: &str, before: &Task, after: &Task) -> Result<(), TestCaseError> {
    let (was, is) = (budget_used_now(before), budget_used_now(after));
    match kind {
        "complete" | "review" | "fail" | "give up" | "lose" => prop_assert_eq!(is, was + 1),
        "retry" | "answer" | "reset" => prop_assert_eq!(is, 0),
        // A task that is in progress without a claim has an attempt of which nothing is known.
        "claim" if before.status == Status::InProgress => prop_assert!(is >= was),
        _ => prop_assert_eq!(is, was),
    }
    Ok(())
}

fn check_step(
    transition: &Transition,
    before: &Task,
    changes: &Changes,
    after: &Task,
) -> Result<(), TestCaseError> {
    let kind = name(transition);
    for (at, (field, _)) in changes.iter().enumerate() {
        let again = changes[at + 1..].iter().any(|(later, _)| later == field);
        prop_assert!(!again, "{} writes {:?} twice", kind, field);
        let persons = matches!(field, Field::ApprovedBy | Field::ApprovedAt | Field::Answers);
        prop_assert!(field.is_runtime() || persons, "{} writes {:?}", kind, field);
    }
    check_budget(kind, before, after)?;
    if after.status != Status::InProgress {
        prop_assert_eq!(after.claim(), None, "a claim of a task that is {}", after.status);
        prop_assert_eq!(after.change(), None, "a change of a task that is {}", after.status);
    }
    if after.status == Status::Complete {
        let passed = after.verdict == Some(Verdict::Pass);
        prop_assert_eq!(after.passes, Some(passed));
    }
    // Only verified work, or a person, makes a task complete.
    if after.status == Status::Complete && before.status != Status::Complete {
        prop_assert!(matches!(kind, "complete" | "accept and complete" | "done"), "{}", kind);
    }
    // The number of an attempt is never used again. A reset begins anew.
    prop_assert!(after.attempts >= before.attempts || kind == "reset");
    prop_assert_ne!(after.status, Status::Unknown);
    Ok(())
}

proptest! {
    #[test]
    fn a_history_of_any_order_keeps_the_invariants(
        steps in prop::collection::vec(step(), 1..60),
        approval in prop_oneof![Just(Approval::NotRequired), Just(Approval::Required)],
    ) {
        let mut task = plain();
        task.approval = approval;
        for (transition, verdict) in steps {
            let transition = fitted(transition, &task, verdict);
            let fenced = task.claim().is_some_and(|claim| task.accepts(&claim.token()));
            if is_write_back(&transition) && !fenced {
                continue;
            }
            let Ok(changes) = apply(&task, &transition, noon()) else { continue };
            let next = after(task.clone(), &changes);
            check_step(&transition, &task, &changes, &next)?;
            task = next;
        }
    }

    /// Attempts that end without counting leave the whole budget, however many there are.
    #[test]
    fn a_task_runs_as_often_as_its_budget_allows(free in prop::collection::vec(0..5u8, 0..30)) {
        let mut task = plain();
        let limit = 3;
        let mut free = free.into_iter();
        let (mut counted, mut turns) = (0, Vec::new());
        while budget_used_now(&task) < budget_of(&task, limit) {
            prop_assert!(turns.len() < 100, "the attempts do not end");
            let claim = fitted(every_transition().swap_remove(0), &task, Verdict::Pass);
            task = after(task.clone(), &apply(&task, &claim, noon()).expect("legal"));
            turns.push(Turn::of(&task, limit).used);
            let ends = ["interrupt", "take over", "release", "ask", "veto"];
            let kind = free.next().map_or("fail", |end| ends[usize::from(end)]);
            counted += u32::from(kind == "fail");
            let end = every_transition().into_iter().find(|one| name(one) == kind).expect("one");
            task = after(task.clone(), &apply(&task, &end, noon()).expect("legal"));
            // A person answers or looks without granting another budget.
            task.status = Status::Pending;
        }
        prop_assert_eq!(counted, limit);
        prop_assert!(turns.iter().all(|used| (1..=limit).contains(used)));
    }

    /// No state that an edit of the file can produce makes a transition panic, and what is refused
    /// names the state.
    #[test]
    fn any_edited_state_is_judged(
        state in prop::sample::select(STATES.to_vec()),
        attempts in prop_oneof![Just(0), Just(u32::MAX), any::<u32>()],
        used in prop::option::of(prop_oneof![Just(0), Just(u32::MAX), any::<u32>()]),
        transition in prop::sample::select(every_transition()),
    ) {
        let mut task = task_in(state);
        task.attempts = attempts;
        used.into_iter().for_each(|used| task.set(Detail::Count(Field::BudgetUsed, used)));
        if let Err(illegal) = apply(&task, &transition, noon()) {
            prop_assert_eq!(illegal.status, task.status);
            prop_assert!(!illegal.why.is_empty() && !illegal.legal.is_empty());
        }
    }
}
