//! Simulates an hour without the service, and a daily limit, for several loops that share an
//! account or a daily budget.

use super::backoff::{Backoff, Cost, QuickFailure, Rest};
use super::ledger::{Allowance, Ledger, Usage};
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

/// Eight loops all check the limit before any of them reserves its attempt.
#[test]
fn eight_loops_overspend_by_one_attempt_each_at_most() {
    let limit = Allowance { cost_usd: Some(20.0), ..Allowance::default() };
    let (mut day, mut begun) = (Ledger::default(), 0_u64);
    for round in 0..100 {
        let now = at(round);
        let looked: Vec<u64> = (0..8).map(|_| day.admits(&limit, now)).collect();
        let begins: Vec<String> = (0..8)
            .filter(|number| looked[*number] > 0)
            .map(|number| format!("loop {number} round {round}"))
            .collect();
        if begins.is_empty() {
            break;
        }
        begins.iter().for_each(|claim| day.reserve(claim, "claude", now, TimeDelta::hours(1)));
        for claim in &begins {
            begun += 1;
            day.settle(claim, "claude", Usage { attempts: 1, cost_usd: 1.5, ..Usage::default() });
        }
    }
    assert!(day.used.reached(&limit).is_some() && begun == day.used.attempts);
    assert!(day.used.cost_usd <= 20.0 + 8.0 * 1.5, "{:.2} USD", day.used.cost_usd);
}
