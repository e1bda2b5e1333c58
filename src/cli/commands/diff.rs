//! `diff ID`: prints the change of an attempt, or what landed, as a patch.

use crate::cli::args::DiffArgs;
use crate::cli::failure::Failure;
use crate::cli::read::Reading;
use crate::cli::session::Session;
use crate::domain::shell_word;
use crate::project::change_of::{ChangeOf, Found, change_of};
use crate::project::repositories::{HomeError, Purpose, is_private};
use crate::project::workspaces::task_name;
use crate::views::diff::{DiffView, FileView, painted};
use crate::views::json;
use crate::workspace::{Refusal, Repository};
use std::io::Write;

pub(super) fn run(args: &DiffArgs, session: &mut Session<'_>) -> Result<(), Failure> {
    let selection = session.select_to_read(&args.queues)?;
    let mut reading = Reading::open(session, selection)?;
    let task = reading.look(|snapshot| {
        let node = snapshot.find(&args.id)?;
        let (place, _) = snapshot.key(node);
        let id = snapshot.structure.graph.reference(node);
        Ok::<_, Failure>((place, id, snapshot.sources().queue_of(node).to_owned()))
    })?;
    let (place, id, queue) = task;
    let set = reading.project.set();
    let none = |why: &str| {
        let text = format!("no change of task {id} is kept: {why}");
        Failure::usage(text)
            .hint(format_args!("workloop log {} shows what its agent said", shell_word(&id)))
    };
    let shared = "agents share one tree ([isolation] mode = \"shared\"), so the changes of one \
                  attempt cannot be separated";
    let repository = match session.repository_of(set, set.root(place.queue), Purpose::Look) {
        Err(HomeError::Refused(Refusal::NoRepository { .. })) => {
            return Err(none("the project is not in a git work tree"));
        }
        other => other?,
    };
    let content = &reading.project.queues()[place.queue];
    let own = content.tasks()[place.task].id.as_str();
    let name = task_name(&repository, (set, reading.project.queues()), place.queue, own);
    let change = match change_of(&repository, &name, (content, place.task), args.attempt)? {
        Found::Change(change) => change,
        Found::Kept(kept) if kept.is_empty() && !is_private(set) => return Err(none(shared)),
        Found::Kept(kept) if kept.is_empty() => {
            return Err(none("no attempt has made a change yet"));
        }
        Found::Kept(kept) => {
            let numbers: Vec<String> = kept.iter().map(u32::to_string).collect();
            let number = args.attempt.unwrap_or_default();
            let text = format!("attempt {number} of task {id} is not kept");
            let hint = format!("kept attempts: {}", numbers.join(", "));
            return Err(Failure::usage(text).hint(hint));
        }
    };
    if args.json {
        let view = view(&repository, change, (id, queue))?;
        return session.print(json::object(&view)?);
    }
    show(&repository, &change, session)
}

fn view(
    repository: &Repository,
    change: ChangeOf,
    (id, queue): (String, String),
) -> Result<DiffView, Failure> {
    let deltas = repository.deltas(&change.base, &change.commit, true)?;
    Ok(DiffView {
        schema_version: 1,
        id,
        queue,
        attempt: change.attempt,
        landed: change.landed,
        base: change.base.to_string(),
        commit: change.commit.to_string(),
        files: deltas.iter().map(FileView::from).collect(),
    })
}

/// Prints the patch: exact bytes for a script, which may apply them; for a person, with colours and
/// without control characters.
pub(super) fn show(
    repository: &Repository,
    change: &ChangeOf,
    session: &mut Session<'_>,
) -> Result<(), Failure> {
    let look = session.look();
    let out = &mut session.streams.out;
    let is_to_be_read = out.is_terminal() || out.color();
    let patch = repository.patch(&change.base, &change.commit, is_to_be_read)?;
    if out.color() {
        out.write_all(painted(&patch, look).as_bytes())?;
    } else {
        out.exact().write_all(&patch)?;
    }
    Ok(out.flush()?)
}
