//! `board`: prints all tasks as Markdown, like the board file of the configuration.

use crate::cli::args::{BoardArgs, BoardLook};
use crate::cli::derived::{in_order, names};
use crate::cli::failure::Failure;
use crate::cli::read::Reading;
use crate::cli::session::Session;
use crate::config::BoardStyle;
use crate::platform::clock::{Clock, SystemClock};
use crate::views::board::Board;
use crate::views::json;
use crate::views::view::Sources;

pub(super) fn run(args: &BoardArgs, session: &mut Session<'_>) -> Result<(), Failure> {
    let selection = session.select_to_read(&args.queues)?;
    let style = match args.style {
        None => selection.config.board.style,
        Some(BoardLook::Kanban) => BoardStyle::Kanban,
        Some(BoardLook::Progress) => BoardStyle::Progress,
        Some(BoardLook::Todo) => BoardStyle::Todo,
    };
    let mut reading = Reading::open(session, selection)?;
    let bytes = reading.look(|snapshot| {
        let names = names(snapshot.set);
        let order = in_order(&names, snapshot.set.served());
        let sources = Sources { shown: &names, ..snapshot.sources() };
        let board = Board { sources, order: &order, now: SystemClock.now() };
        if args.json {
            return json::object(&board.data());
        }
        Ok(board.render(style).into_bytes())
    })?;
    session.print(bytes)
}
