//! The queues to whose loops a request is sent.

use crate::cli::args::{QueueArgs, SignalArgs};
use crate::cli::failure::Failure;
use crate::cli::inside::refused;
use crate::cli::session::Session;
use crate::config::Selection;
use crate::domain::{EventKind, QueueIx};
use crate::platform::checks;
use crate::platform::clock::{Clock, SystemClock};
use crate::project::Project;
use crate::store::{Patience, new_event, queue_name};
use crate::views::escape;
use serde_json::Map;
use std::io::Write;
use std::path::PathBuf;

/// A queue to whose loops a request is sent.
pub(crate) struct Target {
    /// Its key.
    pub(crate) key: PathBuf,
    /// What messages call it.
    pub(crate) name: String,
}

impl Target {
    /// Returns arguments that select this queue.
    pub(crate) fn queues(&self) -> QueueArgs {
        QueueArgs { queues: vec![self.key.clone()], ..QueueArgs::default() }
    }
}

/// Returns the queues that the arguments select. Inside an attempt, queues of its project are
/// refused.
pub(crate) fn targets(args: &SignalArgs, session: &Session<'_>) -> Result<Vec<Target>, Failure> {
    let selection =
        if args.all { session.select_all(&args.queues)? } else { session.select(&args.queues)? };
    refuse_inside(&selection, session)?;
    let target = |path: PathBuf| {
        let key = checks::real_path(&path)?;
        let name = key.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Target { key, name })
    };
    selection.queues.into_iter().map(|queue| target(queue.path)).collect()
}

/// Refuses to control the loops of an attempt's project from inside the attempt.
fn refuse_inside(selection: &Selection, session: &Session<'_>) -> Result<(), Failure> {
    let inside = session.inside();
    if !inside.is_any() {
        return Ok(());
    }
    if let Ok(project) = session.open_project(selection.clone()) {
        return session.refuse_inside(project.set());
    }
    // The project of a broken queue is unknown; the configured root is used.
    for queue in &selection.queues {
        let root = selection.config.root_for(queue, None);
        if inside.owns(&checks::real_path(&queue.path)?, &root.path) {
            return Err(refused(&queue.shown.display().to_string()));
        }
    }
    Ok(())
}

/// Refuses a queue to whose loops no request can be made.
pub(crate) fn check(target: &Target, session: &Session<'_>) -> Result<(), Failure> {
    session.control().refusal(&target.key)?.map_or(Ok(()), |reason| Err(Failure::usage(reason)))
}

/// Opens the project of the queue.
pub(crate) fn opened(target: &Target, session: &mut Session<'_>) -> Result<Project, Failure> {
    let selection = session.select(&target.queues())?;
    session.open(selection)
}

/// Records the request in the journal, if the queues can be read. It is valid without that.
pub(crate) fn note(kind: EventKind, targets: &[Target], session: &mut Session<'_>) {
    for target in targets {
        let noted = opened(target, session).and_then(|mut project| {
            // The queue itself is not changed: during a pause, a person may be merging its file.
            let name = queue_name(&project.queues()[QueueIx::FIRST]);
            let event = new_event(kind, SystemClock.now(), name, Map::new());
            project.store_mut().note(Patience::Limited, QueueIx::FIRST, vec![event])?;
            Ok(())
        });
        if let Err(failure) = noted {
            let text = failure.message;
            drop(writeln!(
                session.streams.err,
                "warning: not recorded in the journal: {}",
                escape::lines(&text)
            ));
        }
    }
}
