//! `since TIME`: shows what changed since a time.

use crate::cli::args::SinceArgs;
use crate::cli::failure::Failure;
use crate::cli::read::{Reading, Snapshot};
use crate::cli::session::Session;
use crate::cli::when::past;
use crate::domain::{Event, QueueIx, Status};
use crate::platform::clock::{Clock, SystemClock};
use crate::store::log::{Log, Span};
use crate::store::queue_name;
use crate::views::json;
use crate::views::since::{self, RunningView, SinceView};
use crate::views::view::{Shown, Summary};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

pub(super) fn run(args: &SinceArgs, session: &mut Session<'_>) -> Result<(), Failure> {
    let now = SystemClock.now();
    let from = past(&args.time, now)?;
    let selection = session.select_to_read(&args.queues)?;
    let mut reading = Reading::open(session, selection)?;
    let look = session.look();
    let mask = reading.mask.clone();
    let bytes = reading.look(|snapshot| {
        let happened = since::happened(events(snapshot), (from, now));
        let times = (since::written(from), since::written(now));
        let view = view(snapshot, happened.masked(&mask), times);
        if args.json {
            return json::object(&view);
        }
        Ok(since::text(&view, look).into_bytes())
    })?;
    session.print(bytes)
}

/// Returns the events of the served queues; those of several folders in the order of their times.
fn events(snapshot: &Snapshot<'_>) -> impl Iterator<Item = Event> + use<> {
    let served = snapshot.set.each_served();
    let names: HashSet<String> = served.map(|queue| queue_name(&snapshot.queues[queue])).collect();
    let shared = |of: Vec<QueueIx>| -> References {
        of.into_iter().flat_map(|queue| references(snapshot, queue)).collect()
    };
    let logs = snapshot.set.logs(snapshot.set.served()).into_iter();
    let logs: Vec<(Log, References)> =
        logs.map(|(log, of)| (Arc::clone(log), shared(of))).collect();
    let several = logs.len() > 1;
    let all = logs
        .into_iter()
        .flat_map(|(log, shared)| log.events(Span::All).map(move |event| referred(event, &shared)));
    let ours = all.filter(move |event| event.queue.is_empty() || names.contains(&event.queue));
    let mut sorted: Box<dyn Iterator<Item = Event>> = Box::new(ours);
    if several {
        let mut events: Vec<Event> = sorted.collect();
        events.sort_by(|a, b| a.at.cmp(&b.at));
        sorted = Box::new(events.into_iter());
    }
    sorted
}

/// The references of tasks whose ids exist in several queues, by queue name and id.
type References = HashMap<(String, String), String>;

/// Returns the references of the tasks of a queue that differ from their ids.
fn references(snapshot: &Snapshot<'_>, queue: QueueIx) -> References {
    let graph = &snapshot.structure.graph;
    let name = queue_name(&snapshot.queues[queue]);
    let shared = graph.queue_nodes(queue).filter(|node| graph.is_shared(*node));
    shared
        .map(|node| {
            let id = snapshot.readiness.task(node).id.as_str().to_owned();
            ((name.clone(), id), graph.reference(node))
        })
        .collect()
}

/// Returns the event with the reference of its task, so that tasks of several queues with one id
/// are told apart.
fn referred(mut event: Event, shared: &References) -> Event {
    if let Some(task) = event.task.take() {
        let reference = shared.get(&(event.queue.clone(), task.clone()));
        event.task = Some(reference.cloned().unwrap_or(task));
    }
    event
}

fn view(
    snapshot: &Snapshot<'_>,
    happened: since::Happened,
    (since, until): (String, String),
) -> SinceView {
    let here = |node| snapshot.set.serves(snapshot.structure.graph.location(node).0);
    let sources = snapshot.sources();
    let status = sources.status(&here, true, Shown::Open(0));
    let needs: Vec<_> = sources.needing(&here).into_iter().map(|key| sources.need(key)).collect();
    let runs = snapshot
        .structure
        .graph
        .nodes()
        .filter(|node| here(*node))
        .filter(|node| snapshot.readiness.task(*node).status == Status::InProgress);
    let running = runs.map(|node| snapshot.sources().task(node));
    let running = running.map(|task| RunningView { id: task.id, live: task.live }).collect();
    let summary =
        status.queues.iter().fold(Summary::default(), |sum, queue| sum.with(queue.counts));
    SinceView {
        schema_version: 1,
        since,
        until,
        happened,
        summary,
        running,
        needs_you: needs,
        typed: snapshot.set.typed.clone(),
    }
}
