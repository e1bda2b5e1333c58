//! The `workloop` binary.

use std::process::ExitCode;
use workloop::cli::{Streams, World, run_cli};

fn main() -> ExitCode {
    // If this fails, exceeding a file size limit kills this process, like any other program.
    drop(workloop::platform::signal::survive_file_limit());
    // Checked first: supervisors are started often and must stay small.
    if std::env::args_os().nth(1).is_some_and(|verb| verb == workloop::supervisor::VERB) {
        return workloop::supervisor::serve();
    }
    let mut streams = Streams::standard();
    ExitCode::from(match World::current() {
        Ok(world) => run_cli(std::env::args_os(), &mut streams, &world),
        Err(error) => workloop::cli::no_working_directory(&error, &mut streams),
    })
}
