//! `stop`: asks loops to finish what runs, claim nothing more, and exit.

use crate::cli::args::AskArgs;
use crate::cli::failure::Failure;
use crate::cli::loops::{self, Target};
use crate::cli::session::Session;
use crate::store::control::Request;
use std::io::Write;

pub(super) fn run(args: &AskArgs, session: &mut Session<'_>) -> Result<(), Failure> {
    let targets = loops::ask(Request::Stop, &args.loops, session)?;
    let control = session.control();
    let paused = |target: &Target| control.asked(&target.key, Request::Pause).is_some();
    if targets.iter().any(paused) && !session.global.quiet {
        let text = "paused loops exit only after workloop resume";
        writeln!(session.streams.err, "{text}")?;
    }
    if args.wait { loops::until_gone(&targets, args.timeout, session) } else { Ok(()) }
}
