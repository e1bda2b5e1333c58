//! Verifies tasks as they are, without an agent, for `done --verify` and `verify`.

use super::failure::Failure;
use super::session::Session;
use crate::claims::Keeper;
use crate::domain::WorkerId;
use crate::engine::{Judged, Judging, Source, Untouched};
use crate::platform::clock::SystemClock;
use crate::platform::fault;
use crate::platform::host::Host;
use crate::platform::ids::{Ids, RandomIds};
use crate::project::{Project, Structure, ranking_rules};
use crate::store::Place;
use crate::views::escape;
use std::io::Write;

/// The callback that receives the verdict on each task.
pub(super) type Told<'t> = &'t mut dyn FnMut(&str, Judged, &mut Session<'_>) -> Result<(), Failure>;

/// Runs the verification of each of `places`, and passes the result to `told`. `keeper` keeps the
/// claim locks.
///
/// # Errors
/// Fails as wrong usage if there is no verification, and with any error of `told`.
pub(super) fn each(
    project: &Project,
    places: &[Place],
    keeper: &mut Keeper,
    session: &mut Session<'_>,
    told: Told<'_>,
) -> Result<(), Failure> {
    let (set, queues) = (project.set(), project.queues());
    let structure = Structure::build(set, queues, &ranking_rules(set, queues));
    let exe = fault::supervisor(std::env::current_exe()?);
    let name = format!("{}:{}:{}", Host::current().name, std::process::id(), RandomIds.hex8());
    let graph = &structure.graph;
    let vars = session.world.vars.clone();
    // Only the steps decide; the state of the untouched tree does not matter here.
    let untouched = Untouched::default();
    let judging = Judging {
        source: Source { set, queues, graph, vars: &vars, untouched: &untouched, pauses: &[] },
        exe: &exe,
        clock: &SystemClock,
        worker: WorkerId::new(&name),
    };
    for place in places {
        let id = queues[place.queue].tasks()[place.task].id.to_string();
        let judged = judging.judge(*place, keeper)?;
        for warning in &judged.warnings {
            writeln!(session.streams.err, "warning: {}", escape::line(warning))?;
        }
        told(&id, judged, session)?;
    }
    Ok(())
}

/// Prints the output of the step that did not pass. Returns which step it was and why, or why there
/// is no verdict.
///
/// # Errors
/// Fails if the output cannot be printed.
pub(super) fn said(judged: &Judged, session: &mut Session<'_>) -> Result<String, Failure> {
    let text = judged.said.trim_end();
    if !text.is_empty() {
        writeln!(session.streams.err, "{}", escape::lines(text))?;
    }
    let how = |(step, how): &(String, String)| format!("step {step}: {how}");
    let why = judged.failed.as_ref().map(how).or_else(|| judged.reason.clone());
    Ok(why.unwrap_or_else(|| "the verification did not run".to_owned()))
}
