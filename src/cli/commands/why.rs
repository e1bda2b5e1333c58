//! `why ID`: explains the state of a task.

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
    let view = reading.look(|snapshot| {
        let node = snapshot.find(&args.id)?;
        let (place, key) = snapshot.key(node);
        let sources = snapshot.sources();
        let state = snapshot.set.state(place.queue);
        let attempts = attempts::of_task(&state, &key, sources.mask);
        let name = queue_name(&snapshot.queues[place.queue]);
        let id = snapshot.structure.graph.id(node);
        let flaky = FlakyView::all(
            snapshot.set.queue(place.queue).log(),
            &[name.as_str()],
            Some(id),
            sources.mask,
        );
        let rank = (snapshot.readiness.state(node) == State::Ready).then(|| {
            snapshot.structure.order(snapshot.tasks).reason(&snapshot.structure.graph, node)
        });
        Ok::<_, Failure>(WhyView { flaky, ..sources.why(node, attempts, rank) })
    })?;
    if args.json {
        return session.print(json::object(&view.json())?);
    }
    let text = why::text(&view, session.look());
    session.print(text)
}
