//! Adapters: how a tool is called, and how its output is interpreted.

use super::texts::Meaning;
use super::told::Told;
use crate::domain::{Command, Preset};
use serde_json::Value;

/// The options of a call.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Call<'a> {
    /// The model, if not the tool's default.
    pub model: Option<&'a str>,
    /// The session to continue.
    pub session: Option<&'a str>,
    /// What the agent may do without asking.
    pub permission: Permission,
    /// The cost in US dollars at which the tool itself should stop, if it supports that.
    pub budget_usd: Option<f64>,
}

/// What an agent may do without asking, if the tool distinguishes that.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Permission {
    /// Change files of the project.
    #[default]
    Edits,
    /// Anything.
    All,
}

impl Permission {
    /// The words of the configuration.
    pub const WORDS: [(&'static str, Self); 2] = [("edits", Self::Edits), ("all", Self::All)];
}

/// The data about a run that an adapter can extract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Knows {
    Cost,
    Tokens,
    Limits,
    Resume,
    Model,
    Session,
}

impl Knows {
    /// Returns the word in JSON.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Cost => "cost",
            Self::Tokens => "tokens",
            Self::Limits => "limits",
            Self::Resume => "resume",
            Self::Model => "model",
            Self::Session => "session",
        }
    }
}

/// A tool, how it is called and how its output is interpreted.
pub(crate) struct Adapter {
    /// The preset.
    pub preset: Preset,
    /// The program; empty for an arbitrary command.
    pub program: &'static str,
    /// The arguments of a call, without the program.
    pub(super) arguments: fn(&Call<'_>) -> Vec<String>,
    /// Processes one event of the output.
    pub(super) event: fn(&mut Told, &Value),
    /// Processes the lines of the output that are not events, at the end.
    pub(super) lines: fn(&mut Told, &[&str]),
    /// Whether it prints events, the last of which reports how it ended.
    pub(super) streams: bool,
    /// Maps exit statuses that mean more than a failure.
    pub(super) status: fn(i32) -> Option<Meaning>,
    /// The data that its output contains.
    pub knows: &'static [Knows],
    /// Whether it distinguishes [`Permission`]s.
    pub has_permissions: bool,
    /// The command that installs it.
    pub install: &'static str,
    /// How to log in.
    pub login: &'static str,
    /// The file that exists if it is logged in; `None` if there is no such file.
    pub credentials: Option<Credentials>,
}

/// A file that a login creates.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Credentials {
    /// The environment variable with its folder.
    pub variable: &'static str,
    /// The default folder, relative to the home folder.
    pub folder: &'static str,
    /// The name of the file.
    pub file: &'static str,
}

impl std::fmt::Debug for Adapter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Adapter").field("preset", &self.preset).finish_non_exhaustive()
    }
}

impl Adapter {
    /// Returns whether its output contains `what`.
    pub(crate) fn tells(&self, what: Knows) -> bool {
        self.knows.contains(&what)
    }

    /// Returns the command line of a call, with `more` arguments.
    pub(crate) fn command(&self, call: &Call<'_>, more: &[String]) -> Command {
        let program = std::iter::once(self.program.to_owned());
        Command::List(program.chain(self.all(call, more)).collect())
    }

    /// Returns `run` with `{args}` replaced by the arguments of the tool and `more`. Without
    /// `{args}`, `more` is appended.
    pub(crate) fn inside(&self, run: &Command, call: &Call<'_>, more: &[String]) -> Command {
        let Command::List(words) = run else { return run.clone() };
        let whole = words.iter().any(|word| word == ARGS);
        let words = words.iter().flat_map(|word| match word.as_str() {
            ARGS => self.all(call, more),
            _ => vec![word.clone()],
        });
        let more = if whole { &[] } else { more };
        Command::List(words.chain(more.iter().cloned()).collect())
    }

    /// Returns the arguments of a call. Additional arguments come before the prompt.
    fn all(&self, call: &Call<'_>, more: &[String]) -> Vec<String> {
        let mut list = (self.arguments)(call);
        let last =
            list.len() - usize::from(list.last().is_some_and(|last| last == PROMPT || last == "-"));
        // Additional arguments must not separate `--prompt` from its value.
        let flag = list[..last].last().is_some_and(|flag| flag == "--prompt");
        let at = last - usize::from(flag && last < list.len());
        list.splice(at..at, more.iter().cloned());
        list
    }
}

/// The placeholder in `run` for the arguments of the preset.
pub(crate) const ARGS: &str = "{args}";
/// The placeholder for the prompt, for tools that do not read it from stdin.
pub(crate) const PROMPT: &str = "{prompt}";

/// Adds a flag with its value, if there is one.
pub(super) fn flag(arguments: &mut Vec<String>, name: &str, value: Option<&str>) {
    if let Some(value) = value {
        arguments.extend([name.to_owned(), value.to_owned()]);
    }
}

/// Converts arguments to owned strings.
pub(super) fn words(list: &[&str]) -> Vec<String> {
    list.iter().map(ToString::to_string).collect()
}

/// Ignores lines, for a tool whose output has no meaningful lines.
pub(super) fn no_lines(_: &mut Told, _: &[&str]) {}

/// Maps no status, for a tool whose exit statuses mean only success or failure.
pub(super) fn no_status(_: i32) -> Option<Meaning> {
    None
}
