//! Sends requests to loops.

use super::target::{Target, check, note, targets};
use crate::cli::args::SignalArgs;
use crate::cli::failure::Failure;
use crate::cli::session::Session;
use crate::domain::EventKind;
use crate::store::control::{Request, Whom};
use crate::views::escape;
use std::io::Write;
use std::path::PathBuf;

/// Makes `request` to the loops of the queues, records it and prints how many loops there are.
pub(crate) fn ask(
    request: Request,
    args: &SignalArgs,
    session: &mut Session<'_>,
) -> Result<Vec<Target>, Failure> {
    let (targets, control) = (targets(args, session)?, session.control());
    let whom = if args.all { Whom::Group } else { Whom::Queue };
    for target in &targets {
        check(target, session)?;
        control.ask(&target.key, request, whom)?;
    }
    let kind = match request {
        Request::Stop => EventKind::Stopped,
        Request::Pause => EventKind::Paused,
    };
    note(kind, &targets, session);
    if session.global.quiet {
        return Ok(targets);
    }
    let mut groups: Vec<((PathBuf, usize), Vec<&str>)> = Vec::new();
    for target in &targets {
        let group = control.group(&target.key);
        match groups.iter_mut().find(|((known, _), _)| *known == group.0) {
            Some((_, names)) => names.push(&target.name),
            None => groups.push((group, vec![&target.name])),
        }
    }
    for ((place, alive), names) in groups {
        let what = if args.all { "all queues".to_owned() } else { names.join(", ") };
        let loops = if alive == 1 { "1 loop".to_owned() } else { format!("{alive} loops") };
        let (verb, place) = (request.verb(), place.display());
        let text = format!("asked to {verb}: {what} ({loops} alive in {place})");
        writeln!(session.streams.out, "{}", escape::line(&text))?;
    }
    Ok(targets)
}
