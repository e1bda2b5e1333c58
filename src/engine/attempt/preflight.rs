//! What must be right before anything is claimed, looked at once a run. A missing tool stops the
//! run; no task is blamed for it.

use super::fixed::{absolute_path, is_executable};
use super::known_commands::KnownCommands;
use crate::config::{ChoiceError, Runner};
use crate::domain::{Command, Task};
use crate::platform::scan;
use crate::project::{self, Project, QueueSet, Scope};
use crate::store::StoreError;
use std::collections::{BTreeSet, HashSet};
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

/// Why a run does not start.
#[derive(Debug, thiserror::Error)]
pub enum PreflightError {
    /// The queue, its folder or the state folder cannot be written safely.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No verification.
    #[error("no verification is configured, so nothing could ever be complete")]
    NoVerification,
    /// There is no agent or no verification for a task, and it does not name one.
    #[error("task {task}: {source}")]
    Choice {
        /// The task.
        task: String,
        /// What it asks for.
        source: ChoiceError,
    },
    /// A program is not there.
    #[error("{whose} cannot be started: {program} was not found{}", .looked)]
    Missing {
        /// `agent NAME`, or `verification step NAME`.
        whose: String,
        /// The program.
        program: String,
        /// Where it was looked for.
        looked: String,
    },
    /// The working directory of agents.
    #[error("the project root {} {why}", .path.display())]
    Root {
        /// The directory.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
}

/// What was found before a run.
#[derive(Debug, Default)]
pub struct Preflight {
    /// What a person should know before the run begins.
    pub warnings: BTreeSet<String>,
    /// Commands whose programs are there.
    pub known: KnownCommands,
}

/// Looks at everything once; makes the project root where the configuration says so.
///
/// # Errors
/// [`PreflightError`] with the first thing that is wrong.
pub fn preflight(
    project: &Project,
    scope: &Scope,
    path: Option<&OsStr>,
) -> Result<Preflight, PreflightError> {
    let (set, queues, served) = (project.set(), project.queues(), project.served());
    project.store().check_writable()?;
    if let Some(reason) = scan::distrust() {
        return Err(StoreError::Unsafe { path: PathBuf::from("/proc"), reason }.into());
    }
    if let Some(id) = scope.ids.iter().find(|id| served.iter().all(|q| q.index_of(id).is_none())) {
        return Err(project::unknown(set, queues, id).into());
    }
    for root in set.roots() {
        if root.create && !root.path.exists() {
            let made = fs::create_dir_all(&root.path);
            made.map_err(|error| wrong_root(&root.path, format!("cannot be made: {error}")))?;
        }
        if !root.path.is_dir() {
            let why = "does not exist: create it, or set root in workloop.toml".to_owned();
            return Err(wrong_root(&root.path, why));
        }
    }
    if !set.config.has_verification() {
        return Err(PreflightError::NoVerification);
    }
    let mut warnings = BTreeSet::new();
    let known = KnownCommands::default();
    // What steps are looked up in, see `fixed`.
    let absolute = path.map(absolute_path);
    let tools = |path| Tools { path, found: HashSet::new(), known: &known };
    let mut tools = [tools(path), tools(absolute.as_deref())];
    for (index, queue) in served.iter().enumerate() {
        // Most tasks choose the same agent and steps: each choice is looked at once.
        let mut seen = HashSet::new();
        let open = queue.tasks().iter().filter(|t| t.status.is_open() && scope.includes(t));
        for task in open.filter(|t| seen.insert((t.is_gate(), t.agent(), t.kind(), t.verify()))) {
            warnings.extend(startable(set, task, set.root(index), &mut tools)?);
        }
    }
    Ok(Preflight { warnings, known })
}

fn wrong_root(path: &Path, why: String) -> PreflightError {
    PreflightError::Root { path: path.to_owned(), why }
}

/// Whether what `task` is run with is there. A name that nothing has is a warning: it holds up this
/// task and no other.
fn startable(
    set: &QueueSet,
    task: &Task,
    root: &Path,
    [agents, judges]: &mut [Tools<'_>; 2],
) -> Result<Option<String>, PreflightError> {
    let chosen = set.config.agent_for(task).and_then(|runner| {
        let steps =
            if runner == Runner::Person { Ok(vec![]) } else { set.config.profiles_for(task) };
        Ok((runner, steps?))
    });
    let (runner, steps) = match chosen {
        Ok(chosen) => chosen,
        Err(error) if error.code().is_some() => {
            return Ok(Some(format!("task {} cannot be run: {error}", task.id)));
        }
        Err(source) => return Err(PreflightError::Choice { task: task.id.to_string(), source }),
    };
    let warning = match runner {
        Runner::Person => return Ok(None),
        Runner::Gate => None,
        Runner::Agent(agent) => {
            agents.find(&agent.profile.command, &|| format!("agent {}", agent.name), root)?;
            agent.warning
        }
    };
    for step in steps {
        judges.find(&step.command, &|| format!("verification step {}", step.name), root)?;
    }
    Ok(warning)
}

/// Looks for programs, for each one once: most tasks are run with the same.
struct Tools<'a> {
    /// Where they are looked for.
    path: Option<&'a OsStr>,
    found: HashSet<PathBuf>,
    known: &'a KnownCommands,
}

impl Tools<'_> {
    /// Whether the program of a list command is there. What a shell line needs only the shell
    /// knows: its exit status 126 or 127 says so.
    fn find(
        &mut self,
        command: &Command,
        whose: &dyn Fn() -> String,
        root: &Path,
    ) -> Result<(), PreflightError> {
        let Command::List(words) = command else { return Ok(()) };
        let program = words.first().map_or("", String::as_str);
        let named = program.contains('/');
        let file = if named { root.join(program) } else { PathBuf::from(program) };
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
                if named { format!(" in {}", root.display()) } else { " on the PATH".to_owned() };
            let (whose, program) = (whose(), program.to_owned());
            return Err(PreflightError::Missing { whose, program, looked });
        }
        self.found.insert(file);
        self.known.note(root, command);
        Ok(())
    }
}
