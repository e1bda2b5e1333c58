//! The hooks around a run, as the command line tells them.

use crate::cli::failure::{Failure, FailureKind};
use crate::cli::session::Session;
use crate::domain::{HookEnd, HookPoint};
use crate::engine::{Ending, RunHook, RunHooks};
use crate::views::escape;
use std::io::Write;

/// Lets the hook say no to the run.
///
/// # Errors
/// The refusal, and why the hook did not come to an end of its own.
pub(super) fn before(hooks: &RunHooks) -> Result<(), Failure> {
    let report = match hooks.run(HookPoint::BeforeRun, &[])? {
        RunHook::Absent => return Ok(()),
        RunHook::Signalled(signal) => {
            let signal = u8::try_from(signal).unwrap_or(u8::MAX);
            return Err(Failure::silent(FailureKind::Signal(signal)));
        }
        RunHook::Ran(report) => report,
    };
    match report.end() {
        HookEnd::Admits => Ok(()),
        HookEnd::Vetoes | HookEnd::Unknown => {
            let text = format!("{}; nothing was started", report.sentence());
            Err(Failure::usage(text).hint("[hooks] in workloop.toml says what runs before a run"))
        }
    }
}

/// Runs the hook after the run; what it says decides nothing.
///
/// # Errors
/// When standard error cannot be written.
pub(super) fn after(
    hooks: &RunHooks,
    ending: Option<&Ending>,
    session: &mut Session<'_>,
) -> Result<(), Failure> {
    // A run that failed has no ending: its status is that of a program that failed.
    let status = ending.map_or(1, Ending::exit_status);
    let extra = [("WORKLOOP_EXIT_STATUS", status.to_string())];
    let failed = match hooks.run(HookPoint::AfterRun, &extra) {
        Ok(RunHook::Absent) => None,
        Ok(RunHook::Signalled(_)) => Some("hook after_run: interrupted".to_owned()),
        Ok(RunHook::Ran(report)) => (!report.outcome.is_success()).then(|| report.sentence()),
        Err(error) => Some(format!("hook after_run: {error}")),
    };
    if let Some(text) = failed {
        writeln!(session.streams.err, "warning: {}", escape::line(&text))?;
    }
    Ok(())
}
