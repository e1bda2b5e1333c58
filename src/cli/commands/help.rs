//! `help [VERB]`: prints the same as `--help`.

use crate::cli::args::{Cli, HelpArgs};
use crate::cli::failure::Failure;
use crate::cli::session::Session;
use crate::domain::nearest;
use clap::{Command, CommandFactory};

pub(super) fn run(args: &HelpArgs, session: &mut Session<'_>) -> Result<(), Failure> {
    let mut command = Cli::command();
    command.build();
    let text = match &args.verb {
        None => command.render_long_help(),
        Some(name) => {
            let Some(verb) = command.find_subcommand_mut(name) else {
                let near = nearest(name, command.get_subcommands().map(Command::get_name));
                let near = near.map_or_else(String::new, |near| format!("; did you mean {near}?"));
                return Err(Failure::usage(format_args!("there is no verb {name}{near}"))
                    .hint("workloop help lists all of them"));
            };
            verb.render_long_help()
        }
    };
    let text = if session.streams.out.color() { text.ansi().to_string() } else { text.to_string() };
    session.print(text)
}
