//! `why ID`: why a task stands where it stands.

use crate::cli::args::WhyArgs;
use crate::cli::failure::Failure;
use crate::cli::read::Reading;
use crate::cli::session::Session;
use crate::plan::State;
use crate::store::queue_name;
use crate::views::flaky::FlakyView;
use crate::views::why::{self, WhyView};
use crate::views::{attempts, json};

pub(super) fn run(args: &WhyArgs, session: &mut Session<'_>) -> Result<(), Failure> {
    let selection = session.select_to_read(&args.queues)?;
    let mut reading = Reading::open(session, selection)?.ranked();
    let view = reading.look(|scene| {
        let node = scene.find(&args.id)?;
        let (place, key) = scene.key(node);
        let sight = scene.sight();
        let state = scene.set.state(place.queue);
        let attempts = attempts::of_task(&state, &key, sight.mask);
        let name = queue_name(&scene.queues[place.queue]);
        let id = scene.structure.graph.id(node);
        let flaky = FlakyView::all(&state, &[name.as_str()], Some(id), sight.mask);
        let rank = (scene.readiness.state(node) == State::Ready)
            .then(|| scene.structure.order(scene.tasks).reason(&scene.structure.graph, node));
        Ok::<_, Failure>(WhyView { flaky, ..sight.why(node, attempts, rank) })
    })?;
    if args.json {
        return session.print(json::object(&view.json())?);
    }
    let text = why::text(&view, session.look());
    session.print(text)
}
