//! `run`: runs the loop.

use crate::cli::args::{RunArgs, WhenEmpty};
use crate::cli::awake::KeepAwake;
use crate::cli::failure::{Failure, FailureKind};
use crate::cli::filter::{refuse_empty, scope};
use crate::cli::nothing;
use crate::cli::read::Reading;
use crate::cli::screen::{How, Said, Screen, closing};
use crate::cli::session::Session;
use crate::config::{Overrides, Selection};
use crate::domain::Allowance;
use crate::engine::{
    self, Ending, KnownCommands, Notice, Observer, Preflight, Reason, RunHooks, RunOptions,
};
use crate::plan;
use crate::platform::clock::{Clock, SystemClock};
use crate::platform::fault;
use crate::platform::ids::RandomIds;
use crate::project::repositories::is_private;
use crate::project::{Among, Project, Scope};
use crate::views::escape;
use crate::views::fold::folded;
use crate::views::json;
use crate::views::timing::measured;
use crate::workspace::is_git_work_tree;
use chrono::{DateTime, Local, TimeZone};
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

mod hooked;
mod overrides;

pub(super) fn run(args: &RunArgs, session: &mut Session<'_>) -> Result<(), Failure> {
    let overrides = Overrides {
        agent: args.agent.clone(),
        verify: args.verify.clone(),
        no_verify: args.no_verify,
        jobs: args.jobs,
        isolation: args.isolation,
        ..Overrides::default()
    };
    let mut selection = session.select_with(&args.queues, overrides)?;
    session.name_queues(&args.queues, &mut selection);
    if args.dry_run {
        return dry_run(args, selection, session);
    }
    let mut project = session.open(selection.clone())?;
    let before = overrides::blocked(&project);
    refuse_empty(&args.filter, project.served())?;
    let scope = scope(&args.filter, &args.task_ids);
    session.refuse_inside(project.set())?;
    let path = session.world.var("PATH");
    let Preflight { warnings, known } = engine::preflight(&project, &scope, path)?;
    let jobs = usize::try_from(*project.config().jobs).unwrap_or(1);
    for remark in remarks(args, &project, jobs, session) {
        writeln!(session.streams.err, "{}", escape::line(&remark))?;
    }
    let options = RunOptions {
        max_attempts: args.max_iterations,
        max_time: max_time(args, SystemClock.now().with_timezone(&Local)),
        allowance: allowance(args, &project),
        waits_for_limits: !args.no_wait,
        when_empty: when_empty(args),
        ..options(scope, jobs, Arc::new(known), session)?
    };
    let hooks = RunHooks::of(&project, &options)?;
    hooked::before(&hooks, &mut project, args.json, session)?;
    let notifier = session.notifier(project.set())?;
    let how = how(args, &project, session);
    let mut screen = Screen::new(session.streams, jobs, how);
    for warning in &warnings {
        screen.notice(&Notice::Warning(warning));
    }
    let mut awake = KeepAwake::new(&mut screen, !args.no_inhibit, &session.world.vars);
    let ending = engine::start(project, options, &mut awake)?.run();
    drop(awake);
    let ran = screen.end();
    session.finish_telling(notifier, ending.as_ref().ok())?;
    hooked::after(&hooks, ending.as_ref().ok(), (&selection, args.json), session)?;
    let mut ending = ending?;
    // The summary is printed before any question, so that a person who returns sees it first.
    if !session.global.quiet {
        let summary = closing(&ran, &ending, session.look_of_stderr());
        session.streams.err.write_all(summary.as_bytes())?;
    }
    let by_itself = !matches!(ending.reason, Reason::Signal(_));
    let asks = by_itself && !args.json && !session.global.quiet && session.interactive();
    if asks && overrides::ask(&before, selection.clone(), session)? {
        ending = ending_now(args, selection, ending, session)?;
    }
    last_line(args, &ending, session)
}

/// Prints how the run ended, and how to repeat a task that was already complete.
fn last_line(args: &RunArgs, ending: &Ending, session: &mut Session<'_>) -> Result<(), Failure> {
    let one = match args.task_ids.as_slice() {
        [id] if ending.is_complete() && ending.attempts == 0 => Some(id),
        _ => None,
    };
    let ended = end(ending, session);
    if let Some(id) = one.filter(|_| ending.backlog.total > 0) {
        let hint = format!("{} makes it pending again", ending.typed.about("reset", id));
        writeln!(session.streams.err, "{}", escape::line(&hint))?;
    }
    ended
}

/// Returns how the run is shown.
fn how(args: &RunArgs, project: &Project, session: &Session<'_>) -> How {
    How {
        said: Said::of(&session.global),
        json: args.json,
        output: args.show_output,
        typed: project.set().typed.clone(),
        measured: measured(project.served()),
    }
}

/// Returns what the run may use: from the flag, else from the configuration.
fn allowance(args: &RunArgs, project: &Project) -> Allowance {
    let limit = project.config().limits.run;
    Allowance { cost_usd: args.max_cost.or(limit.cost_usd), ..limit }
}

fn when_empty(args: &RunArgs) -> engine::WhenEmpty {
    match args.when_empty {
        WhenEmpty::Exit => engine::WhenEmpty::Exit,
        WhenEmpty::Wait => engine::WhenEmpty::Wait,
    }
}

/// Returns the options of a loop without limits.
pub(super) fn options(
    scope: Scope,
    jobs: usize,
    known: Arc<KnownCommands>,
    session: &Session<'_>,
) -> Result<RunOptions, Failure> {
    Ok(RunOptions {
        scope,
        jobs,
        max_attempts: None,
        max_time: None,
        known,
        when_empty: engine::WhenEmpty::Exit,
        allowance: Allowance::default(),
        waits_for_limits: true,
        terminal: session.world.stdin_terminal && session.streams.err.is_terminal(),
        exe: fault::supervisor(std::env::current_exe()?),
        vars: session.world.vars.clone(),
        clock: Arc::new(SystemClock),
        ids: Arc::new(RandomIds),
    })
}

/// Returns the remarks to print before a run begins, one per line.
fn remarks(args: &RunArgs, project: &Project, jobs: usize, session: &Session<'_>) -> Vec<String> {
    let loops = plan::too_many_loops(jobs).map(|found| format!("warning: {}", found.message));
    let exposed = session.exposed(project.set()).map(|text| format!("warning: {text}"));
    [loops, exposed, shared_note(args, project, jobs, session)].into_iter().flatten().collect()
}

/// Returns a note on private trees if several agents share one tree.
fn shared_note(
    args: &RunArgs,
    project: &Project,
    jobs: usize,
    session: &Session<'_>,
) -> Option<String> {
    let set = project.set();
    let silent = args.json || session.global.quiet || jobs < 2 || is_private(set);
    let has_git = || set.each_served().any(|queue| is_git_work_tree(set.root(queue)));
    (!silent && has_git()).then(|| {
        format!(
            "note: {jobs} agents share one tree; with mode = \"private\" under [isolation] each has its \
             own clone, and verified work lands as one commit per task"
        )
    })
}

/// Returns how long the run may claim tasks, by the earlier of the two limits, and the message for
/// its end.
fn max_time(args: &RunArgs, now: DateTime<Local>) -> Option<(Duration, String)> {
    let minutes = args.max_minutes.map(|minutes| {
        let why = format!("the run's {minutes} minutes are over");
        (Duration::from_secs_f64(minutes * 60.0), why)
    });
    let until = args.until.map(|time| {
        let today = now.date_naive();
        let days = [Some(today), today.succ_opt()].into_iter().flatten();
        // A local time that daylight saving skips has no `earliest`; the next day's is used.
        let times = days
            .filter_map(|day| now.timezone().from_local_datetime(&day.and_time(time)).earliest());
        let left = times.map(|at| at - now).find(|left| left.num_milliseconds() > 0);
        let left = left.and_then(|left| left.to_std().ok()).unwrap_or_default();
        (left, format!("it is {}", time.format("%H:%M")))
    });
    [minutes, until].into_iter().flatten().min_by_key(|(most, _)| *most)
}

/// Reports how the run ended: the sentence on stderr, and the exit status.
pub(super) fn end(ending: &Ending, session: &mut Session<'_>) -> Result<(), Failure> {
    let sentence = folded(&escape::line(&ending.sentence()), session.look_of_stderr());
    writeln!(session.streams.err, "{sentence}")?;
    let kind = match ending.exit_status() {
        0 => return Ok(()),
        2 => FailureKind::Usage,
        5 => FailureKind::Blocked,
        6 => FailureKind::Budget,
        7 => FailureKind::Waiting,
        8 => FailureKind::UsageLimit,
        signal => FailureKind::Signal(signal.saturating_sub(128)),
    };
    Err(Failure::silent(kind))
}

/// Returns how the run ended after a person completed tasks that it had blocked.
fn ending_now(
    args: &RunArgs,
    selection: Selection,
    before: Ending,
    session: &mut Session<'_>,
) -> Result<Ending, Failure> {
    let scope = scope(&args.filter, &args.task_ids);
    let mut reading = Reading::open(session, selection)?;
    Ok(reading.look(|snapshot| {
        let name = |node| snapshot.structure.graph.reference(node);
        let backlog = snapshot.readiness.backlog(|node| snapshot.includes(&scope, node));
        Ending::new(before.reason, backlog, before.attempts, name)
            .with_words(|node| snapshot.structure.unknown_word(snapshot.queues, node))
            .typed(&snapshot.set.typed)
    }))
}

/// Prints what would be claimed, in order, and claims nothing. The JSON is that of `next`.
fn dry_run(args: &RunArgs, selection: Selection, session: &mut Session<'_>) -> Result<(), Failure> {
    let scope = scope(&args.filter, &args.task_ids);
    let mut reading = Reading::open(session, selection)?.ranked();
    reading.refuse_empty(&args.filter)?;
    for id in &args.task_ids {
        reading.project.resolve(id, Among::Served)?;
    }
    reading.look(|snapshot| {
        let in_scope = |node| snapshot.includes(&scope, node);
        let order = snapshot.structure.order(snapshot.tasks);
        if args.json {
            let view = snapshot.sources().next(&order, usize::MAX, &in_scope);
            return Ok(json::write(&view, &mut session.streams.out)?);
        }
        let ranked = plan::ranking(snapshot.readiness, &order, in_scope);
        for &node in &ranked {
            let title = snapshot.sources().title(node);
            let line = format!("{}  {title}", snapshot.structure.graph.reference(node));
            writeln!(session.streams.out, "{}", escape::line(&line))?;
        }
        if ranked.is_empty() {
            let line = nothing::ready(snapshot, in_scope);
            writeln!(session.streams.err, "{}", escape::line(&line))?;
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::args::{Cli, Verb};
    use chrono::NaiveDate;
    use clap::Parser;

    #[test]
    fn a_time_of_day_is_the_next_one() {
        let limit = |flags: &str| {
            let words = ["workloop", "run"].into_iter().chain(flags.split_whitespace());
            let Ok(Cli { verb: Verb::Run(args), .. }) = Cli::try_parse_from(words) else {
                return None;
            };
            let noon = NaiveDate::from_ymd_opt(2026, 1, 19)?.and_hms_opt(12, 0, 0)?;
            max_time(&args, Local.from_local_datetime(&noon).earliest()?)
        };
        let minutes = |flags: &str| limit(flags).map(|(most, why)| (most.as_secs() / 60, why));
        assert_eq!(minutes("--until 13:30"), Some((90, "it is 13:30".to_owned())));
        assert_eq!(minutes("--until 11:00").map(|(left, _)| left), Some(23 * 60));
        assert_eq!(minutes("--until 12:00").map(|(left, _)| left), Some(24 * 60));
        let both = minutes("--until 13:00 --max-minutes 5");
        assert_eq!(both, Some((5, "the run's 5 minutes are over".to_owned())));
        assert_eq!(limit(""), None);
    }
}
