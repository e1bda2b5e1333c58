//! The other styles of a report: readiness, deployment, lessons, retrospective.

use super::super::model::{TaskRow, Validation};
use super::super::{Format, Style};
use super::rows::{task, whole};
use super::text;
use super::words::{lesson, lines, part};
use crate::plan::Source;
use crate::views::flag::{Flag, FlagKind};

#[test]
fn a_project_is_ready_if_every_condition_is_met() {
    let ready = whole(vec![task("A", "complete"), task("B", "parked")]);
    let text = text(&ready, Format::Markdown, Style::Readiness);
    assert!(text.starts_with("# Readiness\n\n**Verdict**: READY\n\n## Criteria\n\n"), "{text}");
    assert_eq!(
        part(&ready, Style::Readiness, "Criteria"),
        "- [x] All tasks are complete (0 tasks open)\n\
         - [x] Nothing is blocked (0 tasks blocked)\n\
         - [x] All complete tasks are verified (0 tasks are not)\n\
         - [x] No attempt changed what judges it\n\
         - [x] Every deadline was met (0 tasks late)"
    );
    let mut not = whole(vec![task("A", "blocked"), task("B", "ready")]);
    not.validation = Validation { pass: 0, skipped: 0, unknown: 1 };
    not.tampered = 1;
    not.red_flags = vec![Flag { kind: FlagKind::Late, task: None, text: "late".to_owned() }];
    assert_eq!(
        part(&not, Style::Readiness, "Criteria"),
        "- [ ] All tasks are complete (2 tasks open)\n\
         - [ ] Nothing is blocked (1 task blocked)\n\
         - [ ] All complete tasks are verified (1 task is not)\n\
         - [ ] No attempt changed what judges it\n\
         - [ ] Every deadline was met (1 task late)"
    );
    assert_eq!(part(&not, Style::Readiness, "Red Flags"), "- late (late)");
}

#[test]
fn a_deployment_lists_what_landed_and_what_is_left_out() {
    let landed = TaskRow { landed_commit: Some("c".repeat(12)), ..task("A", "complete") };
    let mut report = whole(vec![landed, task("B*", "complete"), task("C", "in_progress")]);
    report.files_modified = vec!["a_b.rs".to_owned()];
    let of = |heading: &str| part(&report, Style::Deployment, heading);
    assert!(
        of("Check List")
            .ends_with("- [ ] A person has read the changes below\n- [ ] The rollback is known")
    );
    assert_eq!(
        of("What Is Deployed"),
        format!("- A: title of A as commit {}\n- B\\*: title of B\\*", "c".repeat(12))
    );
    assert_eq!((of("New Files"), of("Changed Files")), ("None.".to_owned(), "- a_b.rs".to_owned()));
    assert_eq!(of("Left Out"), "- C: title of C (in_progress)");
    let none = whole(Vec::new());
    assert_eq!(part(&none, Style::Deployment, "What Is Deployed"), "Nothing is complete.");
    assert_eq!(part(&none, Style::Deployment, "Left Out"), "Nothing.");
}

#[test]
fn lessons_have_their_tasks_and_what_their_codes_mean() {
    let mut report = whole(Vec::new());
    report.attempts = 9;
    report.metrics.attempts_failed = 1;
    report.lessons =
        vec![lesson(Some("timeout"), 3, 11), lesson(Some("freeze"), 2, 10), lesson(None, 1, 1)];
    let text = text(&report, Format::Markdown, Style::Lessons);
    assert!(text.starts_with("# Lessons\n\n1 attempt of 9 failed.\n\n## Failed"), "{text}");
    let ten: Vec<String> = (0..10).map(|n| format!("T_{n}\\_")).collect();
    let table = part(&report, Style::Lessons, "Failed Attempts by Reason");
    assert_eq!(
        lines(&table)[2..],
        [
            format!("| timeout | 3 | {} and 1 more | \\*timeout\\* |", ten.join(", ")),
            format!("| freeze | 2 | {} | \\*freeze\\* |", ten.join(", ")),
            "| no code | 1 | T_0\\_ | - |".to_owned(),
        ]
    );
    assert_eq!(
        part(&report, Style::Lessons, "What the Codes Mean"),
        "- `timeout`: A command ran longer than its limit and was ended. (`workloop explain timeout`)"
    );
    assert_eq!(part(&whole(Vec::new()), Style::Lessons, "What the Codes Mean"), "None.");
}

#[test]
fn a_retrospective_says_what_went_well_and_wrong_and_how_estimates_were() {
    let done = |id: &str, source, estimated_minutes, minutes| TaskRow {
        estimate_source: source,
        estimated_minutes,
        minutes,
        attempts: 1,
        ..task(id, "complete")
    };
    let found = TaskRow { discovered_by: Some("A".to_owned()), ..task("F", "blocked") };
    let mut report = whole(vec![
        done("A", Source::Given, 10.0, 15.0),
        done("B", Source::History, 60.0, 20.0),
        done("C", Source::Default, 10.0, 99.0),
        done("D", Source::Given, 0.0, 99.0),
        found,
    ]);
    report.metrics.first_pass = 1;
    report.metrics.speedup = Some(2.5);
    report.lessons = vec![lesson(Some("timeout"), 1, 1), lesson(None, 2, 1)];
    let of = |heading: &str| part(&report, Style::Retrospective, heading);
    assert_eq!(
        of("What Went Well"),
        "- 1 task complete with the first attempt\n- 2.50 times as fast as one attempt after the other"
    );
    assert_eq!(of("What Went Wrong"), "- 1 failed attempt: timeout\n- 2 failed attempts: no code");
    let estimates = of("Estimates");
    assert_eq!(
        lines(&estimates)[2..],
        ["| B | 1 h | 20 min |", "| A | 10 min | 15 min |"],
        "the worst first, and no guess"
    );
    assert_eq!(of("Found on the Way"), "- F: title of F (found by A)");
    assert_eq!(of("What to Do Better"), "- 1 task waits for a person: `workloop status`");
    let quiet = whole(Vec::new());
    for (heading, wanted) in [
        ("What Went Well", "- 0 tasks complete with the first attempt"),
        ("What Went Wrong", "Nothing failed."),
        ("Found on the Way", "Nothing."),
        ("What to Do Better", "None."),
    ] {
        assert_eq!(part(&quiet, Style::Retrospective, heading), wanted);
    }
    let many = whole((0..11).map(|n| done(&format!("T{n}"), Source::Given, 1.0, 2.0)).collect());
    assert_eq!(part(&many, Style::Retrospective, "Estimates").lines().count(), 12);
}
