//! `done`: a person completed tasks; with `--verify` only if their verification says so.

use crate::claims::Keeper;
use crate::cli::args::DoneArgs;
use crate::cli::failure::{Failure, FailureKind};
use crate::cli::session::Session;
use crate::cli::write::{self, tell};
use crate::domain::{Status, TaskId, Verdict, WorkerId};
use crate::engine::{Judged, Judging, Source, Untouched};
use crate::platform::clock::SystemClock;
use crate::platform::host::Host;
use crate::platform::ids::{Ids, RandomIds};
use crate::platform::{fault, login};
use crate::project::verbs::{self, Done, VerbError};
use crate::project::{Project, Structure, ranking_rules};
use crate::store::Place;
use crate::views::escape;
use std::io::Write;

pub(super) fn run(args: &DoneArgs, session: &mut Session<'_>) -> Result<(), Failure> {
    let by = match &args.by {
        Some(by) if by.trim().is_empty() => return Err(Failure::usage("--by needs a name")),
        Some(by) => by.clone(),
        None => login::name(),
    };
    let note = args.note.clone().filter(|note| !note.trim().is_empty());
    let (ids, mut project) = write::of_tasks(session, &args.words, &args.queues)?;
    // Held until everything is written, so that nobody takes a task over meanwhile.
    let (places, mut dead) = verbs::before_done(&project, &ids).map_err(not_completed)?;
    let verdict = if args.verify {
        let verified = verify(&project, &places, dead.keeper(), session);
        project.store_mut().verification_ran();
        if verified.is_err() {
            // What the steps wrote into the queue is judged all the same.
            project.update(|_, _| Ok(()))?;
        }
        verified?;
        Verdict::Pass
    } else {
        Verdict::Skipped
    };
    let done = verbs::done(&mut project, &ids, &Done { by, note, verdict }, &dead);
    drop(dead);
    let what = if args.verify { "complete, verified" } else { "complete, not verified" };
    tell(session, &done?, what)
}

fn not_completed(error: VerbError) -> Failure {
    match error {
        VerbError::AtWork { id, why } => {
            Failure::usage(format_args!("task {id} was not completed: {why}"))
                .hint(format_args!("workloop cancel {id} ends the attempt first"))
        }
        VerbError::Store(error) => error.into(),
    }
}

/// Runs the verification of each task, until one does not pass.
///
/// # Errors
/// The failed step, as blocked work; wrong usage when there is no verification.
fn verify(
    project: &Project,
    places: &[Place],
    keeper: &mut Keeper,
    session: &mut Session<'_>,
) -> Result<(), Failure> {
    let (set, queues) = (project.set(), project.queues());
    let structure = Structure::build(set, queues, &ranking_rules(set, queues));
    let exe = fault::supervisor(std::env::current_exe()?);
    let name = format!("{}:{}:{}", Host::current().name, std::process::id(), RandomIds.hex8());
    let graph = &structure.graph;
    // Whatever the tree was before: the steps decide.
    let untouched = Untouched::default();
    let judging = Judging {
        source: Source { set, queues, graph, vars: &session.world.vars, untouched: &untouched },
        exe: &exe,
        clock: &SystemClock,
        worker: WorkerId::new(&name),
    };
    for place in places {
        let task = &queues[place.queue].tasks()[place.task];
        if task.status == Status::Complete {
            // The transition says so; a verification would take its time for nothing.
            continue;
        }
        let judged = judging.judge(*place, keeper)?;
        for warning in &judged.warnings {
            writeln!(session.streams.err, "warning: {}", escape::line(warning))?;
        }
        if judged.verdict != Some(Verdict::Pass) {
            return Err(not_passed(&task.id, &judged, session)?);
        }
    }
    Ok(())
}

/// Shows what the failed step printed.
fn not_passed(id: &TaskId, judged: &Judged, session: &mut Session<'_>) -> Result<Failure, Failure> {
    let said = judged.said.trim_end();
    if !said.is_empty() {
        writeln!(session.streams.err, "{}", escape::lines(said))?;
    }
    let how = judged.failed.as_ref().map_or_else(
        || "the verification did not run".to_owned(),
        |(step, how)| format!("step {step}: {how}"),
    );
    let kind = match judged.verdict {
        Some(_) => FailureKind::Blocked,
        None => FailureKind::Usage,
    };
    let text = format!("task {id} was not completed: {how}; nothing was written");
    Ok(Failure::new(kind, text).hint(format_args!("workloop log {id} --attempt 0 shows all of it")))
}
