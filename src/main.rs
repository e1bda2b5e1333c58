//! The `workloop` binary.

use std::process::ExitCode;
use workloop::cli::{Streams, World, run_cli};

fn main() -> ExitCode {
    // Where it cannot be had, a limit of file sizes ends us as it ends any program.
    drop(workloop::platform::signal::survive_file_limit());
    // Before anything else: supervisors are started often, and are to be small.
    if std::env::args_os().nth(1).is_some_and(|verb| verb == workloop::supervisor::VERB) {
        return workloop::supervisor::serve();
    }
    let mut streams = Streams::standard();
    ExitCode::from(match World::current() {
        Ok(world) => run_cli(std::env::args_os(), &mut streams, &world),
        Err(error) => workloop::cli::no_working_directory(&error, &mut streams),
    })
}
