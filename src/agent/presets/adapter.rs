//! What an adapter is: a tool, how it is called, and how its output is read.

use super::texts::Meaning;
use super::told::Told;
use crate::domain::{Command, Preset};
use serde_json::Value;

/// What a call of a tool is to be.
#[derive(Clone, Copy, Debug, Default)]
pub struct Call<'a> {
    /// The model, where it is not the tool's default.
    pub model: Option<&'a str>,
    /// The session to continue.
    pub session: Option<&'a str>,
    /// What it may do without asking.
    pub permission: Permission,
    /// Money after which the tool itself is to end, where it can.
    pub budget_usd: Option<f64>,
}

/// What an agent may do without asking, where the tool makes a difference.
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

/// What an adapter can tell of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is its word in `agents --json`")]
pub enum Knows {
    Cost,
    Tokens,
    Limits,
    Resume,
    Model,
    Session,
}

impl Knows {
    /// The word in JSON.
    pub fn word(self) -> &'static str {
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

/// A tool and how it is spoken to.
pub struct Adapter {
    /// Which it is.
    pub preset: Preset,
    /// Its program; empty for a command of which nothing is known.
    pub program: &'static str,
    /// The arguments of a call, without the program.
    pub(super) arguments: fn(&Call<'_>) -> Vec<String>,
    /// Takes in one event of its output.
    pub(super) event: fn(&mut Told, &Value),
    /// Takes in the lines of an output that has no events, at its end.
    pub(super) lines: fn(&mut Told, &[&str]),
    /// Whether it prints events, of which the last says how it ended.
    pub(super) streams: bool,
    /// What its exit statuses mean, where one means more than that it failed.
    pub(super) status: fn(i32) -> Option<Meaning>,
    /// What it tells.
    pub knows: &'static [Knows],
    /// Whether it makes a difference between what it may do without asking.
    pub has_permissions: bool,
    /// What installs it.
    pub install: &'static str,
    /// What logs in.
    pub login: &'static str,
    /// The file that is there when somebody is logged in, where there is one.
    pub credentials: Option<Credentials>,
}

/// A file that a login leaves.
#[derive(Clone, Copy, Debug)]
pub struct Credentials {
    /// The variable that names its folder.
    pub variable: &'static str,
    /// Its folder below the home folder.
    pub folder: &'static str,
    /// Its name.
    pub file: &'static str,
}

impl std::fmt::Debug for Adapter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Adapter").field("preset", &self.preset).finish_non_exhaustive()
    }
}

impl Adapter {
    /// Whether it tells `what`.
    pub fn tells(&self, what: Knows) -> bool {
        self.knows.contains(&what)
    }

    /// The command line of a call, with `more` arguments.
    pub fn command(&self, call: &Call<'_>, more: &[String]) -> Command {
        let program = std::iter::once(self.program.to_owned());
        Command::List(program.chain(self.all(call, more)).collect())
    }

    /// `run` with the arguments of the tool in the place of `{args}`, and `more` behind them or at the
    /// end.
    pub fn inside(&self, run: &Command, call: &Call<'_>, more: &[String]) -> Command {
        let Command::List(words) = run else { return run.clone() };
        let whole = words.iter().any(|word| word == ARGS);
        let words = words.iter().flat_map(|word| match word.as_str() {
            ARGS => self.all(call, more),
            _ => vec![word.clone()],
        });
        let more = if whole { &[] } else { more };
        Command::List(words.chain(more.iter().cloned()).collect())
    }

    /// The arguments of a call; what a person adds comes before the prompt.
    fn all(&self, call: &Call<'_>, more: &[String]) -> Vec<String> {
        let mut list = (self.arguments)(call);
        let last =
            list.len() - usize::from(list.last().is_some_and(|last| last == PROMPT || last == "-"));
        // `--prompt` keeps its value.
        let flag = list[..last].last().is_some_and(|flag| flag == "--prompt");
        let at = last - usize::from(flag && last < list.len());
        list.splice(at..at, more.iter().cloned());
        list
    }
}

/// In the place of this argument of a `run` come those of the preset.
pub const ARGS: &str = "{args}";
/// In the place of this argument comes the prompt, for tools that do not read it from stdin.
pub const PROMPT: &str = "{prompt}";

/// Adds a flag and its value.
pub(super) fn flag(arguments: &mut Vec<String>, name: &str, value: Option<&str>) {
    if let Some(value) = value {
        arguments.extend([name.to_owned(), value.to_owned()]);
    }
}

/// Arguments as owned texts.
pub(super) fn words(list: &[&str]) -> Vec<String> {
    list.iter().map(ToString::to_string).collect()
}

/// For a tool whose output has no lines that mean anything.
pub(super) fn no_lines(_: &mut Told, _: &[&str]) {}

/// For a tool whose exit statuses say no more than that it failed.
pub(super) fn no_status(_: i32) -> Option<Meaning> {
    None
}
