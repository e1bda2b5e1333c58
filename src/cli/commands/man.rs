//! `man`: the manual pages, from the same definitions as the help.

use crate::cli::args::{Cli, ManArgs};
use crate::cli::failure::Failure;
use crate::cli::session::Session;
use clap::CommandFactory;
use std::io::Write;

pub(super) fn run(args: &ManArgs, session: &mut Session<'_>) -> Result<(), Failure> {
    let Some(dir) = &args.dir else {
        return Ok(clap_mangen::Man::new(Cli::command()).render(&mut session.streams.out)?);
    };
    let dir = session.absolute(dir);
    std::fs::create_dir_all(&dir)
        .and_then(|()| clap_mangen::generate_to(Cli::command(), &dir))
        .map_err(|error| {
            Failure::internal(format_args!("failed to write to {}: {error}", dir.display()))
        })?;
    writeln!(session.streams.err, "wrote the manual pages to {}", dir.display())?;
    Ok(())
}
