//! `prompt ID`: prints the exact prompt that the next attempt would get.

use crate::agent::ContinuedInput;
use crate::cli::args::PromptArgs;
use crate::cli::failure::Failure;
use crate::cli::read::{Reading, Snapshot};
use crate::cli::session::Session;
use crate::config::RetryFrom;
use crate::domain::StepKind;
use crate::engine::{CommandEnvironment, Source, Untouched};
use crate::project::repositories::{Purpose, is_private};
use crate::project::workspaces::task_name;
use crate::store::Place;
use crate::views::{escape, json};
use crate::workspace::KeptWork;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::io::Write;

pub(super) fn run(args: &PromptArgs, session: &mut Session<'_>) -> Result<(), Failure> {
    let selection = session.select_to_read(&args.queues)?;
    let mut reading = Reading::open(session, selection)?;
    let vars = &session.world.vars;
    let (view, prompt, environments, lacking) = reading.look(|snapshot| {
        let node = snapshot.find(&args.id)?;
        let (place, _) = snapshot.key(node);
        let graph = &snapshot.structure.graph;
        let untouched = Untouched::recorded(snapshot.set);
        let source = Source {
            set: snapshot.set,
            queues: snapshot.queues,
            graph,
            vars,
            untouched: &untouched,
            pauses: &[],
        };
        let (prompt, lacking) =
            source.prompt(place, continued(session, snapshot, place)?).map_err(|why| {
                Failure::usage(format_args!("failed to build the prompt of {}: {why}", args.id))
            })?;
        let environments = if args.env { source.environments(place) } else { Ok(Vec::new()) };
        let environments = environments.map_err(Failure::usage)?;
        let mut view = json!({
            "schema_version": 1,
            "id": graph.reference(node),
            "queue": snapshot.sources().queue_of(node),
            "attempt": snapshot.readiness.task(node).attempts.saturating_add(1),
            "prompt": prompt,
        });
        if args.env {
            view["environment"] = environments.iter().map(as_json).collect();
        }
        Ok::<_, Failure>((view, prompt, environments, lacking))
    })?;
    if let Some(lacking) = lacking {
        let text = format!("warning: no attempt would start now: {lacking}");
        writeln!(session.streams.err, "{}", escape::line(&text))?;
    }
    if args.json {
        return session.print(json::object(&view)?);
    }
    if args.env {
        let text: String = environments.iter().map(as_text).collect();
        return session.print(escape::lines(&text).as_bytes());
    }
    session.streams.out.exact().write_all(prompt.as_bytes())?;
    Ok(session.streams.out.flush()?)
}

/// Returns the work that the next attempt would continue. The files with conflict markers are not
/// listed, because finding them requires writing to the repository.
fn continued(
    session: &Session<'_>,
    snapshot: &Snapshot<'_>,
    place: Place,
) -> Result<Option<ContinuedInput>, Failure> {
    let config = &snapshot.set.config;
    if !is_private(snapshot.set) || *config.workspaces.retry_from == RetryFrom::Base {
        return Ok(None);
    }
    // Without the repository no attempt starts at all, and the run reports why.
    let root = snapshot.set.root(place.queue);
    let Ok(repository) = session.repository_of(snapshot.set, root, Purpose::Look) else {
        return Ok(None);
    };
    let id = snapshot.queues[place.queue].tasks()[place.task].id.as_str();
    let name = task_name(&repository, (snapshot.set, snapshot.queues), place.queue, id);
    let kept = repository.to_continue(&name)?;
    let continued = |kept: KeptWork| ContinuedInput {
        attempt: kept.attempt.number,
        conflicts: Vec::new(),
        setup: None,
    };
    Ok(kept.map(continued))
}

fn as_json(command: &CommandEnvironment) -> Value {
    let withheld = command.withheld.iter();
    json!({
        "command": command.kind,
        "name": command.name,
        "inherit": command.inherit.as_str(),
        "passed": command.passed,
        "withheld": withheld
            .map(|withheld| json!({"name": withheld.name, "reason": withheld.why.to_string()}))
            .collect::<Vec<Value>>(),
    })
}

/// Lists the variables that a command receives, and those that are withheld, with the reason.
fn as_text(command: &CommandEnvironment) -> String {
    let what = match command.kind {
        StepKind::Agent => "agent",
        StepKind::Verify => "step",
    };
    let mut text = format!("{what} {} (inherit = \"{}\")\n", command.name, command.inherit);
    text.push_str("  passed:\n");
    for name in &command.passed {
        let _ = writeln!(text, "    {name}");
    }
    text.push_str("  withheld:\n");
    let width = command.withheld.iter().map(|withheld| withheld.name.len()).max().unwrap_or(0);
    for withheld in &command.withheld {
        let _ = writeln!(text, "    {:width$}  {}", withheld.name, withheld.why);
    }
    text
}
