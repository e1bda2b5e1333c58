//! Figures of attempts and tasks: metrics, red flags, lessons.

use super::attempts::Attempt;
use super::model::{Lesson, Metrics, TaskRow};
use crate::plan::{Source, State};
use crate::views::flag::{Flag, FlagKind, REPEATED, SLOW};
use crate::views::mask::Mask;
use crate::views::style::count;
use std::collections::HashSet;

/// The number of attempts that is needed to judge how often they fail.
const FEW: usize = 5;
/// The percentage of failed attempts that makes a flag.
const FAILING: f64 = 50.0;
const DAY: f64 = 1440.0;

/// Converts milliseconds to minutes.
pub(super) fn minutes_of(millis: i64) -> f64 {
    millis as f64 / 60_000.0
}

/// Rounds to thousandths. Zero has no sign: the sum of no numbers is `-0.0`.
pub(super) fn rounded(number: f64) -> f64 {
    (number * 1000.0).round() / 1000.0 + 0.0
}

fn percent(part: usize, all: usize) -> Option<f64> {
    (all > 0).then(|| rounded(part as f64 * 100.0 / all as f64))
}

/// Computes the metrics; `all` are the attempts, each with the index of its task.
pub(super) fn metrics(tasks: &[TaskRow], all: &[(usize, &Attempt)]) -> Metrics {
    let passed = all.iter().filter(|(_, attempt)| attempt.passed()).count();
    let failed = all.iter().filter(|(_, attempt)| attempt.failed()).count();
    let is_done = |task: &&TaskRow| task.state == State::Complete.word() && task.attempts > 0;
    let done: Vec<&TaskRow> = tasks.iter().filter(is_done).collect();
    let first = done.iter().filter(|task| task.attempts == 1).count();
    let mut minutes: Vec<f64> = done.iter().map(|task| task.minutes).collect();
    minutes.sort_unstable_by(f64::total_cmp);
    let starts = all.iter().map(|(_, attempt)| attempt.started).min();
    let ends = all.iter().filter_map(|(_, attempt)| attempt.ended).max();
    let days = starts.zip(ends).map(|(from, to)| (minutes_of(to - from) / DAY).max(1.0));
    let sum =
        |value: &dyn Fn(&TaskRow) -> f64| rounded(done.iter().map(|task| value(task)).sum::<f64>());
    let given = |task: &TaskRow| task.estimate_source == Source::Given;
    let work: f64 = all.iter().map(|(_, attempt)| minutes_of(attempt.millis())).sum();
    let busy = busy(all);
    Metrics {
        attempts_passed: passed,
        attempts_failed: failed,
        success_percent: percent(passed, passed + failed),
        first_pass: first,
        first_pass_percent: percent(first, done.len()),
        median_minutes: quantile(&minutes, 0.5),
        p95_minutes: quantile(&minutes, 0.95),
        complete_per_day: days.map(|days| rounded(done.len() as f64 / days)),
        estimated_minutes: sum(&|task| if given(task) { task.estimated_minutes } else { 0.0 }),
        actual_minutes: sum(&|task| if given(task) { task.minutes } else { 0.0 }),
        speedup: (busy > 0.0).then(|| rounded(work / busy)),
    }
}

/// Returns the minutes in which at least one attempt ran.
pub(super) fn busy(all: &[(usize, &Attempt)]) -> f64 {
    let mut spans: Vec<(i64, i64)> =
        all.iter().filter_map(|(_, a)| Some((a.started, a.ended?.max(a.started)))).collect();
    spans.sort_unstable();
    let (mut busy, mut until) = (0, i64::MIN);
    for (from, to) in spans {
        busy += (to - from.max(until)).max(0);
        until = until.max(to);
    }
    minutes_of(busy)
}

/// Returns the smallest value that is not less than this share of all; the input is `sorted`.
fn quantile(sorted: &[f64], share: f64) -> Option<f64> {
    let rank = (sorted.len() as f64 * share).ceil() as usize;
    sorted.get(rank.saturating_sub(1)).copied()
}

/// Returns what a person should look at.
pub(super) fn flags(tasks: &[TaskRow], all: &[(usize, &Attempt)], metrics: &Metrics) -> Vec<Flag> {
    let mut flags = Vec::new();
    let mut add = |kind, task: Option<&TaskRow>, text| {
        flags.push(Flag { kind, task: task.map(|task| task.id.clone()), text });
    };
    let mut failures = vec![0; tasks.len()];
    for (task, attempt) in all {
        failures[*task] += usize::from(attempt.failed());
    }
    for (task, failed) in tasks.iter().zip(failures) {
        let complete = task.state == State::Complete.word();
        if failed >= REPEATED && !complete {
            let why = task.error.as_deref().unwrap_or("no reason is recorded");
            add(FlagKind::RepeatedFailures, Some(task), format!("{failed} attempts failed: {why}"));
        }
        let is_slow = task.estimate_source != Source::Default
            && task.estimated_minutes > 0.0
            && task.minutes > task.estimated_minutes * SLOW
            && task.attempts > 0;
        if is_slow {
            let (took, of) = (task.minutes, task.estimated_minutes);
            add(FlagKind::Slow, Some(task), format!("took {took:.0} min, estimated {of:.0} min"));
        }
        if complete && failed > 0 && task.attempts > failed {
            let failed = count(failed, "failed attempt", "failed attempts");
            add(FlagKind::PassedAfterFailures, Some(task), format!("complete after {failed}"));
        }
        if task.late {
            let due = task.deadline.as_deref().unwrap_or_default();
            add(FlagKind::Late, Some(task), format!("was due {due}"));
        }
    }
    let judged = metrics.attempts_passed + metrics.attempts_failed;
    if let Some(success) = metrics.success_percent.filter(|_| judged >= FEW)
        && 100.0 - success > FAILING
    {
        let failed = metrics.attempts_failed;
        add(FlagKind::Failing, None, format!("{failed} of {judged} attempts failed"));
    }
    flags
}

/// Returns the attempts that failed, by reason; the most frequent first.
pub(super) fn lessons(tasks: &[TaskRow], all: &[(usize, &Attempt)], mask: &Mask) -> Vec<Lesson> {
    let mut lessons: Vec<Lesson> = Vec::new();
    let mut seen: HashSet<(&Option<String>, usize)> = HashSet::new();
    for (place, attempt) in all.iter().filter(|(_, attempt)| attempt.failed()) {
        let code = &attempt.code;
        let at = lessons.iter().position(|lesson| lesson.reason_code == *code);
        let at = at.unwrap_or_else(|| {
            let (tasks, example) = (Vec::new(), None);
            lessons.push(Lesson { reason_code: code.clone(), attempts: 0, tasks, example });
            lessons.len() - 1
        });
        lessons[at].attempts += 1;
        if seen.insert((code, *place)) {
            lessons[at].tasks.push(tasks[*place].id.clone());
        }
        if let Some(reason) = &attempt.reason {
            lessons[at].example = Some(mask.text(reason).into_owned());
        }
    }
    lessons.sort_by(|a, b| b.attempts.cmp(&a.attempts).then(a.reason_code.cmp(&b.reason_code)));
    lessons
}
