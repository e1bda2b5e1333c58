//! The sentences of the synthesis: what was done, what is wrong, and what comes next.

use super::super::model::{HookRow, Lesson, PhaseRow, Report, TaskRow, Validation};
use super::super::{Format, Left, Style};
use super::rows::{task, whole};
use super::text;
use crate::domain::HookPoint;
use crate::plan::Minutes;
use crate::views::flag::{Flag, FlagKind};

/// Returns the part of a Markdown report below a heading.
pub(super) fn part(report: &Report, style: Style, heading: &str) -> String {
    let text = text(report, Format::Markdown, style);
    let (_, rest) = text.split_once(&format!("\n## {heading}\n\n")).expect(heading);
    rest.split("\n## ").next().unwrap_or_default().trim_end().to_owned()
}

fn synthesis(report: &Report, heading: &str) -> String {
    part(report, Style::Synthesis, heading)
}

pub(super) fn lines(text: &str) -> Vec<&str> {
    text.lines().collect()
}

#[test]
fn a_report_of_nothing_is_whole() {
    assert_eq!(
        text(&whole(Vec::new()), Format::Markdown, Style::Synthesis),
        "# Report\n\n\
         ## Summary\n\n\
         0 of 0 tasks complete: 0 in progress, 0 pending, 0 blocked, 0 parked.\n\
         0 attempts, 0.0 s of work in 0.0 s, cost unknown.\n\n\
         ## Statistics\n\n\
         | Figure | Value |\n| --- | --- |\n\
         | Attempts | 0 |\n\
         | Attempts that passed | 0 of 0 (-) |\n\
         | Complete with the first attempt | 0 (-) |\n\
         | Median time of a task | - |\n\
         | 19 of 20 tasks within | - |\n\
         | Tasks completed a day | - |\n\
         | Work, one attempt after the other | 0.0 s |\n\
         | Time in which something ran | 0.0 s |\n\
         | Speed-up against one window | - |\n\
         | Estimate against actual | - |\n\
         | Cost | unknown |\n\
         | Tokens | unknown |\n\n\
         ## Phase Breakdown\n\n\
         | Phase | Tasks | Status | Time |\n| --- | ---: | --- | ---: |\n\n\
         ## Files Created\n\nNone.\n\n\
         ## Files Modified\n\nNone.\n\n\
         ## Validation\n\n- 0 tasks verified (PASS)\n- 0 attempts refused before that\n\n\
         ## Security\n\n- No attempt changed what judges it.\n\n\
         ## Next Steps\n\nNone: everything is complete.\n"
    );
}

#[test]
fn figures_are_shown_with_their_units() {
    let mut report = whole(vec![task("A", "complete")]);
    (report.percent, report.since) = (Some(100), Some("2026-01-18T08:00:00Z".to_owned()));
    (report.attempts, report.minutes, report.busy_minutes) = (1, 90.0, 60.5);
    (report.cost_usd, report.tokens) = (Some(1.5), Some(900));
    report.metrics.attempts_passed = 2;
    report.metrics.attempts_failed = 1;
    report.metrics.success_percent = Some(66.667);
    (report.metrics.first_pass, report.metrics.first_pass_percent) = (1, Some(50.0));
    (report.metrics.median_minutes, report.metrics.p95_minutes) = (Some(0.5), Some(61.0));
    (report.metrics.complete_per_day, report.metrics.speedup) = (Some(1.0), Some(1.488));
    (report.metrics.estimated_minutes, report.metrics.actual_minutes) = (60.0, 90.0);
    assert_eq!(
        synthesis(&report, "Summary"),
        "1 of 1 task complete (100% of the work): 0 in progress, 0 pending, 0 blocked, 0 parked.\n\
         1 attempt since 2026-01-18T08:00:00Z, 1 h 30 min of work in 1 h 1 min, cost 1.50 USD."
    );
    assert_eq!(
        lines(&synthesis(&report, "Statistics"))[2..],
        [
            "| Attempts | 1 |",
            "| Attempts that passed | 2 of 3 (67%) |",
            "| Complete with the first attempt | 1 (50%) |",
            "| Median time of a task | 30 s |",
            "| 19 of 20 tasks within | 1 h 1 min |",
            "| Tasks completed a day | 1.00 |",
            "| Work, one attempt after the other | 1 h 30 min |",
            "| Time in which something ran | 1 h 1 min |",
            "| Speed-up against one window | 1.49 |",
            "| Estimate against actual | 1 h estimated, 1 h 30 min taken (150%) |",
            "| Cost | 1.50 USD |",
            "| Tokens | 900 |",
        ]
    );
}

#[test]
fn a_phase_is_named_by_number_and_title_and_by_its_queue_if_there_are_several() {
    let row = |queue: &str, phase: Option<&str>, name: Option<&str>| PhaseRow {
        queue: queue.to_owned(),
        phase: phase.map(str::to_owned),
        name: name.map(str::to_owned),
        tasks: 3,
        complete: 1,
        status: "in_progress",
        minutes: 30.0,
    };
    let mut report = whole(Vec::new());
    report.phases = vec![
        row("a", Some("1"), Some("*Base*")),
        row("a", Some("Top"), None),
        row("a", None, None),
    ];
    let one = synthesis(&report, "Phase Breakdown");
    assert_eq!(
        lines(&one)[2..],
        [
            "| 1: \\*Base\\* | 1/3 | in progress | 30 min |",
            "| Top | 1/3 | in progress | 30 min |",
            "| no phase | 1/3 | in progress | 30 min |",
        ]
    );
    report.phases.push(row("b_c.json", None, Some("unused")));
    let two = synthesis(&report, "Phase Breakdown");
    assert_eq!(lines(&two)[2], "| 1: \\*Base\\* (a) | 1/3 | in progress | 30 min |");
    assert_eq!(lines(&two)[5], "| no phase (b_c.json) | 1/3 | in progress | 30 min |");
}

#[test]
fn two_hundred_files_are_listed_and_the_others_counted() {
    let files = |many: usize| {
        let mut report = whole(Vec::new());
        report.files_created = (0..many).map(|n| format!("f{n}*.rs")).collect();
        synthesis(&report, "Files Created")
    };
    assert_eq!(files(1), "- f0\\*.rs");
    assert_eq!(
        (files(200).lines().count(), files(200).lines().last().map(str::to_owned)),
        (200, Some("- f199\\*.rs".to_owned()))
    );
    assert_eq!(files(202).lines().skip(200).collect::<Vec<_>>(), ["- and 2 more"]);
}

#[test]
fn what_was_verified_is_told_apart_from_what_only_says_so() {
    let mut report = whole(Vec::new());
    report.validation = Validation { pass: 1, skipped: 1, unknown: 1 };
    report.metrics.attempts_failed = 1;
    let hook = |hook, runs, vetoes, failed| HookRow { hook, runs, vetoes, failed, minutes: 0.0 };
    report.hooks = vec![hook(HookPoint::BeforeRun, 1, 0, 0), hook(HookPoint::AfterTask, 3, 2, 1)];
    assert_eq!(
        synthesis(&report, "Validation"),
        "- 1 task verified (PASS)\n\
         - 1 task completed without verification (SKIPPED)\n\
         - 1 task complete in the file, with no PASS recorded\n\
         - 1 attempt refused before that\n\
         - hook before_run ran 1 time\n\
         - hook after_task ran 3 times, vetoed 2, failed 1"
    );
    report.validation = Validation { pass: 2, skipped: 3, unknown: 4 };
    let many = synthesis(&report, "Validation");
    assert_eq!(
        lines(&many)[..3],
        [
            "- 2 tasks verified (PASS)",
            "- 3 tasks completed without verification (SKIPPED)",
            "- 4 tasks complete in the file, with no PASS recorded",
        ]
    );
}

pub(super) fn lesson(code: Option<&str>, attempts: usize, tasks: usize) -> Lesson {
    Lesson {
        reason_code: code.map(str::to_owned),
        attempts,
        tasks: (0..tasks).map(|n| format!("T_{n}_")).collect(),
        example: code.map(|code| format!("*{code}*")),
    }
}

/// Only codes of guards count: an ordinary failure is nobody's fault.
#[test]
fn attempts_that_changed_too_much_are_counted() {
    let of = |codes: &[(&str, usize)], tampered| {
        let mut report = whole(Vec::new());
        report.lessons = codes.iter().map(|(code, many)| lesson(Some(code), *many, 1)).collect();
        report.tampered = tampered;
        synthesis(&report, "Security")
    };
    let none = "- No attempt changed what judges it.";
    let told = |attempts: &str, changes: &str| {
        format!(
            "- {attempts} refused because they changed more than their work.\n\
             - {changes} of what judges attempts are in the journal as tampered."
        )
    };
    assert_eq!(of(&[("tests_failed", 9), ("timeout", 1), ("freeze", 1)], 0), none);
    for code in
        ["tampered", "scope", "stub_added", "steering_changed", "expectation_changed", "items_lost"]
    {
        assert_eq!(of(&[(code, 1)], 0), told("1 attempt was", "0 changes"), "{code}");
    }
    assert_eq!(of(&[("scope", 1), ("tampered", 2)], 1), told("3 attempts were", "1 change"));
}

#[test]
fn each_blocked_task_has_its_command_and_ready_ones_are_counted() {
    let blocked = |id: &str, error: Option<&str>| TaskRow {
        error: error.map(str::to_owned),
        ..task(id, "blocked")
    };
    let waits = |id: &str, waits_for: &[&str]| TaskRow {
        waits_for: waits_for.iter().map(|what| (*what).to_owned()).collect(),
        ..task(id, "waiting")
    };
    let mut report = whole(vec![
        blocked("my A", Some("step *t*")),
        blocked("B", Some("review: look")),
        blocked("C", Some("impossible: no port")),
        blocked("D`x", None),
        waits("E", &["A (blocked)", "workloop approve E --work-queue q.json"]),
        waits("F", &["A (blocked)"]),
        task("G", "ready"),
    ]);
    report.red_flags = vec![
        Flag {
            kind: FlagKind::Late,
            task: Some("F".to_owned()),
            text: "was due *Friday*".to_owned(),
        },
        Flag { kind: FlagKind::Slow, task: Some("F".to_owned()), text: "took long".to_owned() },
    ];
    assert_eq!(
        synthesis(&report, "Next Steps"),
        "- my A is blocked (step \\*t\\*): `workloop why 'my A'`\n\
         - B is blocked (review: look): `workloop approve B`\n\
         - C is blocked (impossible: no port): `workloop answer C TEXT`\n\
         - D\\`x is blocked (no reason is recorded): `workloop why 'D'x'`\n\
         - E waits for approval: `workloop approve E`\n\
         - 1 task is ready: `workloop run`\n\
         - F is late: was due \\*Friday\\*"
    );
    let two = whole(vec![task("A", "ready"), task("B", "ready")]);
    assert_eq!(synthesis(&two, "Next Steps"), "- 2 tasks are ready: `workloop run`");
    let runs = whole(vec![task("A", "in_progress"), task("B", "complete")]);
    assert_eq!(synthesis(&runs, "Next Steps"), "None: work is in progress.");
    let over = whole(vec![task("A", "parked"), task("B", "complete")]);
    assert_eq!(synthesis(&over, "Next Steps"), "None: everything is complete.");
}

#[test]
fn what_is_left_for_no_loop_has_no_date() {
    let mut report = whole(vec![task("A", "waiting")]);
    let left =
        |tasks, stuck| Left { tasks, stuck, work_minutes: Minutes(60.0), loops: 2, ends_at: None };
    report.left = Some(left(0, 1));
    let summary = synthesis(&report, "Summary");
    assert_eq!(
        lines(&summary)[2..],
        ["0 tasks are left for loops; 1 more cannot run as things are (`workloop blockers`)."]
    );
    assert_eq!(
        synthesis(&report, "Statistics").lines().last(),
        Some(
            "| Left | 0 tasks are left for loops; 1 more cannot run as things are (`workloop blockers`) |"
        )
    );
    report.left = Some(left(2, 0));
    let summary = synthesis(&report, "Summary");
    assert_eq!(
        lines(&summary)[2..],
        [
            "2 tasks are left for loops, 1 h of work one after the other.",
            "With 2 at a time that is done beyond the calendar if every estimate holds; too few tasks were \
             measured to say how sure that is.",
        ]
    );
    let rows = synthesis(&report, "Statistics");
    assert!(rows.ends_with("| Done as estimated | beyond the calendar |"), "{rows}");
}
