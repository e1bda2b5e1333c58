//! The synthesis as Markdown, and the parts that other styles share.

use super::model::Report;
use super::shown::{cost, listed, time};
use super::{forecast, found};
use crate::domain::{ReasonCode, shell_word};
use crate::plan::State;
use crate::views::flag::{Flag, FlagKind};
use crate::views::markdown::{inline, row};
use crate::views::style::count;
use std::fmt::Write;

/// Renders what was done, in the headings of the document.
pub(super) fn synthesis(report: &Report) -> String {
    let mut text = String::from("# Report\n\n## Summary\n\n");
    summary(report, &mut text);
    text.push_str("\n## Statistics\n\n");
    statistics(report, &mut text);
    text.push_str("\n## Phase Breakdown\n\n");
    phases(report, &mut text);
    text.push_str("\n## Files Created\n\n");
    files(&report.files_created, &mut text);
    text.push_str("\n## Files Modified\n\n");
    files(&report.files_modified, &mut text);
    if !report.files_ambiguous.is_empty() {
        text.push_str(
            "\nChanged while several attempts shared the tree, the author is unknown:\n\n",
        );
        files(&report.files_ambiguous, &mut text);
    }
    text.push_str("\n## Validation\n\n");
    validation(report, &mut text);
    text.push_str("\n## Security\n\n");
    security(report, &mut text);
    text.push_str("\n## Next Steps\n\n");
    next_steps(report, &mut text);
    text
}

/// Renders a sentence or two about the overall state.
pub(super) fn summary(report: &Report, text: &mut String) {
    let all = &report.summary;
    let percent =
        report.percent.map_or_else(String::new, |percent| format!(" ({percent}% of the work)"));
    let tasks = count(all.total, "task", "tasks");
    let _ = writeln!(
        text,
        "{} of {tasks} complete{percent}: {} in progress, {} pending, {} blocked, {} parked.",
        all.complete, all.in_progress, all.pending, all.blocked, all.parked
    );
    let since = report.since.as_ref().map_or_else(String::new, |since| format!(" since {since}"));
    let attempts = count(report.attempts, "attempt", "attempts");
    let (work, busy) = (time(report.minutes), time(report.busy_minutes));
    let cost = cost(report.cost_usd);
    let _ = writeln!(text, "{attempts}{since}, {work} of work in {busy}, cost {cost}.");
    forecast::sentences(report, text);
}

/// Renders a table of figures.
pub(super) fn statistics(report: &Report, text: &mut String) {
    let metrics = &report.metrics;
    let share = |share: Option<f64>| share.map_or_else(|| "-".to_owned(), |p| format!("{p:.0}%"));
    let minutes = |minutes: Option<f64>| minutes.map_or_else(|| "-".to_owned(), time);
    let number = |number: Option<f64>| number.map_or_else(|| "-".to_owned(), |n| format!("{n:.2}"));
    let estimate = if metrics.estimated_minutes > 0.0 && metrics.actual_minutes > 0.0 {
        let percent = metrics.actual_minutes * 100.0 / metrics.estimated_minutes;
        let (of, took) = (time(metrics.estimated_minutes), time(metrics.actual_minutes));
        format!("{of} estimated, {took} taken ({percent:.0}%)")
    } else {
        "-".to_owned()
    };
    let judged = metrics.attempts_passed + metrics.attempts_failed;
    let rows = [
        ("Attempts", report.attempts.to_string()),
        (
            "Attempts that passed",
            format!("{} of {judged} ({})", metrics.attempts_passed, share(metrics.success_percent)),
        ),
        (
            "Complete with the first attempt",
            format!("{} ({})", metrics.first_pass, share(metrics.first_pass_percent)),
        ),
        ("Median time of a task", minutes(metrics.median_minutes)),
        ("19 of 20 tasks within", minutes(metrics.p95_minutes)),
        ("Tasks completed a day", number(metrics.complete_per_day)),
        ("Work, one attempt after the other", time(report.minutes)),
        ("Time in which something ran", time(report.busy_minutes)),
        ("Speed-up against one window", number(metrics.speedup)),
        ("Estimate against actual", estimate),
        ("Cost", cost(report.cost_usd)),
        ("Tokens", report.tokens.map_or_else(|| "unknown".to_owned(), |n| n.to_string())),
    ];
    text.push_str(&row(["Figure", "Value"]));
    text.push_str(&row(["---", "---"]));
    for (name, value) in rows.into_iter().chain(forecast::rows(report)) {
        text.push_str(&row([name, &value]));
    }
}

/// Renders the table of phases.
pub(super) fn phases(report: &Report, text: &mut String) {
    text.push_str(&row(["Phase", "Tasks", "Status", "Time"]));
    text.push_str(&row(["---", "---:", "---", "---:"]));
    let several = report.phases.iter().any(|phase| phase.queue != report.phases[0].queue);
    for phase in &report.phases {
        let name = match (&phase.phase, &phase.name) {
            (Some(number), Some(name)) => format!("{}: {}", inline(number), inline(name)),
            (Some(number), None) => inline(number),
            (None, _) => "no phase".to_owned(),
        };
        let name = if several { format!("{name} ({})", inline(&phase.queue)) } else { name };
        let tasks = format!("{}/{}", phase.complete, phase.tasks);
        text.push_str(&row([&name, &tasks, &phase.status.replace('_', " "), &time(phase.minutes)]));
    }
}

fn files(files: &[String], text: &mut String) {
    if files.is_empty() {
        text.push_str("None.\n");
    }
    listed(files.iter().map(|file| inline(file)), text);
}

/// Renders the verdicts of the complete tasks.
pub(super) fn validation(report: &Report, text: &mut String) {
    let counts = &report.validation;
    let _ = writeln!(text, "- {} verified (PASS)", count(counts.pass, "task", "tasks"));
    if counts.skipped > 0 {
        let tasks = count(counts.skipped, "task", "tasks");
        let _ = writeln!(text, "- {tasks} completed without verification (SKIPPED)");
    }
    if counts.unknown > 0 {
        let tasks = count(counts.unknown, "task", "tasks");
        let _ = writeln!(text, "- {tasks} complete in the file, with no PASS recorded");
    }
    let failed = count(report.metrics.attempts_failed, "attempt", "attempts");
    let _ = writeln!(text, "- {failed} refused before that");
    for hook in &report.hooks {
        let runs = count(hook.runs, "time", "times");
        let no = [(hook.vetoes, "vetoed"), (hook.failed, "failed")];
        let no = no.iter().filter(|(many, _)| *many > 0);
        let no: String = no.map(|(many, what)| format!(", {what} {many}")).collect();
        let _ = writeln!(text, "- hook {} ran {runs}{no}", inline(hook.hook.word()));
    }
    found::verifications(report, text);
}

/// Renders what attempts changed without permission.
pub(super) fn security(report: &Report, text: &mut String) {
    let guards: usize = report
        .lessons
        .iter()
        .filter(|lesson| lesson.known().is_some_and(is_guard))
        .map(|lesson| lesson.attempts)
        .sum();
    if report.tampered == 0 && guards == 0 {
        text.push_str("- No attempt changed what judges it.\n");
    } else {
        let attempts = count(guards, "attempt was", "attempts were");
        let _ = writeln!(text, "- {attempts} refused because they changed more than their work.");
        let changes = count(report.tampered, "change", "changes");
        let _ =
            writeln!(text, "- {changes} of what judges attempts are in the journal as tampered.");
    }
    found::findings(report, text);
}

/// Returns whether a code means that an attempt changed what it must not.
fn is_guard(code: ReasonCode) -> bool {
    matches!(
        code,
        ReasonCode::Tampered
            | ReasonCode::Scope
            | ReasonCode::StubAdded
            | ReasonCode::SteeringChanged
            | ReasonCode::ExpectationChanged
            | ReasonCode::ItemsLost
    )
}

/// Renders what a person or a loop does next.
pub(super) fn next_steps(report: &Report, text: &mut String) {
    let mut steps: Vec<String> = Vec::new();
    let of = |state: State| report.tasks.iter().filter(move |task| task.state == state.word());
    for task in of(State::Blocked) {
        let why = task.error.as_deref().unwrap_or("no reason is recorded");
        let (id, typed) = (inline(&task.id), code(&shell_word(&task.id)));
        let command = match ReasonCode::asked(why) {
            Some((ReasonCode::Review, _)) => format!("workloop approve {typed}"),
            Some(_) => format!("workloop answer {typed} TEXT"),
            None => format!("workloop why {typed}"),
        };
        steps.push(format!("{id} is blocked ({}): `{command}`", inline(why)));
    }
    for task in of(State::Waiting) {
        let commands = task.waits_for.iter().filter(|what| what.starts_with("workloop approve"));
        let id = inline(&task.id);
        steps.extend(commands.map(|_| {
            format!("{id} waits for approval: `workloop approve {}`", code(&shell_word(&task.id)))
        }));
    }
    let ready = of(State::Ready).count();
    if ready > 0 {
        steps.push(format!("{} ready: `workloop run`", count(ready, "task is", "tasks are")));
    }
    let flags = report.red_flags.iter().filter(|flag| flag.kind == FlagKind::Late);
    steps.extend(flags.map(|flag| {
        format!(
            "{} is late: {}",
            inline(flag.task.as_deref().unwrap_or_default()),
            inline(&flag.text)
        )
    }));
    if steps.is_empty() {
        let done = report.summary.complete + report.summary.parked == report.summary.total;
        let what =
            if done { "None: everything is complete.\n" } else { "None: work is in progress.\n" };
        text.push_str(what);
    }
    listed(steps.into_iter(), text);
}

/// Renders the red flags as a list.
pub(super) fn red_flags(report: &Report, text: &mut String) {
    if report.red_flags.is_empty() {
        text.push_str("None.\n");
    }
    let line = |flag: &Flag| {
        let task =
            flag.task.as_ref().map_or_else(String::new, |task| format!("{}: ", inline(task)));
        format!("{task}{} ({})", inline(&flag.text), flag.kind.words())
    };
    listed(report.red_flags.iter().map(line), text);
}

/// Formats an id as inline code.
fn code(id: &str) -> String {
    crate::views::escape::line(id).replace('`', "'")
}
