//! Completion in shells.
//!
//! The script of a shell calls the program at each TAB, with the words so far and the shell's name
//! in a variable. So ids, types and tags of the queue are offered too, and the script contains no
//! help text.
//!
//! Candidates are inserted into the command line as they are, so only values without characters
//! that are special to a shell are offered. Unreadable files are ignored without a message. Nothing
//! is written, and no lock is taken.

use super::args::Cli;
use super::failure::Failure;
use super::schemas::SCHEMAS;
use super::session::World;
use super::streams::Streams;
use crate::config::{self, Overrides, QueueQuery};
use crate::domain::{ReasonCode, Task, Text};
use crate::platform::open::{self, Links};
use crate::queue::{MAX_BYTES, Queue};
use crate::views::escape;
use clap::{Arg, Command, CommandFactory};
use clap_complete::Shell;
use clap_complete::engine::{
    ArgValueCompleter, CompletionCandidate, PathCompleter, ValueCompleter,
};
use clap_complete::env::Shells;
use std::ffi::{OsStr, OsString};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

/// The environment variable that contains the name of the calling shell.
const VARIABLE: &str = "WORKLOOP_COMPLETE";

/// The maximum number of candidates of one kind.
const MOST: usize = 1_000;

/// Returns the script that registers the completion in a shell.
///
/// # Errors
/// Fails if the library cannot write it.
pub(super) fn script(shell: Shell, world: &World) -> Result<Vec<u8>, Failure> {
    let shells = Shells::builtins();
    let name = shell.to_string();
    let shell = shells
        .completer(&name)
        .ok_or_else(|| Failure::usage(format_args!("there is no completion for {name}")))?;
    let mut script = Vec::new();
    shell.write_registration(VARIABLE, "workloop", "workloop", &program(world), &mut script)?;
    Ok(script)
}

/// Returns the command that the script calls: `workloop` if that resolves to this program, so that
/// the script survives a move of the program; else its path.
fn program(world: &World) -> String {
    let ours = std::env::current_exe().and_then(|exe| exe.canonicalize()).ok();
    let path = world.var("PATH").unwrap_or_default();
    let named = std::env::split_paths(path).map(|dir| dir.join("workloop"));
    let first = named.filter_map(|file| file.canonicalize().ok()).find(|file| file.is_file());
    match ours {
        Some(ours) if first.as_ref() != Some(&ours) => ours.display().to_string(),
        Some(_) | None => "workloop".to_owned(),
    }
}

/// Answers a completion request of a shell with an exit status; `None` if this is not one.
pub(super) fn answer(args: &[OsString], world: &World, streams: &mut Streams) -> Option<u8> {
    let name = world.text(VARIABLE)?;
    let shells = Shells::builtins();
    let shell = shells.completer(&name)?;
    let at = args.iter().position(|word| word == "--")?;
    let words = args[at + 1..].to_vec();
    // The library removes the last word and would fail without one.
    if words.is_empty() {
        return Some(0);
    }
    let mut command = asked(&words, world);
    let mut answer = Vec::new();
    let told = shell
        .write_complete(&mut command, words, Some(&world.cwd), &mut answer)
        .and_then(|()| streams.out.exact().write_all(&answer))
        .and_then(|()| streams.out.flush());
    Some(u8::from(told.is_err()))
}

/// Returns all verbs and flags, with completers for their values.
fn asked(words: &[OsString], world: &World) -> Command {
    let mut command = Cli::command();
    command.build();
    let around = Arc::new(Around::new(words, world));
    let verbs: Vec<String> =
        command.get_subcommands().map(|verb| verb.get_name().to_owned()).collect();
    for verb in &verbs {
        command = command.mut_subcommand(verb, |verb| {
            verb.mut_args(|arg| match kind(&arg) {
                Some(kind) => {
                    let around = Arc::clone(&around);
                    arg.add(ArgValueCompleter::new(move |word: &OsStr| around.values(kind, word)))
                }
                None => arg,
            })
        });
    }
    command
}

/// The kind of an argument's value.
#[derive(Clone, Copy, Debug)]
enum Kind {
    /// An id or a queue file.
    IdOrQueue,
    Id,
    Queue,
    Path,
    Folder,
    Value(fn(&Task) -> Vec<&str>),
    Code,
    Schema,
    Verb,
}

/// Returns the kind of an argument, derived from the value name in its help.
fn kind(arg: &Arg) -> Option<Kind> {
    let name = arg.get_value_names()?.first()?.as_str();
    Some(match name {
        "ID|-|QUEUE" | "ID|QUEUE" => Kind::IdOrQueue,
        "ID" | "ID|-" => Kind::Id,
        "QUEUE" | "JSON|-|QUEUE" => Kind::Queue,
        "PATH" if arg.get_id() == "work_queue" => Kind::Queue,
        "PATH" => Kind::Path,
        "DIR" => Kind::Folder,
        "TYPE" => Kind::Value(of_kind),
        "TAG" => Kind::Value(of_tags),
        "PHASE" => Kind::Value(|task| task.phase().into_iter().collect()),
        "TRACK" => Kind::Value(|task| task.track().into_iter().collect()),
        "EPIC" => Kind::Value(|task| task.epic().into_iter().collect()),
        "CODE" => Kind::Code,
        "NAME" if arg.get_id() == "name" => Kind::Schema,
        "VERB" => Kind::Verb,
        _ => return None,
    })
}

fn of_kind(task: &Task) -> Vec<&str> {
    task.kind().into_iter().collect()
}

fn of_tags(task: &Task) -> Vec<&str> {
    task.tags().iter().map(Text::as_str).collect()
}

/// The queues that the command line refers to, loaded on demand.
struct Around {
    world: World,
    query: QueueQuery,
    overrides: Overrides,
    queues: OnceLock<Vec<Queue>>,
}

impl Around {
    fn new(words: &[OsString], world: &World) -> Self {
        let mut query = QueueQuery { cwd: world.cwd.clone(), all: true, ..QueueQuery::default() };
        let mut overrides = Overrides::default();
        // The word at the cursor is incomplete.
        let before = &words[..words.len() - 1];
        let texts: Vec<&str> = before.iter().skip(1).filter_map(|word| word.to_str()).collect();
        for (at, word) in texts.iter().enumerate() {
            let (flag, value) = match word.split_once('=') {
                Some((flag, value)) => (flag, Some(value)),
                None => (*word, texts.get(at + 1).copied()),
            };
            let value = value.map(str::to_owned);
            match flag {
                "--work-queue" => query.paths.extend(value.map(PathBuf::from)),
                "--project" => query.project = value,
                "--queue" => query.names.extend(value),
                "--config" => overrides.config = value.map(PathBuf::from),
                word if word.ends_with(".json") && !query.paths.contains(&PathBuf::from(word)) => {
                    query.paths.push(PathBuf::from(word));
                }
                _ => {}
            }
        }
        Self { world: world.clone(), query, overrides, queues: OnceLock::new() }
    }

    /// Returns the selected queues that can be read.
    fn queues(&self) -> &[Queue] {
        self.queues.get_or_init(|| {
            let env = |name: &str| self.world.text(name);
            let selected = config::select_anyway(&self.query, &self.overrides, &env).selection;
            let Ok(selection) = selected else { return Vec::new() };
            selection.queues.iter().filter_map(|queue| read(&queue.path)).collect()
        })
    }

    fn tasks(&self) -> impl Iterator<Item = (&Queue, usize, &Task)> {
        let of = |queue| {
            let tasks = Queue::tasks(queue).iter().enumerate();
            tasks.map(move |(index, task)| (queue, index, task))
        };
        self.queues().iter().flat_map(of)
    }

    /// Returns the candidates that begin with `word`.
    fn values(&self, kind: Kind, word: &OsStr) -> Vec<CompletionCandidate> {
        let start = word.to_string_lossy();
        match kind {
            Kind::Id => self.ids(&start),
            Kind::IdOrQueue => {
                let mut found = self.ids(&start);
                found.extend(self.paths(word, |path| path.extension() == Some("json".as_ref())));
                found
            }
            Kind::Queue => self.paths(word, |path| path.extension() == Some("json".as_ref())),
            Kind::Path => self.paths(word, |_| true),
            Kind::Folder => self.paths(word, Path::is_dir),
            Kind::Value(of) => each(self.tasks().flat_map(|(_, _, task)| of(task)), &start),
            Kind::Code => each(ReasonCode::ALL.iter().map(|code| code.word()), &start),
            Kind::Schema => each(SCHEMAS.iter().map(|(name, _)| *name), &start),
            Kind::Verb => {
                let command = Cli::command();
                each(command.get_subcommands().map(Command::get_name), &start)
            }
        }
    }

    fn ids(&self, start: &str) -> Vec<CompletionCandidate> {
        let offered = self.tasks().filter(|(_, _, task)| is_offered(task.id.as_str(), start));
        let candidate = |(queue, index, task): (&Queue, usize, &Task)| {
            let title = queue.title(index);
            let title = escape::line(&title).into_owned();
            CompletionCandidate::new(task.id.as_str()).help(Some(title.into()))
        };
        offered.take(MOST).map(candidate).collect()
    }

    fn paths(&self, word: &OsStr, is_meant: fn(&Path) -> bool) -> Vec<CompletionCandidate> {
        let paths = PathCompleter::any().current_dir(&self.world.cwd);
        let paths = paths.filter(move |path| is_meant(path) || path.is_dir());
        let found = paths.complete(word).into_iter();
        let offered = |path: &str| path != "." && is_plain(path);
        found.filter(|path| path.get_value().to_str().is_some_and(offered)).collect()
    }
}

/// Returns each value once.
fn each<'a>(values: impl Iterator<Item = &'a str>, start: &str) -> Vec<CompletionCandidate> {
    let mut found: Vec<&str> = Vec::new();
    for value in values.filter(|value| is_offered(value, start)) {
        if found.len() < MOST && !found.contains(&value) {
            found.push(value);
        }
    }
    found.into_iter().map(CompletionCandidate::new).collect()
}

fn is_offered(value: &str, start: &str) -> bool {
    value.starts_with(start) && is_plain(value)
}

/// Returns whether `value` contains nothing that is special to a shell and does not look like a
/// flag.
fn is_plain(value: &str) -> bool {
    let plain = |c: char| c.is_alphanumeric() || "-_./:@+,=%".contains(c);
    !value.is_empty() && !value.starts_with(['-', '=']) && value.chars().all(plain)
}

fn read(path: &Path) -> Option<Queue> {
    let bytes = open::read(path, Links::Follow, MAX_BYTES as u64).ok()?;
    Queue::parse(path, bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_no_shell_acts_on_is_offered() {
        for plain in ["TASK-1", "q:A.b", "queues/a.json", "日本", "a@b+c,d=e"] {
            assert!(is_plain(plain), "{plain}");
        }
        for other in ["", "-x", "=ls", "a b", "$(x)", "a;b", "a`b", "a'b", "*", "~", "a\nb", "!1"] {
            assert!(!is_plain(other), "{other}");
        }
    }
}
