//! The `workloop` binary.

use std::process::ExitCode;

fn main() -> ExitCode {
    if std::env::args_os().nth(1).is_some_and(|verb| verb == workloop::supervisor::VERB) {
        return workloop::supervisor::serve();
    }
    ExitCode::SUCCESS
}
