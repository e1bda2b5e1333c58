//! `doctor`: checks whether a run could start here, and what needs attention.

mod channels;
mod machine;
mod work;

use crate::cli::args::{DoctorArgs, DoctorWhat};
use crate::cli::failure::{Failure, FailureKind};
use crate::cli::session::Session;
use crate::config::{Anyway, Selection};
use crate::views::doctor::{DoctorView, Sign};
use crate::views::json;

pub(super) fn run(args: &DoctorArgs, session: &mut Session<'_>) -> Result<(), Failure> {
    let (what, queues) = args.split().map_err(|word| {
        Failure::usage(format_args!("doctor cannot check {word:?}"))
            .hint("workloop doctor checks everything, workloop doctor notify tests the channels")
    })?;
    let Anyway { selection, wrong } = session.select_anyway(&queues);
    let wrong = wrong.map(|wrong| Failure::from(wrong).message);
    if what == Some(DoctorWhat::Notify) {
        let config = match (wrong, selection) {
            (Some(wrong), _) => return Err(Failure::usage(wrong)),
            (None, Ok(selection)) => selection.config,
            // Channels need no queue.
            (None, Err(_)) => session.file_config(&queues),
        };
        return tell(args.json, DoctorView::new(channels::tested(&config, session)), what, session);
    }
    let mut signs = machine::program();
    signs.extend(of_config(wrong.as_deref(), selection.as_ref().ok()));
    let config = match selection {
        Ok(selection) => {
            let config = selection.config.clone();
            signs.extend(work::signs(selection, wrong.is_some(), session));
            config
        }
        Err(error) => {
            let text = Failure::from(error).message;
            signs.push(Sign::fail("queue", text, "workloop init, or name one with --work-queue"));
            session.file_config(&queues)
        }
    };
    signs.extend(machine::signs(&config, session));
    signs.extend(if args.send_test {
        channels::tested(&config, session)
    } else {
        channels::usable(&config, session)
    });
    tell(args.json, DoctorView::new(signs), what, session)
}

/// Prints the results. The exit status is 1 if something must be fixed before a run can start.
fn tell(
    as_json: bool,
    view: DoctorView,
    what: Option<DoctorWhat>,
    session: &mut Session<'_>,
) -> Result<(), Failure> {
    if as_json {
        session.print(json::object(&view)?)?;
    } else {
        let look = session.look();
        session.print(if what.is_some() { view.lines(look) } else { view.text(look) })?;
    }
    if view.ready { Ok(()) } else { Err(Failure::silent(FailureKind::Internal)) }
}

fn of_config(wrong: Option<&str>, selection: Option<&Selection>) -> Option<Sign> {
    if let Some(wrong) = wrong {
        // The first line only says that the file is invalid; the second says why.
        let first = wrong.lines().nth(1).or(wrong.lines().next()).unwrap_or_default();
        return Some(Sign::fail("config", first, "workloop check"));
    }
    let config = &selection?.config;
    Some(match &config.path {
        Some(path) => Sign::ok("config", path.display().to_string()),
        None => Sign::warn("config", "there is no workloop.toml", "workloop init"),
    })
}
