//! `done`: records that a person completed tasks; with `--verify` only if they pass verification.

use crate::claims::Keeper;
use crate::cli::accepted::Accepted;
use crate::cli::args::DoneArgs;
use crate::cli::failure::{Failure, FailureKind};
use crate::cli::judging;
use crate::cli::session::Session;
use crate::cli::unlanded;
use crate::cli::write::{self, tell};
use crate::domain::{Status, Verdict, shell_word};
use crate::platform::login;
use crate::project::Project;
use crate::project::verbs::{self, Done, VerbError};
use crate::store::Place;

pub(super) fn run(args: &DoneArgs, session: &mut Session<'_>) -> Result<(), Failure> {
    let by = write::by(args.by.as_deref())?.map_or_else(login::name, str::to_owned);
    let note = args.note.clone().filter(|note| !note.trim().is_empty());
    let (ids, mut project) = write::of_tasks(session, &args.words, &args.queues)?;
    // The claims are held until everything is written, so that no loop takes a task over meanwhile.
    let (places, mut dead) = verbs::before_done(&project, &ids).map_err(not_completed)?;
    let verdict = if args.verify {
        let verified = verify(&project, &places, dead.keeper(), session);
        project.store_mut().recorded_mut().verification_ran();
        if verified.is_err() {
            // Edits of the queue by the steps must be examined all the same.
            project.update(|_, _| Ok(()))?;
        }
        verified?;
        Verdict::Pass
    } else {
        Verdict::Skipped
    };
    let accepted = Accepted::find(&project, &ids)?;
    let details = |queue, id: &str| accepted.details(queue, id);
    let done = verbs::done(&mut project, &ids, &Done { by, note, verdict }, &dead, &details);
    drop(dead);
    if done.is_ok() {
        accepted.settle(&project, session)?;
    }
    let what = if args.verify { "complete, verified" } else { "complete, not verified" };
    let done = done?;
    tell(session, &done, what)?;
    Ok(unlanded::tell(&project, &done, session)?)
}

fn not_completed(error: VerbError) -> Failure {
    match error {
        VerbError::AtWork { id, why } => Failure::usage(format_args!(
            "task {id} was not completed: {why}"
        ))
        .hint(format_args!("workloop cancel {} ends the attempt first", shell_word(id.as_str()))),
        VerbError::Store(error) => error.into(),
    }
}

/// Runs the verification of each task, until one does not pass.
///
/// # Errors
/// Fails as blocked work with the failed step, or as wrong usage if there is no verification.
fn verify(
    project: &Project,
    places: &[Place],
    keeper: &mut Keeper,
    session: &mut Session<'_>,
) -> Result<(), Failure> {
    // A complete task is refused by the transition; verifying it first would waste time.
    let open = |place: &&Place| {
        project.queues()[place.queue].tasks()[place.task].status != Status::Complete
    };
    let open: Vec<Place> = places.iter().filter(open).copied().collect();
    judging::each(project, &open, keeper, session, &mut |id, judged, session| {
        if judged.verdict == Some(Verdict::Pass) {
            return Ok(());
        }
        let how = judging::said(&judged, session)?;
        let kind = match judged.verdict {
            Some(_) => FailureKind::Blocked,
            None => FailureKind::Usage,
        };
        let text = format!("task {id} was not completed: {how}; nothing was written");
        let hint = format!("workloop log {} --attempt 0 shows the full output", shell_word(id));
        Err(Failure::new(kind, text).hint(hint))
    })
}
