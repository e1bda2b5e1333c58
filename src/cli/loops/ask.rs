//! Sends requests to loops.

use super::target::{Target, check, note, targets};
use crate::cli::args::SignalArgs;
use crate::cli::failure::Failure;
use crate::cli::session::Session;
use crate::domain::EventKind;
use crate::platform::open;
use crate::store::{StateDir, workers};
use crate::views::escape;
use std::io::{self, Write};
use std::path::Path;

/// Asks the loops of the queues to `verb`, records the request and prints how many loops there are.
pub(crate) fn ask(
    verb: &str,
    kind: EventKind,
    args: &SignalArgs,
    session: &mut Session<'_>,
) -> Result<Vec<Target>, Failure> {
    let targets = targets(args, session)?;
    for target in &targets {
        check(target)?;
        let name = (!args.all).then_some(target.stem.as_str());
        put(&target.state, &target.state.request(verb, name)).map_err(|error| {
            let dir = target.state.root().display();
            Failure::internal(format_args!("failed to write the request into {dir}: {error}"))
        })?;
    }
    note(kind, &targets, session);
    for (folder, names) in folders(&targets) {
        let alive = workers::live(folder).len();
        let what = if args.all { "all queues".to_owned() } else { names };
        if !session.global.quiet {
            let loops = if alive == 1 { "1 loop".to_owned() } else { format!("{alive} loops") };
            let dir = folder.root().parent().unwrap_or(folder.root()).display();
            let text = format!("asked to {verb}: {what} ({loops} alive in {dir})");
            writeln!(session.streams.out, "{}", escape::line(&text))?;
        }
    }
    Ok(targets)
}

/// Returns each state folder once, with the names of its queues.
fn folders(targets: &[Target]) -> Vec<(&StateDir, String)> {
    let mut folders: Vec<(&StateDir, String)> = Vec::new();
    for target in targets {
        match folders.iter_mut().find(|(state, _)| **state == target.state) {
            Some((_, names)) => names.push_str(&format!(", {}", target.stem)),
            None => folders.push((&target.state, target.stem.clone())),
        }
    }
    folders
}

/// Writes a request file. An existing one gets a new date.
fn put(state: &StateDir, path: &Path) -> io::Result<()> {
    state.ensure(state.root())?;
    // The file must never be missing in between: that would be a resume.
    let (mut file, _) = open::in_place_of_others(path, open::existing_or_new)?;
    file.write_all(b"asked by a person\n")
}
