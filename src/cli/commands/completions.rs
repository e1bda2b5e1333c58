//! `completions`: the completion script of a shell.

use crate::cli::args::{Cli, CompletionsArgs};
use crate::cli::failure::Failure;
use crate::cli::session::Session;
use clap::CommandFactory;
use std::io::Write;

pub(super) fn run(args: &CompletionsArgs, session: &mut Session<'_>) -> Result<(), Failure> {
    // The generator panics when a write fails, so it writes to memory.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "workloop", &mut script);
    Ok(session.streams.out.write_all(&script)?)
}
