//! Simulates an hour without the service, and a daily limit, for several loops that share an
//! account or a daily budget.

use super::backoff::{Backoff, Cost, QuickFailure, Rest};
use super::ledger::{Admission, Begins, Ledger};
use super::usage::{Allowance, Usage};
use chrono::{DateTime, TimeDelta, Utc};

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds)
}

/// Three loops of two projects share an account: only one of them tries at a time.
#[test]
fn an_hour_of_outage_costs_a_few_starts_and_each_task_one_attempt() {
    let mut account = Backoff::new("claude", at(0));
    let tasks = ["p/a", "p/b", "q/c"];
    let (mut starts, mut paid) = (0, 0);
    for second in 0..3600 {
        for task in tasks {
            let may = match account.rest(at(second)) {
                Rest::Over => true,
                Rest::Due => account.try_now(at(second)),
                Rest::Lasts(_) => false,
            };
            if may {
                starts += 1;
                let now = at(second);
                let failure = QuickFailure { task, began: now, now, reason: "down", jitter: 0.0 };
                paid += u32::from(account.failed(&failure) != Cost::Free);
            }
        }
    }
    assert!((15..=25).contains(&starts), "{starts} starts in an hour");
    assert!(paid <= 3, "{paid} attempts were paid for");
    // As soon as one attempt works, the outage is over for all of them.
    account.worked("p/a", at(3600));
    assert_eq!(account.rest(at(3600)), Rest::Over);
}

/// Eight loops that claim as fast as they can, each with its own steps between those of the others.
#[test]
fn eight_loops_never_exceed_a_limit_while_attempts_use_what_is_expected() {
    let limit = Allowance { cost_usd: Some(20.0), ..Allowance::default() };
    let (mut day, mut running) = (Ledger::default(), Vec::new());
    for step in 0..4000_i64 {
        let (now, until) = (at(step), at(step + 3600));
        let holder = format!("loop {}", step % 8);
        // Three steps of three loops are always in progress: setting aside, claiming, ending.
        match (step / 8) % 3 {
            0 => drop(day.set_aside((&holder, at(step + 60)), 2, &limit, now)),
            1 => {
                if let Admission::Some(mut budget) =
                    day.set_aside((&holder, at(step + 60)), 2, &limit, now)
                    && budget.take("claude")
                {
                    let claim = format!("{holder} {step}");
                    let begins = Begins { claim: claim.clone(), kind: "claude".to_owned(), until };
                    day.replace(&holder, &[begins], &limit, now);
                    running.push(claim);
                }
            }
            _ => {
                day.release(&holder);
                if !running.is_empty() {
                    let claim = running.remove(0);
                    let used = Usage { attempts: 1, cost_usd: 1.5, ..Usage::default() };
                    day.settle(&claim, "claude", used);
                }
            }
        }
        assert!(day.used.cost_usd <= 20.0, "{:.2} USD", day.used.cost_usd);
    }
    assert_eq!((day.used.attempts, day.used.cost_usd), (13, 19.5));
    assert!(day.spent(&limit, at(9000)).is_some());
}
