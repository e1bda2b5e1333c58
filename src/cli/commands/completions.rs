//! `completions`: prints the completion script for a shell.

use crate::cli::args::CompletionsArgs;
use crate::cli::completing;
use crate::cli::failure::Failure;
use crate::cli::session::Session;
use std::io::Write;

pub(super) fn run(args: &CompletionsArgs, session: &mut Session<'_>) -> Result<(), Failure> {
    let script = completing::script(args.shell, session.world)?;
    Ok(session.streams.out.write_all(&script)?)
}
