//! The command line: what was typed is parsed, meant, done; and how it ended is told.
//!
//! Arguments, environment, working directory and handles are passed in; only whom a person trusts holds
//! for the whole process.

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
mod homes;
mod inside;
mod isolation;
mod judging;
mod loops;
mod open;
mod read;
mod schemas;
mod screen;
mod session;
mod streams;
mod telling;
mod trails;
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
            // What is wrong is told in its own words, and those may have colours that are not ours.
            let plain = args.iter().any(|word| word.to_string_lossy().contains(terminal::steers));
            streams.choose_color(args::ColorWhen::Auto, world.no_color() || plain);
            tell_usage(&error, streams)
        }
    };
    let result = result.and_then(|()| streams.out.flush().map_err(Failure::from));
    match result {
        Ok(()) => {
            // Nothing is left to report to when this fails.
            drop(streams.err.flush());
            0
        }
        Err(failure) => tell(&failure, streams),
    }
}

/// Tells that the working directory is gone, without which nothing can be found.
pub fn no_working_directory(error: &std::io::Error, streams: &mut Streams) -> u8 {
    let message = format_args!("failed to find the working directory: {error}");
    tell(&Failure::internal(message), streams)
}

/// Prints a failure and returns its exit status.
fn tell(failure: &Failure, streams: &mut Streams) -> u8 {
    let flushed = streams.out.flush();
    // Ids and lines of files are in messages.
    let text = failure.to_string();
    let told = write!(streams.err, "{}", escape::lines(&text)).and_then(|()| streams.err.flush());
    // Nothing is left to report to when even this fails; the exit status still says it.
    drop((flushed, told));
    failure.exit()
}

/// Prints help or the version to stdout, and what clap refuses to stderr.
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
