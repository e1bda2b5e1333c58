//! `since TIME`: shows what changed since a time.

use crate::cli::args::SinceArgs;
use crate::cli::failure::Failure;
use crate::cli::read::{Reading, Snapshot};
use crate::cli::session::Session;
use crate::cli::when::past;
use crate::domain::{Event, Status};
use crate::platform::clock::{Clock, SystemClock};
use crate::store::journal::Journal;
use crate::store::{StateDir, queue_name};
use crate::views::json;
use crate::views::since::{self, RunningView, SinceView};
use crate::views::view::{Shown, Summary};
use std::collections::HashSet;

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
    let names: HashSet<String> =
        served.clone().map(|queue| queue_name(&snapshot.queues[queue])).collect();
    let mut states: Vec<StateDir> = Vec::new();
    for state in served.map(|queue| snapshot.set.state(queue)) {
        if !states.contains(&state) {
            states.push(state);
        }
    }
    let several = states.len() > 1;
    let all = states.into_iter().flat_map(|state| Journal::new(state).all());
    let ours = all.filter(move |event| event.queue.is_empty() || names.contains(&event.queue));
    let mut sorted: Box<dyn Iterator<Item = Event>> = Box::new(ours);
    if several {
        let mut events: Vec<Event> = sorted.collect();
        events.sort_by(|a, b| a.at.cmp(&b.at));
        sorted = Box::new(events.into_iter());
    }
    sorted
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
