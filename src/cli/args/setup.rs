//! The flags of the verbs that need no queue.

use clap::Args;
use clap::builder::NonEmptyStringValueParser;
use clap_complete::Shell;
use std::path::PathBuf;

/// `init`.
#[derive(Clone, Debug, Args)]
pub struct InitArgs {
    /// The folder; created if it does not exist.
    #[arg(value_name = "DIR", default_value = ".")]
    pub dir: PathBuf,
    /// The name of the project and of its queue [default: the folder's name].
    #[arg(long, value_name = "NAME")]
    pub project: Option<String>,
    /// The agent: a preset such as claude, or a command for sh -c that reads the prompt on stdin
    /// [default: one that is installed].
    #[arg(long, value_name = "CMD", value_parser = NonEmptyStringValueParser::new())]
    pub agent: Option<String>,
    /// The verification, a command for sh -c [default: the tests that are found].
    #[arg(long, value_name = "CMD", value_parser = NonEmptyStringValueParser::new())]
    pub verify: Option<String>,
}

/// `help`.
#[derive(Clone, Debug, Args)]
pub struct HelpArgs {
    /// The verb [default: all of them].
    #[arg(value_name = "VERB")]
    pub verb: Option<String>,
}

/// `agents`.
#[derive(Clone, Debug, Args)]
pub struct AgentsArgs {
    /// Calls each installed agent with a prompt that changes nothing; may cost a little.
    #[arg(long)]
    pub probe: bool,
    /// Prints JSON.
    #[arg(long)]
    pub json: bool,
}

/// `explain`.
#[derive(Clone, Debug, Args)]
pub struct ExplainArgs {
    /// The reason code [default: lists all of them].
    #[arg(value_name = "CODE")]
    pub code: Option<String>,
    /// Prints JSON.
    #[arg(long)]
    pub json: bool,
}

/// `schema`.
#[derive(Clone, Debug, Args)]
pub struct SchemaArgs {
    /// The name of the schema [default: lists the names].
    #[arg(value_name = "NAME")]
    pub name: Option<String>,
}

/// `completions`.
#[derive(Clone, Debug, Args)]
pub struct CompletionsArgs {
    /// The shell.
    #[arg(value_name = "SHELL")]
    pub shell: Shell,
}

/// `man`.
#[derive(Clone, Debug, Args)]
pub struct ManArgs {
    /// Writes the pages of all verbs to this folder.
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
}
