//! Tests the comparison of items with those of the base at its borders, and what is said of it.

use super::super::compare::{Against, compare, judge_report};
use super::super::{Baseline, Kind, Parser, Rules, checked};
use crate::domain::ItemState::{self, Failed, Passed, Skipped};
use crate::domain::{Checked, ItemId, ItemMap, Items, Outcome, ReasonCode, Verdict};
use std::collections::BTreeSet;

fn items(all: &[(&str, ItemState)]) -> ItemMap {
    all.iter().map(|(name, state)| (ItemId::new("t", *name), *state)).collect()
}

/// How a comparison is asked for: whether tests may go, and which ones may be replaced.
struct Asked {
    may_remove: bool,
    may_replace: &'static [&'static str],
}

const NOTHING: Asked = Asked { may_remove: false, may_replace: &[] };

fn compared(now: &ItemMap, base: Option<&ItemMap>, kind: Kind, asked: &Asked) -> Items {
    let may_replace = |id: &ItemId| asked.may_replace.contains(&id.name.as_str());
    let against = Against {
        base,
        may_remove: asked.may_remove,
        may_replace: &may_replace,
        failed_before: &BTreeSet::new(),
    };
    compare(now, kind, &against)
}

fn texts(list: &[&str]) -> Vec<String> {
    list.iter().map(|name| format!("t::{name}")).collect()
}

#[test]
fn every_way_from_one_state_to_another_has_its_list() {
    let states = [None, Some(Passed), Some(Failed), Some(Skipped)];
    for before in states {
        for after in states {
            let map = |state: Option<ItemState>| match state {
                Some(state) => items(&[("a", state), ("other", Passed)]),
                None => items(&[("other", Passed)]),
            };
            let found = compared(&map(after), Some(&map(before)), Kind::Tests, &NOTHING);
            let (mut new, mut old, mut fixed, mut lost) = (&[][..], &[][..], &[][..], &[][..]);
            match (before, after) {
                (Some(Failed), Some(Failed)) => old = &["a"],
                (_, Some(Failed)) => new = &["a"],
                (Some(Failed), Some(Passed)) => fixed = &["a"],
                (Some(Passed | Failed), None | Some(Skipped)) => lost = &["a"],
                (_, Some(Passed | Skipped) | None) => {}
            }
            let expected = Items {
                passed: 1 + usize::from(after == Some(Passed)),
                failed: usize::from(after == Some(Failed)),
                skipped: usize::from(after == Some(Skipped)),
                missing: usize::from(before.is_some() && after.is_none()),
                compared: true,
                new: texts(new),
                old: texts(old),
                fixed: texts(fixed),
                lost: texts(lost),
                flaky: Vec::new(),
            };
            assert_eq!(found, expected, "{before:?} -> {after:?}");
        }
    }
}

#[test]
fn a_finding_that_is_gone_is_fixed_and_nothing_is_lost() {
    let base = items(&[("a", Failed), ("b", Passed)]);
    let found = compared(&items(&[]), Some(&base), Kind::Findings, &NOTHING);
    let expected = Items { missing: 2, compared: true, fixed: texts(&["a"]), ..Items::default() };
    assert_eq!(found, expected);
}

#[test]
fn tests_may_go_or_be_replaced_as_far_as_their_number_stays() {
    let base = items(&[("a", Passed), ("b", Passed), ("c", Skipped)]);
    let lost = |now: &ItemMap, asked: &Asked| compared(now, Some(&base), Kind::Tests, asked).lost;
    let removes = Asked { may_remove: true, may_replace: &[] };
    let replaces = Asked { may_remove: false, may_replace: &["a", "b"] };
    let only_b = Asked { may_remove: false, may_replace: &["b"] };
    let none = items(&[]);
    assert_eq!(lost(&none, &NOTHING), texts(&["a", "b"]));
    assert_eq!(lost(&none, &removes), texts(&[]));
    assert_eq!(lost(&none, &replaces), texts(&["a", "b"]), "nothing came for them");
    let one = items(&[("x", Passed)]);
    assert_eq!(lost(&one, &replaces), texts(&["a", "b"]));
    let two = items(&[("x", Passed), ("y", Failed)]);
    assert_eq!(lost(&two, &replaces), texts(&[]));
    assert_eq!(lost(&two, &only_b), texts(&["a"]));
    // A skipped test takes the place of none.
    let skipped = items(&[("x", Passed), ("y", Skipped)]);
    assert_eq!(lost(&skipped, &replaces), texts(&["a", "b"]));
    let off = items(&[("a", Skipped), ("x", Passed), ("y", Passed), ("z", Passed)]);
    assert_eq!(lost(&off, &replaces), texts(&["a"]));
}

#[test]
fn the_cases_of_a_test_take_its_place_in_the_same_file() {
    let base = items(&[("a", Passed)]);
    let lost = |now: &ItemMap| compared(now, Some(&base), Kind::Tests, &NOTHING).lost;
    assert_eq!(lost(&items(&[("a[1]", Failed)])), texts(&[]));
    assert_eq!(lost(&items(&[("a[1]", Skipped), ("a[2]", Passed)])), texts(&[]));
    assert_eq!(lost(&items(&[("a[1]", Skipped), ("z", Passed)])), texts(&["a"]));
    assert_eq!(lost(&items(&[("a(1)", Passed)])), texts(&["a"]));
    let elsewhere = [(ItemId::new("u", "a[1]"), Passed)].into();
    assert_eq!(lost(&elsewhere), texts(&["a"]));
}

#[test]
fn at_most_a_thousand_items_are_listed_and_all_are_counted() {
    let names: Vec<String> = (0..1001).map(|number| format!("n{number:04}")).collect();
    let all: Vec<(&str, ItemState)> = names.iter().map(|name| (name.as_str(), Failed)).collect();
    let found = compared(&items(&all), None, Kind::Tests, &NOTHING);
    assert_eq!((found.failed, found.new.len(), found.compared), (1001, 1000, false));
    assert_eq!(found.new.last().map(String::as_str), Some("t::n0999"));
}

#[test]
fn a_test_is_flaky_if_it_failed_before_and_passes_now() {
    let before = ["a", "b", "c", "gone"].map(|name| ItemId::new("t", name)).into();
    let now = items(&[("a", Passed), ("b", Failed), ("c", Skipped), ("d", Passed)]);
    let against =
        Against { base: None, may_remove: false, may_replace: &|_| false, failed_before: &before };
    assert_eq!(compare(&now, Kind::Tests, &against).flaky, texts(&["a"]));
}

fn judged(
    baseline: Baseline,
    parser: Parser,
    outcome: &Outcome,
    found: Result<Items, String>,
) -> Checked {
    let mut rules = Rules::default();
    rules.profile.baseline = baseline;
    let mut checked = checked(&rules, outcome);
    judge_report(&mut checked, (parser, &rules), outcome, found);
    checked
}

#[test]
fn a_verdict_names_five_items_and_counts_the_rest() {
    let red = |count: usize| {
        let names: Vec<String> = (1..=count).map(|number| format!("n{number}")).collect();
        let all: Vec<_> = names.iter().map(|name| (name.as_str(), Failed)).collect();
        let found = compared(&items(&all), None, Kind::Tests, &NOTHING);
        judged(Baseline::Strict, Parser::Pytest, &Outcome::Exited { code: 0 }, Ok(found)).why
    };
    let five = "t::n1, t::n2, t::n3, t::n4, t::n5";
    assert_eq!(red(1).as_deref(), Some("0 passed, 1 failed: t::n1"));
    assert_eq!(red(5), Some(format!("0 passed, 5 failed: {five}")));
    assert_eq!(red(6), Some(format!("0 passed, 6 failed: {five} and 1 more")));
}

#[test]
fn what_is_lost_is_told_beside_what_is_red() {
    let help = "or have a person declare the renamed tests for the task (tests) or allow that tests \
                go (may_remove_tests)";
    let base = items(&[("a", Passed), ("b", Passed), ("c", Failed)]);
    let of = |now: &ItemMap, code: i32| {
        let found = compared(now, Some(&base), Kind::Tests, &NOTHING);
        let outcome = Outcome::Exited { code };
        let checked = judged(Baseline::NoNewFailures, Parser::Cargo, &outcome, Ok(found));
        (checked.verdict, checked.code, checked.why.unwrap_or_default())
    };
    let fail = Some(Verdict::Fail);
    let two =
        format!("2 tests that ran before did not run: t::a, t::b; let them run again, {help}");
    let one = format!("1 test that ran before did not run: t::b; let it run again, {help}");
    assert_eq!(of(&items(&[("c", Failed)]), 101), (fail, Some(ReasonCode::ItemsLost), two.clone()));
    assert_eq!(of(&items(&[("c", Passed)]), 0), (fail, Some(ReasonCode::ItemsLost), two));
    // A new failure is the reason, and what is lost comes after it.
    let both = items(&[("a", Failed), ("c", Failed)]);
    let why = format!("0 passed, 2 failed (1 new), 1 lost: t::a; {one}");
    for code in [0, 101] {
        assert_eq!(of(&both, code), (fail, Some(ReasonCode::TestsFailed), why.clone()), "{code}");
    }
    assert_eq!(of(&both, 2), (fail, None, format!("exit status 2; {why}")));
}

#[test]
fn a_report_that_cannot_be_used_fails_the_step_with_how_it_ended() {
    let of = |outcome: &Outcome| {
        let found = Err("it is cut off".to_owned());
        let checked = judged(Baseline::NoNewFailures, Parser::Pytest, outcome, found);
        (checked.verdict, checked.why, checked.items)
    };
    let why = "its report cannot be used: it is cut off";
    let fail = Some(Verdict::Fail);
    let exited = |code| Outcome::Exited { code };
    assert_eq!(of(&exited(0)), (fail, Some(why.to_owned()), None));
    assert_eq!(of(&exited(1)), (fail, Some(format!("exit status 1; {why}")), None));
    let timed_out = Outcome::TimedOut { seconds: 9 };
    assert_eq!(of(&timed_out), (fail, Some(format!("timed out after 9 s; {why}")), None));
    // Nothing is known about a step that could not run.
    assert_eq!(of(&Outcome::Interrupted), (None, None, None));
}

#[test]
fn old_failures_forgive_only_the_exit_status_that_tells_of_them() {
    let base = items(&[("a", Failed), ("b", Passed)]);
    let verdict = |parser: Parser, outcome: Outcome| {
        let found = compared(&base, Some(&base), Kind::Tests, &NOTHING);
        judged(Baseline::NoNewFailures, parser, &outcome, Ok(found)).verdict
    };
    let exited = |code| Outcome::Exited { code };
    for (parser, outcome, expected) in [
        (Parser::Cargo, exited(101), Verdict::Pass),
        (Parser::Cargo, exited(1), Verdict::Pass),
        (Parser::Cargo, exited(100), Verdict::Fail),
        (Parser::Nextest, exited(100), Verdict::Pass),
        (Parser::Pytest, exited(1), Verdict::Pass),
        (Parser::Pytest, exited(2), Verdict::Fail),
        (Parser::Tsc, exited(2), Verdict::Pass),
        (Parser::Pytest, Outcome::TimedOut { seconds: 1 }, Verdict::Fail),
        (Parser::Pytest, Outcome::Silent { seconds: 1 }, Verdict::Fail),
        (Parser::Pytest, Outcome::Signaled { signal: 9 }, Verdict::Fail),
    ] {
        assert_eq!(verdict(parser, outcome.clone()), Some(expected), "{parser:?} {outcome:?}");
    }
    // Named are the old failures where no new one is.
    let found = compared(&base, Some(&base), Kind::Tests, &NOTHING);
    let why = judged(Baseline::Strict, Parser::Pytest, &exited(2), Ok(found)).why;
    assert_eq!(why.as_deref(), Some("exit status 2; 1 passed, 1 failed (0 new): t::a"));
    let green = compared(&items(&[("b", Passed)]), None, Kind::Tests, &NOTHING);
    let why = judged(Baseline::Strict, Parser::Pytest, &exited(3), Ok(green)).why;
    assert_eq!(why.as_deref(), Some("exit status 3; 1 passed"));
}
