//! The report as one page: no script, no external resources, and well-formed XML.

use super::model::{Report, ReportError, Style, TaskRow};
use super::shown::{cost, time};
use super::{charts, forecast, styles};
use crate::platform::terminal::steers;
use minijinja::{AutoEscape, Environment, Value, context};

const PAGE: &str = include_str!("page.html.j2");
/// The longest title: a page of many tasks stays small.
const TITLE: usize = 80;

pub(super) fn render(report: &Report, style: Style) -> Result<String, ReportError> {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    let tasks: Vec<Value> = report.tasks.iter().map(row).collect();
    let phases: Vec<Value> = report
        .phases
        .iter()
        .map(|phase| {
            let (number, name) = (plain(phase.phase.as_deref()), plain(phase.name.as_deref()));
            let (queue, time) = (plain(Some(&phase.queue)), time(phase.minutes));
            let status = phase.status.replace('_', " ");
            context! { number, name, queue, tasks => phase.tasks, complete => phase.complete, status, time }
        })
        .collect();
    let flags: Vec<Value> = report
        .red_flags
        .iter()
        .take(200)
        .map(|flag| context! { task => plain(flag.task.as_deref()), text => plain(Some(&flag.text)) })
        .collect();
    let safe = |svg: Option<String>| svg.map(Value::from_safe_string);
    let metrics = &report.metrics;
    let mut left = String::new();
    forecast::sentences(report, &mut left);
    let page = context! {
        title => match style {
            Style::Synthesis => "Report",
            Style::Readiness => "Readiness",
            Style::Deployment => "Deployment",
            Style::Lessons => "Lessons",
            Style::Retrospective => "Retrospective",
        },
        generated_at => report.generated_at.clone(),
        since => report.since.clone(),
        summary => context! {
            total => report.summary.total,
            complete => report.summary.complete,
            in_progress => report.summary.in_progress,
            pending => report.summary.pending,
            blocked => report.summary.blocked,
            parked => report.summary.parked,
        },
        percent => report.percent,
        attempts => report.attempts,
        minutes => time(report.minutes),
        busy => time(report.busy_minutes),
        speedup => metrics.speedup,
        first_pass => metrics.first_pass,
        cost => cost(report.cost_usd),
        left,
        gantt => safe(charts::gantt(report)),
        burn_up => safe(charts::burn_up(report)),
        spending => safe(charts::cost(report)),
        text => plain(Some(&styles::render(report, style))),
        phases, flags, tasks,
    };
    Ok(environment.render_named_str("page.html", PAGE, page)?)
}

fn row(task: &TaskRow) -> Value {
    context! {
        id => plain(Some(&task.id)),
        title => charts::short(&plain(Some(&task.title)), TITLE),
        state => task.state,
        attempts => task.attempts,
        time => time(task.minutes),
        note => charts::short(&plain(task.error.as_deref()), TITLE),
        late => task.late,
    }
}

/// Removes control characters from a text; line breaks stay.
fn plain(text: Option<&str>) -> String {
    let keep = |letter: char| match letter {
        '\n' => '\n',
        '\u{fffe}' | '\u{ffff}' => '\u{fffd}',
        letter if steers(letter) => '\u{fffd}',
        letter => letter,
    };
    text.unwrap_or_default().chars().map(keep).collect()
}
