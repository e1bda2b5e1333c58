//! `status`: shows what needs a person, counts and open tasks.

use crate::cli::args::StatusArgs;
use crate::cli::failure::{Failure, FailureKind};
use crate::cli::filter::scope;
use crate::cli::read::{Reading, Snapshot};
use crate::cli::session::Session;
use crate::engine::{Ending, Reason, red_trees};
use crate::plan::{Backlog, Naming};
use crate::project::{QueueSet, Scope};
use crate::store::log::Span;
use crate::store::queue_name;
use crate::views::flaky::FlakyView;
use crate::views::fold::folded;
use crate::views::spent::SpentView;
use crate::views::style::Look;
use crate::views::view::{Shown, Sources, StatusView};
use crate::views::{edits, escape, json, table, text};
use std::io::Write;
use std::path::Path;

/// How many open tasks are listed per queue.
const LISTED: usize = 200;

pub(super) fn run(args: &StatusArgs, session: &mut Session<'_>) -> Result<(), Failure> {
    let selection = session.select_to_read(&args.queues)?;
    let scope = scope(&args.filter, &[]);
    let mut reading = Reading::open(session, selection)?;
    reading.refuse_empty(&args.filter)?;
    if args.json && !args.watch {
        reading.look(|snapshot| {
            let included = |node| snapshot.includes(&scope, node);
            let mut view = snapshot.sources().written_status(&included, !scope.is_all());
            say_spent(&mut view, snapshot.set);
            view.flaky = flaky(snapshot);
            json::write(&view, &mut session.streams.out)
        })?;
        session.streams.out.flush()?;
        return exit(&mut reading, args, &scope);
    }
    let told = Asked { args, scope: &scope };
    let first = render(&mut reading, &told, session.look())?;
    if !args.watch {
        if !(session.global.quiet && args.exit_code) {
            session.print(first)?;
        }
        return exit(&mut reading, args, &scope);
    }
    watch(&mut reading, &told, session, first)
}

/// The request.
struct Asked<'a> {
    args: &'a StatusArgs,
    scope: &'a Scope,
}

/// With `--exit-code`, returns the exit status that `wait` would return now.
fn exit(reading: &mut Reading, args: &StatusArgs, scope: &Scope) -> Result<(), Failure> {
    if !args.exit_code {
        return Ok(());
    }
    let ending = reading.look(|snapshot| {
        let backlog = snapshot.readiness.backlog(|node| snapshot.includes(scope, node));
        Ending::new(Reason::Done, backlog, 1, |node| snapshot.structure.graph.reference(node))
    });
    // `wait` continues while any of these is left.
    let Backlog { ready, running, flowing, later, elsewhere, .. } = ending.backlog;
    let goes_on = ready + running + flowing + later + elsewhere > 0;
    match ending.exit_status() {
        0 => Ok(()),
        5 if !goes_on => Err(Failure::silent(FailureKind::Blocked)),
        _ => Err(Failure::silent(FailureKind::Waiting)),
    }
}

fn render(reading: &mut Reading, asked: &Asked<'_>, look: Look) -> Result<Vec<u8>, Failure> {
    let Asked { args, scope } = *asked;
    let filtered = !scope.is_all();
    reading.look(|snapshot| {
        let included = |node| snapshot.includes(scope, node);
        let sources = snapshot.sources();
        if args.json {
            let mut view = sources.status(&included, filtered, Shown::All);
            say_spent(&mut view, snapshot.set);
            view.flaky = flaky(snapshot);
            return Ok(json::object(&view)?);
        }
        // The reason why another task is blocked is shown in the row of that task.
        let sources = Sources { naming: Naming::Brief, ..sources };
        let text = if args.table {
            table::status(&sources.written_status(&included, filtered), look)
        } else {
            let mut view = sources.status(&included, filtered, Shown::Open(LISTED));
            say_spent(&mut view, snapshot.set);
            if args.watch && look.width.is_none() {
                // A pipe gets a new status at each change; passing time is not a change.
                view.hold_still();
            }
            text::status(&view, look)
                + &folded(&(put_back(snapshot.set) + &red(snapshot.set)), look)
        };
        Ok(text.into_bytes())
    })
}

/// Adds what was spent today in each project of the served queues.
fn say_spent<T, N>(view: &mut StatusView<T, N>, set: &QueueSet) {
    let limit = set.config.limits.day;
    let mut roots: Vec<&Path> = set.each_served().map(|queue| set.root(queue)).collect();
    roots.sort_unstable();
    roots.dedup();
    let spent = roots.into_iter().filter_map(|root| SpentView::of(root, &limit, view.now));
    let agents: Vec<String> = set.config.all_agents().map(|agent| agent.name.clone()).collect();
    view.say_spent(spent.collect(), &agents);
}

/// Returns the tests of the served queues that passed only when they were run again.
fn flaky(snapshot: &Snapshot<'_>) -> Vec<FlakyView> {
    let (set, mask) = (snapshot.set, snapshot.sources().mask);
    let mut all = Vec::new();
    for (log, of) in set.logs(set.served()) {
        let names: Vec<String> =
            of.into_iter().map(|queue| queue_name(&snapshot.queues[queue])).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        all.extend(FlakyView::all(log, &names, None, mask));
    }
    all
}

/// Returns a line for each journal that records edits that were put back.
fn put_back(set: &QueueSet) -> String {
    let logs = set.logs(set.served()).into_iter();
    let told = logs.filter_map(|(log, _)| edits::since_start(log.events(Span::Recent), &set.typed));
    told.map(|text| format!("{}\n", escape::line(&text))).collect()
}

/// Returns a line for each profile that was red on the untouched tree.
fn red(set: &QueueSet) -> String {
    red_trees(set).iter().map(|text| format!("{}\n", escape::line(text))).collect()
}

/// Prints the status at every change until the output is closed.
fn watch(
    reading: &mut Reading,
    asked: &Asked<'_>,
    session: &mut Session<'_>,
    first: Vec<u8>,
) -> Result<(), Failure> {
    let args = asked.args;
    let mut follow = reading.follow();
    let clear = session.streams.out.is_terminal() && !args.json;
    let mut shown = Vec::new();
    let mut now = first;
    loop {
        if now != shown {
            if clear {
                session.streams.out.clear()?;
            } else if !shown.is_empty() && !args.json {
                session.print("\n")?;
            }
            session.print(&now)?;
            shown = now;
        }
        if session.streams.out.is_closed() || !follow.wait() {
            return Ok(());
        }
        let read = reading.project.store_mut().read();
        now = render(reading, asked, session.look())?;
        if let (Err(error), false) = (read, args.json) {
            // The file is probably being edited: the last valid status stays on the screen.
            now.extend_from_slice(format!("\n{}\n", escape::lines(&error.to_string())).as_bytes());
        }
    }
}
