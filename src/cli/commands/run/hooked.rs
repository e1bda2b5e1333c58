//! Runs the hooks around a run, reports them on the command line and records them in the journal.

use crate::cli::failure::{Failure, FailureKind};
use crate::cli::open::with_causes;
use crate::cli::session::Session;
use crate::config::Selection;
use crate::domain::{Event, HookEnd, HookPoint, QueueIx};
use crate::engine::{Ending, RunHook, RunHooks, hook_event};
use crate::platform::clock::{Clock, SystemClock};
use crate::project::Project;
use crate::store::{Patience, StoreError};
use crate::views::escape;
use crate::views::json::inert;
use std::io::Write;

/// Runs the hook before the run, which may refuse the run. With `json`, prints its event on stdout.
///
/// # Errors
/// Fails if the hook refuses the run, or is interrupted or cannot run.
pub(super) fn before(
    hooks: &RunHooks,
    project: &mut Project,
    json: bool,
    session: &mut Session<'_>,
) -> Result<(), Failure> {
    let (report, signal) = match hooks.run(HookPoint::BeforeRun, &[])? {
        RunHook::Absent => return Ok(()),
        RunHook::Ran(report) => (report, None),
        RunHook::Signalled(signal, report) => (report, Some(signal)),
    };
    let event = hook_event(&report, SystemClock.now());
    if report.end() == HookEnd::Admits && signal.is_none() {
        // The event is written together with that of the starting loop.
        project.store_mut().note_later(QueueIx::FIRST, event);
        return Ok(());
    }
    let noted = note(project, event);
    tell(HookPoint::BeforeRun, noted, json, session)?;
    if let Some(signal) = signal {
        let signal = u8::try_from(signal).unwrap_or(u8::MAX);
        return Err(Failure::silent(FailureKind::Signal(signal)));
    }
    let text = format!("{}; nothing was started", report.sentence());
    Err(Failure::usage(text).hint("[hooks] in workloop.toml configures what runs before a run"))
}

/// Runs the hook after the run of `selection`. Its result has no effect on the run.
///
/// # Errors
/// Fails if standard error cannot be written.
pub(super) fn after(
    hooks: &RunHooks,
    ending: Option<&Ending>,
    (selection, json): (&Selection, bool),
    session: &mut Session<'_>,
) -> Result<(), Failure> {
    // A run that failed has no ending: its exit status is 1, that of a program failure.
    let status = ending.map_or(1, Ending::exit_status);
    let extra = [("WORKLOOP_EXIT_STATUS", status.to_string())];
    let ran = match hooks.run(HookPoint::AfterRun, &extra) {
        Ok(RunHook::Absent) => return Ok(()),
        Ok(RunHook::Ran(report)) => {
            let failed = (!report.outcome.is_success()).then(|| report.sentence());
            Ok((report, failed))
        }
        Ok(RunHook::Signalled(_, report)) => {
            Ok((report, Some("hook after_run: interrupted".to_owned())))
        }
        Err(error) => Err(format!("hook after_run: {error}")),
    };
    let (report, failed) = match ran {
        Ok((report, failed)) => (Some(report), failed),
        Err(why) => (None, Some(why)),
    };
    if let Some(text) = failed {
        writeln!(session.streams.err, "warning: {}", escape::line(&text))?;
    }
    let Some(report) = report else { return Ok(()) };
    // The queues were consumed by the loop, so they are opened again.
    let opened = session.open_project(selection.clone());
    let event = hook_event(&report, SystemClock.now());
    let noted = opened.and_then(|mut project| note(&mut project, event));
    tell(HookPoint::AfterRun, noted, json, session)
}

fn note(project: &mut Project, event: Event) -> Result<Vec<Event>, StoreError> {
    project.store_mut().note(Patience::Limited, QueueIx::FIRST, vec![event])
}

/// Prints the recorded events like those of the run. A hook that could not be recorded in the
/// journal keeps its effect.
fn tell(
    point: HookPoint,
    noted: Result<Vec<Event>, StoreError>,
    json: bool,
    session: &mut Session<'_>,
) -> Result<(), Failure> {
    match noted {
        Ok(events) if json => {
            let line = |event| serde_json::to_string(event).unwrap_or_default();
            for line in events.iter().map(line).filter(|line| !line.is_empty()) {
                writeln!(session.streams.out, "{}", inert(&line))?;
            }
            Ok(session.streams.out.flush()?)
        }
        Ok(_) => Ok(()),
        Err(error) => {
            let why = with_causes(&error);
            let text = format!("warning: hook {point} was not recorded in the journal: {why}");
            Ok(writeln!(session.streams.err, "{}", escape::line(&text))?)
        }
    }
}
