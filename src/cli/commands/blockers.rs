//! `blockers`: shows the tasks that need a person, and what waits for them.

use crate::cli::args::BlockersArgs;
use crate::cli::failure::Failure;
use crate::cli::filter::scope;
use crate::cli::read::Reading;
use crate::cli::session::Session;
use crate::views::{blockers, json};

pub(super) fn run(args: &BlockersArgs, session: &mut Session<'_>) -> Result<(), Failure> {
    let selection = session.select_to_read(&args.queues)?;
    let scope = scope(&args.filter, &[]);
    let mut reading = Reading::open(session, selection)?;
    reading.refuse_empty(&args.filter)?;
    let look = session.look();
    let bytes = reading.look(|snapshot| {
        let list = snapshot.sources().blockers(&|node| snapshot.includes(&scope, node));
        if args.json {
            return json::object(&list);
        }
        Ok(blockers::text(&list, look).into_bytes())
    })?;
    session.print(bytes)
}
