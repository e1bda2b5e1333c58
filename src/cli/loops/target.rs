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
use crate::store::{Patience, StateDir, new_event, queue_name, requests};
use crate::views::escape;
use serde_json::Map;
use std::io::{self, Write};
use std::path::PathBuf;
use std::time::SystemTime;

/// A queue to whose loops a request is sent: its state folder and its file stem.
pub(crate) struct Target {
    pub(crate) path: PathBuf,
    pub(crate) state: StateDir,
    pub(crate) stem: String,
}

impl Target {
    /// Returns arguments that select this queue.
    pub(crate) fn queues(&self) -> QueueArgs {
        QueueArgs { queues: vec![self.path.clone()], ..QueueArgs::default() }
    }

    /// Returns when `verb` was last requested, if the request is still in effect.
    pub(crate) fn asked(&self, verb: &str) -> Option<SystemTime> {
        requests::asked(&self.state, &self.stem, verb)
    }
}

/// Returns the queues that the arguments select. Inside an attempt, queues of its project are
/// refused.
pub(crate) fn targets(args: &SignalArgs, session: &Session<'_>) -> Result<Vec<Target>, Failure> {
    let selection =
        if args.all { session.select_all(&args.queues)? } else { session.select(&args.queues)? };
    refuse_inside(&selection, session)?;
    let target = |path: PathBuf| {
        let path = checks::real_path(&path)?;
        let state = StateDir::beside(&path);
        let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Target { path, state, stem })
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

/// Refuses a folder that is untrusted or not writable.
pub(crate) fn check(target: &Target) -> Result<(), Failure> {
    let (state, folder) = (target.state.root(), target.path.parent());
    match checks::refusal(state) {
        Ok(Some(reason)) => return Err(Failure::usage(reason)),
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
        Ok(None) | Err(_) => {}
    }
    let place = if state.is_dir() { Some(state) } else { folder };
    match place.filter(|place| !checks::is_writable(place)) {
        Some(place) => {
            let place = place.display();
            Err(Failure::usage(format_args!("the folder {place} is read-only for you")))
        }
        None => Ok(()),
    }
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
                escape::line(&text)
            ));
        }
    }
}
