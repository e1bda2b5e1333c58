//! Checks once a run, before anything is claimed. A missing tool stops the run; no task is blamed
//! for it.

use super::known_commands::KnownCommands;
use super::subject::services_of;
use crate::config::{ChoiceError, IsolationMode, Runner};
use crate::domain::{Command, QueueIx, Task};
use crate::platform::programs::{absolute_path, is_executable};
use crate::platform::scan;
use crate::project::{self, Project, QueueSet, Scope};
use crate::queue::Finding;
use crate::store::StoreError;
use crate::verify::{Health, VerifyStep};
use std::collections::{BTreeSet, HashSet};
use std::ffi::OsStr;
use std::fs;
use std::hash::{BuildHasher as _, RandomState};
use std::path::{Path, PathBuf};

/// Why a run does not start.
#[derive(Debug, thiserror::Error)]
pub enum PreflightError {
    /// The queue, its folder or the state folder cannot be written safely.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No verification is configured.
    #[error("no verification is configured, so no task could be completed")]
    NoVerification,
    /// No agent or no verification is configured for a task that does not name one.
    #[error("task {task}: {source}")]
    Choice {
        /// The id of the task.
        task: String,
        /// Why there is no choice.
        source: ChoiceError,
    },
    /// A program is missing.
    #[error("{whose} cannot be started: {program} was not found{}", .looked)]
    Missing {
        /// `agent NAME`, or `verification step NAME`.
        whose: String,
        program: String,
        /// The places that were searched, as the end of the sentence.
        looked: String,
    },
    /// The working directory of agents cannot be used.
    #[error("the project root {} {why}", .path.display())]
    Root {
        /// The directory.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
}

/// The results of the checks before a run.
#[derive(Debug, Default)]
pub(crate) struct Preflight {
    /// Warnings for a person before the run begins.
    pub warnings: BTreeSet<String>,
    /// The commands whose programs were found.
    pub known: KnownCommands,
}

/// Makes all checks once. Creates the project root if the configuration says so.
///
/// # Errors
/// [`PreflightError`] with the first problem found.
pub(crate) fn preflight(
    project: &Project,
    scope: &Scope,
    path: Option<&OsStr>,
) -> Result<Preflight, PreflightError> {
    let set = project.set();
    if let Some(id) =
        scope.ids.iter().find(|id| project.served().iter().all(|q| q.index_of(id).is_none()))
    {
        return Err(project::unknown(set, project.queues(), id).into());
    }
    for root in set.roots().filter(|root| root.create && !root.path.exists()) {
        let made = fs::create_dir_all(&root.path);
        made.map_err(|error| wrong_root(&root.path, format!("cannot be created: {error}")))?;
    }
    let (mut first, mut warnings) = (None, BTreeSet::new());
    let mut tell = |error| {
        first.get_or_insert(error);
    };
    let mut warn = |warning| {
        warnings.insert(warning);
    };
    let known = survey(project, scope, (path, Lines::Left), &mut tell, &mut warn);
    if let Some(error) = first {
        return Err(error);
    }
    warnings.extend(odd_keys(project));
    let idle = set.config.without_effect();
    warnings.extend(idle.iter().map(|idle| format!("{}: {}", idle.origin, idle.value)));
    Ok(Preflight { warnings, known })
}

/// Returns warnings about keys that are probably misspelled, such as an order that would be
/// ignored. The person may not have run `check`.
fn odd_keys(project: &Project) -> Vec<String> {
    const SAID: usize = 5;
    let mut said = Vec::new();
    for (index, queue) in QueueIx::each(project.served()) {
        let shown = project.set().queue(index).shown().to_string();
        let odd = queue.odd_keys();
        let line = |found: &Finding| format!("{shown}:{}: {}", found.position, found.message);
        said.extend(odd.iter().take(SAID).map(line));
        match odd.len().saturating_sub(SAID) {
            0 => {}
            more => said.push(format!("{shown}: {more} more such keys; workloop check names them")),
        }
    }
    said
}

/// Whether the first program of a shell line is looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lines {
    /// No: only the shell knows what a line does.
    Left,
    /// Yes, if it can be determined.
    Looked,
}

/// Reports everything that a run would refuse, and what it would warn of at its start, and writes
/// nothing. Returns the commands whose programs were found.
pub(crate) fn survey(
    project: &Project,
    scope: &Scope,
    (path, lines): (Option<&OsStr>, Lines),
    tell: &mut dyn FnMut(PreflightError),
    warn: &mut dyn FnMut(String),
) -> KnownCommands {
    let (set, served) = (project.set(), project.served());
    project.store().check_writable().unwrap_or_else(|error| tell(error.into()));
    if let Some(reason) = scan::distrust() {
        tell(StoreError::Unsafe { path: PathBuf::from("/proc"), reason }.into());
    }
    for root in set.roots().filter(|root| !root.create && !root.path.is_dir()) {
        let why = "does not exist: create it, or set root in workloop.toml".to_owned();
        tell(wrong_root(&root.path, why));
    }
    if !set.config.has_verification() {
        tell(PreflightError::NoVerification);
    }
    let known = KnownCommands::default();
    // The `PATH` in which steps are looked up, see `fixed`.
    let absolute = path.map(absolute_path);
    let tools = |path| Tools { path, lines, found: HashSet::new(), known: &known };
    let mut tools = [tools(path), tools(absolute.as_deref())];
    let private = set.config.isolation.mode.value == IsolationMode::Private;
    let setup = set.config.workspaces.tree.setup.commands.iter().filter(|_| private);
    for (root, line) in setup.flat_map(|line| set.roots().map(move |root| (root, line))) {
        let command = Command::Shell(line.clone());
        let whose = || format!("workspaces.setup {line:?}");
        tools[1].find(&command, &whose, (&root.path, None)).unwrap_or_else(&mut *tell);
    }
    for (root, hook) in
        set.config.hooks.iter().flat_map(|hook| set.roots().map(move |root| (root, hook)))
    {
        let whose = || format!("hook {}", hook.point);
        tools[1].find(&hook.command, &whose, (&root.path, None)).unwrap_or_else(&mut *tell);
    }
    for (index, queue) in QueueIx::each(served) {
        // Most tasks choose the same agent and steps, so each choice is checked once. The set has
        // hashes, because each task may choose others.
        let (mut seen, hasher) = (HashSet::new(), RandomState::new());
        let phases = queue.phase_profiles();
        let of_task = |t: &Task| hasher.hash_one((t.is_gate(), t.agent(), t.kind(), t.verify()));
        let choice = |t: &Task| (of_task(t), phases.names(t));
        let open = queue.tasks().iter().filter(|t| t.status.is_open() && scope.includes(t));
        for task in open.filter(|t| seen.insert(choice(t))) {
            let chosen = set.config.agent_for(task).and_then(|runner| {
                let is_run = runner != Runner::Person;
                let steps = is_run.then(|| set.config.profiles_for(task, phases)).transpose()?;
                Ok((runner, steps.unwrap_or_default()))
            });
            if let Some(warning) = startable(set, (task, chosen), set.root(index), &mut tools, tell)
            {
                warn(warning);
            }
        }
    }
    known
}

fn wrong_root(path: &Path, why: String) -> PreflightError {
    PreflightError::Root { path: path.to_owned(), why }
}

/// Checks that what `task` is run with exists. An unknown name is a warning: it affects this task
/// and no other.
fn startable(
    set: &QueueSet,
    (task, chosen): (&Task, Result<(Runner, Vec<VerifyStep>), ChoiceError>),
    root: &Path,
    [agents, judges]: &mut [Tools<'_>; 2],
    tell: &mut dyn FnMut(PreflightError),
) -> Option<String> {
    let (runner, steps) = match chosen {
        Ok(chosen) => chosen,
        Err(error) if error.code().is_some() => {
            return Some(format!("task {} cannot be run: {error}", task.id));
        }
        // Reported once, for all tasks.
        Err(ChoiceError::NoVerification) if !set.config.has_verification() => return None,
        Err(source) => {
            tell(PreflightError::Choice { task: task.id.to_string(), source });
            return None;
        }
    };
    let warning = match runner {
        Runner::Person => return None,
        Runner::Gate => None,
        Runner::Agent(agent) => {
            let whose = || format!("agent {}", agent.name);
            agents.find(&agent.profile.command, &whose, (root, None)).unwrap_or_else(&mut *tell);
            agent.warning
        }
    };
    for step in &steps {
        let whose = || format!("verification step {}", step.name);
        let place = (root, step.rules.step.cwd.as_deref());
        judges.find(&step.command, &whose, place).unwrap_or_else(&mut *tell);
    }
    for service in services_of(&set.config, &steps) {
        let place = (root, service.cwd.as_deref());
        let whose = || format!("service {}", service.name);
        judges.find(&service.command, &whose, place).unwrap_or_else(&mut *tell);
        if let Health::Command(command) = &service.ready {
            let whose = || format!("the readiness check of service {}", service.name);
            judges.find(command, &whose, place).unwrap_or_else(&mut *tell);
        }
    }
    warning
}

/// Looks up programs, each one once: most tasks use the same.
struct Tools<'a> {
    /// The `PATH` to search.
    path: Option<&'a OsStr>,
    lines: Lines,
    found: HashSet<PathBuf>,
    known: &'a KnownCommands,
}

impl Tools<'_> {
    /// Checks that the program of a list command exists, which runs in a project or in a folder of
    /// it. Only the shell knows what else a shell
    /// line needs: it reports that by exit status 126 or 127.
    fn find(
        &mut self,
        command: &Command,
        whose: &dyn Fn() -> String,
        (root, cwd): (&Path, Option<&Path>),
    ) -> Result<(), PreflightError> {
        let program = match (command, self.lines) {
            (Command::List(words), _) => words.first().map_or("", String::as_str),
            (Command::Shell(line), Lines::Looked) => match first_program(line) {
                Some(program) => program,
                None => return Ok(()),
            },
            (Command::Shell(_), Lines::Left) => return Ok(()),
        };
        // A `{placeholder}` is known only later.
        if program.contains('{') {
            return Ok(());
        }
        let named = program.contains('/');
        let folder = cwd.map_or_else(|| root.to_owned(), |cwd| root.join(cwd));
        let file = if named { folder.join(program) } else { PathBuf::from(program) };
        if self.found.contains(&file) {
            self.known.note(root, command);
            return Ok(());
        }
        let there = if named {
            is_executable(&file)
        } else {
            let mut dirs = std::env::split_paths(self.path.unwrap_or_default());
            dirs.any(|dir| is_executable(&dir.join(program)))
        };
        if !there {
            let looked =
                if named { format!(" in {}", folder.display()) } else { " on the PATH".to_owned() };
            let (whose, program) = (whose(), program.to_owned());
            return Err(PreflightError::Missing { whose, program, looked });
        }
        self.found.insert(file);
        self.known.note(root, command);
        Ok(())
    }
}

/// Builtins and keywords of shells.
const OF_SHELLS: &str = " . : [ alias bg break case cd command continue coproc declare do echo eval \
     exec exit export false fg for function getopts hash if jobs kill let local popd printf pushd pwd \
     read readonly return select set shift source test time times trap true type typeset ulimit \
     umask unalias unset until wait while ";

/// Returns the program that a shell line starts first, if that can be determined from its text.
fn first_program(line: &str) -> Option<&str> {
    let is_assignment = |word: &&str| {
        let name = word.split_once('=').map(|(name, _)| name);
        name.is_some_and(|name| name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'))
    };
    let mut words = line.split_whitespace();
    let word = words.find(|word| !is_assignment(word))?;
    let plain = word.chars().all(|c| c.is_ascii_alphanumeric() || "_./+-".contains(c));
    let elsewhere = line.contains("PATH=");
    (plain && !elsewhere && !OF_SHELLS.contains(&format!(" {word} "))).then_some(word)
}

#[cfg(test)]
mod tests;
