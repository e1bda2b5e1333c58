//! `log [ID]`: prints the output of an attempt; without an id, of the latest one.

use crate::cli::args::LogArgs;
use crate::cli::failure::Failure;
use crate::cli::follow::Follow;
use crate::cli::read::{Reading, Snapshot};
use crate::cli::session::Session;
use crate::domain::{AttemptReport, Field, Status};
use crate::plan::Node;
use crate::platform::clock::{Clock, SystemClock};
use crate::store::attempts::{AGENT_ERR, AGENT_OUT, AttemptFolder};
use crate::views::attempts::StepView;
use crate::views::output::Tail;
use crate::views::style::took;
use crate::views::timing::{clock, lasted, parsed};
use crate::views::{escape, json};
use chrono::DateTime;
use serde_json::{Value, json};
use std::fs;
use std::io::Write;
use std::path::PathBuf;

/// How much of the beginning and of the end of a stream the JSON contains, in bytes each.
const HALF: u64 = 32 << 10;

/// The attempt whose output is shown.
struct Shown {
    id: String,
    queue: String,
    number: u32,
    folder: AttemptFolder,
}

/// A stream and the position up to which it was printed.
struct Stream {
    file: String,
    tail: Tail,
}

/// What has been printed so far.
#[derive(Default)]
struct Printed {
    streams: Vec<Stream>,
    /// The index of the stream whose heading was printed last.
    current: Option<usize>,
}

pub(super) fn run(args: &LogArgs, session: &mut Session<'_>) -> Result<(), Failure> {
    let (ids, queues) = session.ids_and_queues(&args.words, &args.queues);
    if ids.len() > 1 {
        return Err(Failure::usage(format_args!("log shows one task, not {}", ids.join(", ")))
            .hint("a queue ends in .json, or is named with --work-queue"));
    }
    let selection = session.select_to_read(&queues)?;
    let mut reading = Reading::open(session, selection)?;
    let named = ids.into_iter().next();
    let shown = find(&mut reading, named.as_deref(), args.attempt)?;
    if args.json {
        let view = view(&shown, &reading);
        return session.print(json::object(&view)?);
    }
    let mut follow = args.follow.then(|| Follow::folder(shown.folder.path()));
    let mut printed = Printed::default();
    if named.is_none() {
        writeln!(session.streams.out, "==> task {} <==", escape::line(&shown.id))?;
    }
    loop {
        // Checked before reading, so that all output up to the end is read.
        let report = shown.folder.report();
        let ended = report.is_some() || !runs(&mut reading, &shown);
        copy(&shown, &mut printed, &reading, session)?;
        session.streams.out.flush()?;
        let Some(follow) = follow.as_mut().filter(|_| !ended) else {
            close(&shown, &mut printed, &reading, session)?;
            return tell_end(&shown, report.as_ref(), &reading, session);
        };
        if session.streams.out.is_closed() || !follow.wait() {
            return Ok(());
        }
    }
}

fn find(reading: &mut Reading, id: Option<&str>, number: Option<u32>) -> Result<Shown, Failure> {
    reading.look(|snapshot| {
        let node = match id {
            Some(id) => snapshot.find(id)?,
            None => {
                latest(snapshot).ok_or_else(|| Failure::usage("no task has an attempt to show"))?
            }
        };
        let (place, key) = snapshot.key(node);
        let state = snapshot.set.state(place.queue);
        let id = snapshot.structure.graph.reference(node);
        let numbers = state.attempt_numbers(&key)?;
        let wanted = number;
        let number = wanted.or_else(|| numbers.last().copied());
        let Some(number) = number.filter(|number| numbers.contains(number)) else {
            let names: Vec<String> = numbers.iter().map(u32::to_string).collect();
            return Err(match (wanted, names.is_empty()) {
                (_, true) => Failure::usage(format_args!("task {id} has no attempt to show")),
                (number, false) => {
                    let number = number.unwrap_or_default();
                    Failure::usage(format_args!("task {id} has no attempt {number} to show"))
                        .hint(format_args!("existing attempts: {}", names.join(", ")))
                }
            });
        };
        let folder = AttemptFolder::new(&state, &key, number);
        Ok(Shown { id, queue: snapshot.sources().queue_of(node).to_owned(), number, folder })
    })
}

/// Returns the task whose attempt began last, among those with an attempt to show.
fn latest(snapshot: &Snapshot<'_>) -> Option<Node> {
    let graph = &snapshot.structure.graph;
    let began = |node: &Node| {
        let (queue, task) = graph.location(*node);
        let text = snapshot.queues[queue].text(task, Field::LastAttempt)?;
        DateTime::parse_from_rfc3339(&text).ok()
    };
    let here = |node: &Node| snapshot.set.serves(graph.location(*node).0);
    let tried = |node: &Node| snapshot.readiness.task(*node).attempts > 0;
    // Times in a queue may be rounded to seconds; the folder's time breaks ties.
    let folder = |node: Node| {
        let (place, key) = snapshot.key(node);
        let state = snapshot.set.state(place.queue);
        let number = *state.attempt_numbers(&key).ok()?.last()?;
        let made = AttemptFolder::new(&state, &key, number).path().metadata().ok()?.modified().ok();
        Some((began(&node), made, node))
    };
    let nodes = graph.nodes().filter(here).filter(tried).filter_map(folder);
    nodes.max_by_key(|(began, made, _)| (*began, *made)).map(|(.., node)| node)
}

/// Returns whether the attempt may still print something.
fn runs(reading: &mut Reading, shown: &Shown) -> bool {
    // A file that cannot be read for a moment does not mean that the attempt ended.
    drop(reading.project.store_mut().read());
    reading.look(|snapshot| {
        snapshot.find(&shown.id).is_ok_and(|node| {
            let task = snapshot.readiness.task(node);
            task.status == Status::InProgress && task.attempts == shown.number
        })
    })
}

/// Returns the file names of the streams: the agent's, then those of the verification in order, then
/// those of services.
fn files(folder: &AttemptFolder) -> Vec<String> {
    let entries = fs::read_dir(folder.path()).into_iter().flatten().flatten();
    let mut steps: Vec<(u32, String)> = entries
        .filter_map(|entry| {
            let name = entry.file_name().to_str()?.to_owned();
            let number = match name.strip_prefix("verify-") {
                Some(rest) => rest.strip_suffix(".out")?.parse().ok()?,
                None => service(&name).map(|_| u32::MAX)?,
            };
            Some((number, name))
        })
        .collect();
    steps.sort_unstable();
    let agent = [AGENT_OUT, AGENT_ERR].map(str::to_owned);
    agent.into_iter().chain(steps.into_iter().map(|(_, name)| name)).collect()
}

/// Returns the name of the service whose output is in this file.
fn service(file: &str) -> Option<&str> {
    file.strip_prefix("service-")?.strip_suffix(".out")
}

/// Returns the display name of a stream.
fn name(file: &str, report: Option<&AttemptReport>) -> String {
    if let Some(service) = service(file) {
        return format!("service {service}");
    }
    let step = report.and_then(|report| report.steps.iter().find(|step| step.log == file));
    match (file, step) {
        (AGENT_OUT, _) => "agent, standard output".to_owned(),
        (AGENT_ERR, _) => "agent, standard error".to_owned(),
        (_, Some(step)) => format!("verification step {}", step.name),
        (_, None) => {
            let number = file.trim_start_matches("verify-").trim_end_matches(".out");
            format!("verification step {number}")
        }
    }
}

/// Prints the new output of every stream, with a heading whenever the stream changes.
fn copy(
    shown: &Shown,
    printed: &mut Printed,
    reading: &Reading,
    session: &mut Session<'_>,
) -> Result<(), Failure> {
    let Printed { streams, current } = printed;
    for file in files(&shown.folder) {
        if !streams.iter().any(|stream| stream.file == file) {
            let tail = Tail::new(&shown.folder.file(&file));
            streams.push(Stream { file, tail });
        }
    }
    let report = shown.folder.report();
    let out = &mut session.streams.out;
    for number in 0..streams.len() {
        if !streams[number].tail.has_more() {
            continue;
        }
        if *current != Some(number) {
            if let Some(before) = *current {
                streams[before].tail.finish(&reading.mask, &mut out.exact())?;
            }
            let name = name(&streams[number].file, report.as_ref());
            let name = escape::line(&name);
            writeln!(out, "==> attempt {}, {name} <==", shown.number)?;
            *current = Some(number);
        }
        streams[number].tail.copy(&reading.mask, &mut out.exact())?;
    }
    Ok(())
}

/// Prints the rest of the last stream that was held back.
fn close(
    shown: &Shown,
    printed: &mut Printed,
    reading: &Reading,
    session: &mut Session<'_>,
) -> Result<(), Failure> {
    let out = &mut session.streams.out;
    if let Some(number) = printed.current {
        printed.streams[number].tail.finish(&reading.mask, &mut out.exact())?;
    } else {
        writeln!(out, "==> attempt {} printed nothing <==", shown.number)?;
    }
    Ok(())
}

/// Prints the result of the attempt.
fn tell_end(
    shown: &Shown,
    report: Option<&AttemptReport>,
    reading: &Reading,
    session: &mut Session<'_>,
) -> Result<(), Failure> {
    let out = &mut session.streams.out;
    let end = match report {
        Some(report) => {
            let verdict =
                report.verdict.map_or_else(|| report.outcome.to_string(), |v| v.to_string());
            let reason = report.reason.as_deref();
            reason.map_or(verdict.clone(), |reason| format!("{verdict}, {reason}"))
        }
        None => "no result yet".to_owned(),
    };
    let end = reading.mask.text(&end);
    if let Some(report) = report {
        writeln!(out, "==> {} <==", escape::line(&times(report)))?;
    }
    writeln!(out, "==> attempt {}: {} <==", shown.number, escape::line(&end))?;
    Ok(out.flush()?)
}

/// Formats when an attempt began and ended, and the durations of it and of its commands.
fn times(report: &AttemptReport) -> String {
    let (began, ended) = (parsed(&report.started_at), parsed(&report.ended_at));
    let now = SystemClock.now();
    let millis = i64::try_from(lasted(report).as_millis()).unwrap_or(i64::MAX);
    let whole = began.zip(ended).map(|(began, ended)| {
        format!("{} to {}, {}", clock(began, now), clock(ended, now), took(millis))
    });
    let step = |step: &StepView| {
        let lasted = took((step.seconds * 1000.0).round() as i64);
        format!("{} {lasted}", step.name)
    };
    let steps: Vec<String> = StepView::all(report).iter().map(step).collect();
    let parts = [whole.unwrap_or_default(), steps.join(", ")];
    let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    parts.join(": ")
}

/// Returns the attempt as JSON; of long streams, the beginning and the end.
fn view(shown: &Shown, reading: &Reading) -> Value {
    let report = shown.folder.report();
    let stream = |file: String| {
        let path: PathBuf = shown.folder.file(&file);
        let bytes = fs::symlink_metadata(&path).ok()?.len();
        let (head, tail) = shown.folder.ends(&file, HALF).ok()?;
        let mut text = String::from_utf8_lossy(&head).into_owned();
        if !tail.is_empty() {
            text.push_str(&format!("\n[{} bytes left out]\n", bytes.saturating_sub(2 * HALF)));
            text.push_str(&String::from_utf8_lossy(&tail));
        }
        Some(json!({
            "name": name(&file, report.as_ref()),
            "path": path.display().to_string(),
            "bytes": bytes,
            "text": reading.mask.text(&text),
        }))
    };
    let streams: Vec<Value> = files(&shown.folder).into_iter().filter_map(stream).collect();
    let reason = report.as_ref().and_then(|report| report.reason.as_deref());
    json!({
        "schema_version": 1,
        "id": shown.id,
        "queue": shown.queue,
        "attempt": shown.number,
        "outcome": report.as_ref().map(|report| report.outcome.to_string()),
        "verdict": report.as_ref().and_then(|report| report.verdict),
        "started_at": report.as_ref().map(|report| report.started_at.clone()),
        "ended_at": report.as_ref().map(|report| report.ended_at.clone()),
        "steps": report.as_ref().map(StepView::all),
        "reason": reason.map(|reason| reading.mask.text(reason)),
        "streams": streams,
    })
}
