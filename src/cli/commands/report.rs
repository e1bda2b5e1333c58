//! `report`: reports what was done, how it went, and what is left.

mod left;

use crate::cli::args::{ReportArgs, ReportForm, ReportLook};
use crate::cli::failure::Failure;
use crate::cli::filter::scope;
use crate::cli::read::{Reading, Snapshot};
use crate::cli::session::Session;
use crate::cli::when::past;
use crate::domain::QueueIx;
use crate::plan::Node;
use crate::platform::clock::{Clock, SystemClock};
use crate::project::{QueueSet, measured};
use crate::store::attempts;
use crate::store::attempts::AttemptFolder;
use crate::store::log::Span;
use crate::views::mask::Mask;
use crate::views::report::attempts::Attempts;
use crate::views::report::{self, Format, Found, Input, Journals, Style};
use chrono::{DateTime, Utc};
use std::fmt::Write as _;
use std::io::Write;

/// How much output of a failed step is shown, in bytes.
const OUTPUT: u64 = 2_000;

pub(super) fn run(args: &ReportArgs, session: &mut Session<'_>) -> Result<(), Failure> {
    let from = args.since.as_deref().map(|text| past(text, SystemClock.now())).transpose()?;
    let selection = session.select_to_read(&args.queues)?;
    let scope = scope(&args.filter, &[]);
    let mut reading = Reading::open(session, selection)?;
    reading.refuse_empty(&args.filter)?;
    // The original estimates, without what was measured since: they are compared with the journal.
    let now = SystemClock.now();
    let journals = journals(reading.project.set());
    let rules = measured(reading.project.set(), reading.project.queues());
    let rules = crate::plan::EstimateRules { history: std::collections::HashMap::new(), ..rules };
    reading = reading.with_rules(rules);
    let mask = reading.mask.clone();
    let mut report = reading.look(|snapshot| {
        report::build(&Input {
            sources: snapshot.sources(),
            journals: &journals,
            now,
            since: from,
            selected: &|node| snapshot.includes(&scope, node),
            output: &|node| output(snapshot, node, &mask),
            found: &|node, attempt| found(snapshot, node, attempt, &mask),
            born: &|queue, path| born(snapshot.set, queue, path),
        })
    });
    let jobs = usize::try_from(*reading.project.config().jobs).unwrap_or(1);
    let (left, forecast) = left::left(&reading, &scope, report.pace(jobs), now);
    (report.left, report.forecast) = (Some(left), forecast);
    let bytes = report.render(format(args), style(args.style))?;
    session.streams.out.write_all(&bytes)?;
    Ok(session.streams.out.flush()?)
}

fn format(args: &ReportArgs) -> Format {
    if args.json {
        return Format::Json;
    }
    match args.format {
        ReportForm::Md => Format::Markdown,
        ReportForm::Html => Format::Html,
        ReportForm::Json => Format::Json,
        ReportForm::Junit => Format::Junit,
        ReportForm::Csv => Format::Csv,
    }
}

fn style(look: ReportLook) -> Style {
    match look {
        ReportLook::Synthesis => Style::Synthesis,
        ReportLook::Readiness => Style::Readiness,
        ReportLook::Deployment => Style::Deployment,
        ReportLook::Lessons => Style::Lessons,
        ReportLook::Retrospective => Style::Retrospective,
    }
}

impl From<report::ReportError> for Failure {
    fn from(error: report::ReportError) -> Self {
        Self::internal(crate::cli::open::with_causes(&error))
    }
}

/// Reads the journals of the queues. A journal that several queues share is read once.
fn journals(set: &QueueSet) -> Journals {
    let logs = set.logs(set.served());
    let all = logs.iter().map(|(log, _)| Attempts::read(log.events(Span::All))).collect();
    let number = |queue| logs.iter().position(|(_, of)| of.contains(&queue)).unwrap_or_default();
    Journals::new(all, set.each_served().map(number).collect())
}

/// Returns the findings of an attempt; `None` if its folder is gone.
fn found(snapshot: &Snapshot<'_>, node: Node, attempt: u32, mask: &Mask) -> Option<Found> {
    let (place, key) = snapshot.key(node);
    let report = AttemptFolder::new(&snapshot.set.state(place.queue), &key, attempt).report()?;
    Some(Found::of(&report, mask))
}

/// Returns the last output of the step that failed last.
fn output(snapshot: &Snapshot<'_>, node: Node, mask: &Mask) -> Option<String> {
    let (place, key) = snapshot.key(node);
    let state = snapshot.set.state(place.queue);
    let report = attempts::reports(&state, &key).pop()?;
    let step = report.steps.last()?;
    let folder = AttemptFolder::new(&state, &key, report.attempt);
    let end = |log: &str| {
        let (head, tail) = folder.ends(log, OUTPUT).ok()?;
        let text = if tail.is_empty() { head } else { tail };
        Some(String::from_utf8_lossy(&text).into_owned())
    };
    let mut text = end(&step.log)?;
    for service in &step.checked.services {
        let said = end(&service.log).unwrap_or_default();
        let _ = write!(text, "\nOutput of service {}:\n{said}", service.name);
    }
    Some(mask.text(&text).trim_end().to_owned()).filter(|text| !text.is_empty())
}

/// Returns when a file of the project was created, if the file system records it.
fn born(set: &QueueSet, queue: QueueIx, path: &str) -> Option<DateTime<Utc>> {
    let meta = std::fs::symlink_metadata(set.root(queue).join(path)).ok()?;
    meta.created().ok().map(DateTime::from)
}
