//! `why ID`: why a task stands where it stands.

use crate::cli::args::WhyArgs;
use crate::cli::failure::Failure;
use crate::cli::read::Reading;
use crate::cli::session::Session;
use crate::plan::State;
use crate::views::{attempts, json, why};

pub(super) fn run(args: &WhyArgs, session: &mut Session<'_>) -> Result<(), Failure> {
    let selection = session.select_to_read(&args.queues)?;
    let mut reading = Reading::open(session, selection)?.ranked();
    let view = reading.look(|scene| {
        let node = scene.find(&args.id)?;
        let (place, key) = scene.key(node);
        let sight = scene.sight();
        let attempts = attempts::of_task(&scene.set.state(place.queue), &key, sight.mask);
        let rank = (scene.readiness.state(node) == State::Ready)
            .then(|| scene.structure.order(scene.tasks).reason(&scene.structure.graph, node));
        Ok::<_, Failure>(sight.why(node, attempts, rank))
    })?;
    if args.json {
        return session.print(json::object(&view.json())?);
    }
    let text = why::text(&view, session.look());
    session.print(text)
}
