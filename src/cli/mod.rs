//! The command line: parses and interprets the arguments, runs the verb, and reports failures.
//!
//! Arguments, environment, working directory and handles are passed in. Only the trusted paths are
//! global to the process.

mod accepted;
pub mod args;
mod asked;
mod awake;
mod commands;
mod completing;
mod derived;
mod detect;
pub mod failure;
mod fields;
mod filter;
mod follow;
mod fresh;
mod homes;
mod inside;
mod isolation;
mod judging;
mod learnt;
mod loops;
mod nothing;
mod open;
mod read;
mod schemas;
mod screen;
mod session;
mod streams;
mod telling;
mod trails;
mod unlanded;
mod verbose;
mod when;
mod words;
mod write;

pub use session::{Session, World};
pub use streams::{Sink, Streams};

use crate::platform::terminal;
use crate::views::escape;
use args::Cli;
use clap::Parser;
use failure::Failure;
use std::ffi::OsString;
use std::io::Write;

/// Runs the program and returns its exit status. `args` begins with the program's own name.
pub fn run_cli(
    args: impl IntoIterator<Item = OsString>,
    streams: &mut Streams,
    world: &World,
) -> u8 {
    let args: Vec<OsString> = args.into_iter().collect();
    if let Some(exit) = completing::answer(&args, world, streams) {
        return exit;
    }
    let result = match Cli::try_parse_from(&args) {
        Ok(cli) => {
            streams.choose_color(cli.global.color, world.no_color());
            let mut session = Session::new(streams, world, cli.global);
            commands::dispatch(cli.verb, &mut session)
        }
        Err(error) => {
            // The message quotes the arguments, which may contain escape sequences.
            let plain = args.iter().any(|word| word.to_string_lossy().contains(terminal::steers));
            streams.choose_color(args::ColorWhen::Auto, world.no_color() || plain);
            tell_usage(&error, streams)
        }
    };
    let result = result.and_then(|()| streams.out.flush().map_err(Failure::from));
    match result {
        Ok(()) => {
            // If this fails, there is no way left to report it.
            drop(streams.err.flush());
            0
        }
        Err(failure) => tell(&failure, streams),
    }
}

/// Reports that the working directory is not accessible, and returns the exit status.
pub fn no_working_directory(error: &std::io::Error, streams: &mut Streams) -> u8 {
    let message = format_args!("failed to find the working directory: {error}");
    tell(&Failure::internal(message), streams)
}

/// Prints a failure and returns its exit status.
fn tell(failure: &Failure, streams: &mut Streams) -> u8 {
    let flushed = streams.out.flush();
    // Messages contain ids and lines of files, which may contain control characters.
    let text = failure.to_string();
    let told = write!(streams.err, "{}", escape::lines(&text)).and_then(|()| streams.err.flush());
    // If even this fails, only the exit status is left to report the failure.
    drop((flushed, told));
    failure.exit()
}

/// Prints help or the version to stdout, and usage errors to stderr.
fn tell_usage(error: &clap::Error, streams: &mut Streams) -> Result<(), Failure> {
    let sink = if error.use_stderr() { &mut streams.err } else { &mut streams.out };
    let text = error.render();
    if sink.color() {
        write!(sink, "{}", text.ansi())?;
    } else {
        write!(sink, "{text}")?;
    }
    if error.use_stderr() { Err(Failure::silent(failure::FailureKind::Usage)) } else { Ok(()) }
}

#[cfg(test)]
mod tests;
