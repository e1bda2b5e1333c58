//! `next`: shows the ready tasks in the order in which they would be claimed.

use crate::cli::args::NextArgs;
use crate::cli::failure::Failure;
use crate::cli::filter::scope;
use crate::cli::nothing;
use crate::cli::read::Reading;
use crate::cli::session::Session;
use crate::views::{escape, json, next};
use std::io::{BufWriter, Write};

/// How many tasks are shown without `--all`.
const FIRST: usize = 10;

pub(super) fn run(args: &NextArgs, session: &mut Session<'_>) -> Result<(), Failure> {
    let selection = session.select_to_read(&args.queues)?;
    let scope = scope(&args.filter, &[]);
    let mut reading = Reading::open(session, selection)?.ranked();
    reading.refuse_empty(&args.filter)?;
    let most = if args.all { usize::MAX } else { FIRST };
    let look = session.look();
    let text = reading.look(|snapshot| {
        let selected = |node| snapshot.includes(&scope, node);
        let order = snapshot.structure.order(snapshot.tasks);
        let view = snapshot.sources().next(&order, most, &selected);
        if args.json {
            return json::write(&view, &mut session.streams.out).map(|()| Vec::new());
        }
        if view.ready > 0 {
            let mut out = BufWriter::with_capacity(64 << 10, &mut session.streams.out);
            next::text(&view, look, &mut out)?;
            return out.flush().map(|()| Vec::new());
        }
        let nothing = nothing::ready(snapshot, selected);
        Ok(format!("{}\n", escape::line(&nothing)).into_bytes())
    })?;
    session.print(text)
}
