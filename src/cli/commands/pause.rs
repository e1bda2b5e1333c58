//! `pause`: asks loops to claim nothing and to suspend what runs, until they are resumed.

use crate::cli::args::AskArgs;
use crate::cli::failure::Failure;
use crate::cli::loops;
use crate::cli::session::Session;
use crate::store::control::Request;

pub(super) fn run(args: &AskArgs, session: &mut Session<'_>) -> Result<(), Failure> {
    let targets = loops::ask(Request::Pause, &args.loops, session)?;
    if args.wait { loops::until_still(&targets, args.timeout, session) } else { Ok(()) }
}
