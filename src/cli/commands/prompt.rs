//! `prompt ID`: the exact prompt that the next attempt would get.

use crate::cli::args::PromptArgs;
use crate::cli::failure::Failure;
use crate::cli::read::Reading;
use crate::cli::session::Session;
use crate::engine::{Source, Untouched};
use crate::views::json;
use serde_json::json;
use std::io::Write;

pub(super) fn run(args: &PromptArgs, session: &mut Session<'_>) -> Result<(), Failure> {
    let selection = session.select_to_read(&args.queues)?;
    let mut reading = Reading::open(session, selection)?;
    let vars = &session.world.vars;
    let (view, prompt) = reading.look(|scene| {
        let node = scene.find(&args.id)?;
        let (place, _) = scene.key(node);
        let graph = &scene.structure.graph;
        let untouched = Untouched::recorded(scene.set);
        let source =
            Source { set: scene.set, queues: scene.queues, graph, vars, untouched: &untouched };
        let prompt = source.prompt(place).map_err(|why| {
            Failure::usage(format_args!("failed to make the prompt of {}: {why}", args.id))
        })?;
        let view = json!({
            "schema_version": 1,
            "id": graph.reference(node),
            "queue": scene.sight().queue_of(node),
            "attempt": scene.readiness.task(node).attempts.saturating_add(1),
            "prompt": prompt,
        });
        Ok::<_, Failure>((view, prompt))
    })?;
    if args.json {
        return session.print(json::object(&view)?);
    }
    session.streams.out.exact().write_all(prompt.as_bytes())?;
    Ok(session.streams.out.flush()?)
}
