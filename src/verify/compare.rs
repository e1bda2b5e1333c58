//! Compares the items of a step with those of the tree that the work began with, and derives the
//! verdict of the comparison.

use super::judge::fail;
use super::report::{Kind, Parser};
use super::rules::{Baseline, Rules};
use crate::domain::{Checked, ItemId, ItemMap, ItemState, Items, Outcome, ReasonCode, Verdict};
use crate::platform::fault::{self, Fault};
use std::collections::BTreeSet;

/// The most items that each list of a verdict names.
const LISTED: usize = 1000;
/// The most items that a sentence names.
const NAMED: usize = 5;

/// The base of a comparison, and what the task may do to tests.
pub(crate) struct Against<'a> {
    /// The items of the base; `None` if they are unknown.
    pub base: Option<&'a ItemMap>,
    /// Whether the task may remove tests.
    pub may_remove: bool,
    /// Returns whether a test may be replaced by another one, because it was renamed or moved.
    pub may_replace: &'a dyn Fn(&ItemId) -> bool,
    /// The items that failed in earlier runs of the step in the same attempt.
    pub failed_before: &'a BTreeSet<ItemId>,
}

/// Compares the items of a step with those of its base.
pub(crate) fn compare(now: &ItemMap, kind: Kind, against: &Against<'_>) -> Items {
    let count = |state| now.values().filter(|other| **other == state).count();
    let nothing = ItemMap::new();
    let base = against.base.unwrap_or(&nothing);
    let failed = |items: &ItemMap, id: &ItemId| items.get(id) == Some(&ItemState::Failed);
    let red = now.iter().filter(|(_, state)| **state == ItemState::Failed).map(|(id, _)| id);
    let (old, new): (Vec<&ItemId>, Vec<&ItemId>) = red.partition(|id| failed(base, id));
    let gone_red = base.keys().filter(|id| failed(base, id));
    let passes_now = |id: &&ItemId| match (now.get(*id), kind) {
        (Some(ItemState::Passed), _) | (None, Kind::Findings) => true,
        (Some(ItemState::Failed | ItemState::Skipped), _) | (None, Kind::Tests) => false,
    };
    let lost = match kind {
        Kind::Tests => lost(now, base, against),
        Kind::Findings => Vec::new(),
    };
    let flaky = against.failed_before.iter().filter(|id| now.get(*id) == Some(&ItemState::Passed));
    Items {
        passed: count(ItemState::Passed),
        failed: count(ItemState::Failed),
        skipped: count(ItemState::Skipped),
        missing: base.keys().filter(|id| !now.contains_key(*id)).count(),
        compared: against.base.is_some(),
        new: named(new),
        old: named(old),
        fixed: named(gone_red.filter(passes_now)),
        lost: named(lost),
        flaky: named(flaky),
    }
}

fn named<'i>(items: impl IntoIterator<Item = &'i ItemId>) -> Vec<String> {
    items.into_iter().take(LISTED).map(ToString::to_string).collect()
}

/// Returns the items that ran in the base and do not run now.
fn lost<'b>(now: &ItemMap, base: &'b ItemMap, against: &Against<'_>) -> Vec<&'b ItemId> {
    if against.may_remove || fault::is(Fault::LostIgnored) {
        return Vec::new();
    }
    let ran = |items: &ItemMap| items.values().filter(|state| state.is_executed()).count();
    let runs = |id: &ItemId| now.get(id).is_some_and(|state| state.is_executed());
    let gone = base.iter().filter(|(id, state)| state.is_executed() && !runs(id));
    let gone: Vec<&ItemId> = gone.map(|(id, _)| id).collect();
    let as_many = ran(now) >= ran(base);
    // The id of a case is the name of its test, followed by the values in brackets.
    let with_cases = |id: &ItemId| {
        let first = ItemId::new(&*id.file, format!("{}[", id.name));
        let cases = now.range(&first..).take_while(|(other, _)| {
            other.file == first.file && other.name.starts_with(&*first.name)
        });
        cases.into_iter().any(|(_, state)| state.is_executed())
    };
    // A test that still exists and is skipped was switched off, not renamed.
    let replaced = |id: &&ItemId| {
        let is_gone = as_many && !now.contains_key(*id);
        is_gone && ((against.may_replace)(id) || with_cases(id))
    };
    gone.into_iter().filter(|id| !replaced(id)).collect()
}

/// Records in `checked` what a report means, besides the exit status of its command. `items` is the
/// comparison with the base, or the reason why there is none.
pub(crate) fn judge_report(
    checked: &mut Checked,
    (parser, rules): (Parser, &Rules),
    outcome: &Outcome,
    items: Result<Items, String>,
) {
    let items = match items {
        Ok(items) => items,
        Err(why) => {
            let why = format!("its report cannot be used: {why}");
            match checked.verdict {
                Some(Verdict::Fail) => checked.why = Some(format!("{outcome}; {why}")),
                Some(Verdict::Pass | Verdict::Blocked | Verdict::Skipped) | None => {
                    fail(checked, ReasonCode::TestsFailed, why);
                }
            }
            return;
        }
    };
    let code = match outcome {
        Outcome::Exited { code } => Some(*code),
        Outcome::Signaled { .. }
        | Outcome::TimedOut { .. }
        | Outcome::Silent { .. }
        | Outcome::FailedToStart { .. }
        | Outcome::Interrupted
        | Outcome::Lost => None,
    };
    let only_red = code.is_some_and(|code| code != 0 && parser.is_red(code)) && items.failed > 0;
    let forgives = rules.profile.baseline == Baseline::NoNewFailures;
    if checked.verdict == Some(Verdict::Fail) && only_red && forgives {
        checked.verdict = Some(Verdict::Pass);
    }
    let failed = if forgives { items.new.len() } else { items.failed };
    if checked.verdict == Some(Verdict::Fail) {
        let names = if items.new.is_empty() { &items.old } else { &items.new };
        checked.why = Some(match names.as_slice() {
            [] => format!("{outcome}; {}", items.summary()),
            names => format!("{outcome}; {}: {}", items.summary(), listed(names)),
        });
    } else if failed > 0 {
        let names = if items.new.is_empty() { &items.old } else { &items.new };
        let why = format!("{}: {}", items.summary(), listed(names));
        fail(checked, ReasonCode::TestsFailed, why);
    }
    if !items.lost.is_empty() {
        let it = if items.lost.len() == 1 { "it" } else { "them" };
        let lost = format!(
            "{} that ran before did not run: {}; let {it} run again, or have a person declare the \
             renamed tests for the task (tests) or allow that tests go (may_remove_tests)",
            count(&items),
            listed(&items.lost)
        );
        match checked.verdict {
            Some(Verdict::Fail) => {
                let why = checked.why.take().unwrap_or_default();
                checked.why = Some(format!("{why}; {lost}"));
            }
            Some(Verdict::Pass | Verdict::Blocked | Verdict::Skipped) | None => {
                fail(checked, ReasonCode::ItemsLost, lost);
            }
        }
    }
    checked.items = Some(items);
}

fn count(items: &Items) -> String {
    match items.lost.len() {
        1 => "1 test".to_owned(),
        many => format!("{many} tests"),
    }
}

fn listed(names: &[String]) -> String {
    let shown = names.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(NAMED) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verify::checked;
    use ItemState::{Failed, Passed, Skipped};

    fn items(all: &[(&str, ItemState)]) -> ItemMap {
        all.iter().map(|(name, state)| (ItemId::new("t.py", *name), *state)).collect()
    }

    fn compared(now: &ItemMap, base: &ItemMap, replace: bool) -> Items {
        let against = Against {
            base: Some(base),
            may_remove: false,
            may_replace: &|_| replace,
            failed_before: &BTreeSet::new(),
        };
        compare(now, Kind::Tests, &against)
    }

    #[test]
    fn items_are_told_apart_by_what_they_were_before() {
        let base =
            items(&[("a", Passed), ("b", Failed), ("c", Failed), ("d", Passed), ("e", Skipped)]);
        let now =
            items(&[("a", Failed), ("b", Failed), ("c", Passed), ("d", Skipped), ("f", Passed)]);
        let found = compared(&now, &base, true);
        assert_eq!((found.passed, found.failed, found.skipped, found.missing), (2, 2, 1, 1));
        assert_eq!(
            (&*found.new, &*found.old),
            (&["t.py::a".to_owned()][..], &["t.py::b".to_owned()][..])
        );
        assert_eq!(
            (&*found.fixed, &*found.lost),
            (&["t.py::c".to_owned()][..], &["t.py::d".to_owned()][..])
        );
    }

    #[test]
    fn a_test_may_be_renamed_where_tests_may_change_and_none_gets_less() {
        let base = items(&[("a", Passed), ("b", Passed)]);
        let renamed = items(&[("a", Passed), ("c", Passed)]);
        assert!(compared(&renamed, &base, true).lost.is_empty());
        assert_eq!(compared(&renamed, &base, false).lost, ["t.py::b"]);
        assert_eq!(compared(&items(&[("a", Passed)]), &base, true).lost, ["t.py::b"]);
        // Switched off, with another test in its place.
        let off = items(&[("a", Passed), ("b", Skipped), ("c", Passed)]);
        assert_eq!(compared(&off, &base, true).lost, ["t.py::b"]);
    }

    #[test]
    fn a_test_that_runs_for_each_of_its_cases_is_not_lost() {
        let base = items(&[("a", Passed), ("b", Passed)]);
        let cases = items(&[("a[1]", Passed), ("a[2]", Passed), ("b", Passed)]);
        assert!(compared(&cases, &base, false).lost.is_empty());
        let off = items(&[("a[1]", Skipped), ("ab[1]", Passed), ("b", Passed)]);
        assert_eq!(compared(&off, &base, false).lost, ["t.py::a"]);
    }

    #[test]
    fn findings_may_go_and_no_new_one_may_come() {
        let (base, now) =
            (items(&[("a", Failed), ("b", Failed)]), items(&[("b", Failed), ("c", Failed)]));
        let none = BTreeSet::new();
        let against = Against {
            base: Some(&base),
            may_remove: false,
            may_replace: &|_| false,
            failed_before: &none,
        };
        let found = compare(&now, Kind::Findings, &against);
        assert_eq!(
            (&*found.new, &*found.fixed),
            (&["t.py::c".to_owned()][..], &["t.py::a".to_owned()][..])
        );
        assert!(found.lost.is_empty());
    }

    fn judged(baseline: Baseline, code: i32, found: Result<Items, String>) -> Checked {
        let mut rules = Rules::default();
        rules.profile.baseline = baseline;
        let outcome = Outcome::Exited { code };
        let mut checked = checked(&rules, &outcome);
        judge_report(&mut checked, (Parser::Pytest, &rules), &outcome, found);
        checked
    }

    #[test]
    fn old_failures_count_only_where_that_is_said_and_nothing_else_is_wrong() {
        use Baseline::{NoNewFailures, Strict};
        let base = items(&[("a", Passed), ("b", Failed)]);
        let same = || Ok(compared(&base, &base, false));
        let new = || Ok(compared(&items(&[("a", Failed), ("b", Failed)]), &base, false));
        let green = || Ok(compared(&items(&[("a", Passed), ("b", Passed)]), &base, false));
        let lost = || Ok(compared(&items(&[("b", Failed)]), &base, false));
        let (pass, fail) = (Some(Verdict::Pass), Some(Verdict::Fail));
        for (baseline, code, found, verdict) in [
            (Strict, 1, same(), fail),
            (Strict, 0, same(), fail),
            (Strict, 0, green(), pass),
            (Strict, 1, green(), fail),
            (NoNewFailures, 1, same(), pass),
            (NoNewFailures, 0, same(), pass),
            (NoNewFailures, 1, new(), fail),
            (NoNewFailures, 0, new(), fail),
            (NoNewFailures, 1, lost(), fail),
            (NoNewFailures, 1, green(), fail),
            (NoNewFailures, 2, same(), fail),
            (NoNewFailures, 1, Err("cut off".to_owned()), fail),
            (NoNewFailures, 0, Err("cut off".to_owned()), fail),
        ] {
            let said = format!("{baseline:?} {code} {found:?}");
            assert_eq!(judged(baseline, code, found).verdict, verdict, "{said}");
        }
        let gone = judged(NoNewFailures, 1, lost());
        assert_eq!(gone.code, Some(ReasonCode::ItemsLost));
        let why = gone.why.unwrap();
        assert!(
            why.starts_with("1 test that ran before did not run: t.py::a; let it run"),
            "{why}"
        );
        assert!(why.contains("(tests)") && why.contains("may_remove_tests"), "{why}");
        let red = judged(Strict, 1, new()).why.unwrap();
        assert_eq!(red, "exit status 1; 0 passed, 2 failed (1 new): t.py::a");
    }

    #[test]
    fn without_a_base_each_failure_is_new() {
        let none = BTreeSet::new();
        let against = Against {
            base: None,
            may_remove: false,
            may_replace: &|_| false,
            failed_before: &none,
        };
        let found = compare(&items(&[("a", Failed)]), Kind::Tests, &against);
        assert_eq!((found.new.len(), found.compared), (1, false));
        assert_eq!(judged(Baseline::NoNewFailures, 1, Ok(found)).verdict, Some(Verdict::Fail));
    }

    #[test]
    fn what_passed_when_it_ran_again_is_flaky() {
        let failed_before = [ItemId::new("t.py", "a")].into();
        let against = Against {
            base: None,
            may_remove: false,
            may_replace: &|_| false,
            failed_before: &failed_before,
        };
        assert_eq!(compare(&items(&[("a", Passed)]), Kind::Tests, &against).flaky, ["t.py::a"]);
    }
}
