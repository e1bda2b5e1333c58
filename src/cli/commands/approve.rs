//! `approve`: a person allows a task to start, or accepts work that passed.
//!
//! Work is shown first, with its verdict and its change. Confirmation is asked only on a terminal.

use super::diff;
use crate::cli::args::ApproveArgs;
use crate::cli::failure::Failure;
use crate::cli::session::Session;
use crate::cli::write;
use crate::domain::{Change, Field};
use crate::project::change_of::ChangeOf;
use crate::project::repositories::Purpose;
use crate::project::verbs::{self, Approved};
use crate::project::{Among, Project, is_in_review};
use crate::store::Place;
use crate::views::escape;
use crate::views::mask::Mask;
use crate::workspace::Oid;
use std::io::Write;

/// The default approver: a login name is never written to a queue file unasked.
const BY: &str = "workloop approve";

pub(super) fn run(args: &ApproveArgs, session: &mut Session<'_>) -> Result<(), Failure> {
    let by = write::by(args.by.as_deref())?.unwrap_or(BY);
    let (ids, mut project) = write::of_tasks(session, &args.words, &args.queues)?;
    let places: Result<Vec<Place>, _> =
        ids.iter().map(|id| project.resolve(id, Among::Served)).collect();
    let reviewed = |place: &Place| is_in_review(&project.queues()[place.queue], place.task);
    let reviewed: Vec<Place> = places?.into_iter().filter(reviewed).collect();
    if !session.global.quiet {
        for place in &reviewed {
            show(*place, &project, session)?;
        }
    }
    if !reviewed.is_empty() && session.interactive() && !args.yes {
        write::confirm(session, "approve this work")?;
    }
    for (id, came_to) in verbs::approve(&mut project, &ids, by)? {
        let what = match came_to {
            Approved::MayStart => "approved",
            Approved::MayLand => {
                "approved; the loop that holds its claim lands it, or else the next run"
            }
            Approved::Complete => "approved, complete",
        };
        write::tell(session, &[id], what)?;
    }
    Ok(())
}

/// Shows the verdict and the change of a task in review.
fn show(place: Place, project: &Project, session: &mut Session<'_>) -> Result<(), Failure> {
    let queue = &project.queues()[place.queue];
    let task = &queue.tasks()[place.task];
    let change = task.change();
    let verdict = change.map(|change| change.verdict.clone());
    let verdict = verdict.or_else(|| task.verdict.map(|verdict| verdict.word().to_owned()));
    let head = format!(
        "{} {}: {} of attempt {}",
        task.id,
        queue.title(place.task),
        verdict.unwrap_or_default(),
        task.attempts
    );
    let mask = Mask::new(&project.config().and_own(&session.world.vars));
    writeln!(session.streams.out, "{}", escape::line(&mask.text(&head)))?;
    if let Some(change) = change {
        return patch(change, place, project, session);
    }
    let files = queue.value(place.task, Field::FilesActuallyChanged).unwrap_or_default();
    for file in files.as_array().into_iter().flatten().filter_map(|file| file.as_str()) {
        writeln!(session.streams.out, "  {}", escape::line(&mask.text(file)))?;
    }
    Ok(())
}

fn patch(
    change: &Change,
    place: Place,
    project: &Project,
    session: &mut Session<'_>,
) -> Result<(), Failure> {
    let (Some(base), Some(commit)) = (Oid::parse(&change.base), Oid::parse(&change.commit)) else {
        return Err(Failure::usage("its change does not name two commits"));
    };
    let set = project.set();
    let repository = session.repository_of(set, set.root(place.queue), Purpose::Look)?;
    let change = ChangeOf { base, commit, attempt: None, landed: false };
    diff::show(&repository, &change, session)
}
