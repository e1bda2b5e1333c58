//! Defers the definition of a verb's flags until the command line names the verb.

use super::about::below;
use clap::builder::Resettable;
use clap::{Arg, ArgMatches, Args, Command, Error, FromArgMatches};
use std::ops::Deref;

/// The flags of a verb, defined on demand. One process runs one verb of more than thirty;
/// defining the flags of all of them would be a large part of the startup time.
#[derive(Clone, Debug)]
pub struct Late<T>(pub T);

impl<T> Deref for Late<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: Args> Args for Late<T> {
    fn augment_args(command: Command) -> Command {
        command.defer(|command| {
            let (short, long) = (command.get_about().cloned(), command.get_long_about().cloned());
            let global = command.get_arguments().count();
            let command = T::augment_args(command);
            // The flags of the verb come first, the global flags last.
            let mut all: Vec<Arg> = command.get_arguments().cloned().collect();
            all.rotate_left(global);
            let mut all = all.into_iter();
            let command = command.mut_args(|arg| all.next().unwrap_or(arg));
            let below = below(command.get_name());
            let command = command.after_long_help(below);
            command.about(Resettable::from(short)).long_about(Resettable::from(long))
        })
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl<T: FromArgMatches> FromArgMatches for Late<T> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        T::from_arg_matches(matches).map(Self)
    }

    fn from_arg_matches_mut(matches: &mut ArgMatches) -> Result<Self, Error> {
        T::from_arg_matches_mut(matches).map(Self)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        self.0.update_from_arg_matches(matches)
    }
}
