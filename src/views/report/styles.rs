//! The other reports: readiness, deployment, lessons, retrospective.

use super::markdown::{
    next_steps, phases, red_flags, security, statistics, summary, synthesis, validation,
};
use super::model::{Lesson, Report, Style};
use super::shown::{is_complete, listed, time};
use crate::domain::ReasonCode;
use crate::plan::{Source, State};
use crate::views::flag::FlagKind;
use crate::views::markdown::{inline, row};
use crate::views::style::count;
use std::fmt::Write;

/// Renders the report as Markdown.
pub(super) fn render(report: &Report, style: Style) -> String {
    match style {
        Style::Synthesis => synthesis(report),
        Style::Readiness => readiness(report),
        Style::Deployment => deployment(report),
        Style::Lessons => lessons(report),
        Style::Retrospective => retrospective(report),
    }
}

/// Returns the conditions for a release, and whether each is met.
fn criteria(report: &Report) -> Vec<(bool, String)> {
    let all = &report.summary;
    let open = all.total - all.complete - all.parked;
    let unverified = report.validation.skipped + report.validation.unknown;
    let late = report.red_flags.iter().filter(|flag| flag.kind == FlagKind::Late).count();
    let tasks = |number| count(number, "task", "tasks");
    vec![
        (open == 0, format!("All tasks are complete ({} open)", tasks(open))),
        (all.blocked == 0, format!("Nothing is blocked ({} blocked)", tasks(all.blocked))),
        (
            unverified == 0,
            format!(
                "All complete tasks are verified ({} not)",
                count(unverified, "task is", "tasks are")
            ),
        ),
        (report.tampered == 0, "No attempt changed what judges it".to_owned()),
        (late == 0, format!("Every deadline was met ({} late)", tasks(late))),
    ]
}

fn checks(criteria: &[(bool, String)], text: &mut String) {
    for (holds, what) in criteria {
        let _ = writeln!(text, "- [{}] {what}", if *holds { "x" } else { " " });
    }
}

fn readiness(report: &Report) -> String {
    let criteria = criteria(report);
    let is_ready = criteria.iter().all(|(holds, _)| *holds);
    let verdict = if is_ready { "READY" } else { "NOT READY" };
    let mut text = format!("# Readiness\n\n**Verdict**: {verdict}\n\n## Criteria\n\n");
    checks(&criteria, &mut text);
    text.push_str("\n## Summary\n\n");
    summary(report, &mut text);
    text.push_str("\n## Metrics\n\n");
    statistics(report, &mut text);
    text.push_str("\n## Phase Breakdown\n\n");
    phases(report, &mut text);
    text.push_str("\n## Validation\n\n");
    validation(report, &mut text);
    text.push_str("\n## Security\n\n");
    security(report, &mut text);
    text.push_str("\n## Red Flags\n\n");
    red_flags(report, &mut text);
    text.push_str("\n## Next Steps\n\n");
    next_steps(report, &mut text);
    text
}

fn deployment(report: &Report) -> String {
    let mut text = String::from("# Deployment\n\n## Check List\n\n");
    checks(&criteria(report), &mut text);
    text.push_str("- [ ] A person has read the changes below\n- [ ] The rollback is known\n");
    text.push_str("\n## What Is Deployed\n\n");
    let landed = report.tasks.iter().filter(|task| is_complete(task));
    let line = |task: &super::model::TaskRow| {
        let commit = task.landed_commit.as_ref();
        let commit =
            commit.map_or_else(String::new, |commit| format!(" as commit {}", inline(commit)));
        format!("{}: {}{commit}", inline(&task.id), inline(&task.title))
    };
    let landed: Vec<String> = landed.map(line).collect();
    if landed.is_empty() {
        text.push_str("Nothing is complete.\n");
    }
    listed(landed.into_iter(), &mut text);
    for (name, files) in
        [("New Files", &report.files_created), ("Changed Files", &report.files_modified)]
    {
        let _ = writeln!(text, "\n## {name}\n");
        if files.is_empty() {
            text.push_str("None.\n");
        }
        listed(files.iter().map(|file| inline(file)), &mut text);
    }
    text.push_str("\n## Plan\n\n");
    text.push_str(
        "1. Meet what is open in the check list.\n2. Take the commits above, in their order, or the \
         branch that they are on.\n3. Run the verification once more on what is deployed.\n4. Watch it; \
         the way back is to revert these commits, the last one first.\n",
    );
    text.push_str("\n## Left Out\n\n");
    let left = report.tasks.iter().filter(|task| !is_complete(task));
    let left: Vec<String> = left
        .map(|task| format!("{}: {} ({})", inline(&task.id), inline(&task.title), task.state))
        .collect();
    if left.is_empty() {
        text.push_str("Nothing.\n");
    }
    listed(left.into_iter(), &mut text);
    text
}

fn lessons(report: &Report) -> String {
    let mut text = String::from("# Lessons\n\n");
    let failed = count(report.metrics.attempts_failed, "attempt", "attempts");
    let _ = writeln!(text, "{failed} of {} failed.", report.attempts);
    text.push_str("\n## Failed Attempts by Reason\n\n");
    text.push_str(&row(["Reason", "Attempts", "Tasks", "The last one"]));
    text.push_str(&row(["---", "---:", "---", "---"]));
    for lesson in &report.lessons {
        let code = inline(lesson.word());
        let shown: Vec<String> = lesson.tasks.iter().take(10).map(|task| inline(task)).collect();
        let more = lesson.tasks.len() - shown.len();
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let tasks = format!("{}{more}", shown.join(", "));
        let example = inline(lesson.example.as_deref().unwrap_or("-"));
        text.push_str(&row([&code, &lesson.attempts.to_string(), &tasks, &example]));
    }
    text.push_str("\n## What the Codes Mean\n\n");
    let codes: Vec<ReasonCode> = report.lessons.iter().filter_map(Lesson::known).collect();
    if codes.is_empty() {
        text.push_str("None.\n");
    }
    let line = |code: ReasonCode| {
        format!(
            "`{code}`: {} (`workloop explain {code}`)",
            inline(crate::views::explain::explain(code).meaning)
        )
    };
    listed(codes.into_iter().map(line).collect::<Vec<_>>().into_iter(), &mut text);
    text.push_str("\n## Red Flags\n\n");
    red_flags(report, &mut text);
    text
}

fn retrospective(report: &Report) -> String {
    let mut text = String::from("# Retrospective\n\n## Summary\n\n");
    summary(report, &mut text);
    let metrics = &report.metrics;
    text.push_str("\n## What Went Well\n\n");
    let first = count(metrics.first_pass, "task", "tasks");
    let _ = writeln!(text, "- {first} complete with the first attempt");
    if let Some(speedup) = metrics.speedup {
        let _ = writeln!(text, "- {speedup:.2} times as fast as one attempt after the other");
    }
    text.push_str("\n## What Went Wrong\n\n");
    let wrong: Vec<String> = report
        .lessons
        .iter()
        .map(|lesson| {
            let code = inline(lesson.word());
            format!("{}: {code}", count(lesson.attempts, "failed attempt", "failed attempts"))
        })
        .collect();
    if wrong.is_empty() {
        text.push_str("Nothing failed.\n");
    }
    listed(wrong.into_iter(), &mut text);
    text.push_str("\n## Estimates\n\n");
    let mut off: Vec<&super::model::TaskRow> = report
        .tasks
        .iter()
        .filter(|task| is_complete(task) && task.attempts > 0)
        .filter(|task| task.estimate_source != Source::Default && task.estimated_minutes > 0.0)
        .collect();
    off.sort_by(|a, b| {
        (b.minutes - b.estimated_minutes).abs().total_cmp(&(a.minutes - a.estimated_minutes).abs())
    });
    text.push_str(&row(["Task", "Estimated", "Taken"]));
    text.push_str(&row(["---", "---:", "---:"]));
    for task in off.into_iter().take(10) {
        let (estimated, taken) = (time(task.estimated_minutes), time(task.minutes));
        text.push_str(&row([inline(&task.id), estimated, taken]));
    }
    text.push_str("\n## Found on the Way\n\n");
    let found = report.tasks.iter().filter_map(|task| {
        let by = task.discovered_by.as_ref()?;
        Some(format!("{}: {} (found by {})", inline(&task.id), inline(&task.title), inline(by)))
    });
    let found: Vec<String> = found.collect();
    if found.is_empty() {
        text.push_str("Nothing.\n");
    }
    listed(found.into_iter(), &mut text);
    better(report, &mut text);
    text
}

/// Renders the red flags, and how many tasks wait for a person.
fn better(report: &Report, text: &mut String) {
    text.push_str("\n## What to Do Better\n\n");
    let open = report.tasks.iter().filter(|task| task.state == State::Blocked.word()).count();
    if open == 0 || !report.red_flags.is_empty() {
        red_flags(report, text);
    }
    if open > 0 {
        let _ = writeln!(
            text,
            "- {} a person: `workloop status`",
            count(open, "task waits for", "tasks wait for")
        );
    }
}
