//! What is told of services that end, and what becomes of the steps that needed them.

use super::*;
use crate::domain::{ItemId, ItemMap, ItemState};
use crate::engine::attempt::Judge;
use crate::engine::attempt::commands::Commands;
use crate::engine::attempt::tests::case::{CONFIG, Case};
use crate::supervisor::scripted::Answer;
use crate::verify::Kind;
use serde_json::json;

/// A step that needs a service, one that may fail without it, and one that needs none.
fn config() -> String {
    format!(
        "{CONFIG}[[verify]]\nname = \"may\"\nrun = [\"may\"]\nallow_failure = true\n\
         [[verify]]\nname = \"alone\"\nprofile = \"other\"\nrun = [\"alone\"]\n\
         [profiles.default]\nservices = [\"db\"]\n\
         [services.db]\nrun = [\"db\"]\nready = {{ line = \"^ready$\" }}\n"
    )
}

/// Calls `look` with an attempt at a task that both profiles verify, before anything ran.
fn progress(look: impl FnOnce(&mut Progress<'_>, &[Ready])) {
    let case = Case::of(&config()).task(json!({"verify": ["default", "other"]}));
    case.under(|job, with| {
        let Judge::Steps(steps) = &job.judge else { panic!("{:?}", job.judge) };
        look(&mut Progress::new(&job, Commands::new(&job, with)), steps);
    });
}

fn ended(name: &str, code: i32) -> EndedService {
    EndedService {
        name: name.to_owned(),
        outcome: Outcome::Exited { code },
        last: Some("bye".to_owned()),
        log: format!("service-{name}.out"),
    }
}

fn passed(name: &str) -> StepReport {
    StepReport {
        kind: StepKind::Verify,
        name: name.to_owned(),
        outcome: Outcome::Exited { code: 0 },
        millis: 1,
        log: String::new(),
        checked: Checked { verdict: Some(Verdict::Pass), ..Checked::default() },
    }
}

fn found(verdict: Option<Verdict>, steps: &[StepReport]) -> Finding {
    Finding { verdict, failed: None, steps: steps.to_vec() }
}

#[test]
fn a_service_that_no_step_can_use_any_more_has_failed() {
    let expected = StepReport {
        kind: StepKind::Verify,
        name: "service db".to_owned(),
        outcome: Outcome::Exited { code: 3 },
        millis: 0,
        log: "service-db.out".to_owned(),
        checked: Checked {
            verdict: Some(Verdict::Fail),
            why: Some("it ended between steps: exit status 3 (last line: bye)".to_owned()),
            services: vec![ended("db", 3)],
            ..Checked::default()
        },
    };
    assert_eq!(unusable(&ended("db", 3), "between steps"), expected);
}

#[test]
fn a_service_that_was_gone_at_the_end_fails_the_last_step_that_needed_it() {
    progress(|progress, steps| {
        let round = Round { steps, log: "verify", changed: None };
        let mut end = |verdict, reports: &[StepReport], gone: &[EndedService]| {
            let mut found = found(verdict, reports);
            progress.lack_at_end(&mut found, round, gone);
            let failed: Vec<&str> = found
                .steps
                .iter()
                .filter(|step| step.checked.verdict == Some(Verdict::Fail))
                .map(|step| step.name.as_str())
                .collect();
            assert!(found.steps.iter().all(|step| {
                step.checked.services.is_empty() == (step.checked.verdict != Some(Verdict::Fail))
            }));
            let named = found.failed.as_ref().map(|step| step.name.clone());
            (found.verdict, named, failed.join(" "))
        };
        let pass = Some(Verdict::Pass);
        let [check, alone] = ["check", "alone"].map(passed);
        let may = {
            let mut may = passed("may");
            may.checked.allowed = true;
            may
        };
        let db = [ended("db", 1)];
        let red = (Some(Verdict::Fail), Some("check".to_owned()), "check".to_owned());
        assert_eq!(end(pass, &[check.clone(), alone.clone()], &db), red);
        // The last one may fail, and the verdict stays.
        let allowed = (pass, None, "may".to_owned());
        assert_eq!(end(pass, &[check.clone(), may.clone(), alone.clone()], &db), allowed);
        let mut skipped = may;
        skipped.checked.verdict = Some(Verdict::Skipped);
        assert_eq!(end(pass, &[check.clone(), skipped], &db), red);
        // Nothing needed it, nothing is known, and nothing ended.
        let same = |verdict: Option<Verdict>| (verdict, None, String::new());
        assert_eq!(end(pass, std::slice::from_ref(&alone), &db), same(pass));
        assert_eq!(end(None, std::slice::from_ref(&check), &db), same(None));
        assert_eq!(end(pass, std::slice::from_ref(&check), &[ended("web", 1)]), same(pass));
        assert_eq!(end(pass, std::slice::from_ref(&check), &[]), same(pass));
        assert_eq!(end(pass, &[], &db), same(pass));
    });
}

#[test]
fn items_of_a_step_that_lacked_its_service_do_not_describe_the_tree() {
    progress(|progress, steps| {
        let (step, other) = (&steps[0], &steps[1]);
        let items: ItemMap = [(ItemId::new("", "a"), ItemState::Passed)].into();
        for one in [step, other] {
            progress.items.seen.insert(one.items_key(), items.clone());
        }
        let report = progress.lacks(step, passed("check"), Vec::new());
        assert_eq!((report, progress.items.seen.len()), (passed("check"), 2));
        let report = progress.lacks(step, passed("check"), vec![ended("db", 1)]);
        assert_eq!(report.checked.verdict, Some(Verdict::Fail));
        let left: Vec<&String> = progress.items.seen.keys().collect();
        assert_eq!(left, [&other.items_key()]);
    });
}

#[test]
fn a_test_that_passes_only_when_it_runs_again_is_flaky() {
    progress(|progress, steps| {
        let step = &steps[0];
        let items = |state| -> ItemMap { [(ItemId::new("", "a"), state)].into() };
        let mut run = |state, tries| {
            let now = items(state);
            progress.compared(step, Kind::Tests, now, tries)
        };
        assert_eq!(run(ItemState::Failed, 0).flaky, Vec::<String>::new());
        assert_eq!(run(ItemState::Failed, 1).flaky, Vec::<String>::new());
        assert_eq!(run(ItemState::Passed, 2).flaky, ["a"]);
        // Another step begins again.
        assert_eq!(run(ItemState::Passed, 0).flaky, Vec::<String>::new());
    });
}

#[test]
fn the_last_line_of_a_service_is_short_and_shows_no_secret() {
    let secret = "s3cr3t-0123456789";
    let long = "\u{fc}".repeat(LINE + 1);
    for (printed, last) in [
        ("", String::new()),
        ("\n  \n", String::new()),
        ("first\n  no disk \n\n", " (last line: no disk)".to_owned()),
        ("token s3cr3t-0123456789", " (last line: token [masked])".to_owned()),
        ("a\u{1b}[31mb\u{7}", " (last line: a\u{241b}[31mb\u{2407})".to_owned()),
        (&*long, format!(" (last line: {})", "\u{fc}".repeat(LINE))),
    ] {
        let case = Case::of(&config()).var("API_TOKEN", secret);
        let ran = case.on("db", Answer::exit(3).prints(printed)).run();
        let expected = format!("service db: it ended before it was ready: exit status 3{last}");
        assert!(ran.end().2.contains(&expected), "{printed:?}: {}", ran.end().2);
    }
}
