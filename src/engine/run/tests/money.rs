//! What whole runs may use, alone and together with other loops.

use super::Reason;
use super::ends::{End, fails, passes, uses};
use super::play::{CONFIG, Play, task, with};
use crate::domain::{Allowance, Begins, Ledger, QueueIx, Usage};
use crate::platform::clock::Clock;
use crate::platform::ids::RandomIds;
use crate::store::Ledgers;
use chrono::TimeDelta;
use serde_json::json;
use std::fs;

fn day(limit: &str) -> String {
    format!("untouched = false\n[limits.day]\n{limit}\n")
}

/// Returns the ledger of the project.
fn ledgers(site: &super::outside::Site) -> Ledgers {
    Ledgers::of(site.open().set().root(QueueIx::FIRST))
}

const TODAY: &str = "today's limit attempts = 2 (2 made) is reached, over all loops; raise \
                     limits.day, or run again tomorrow";

#[test]
fn the_limit_of_a_day_ends_this_run_and_the_next_one_and_not_that_of_tomorrow() {
    let tasks = json!([task("A"), task("B"), task("C")]);
    let ran = Play::with(&day("attempts = 2"), tasks).go();
    assert_eq!(ran.begun(), ["A in 0", "B in 0"]);
    let said = format!("stopped: {TODAY}; 2 of 3 complete; the same command continues");
    assert_eq!(ran.end(), (6, said.clone()));
    let next = Play::again(&ran).go();
    assert_eq!((next.begun(), next.end()), (Vec::new(), (6, said)));
    next.site.clock.pass(std::time::Duration::from_secs(24 * 3600));
    let tomorrow = Play::again(&next).go();
    assert_eq!((tomorrow.begun(), tomorrow.end().0), (vec!["C in 0".to_owned()], 0));
}

#[test]
fn attempts_that_run_are_within_the_limit_of_the_day() {
    let mut play = Play::with(&day("attempts = 2"), json!([task("A"), task("B"), task("C")]))
        .stays("A")
        .stays("B")
        .waits(2)
        .then(|at| at.end("A", passes()))
        .then(|at| at.end("B", fails()));
    play.chosen.jobs = 3;
    let ran = play.go();
    assert_eq!(ran.begun(), ["A in 0", "B in 1"], "C would be the third one");
    assert_eq!(ran.ending().reason, Reason::Budget(TODAY.to_owned()));
    assert_eq!(ran.status("B"), "pending", "it is not tried again");
}

#[test]
fn what_another_loop_has_reserved_is_waited_for() {
    let limit = Allowance { cost_usd: Some(2.0), ..Allowance::default() };
    let wait = "waiting for running attempts: what they may use is all that a limit leaves";
    for unclaimed in [true, false] {
        let play = Play::with(&day("cost_usd = 2.0"), json!([task("A")]));
        let ledgers = ledgers(&play.site);
        let now = play.site.clock.now();
        let reserve = |day: &mut Ledger| {
            day.turn_to(&now.with_timezone(&chrono::Local).format("%Y-%m-%d").to_string());
            let until = now + TimeDelta::hours(9);
            drop(day.set_aside(("other", until), 1, &limit, now));
            if !unclaimed {
                let (claim, kind) = ("other 1".to_owned(), "command other ".to_owned());
                day.replace("other", &[Begins { claim, kind, until }], &limit, now);
            }
        };
        ledgers.change(&RandomIds, reserve).unwrap();
        let release = move |at: &super::outside::Outside| {
            let passed = (at.site.clock.now() - now).num_milliseconds();
            // Another loop that is about to claim takes milliseconds.
            assert_eq!(passed, if unclaimed { 4 * 50 } else { 4 * 1000 });
            let free = |day: &mut Ledger| day.reserved.clear();
            ledgers.change(&RandomIds, free).unwrap();
        };
        let ran = play.waits(4).then(release).go();
        assert_eq!((ran.said("waits"), ran.end().0), (vec![wait.to_owned()], 0), "{unclaimed}");
    }
}

#[test]
fn a_task_that_is_too_dear_does_not_hold_up_a_cheap_one() {
    let config = format!("[agents.cheap]\nrun = \"true\"\n{CONFIG}untouched = false\n");
    let cheap = |id: &str| with(task(id), json!({"agent": "cheap"}));
    let dear = |id: &str| with(task(id), json!({"agent": "default"}));
    let tasks = json!([cheap("A"), dear("B"), dear("C"), cheap("D")]);
    let mut play = Play::of(&config, tasks)
        .ends("A", [uses(0.25, 1)])
        .ends("B", [uses(2.0, 1)])
        .ends("D", [uses(0.25, 1)]);
    play.chosen.allowance = Allowance { cost_usd: Some(3.0), ..Allowance::default() };
    let ran = play.go();
    assert_eq!(ran.begun(), ["A in 0", "B in 0", "D in 0"]);
    let why = "the run's limit cost_usd = 3 (2.50 measured by command, 2.00 expected for the next \
               attempt) is reached";
    assert_eq!(ran.ending().reason, Reason::Budget(why.to_owned()));
    assert_eq!(ran.end().0, 6);
}

#[test]
fn the_use_of_each_attempt_is_added_to_its_task_and_to_the_day() {
    let ends: [End; 2] = [uses(0.5, 100), uses(0.25, 50)];
    let [first, second] = ends;
    let failed: End = Box::new(move |it| {
        first(it);
        fails()(it);
    });
    let ran = Play::new(json!([task("A")])).ends("A", [failed, second]).go();
    let a = ran.task("A");
    assert_eq!((&a["cost_usd"], &a["tokens"]), (&json!(0.75), &json!(150)));
    let used = ledgers(&ran.site).read().unwrap().used;
    let sum = Usage { attempts: 2, minutes: 2.0, cost_usd: 0.75, tokens: 150, ..Usage::default() };
    assert_eq!(used, sum);
}

#[test]
fn a_limit_of_a_task_gives_it_to_a_person_and_the_run_goes_on() {
    let config = "untouched = false\ncost_usd = 1.0\n";
    let failed = || -> End {
        Box::new(|it| {
            uses(0.5, 1)(it);
            fails()(it);
        })
    };
    let ran =
        Play::with(config, json!([task("A"), task("B")])).ends("A", [failed(), failed()]).go();
    assert_eq!((ran.status("A"), ran.status("B")), ("blocked".to_owned(), "complete".to_owned()));
    let why = "the task's limit cost_usd = 1 (1.00 measured) is reached; workloop retry A starts \
               over (step test: exit status 1)";
    assert_eq!(ran.task("A")["error"], why);
    let said = "1 of 2 complete; 1 cannot continue (A): workloop why A, then workloop retry A";
    assert_eq!(ran.end(), (5, said.to_owned()));
}

#[test]
fn a_ledger_that_cannot_be_written_is_said_once_and_holds_nothing_up() {
    let play = Play::with(&day("attempts = 9"), json!([task("A"), task("B")]));
    let folder = play.site.key(".workloop");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("spent"), "").unwrap();
    let ran = play.go();
    let said = ran.said("warning");
    let starts = [
        format!("failed to reserve what attempts may use in {}", folder.display()),
        "cannot reserve what attempts may use: ".to_owned(),
        "cannot store what today's attempts used: ".to_owned(),
    ];
    assert_eq!(said.len(), 3, "{said:?}");
    for start in starts {
        assert!(said.iter().any(|text| text.starts_with(&start)), "{start}: {said:?}");
    }
    assert_eq!((ran.begun().len(), ran.end().0), (2, 0));
}

#[test]
fn an_attempt_that_vanishes_counts_for_the_day() {
    let play = Play::with(&day("attempts = 1"), json!([task("A"), task("B")]));
    let ran = play.stays("A").then(|at| at.dies("A")).go();
    assert_eq!((ran.begun().len(), ran.end().0), (1, 6));
    let unknown = Usage { attempts: 1, cost_unknown: 1, tokens_unknown: 1, ..Usage::default() };
    assert_eq!(ledgers(&ran.site).read().unwrap().used, unknown);
}
