//! The context of a verb: its surroundings and the global flags.

use super::args::{GlobalArgs, QueueArgs, QueueFlags};
use super::failure::Failure;
use super::streams::Streams;
use crate::config::{self, Anyway, Overrides, QueueQuery, Selection};
use crate::platform::checks;
use crate::views::escape;
use std::cell::Cell;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The surroundings of the process, passed in so that tests can replace them.
#[derive(Clone)]
pub struct World {
    /// The working directory.
    pub cwd: PathBuf,
    /// The environment.
    pub vars: Vec<(OsString, OsString)>,
    /// Whether standard input is a terminal.
    pub stdin_terminal: bool,
}

impl World {
    /// Returns the surroundings of this process.
    ///
    /// # Errors
    /// Fails if the working directory is not accessible.
    pub fn current() -> std::io::Result<Self> {
        use std::io::IsTerminal;
        Ok(Self {
            cwd: std::env::current_dir()?,
            vars: std::env::vars_os().collect(),
            stdin_terminal: std::io::stdin().is_terminal(),
        })
    }

    /// Returns a variable, if it is set and not empty.
    pub fn var(&self, name: &str) -> Option<&OsStr> {
        let set = self.vars.iter().find(|(key, _)| key == name);
        set.map(|(_, value)| value.as_os_str()).filter(|value| !value.is_empty())
    }

    /// Returns a variable as text, with invalid UTF-8 replaced.
    pub fn text(&self, name: &str) -> Option<String> {
        self.var(name).map(|value| value.to_string_lossy().into_owned())
    }

    /// Returns whether the environment disables colour.
    pub fn no_color(&self) -> bool {
        self.var("NO_COLOR").is_some() || self.var("TERM").is_some_and(|term| term == "dumb")
    }
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Environment variables may contain secrets.
        f.debug_struct("World").field("cwd", &self.cwd).finish_non_exhaustive()
    }
}

/// The context of a verb.
pub struct Session<'a> {
    /// The output handles.
    pub streams: &'a mut Streams,
    /// The surroundings of the process.
    pub world: &'a World,
    /// The global flags.
    pub global: GlobalArgs,
    /// Whether the files in use were already printed (`--verbose`).
    pub(super) told: Cell<bool>,
}

impl<'a> Session<'a> {
    /// Creates a session, and registers the trusted paths for the whole process.
    pub fn new(streams: &'a mut Streams, world: &'a World, global: GlobalArgs) -> Self {
        let listed = world.var("WORKLOOP_TRUST").map(std::env::split_paths).into_iter().flatten();
        let listed = listed.filter(|path| !path.as_os_str().is_empty());
        for path in listed.chain(global.trust.iter().cloned()) {
            checks::trust(&world.cwd.join(path));
        }
        Self { streams, world, global, told: Cell::new(false) }
    }

    /// Returns whether the verb may prompt.
    pub fn interactive(&self) -> bool {
        let ci = self.world.text("CI").is_some_and(|ci| ci.eq_ignore_ascii_case("true"));
        !self.global.non_interactive
            && !ci
            && self.world.stdin_terminal
            && self.streams.err.is_terminal()
    }

    /// Returns how long to wait for a lock.
    pub fn lock_timeout(&self) -> Duration {
        Duration::from_secs(self.global.lock_timeout.unwrap_or(30))
    }

    /// Resolves `path` against the working directory.
    pub fn absolute(&self, path: &Path) -> PathBuf {
        self.world.cwd.join(path)
    }

    /// Returns the configuration and the queues that the arguments select.
    ///
    /// # Errors
    /// Fails if no queue is found, if a choice between several is needed, or if the configuration
    /// is refused.
    pub fn select(&self, queues: &QueueArgs) -> Result<Selection, Failure> {
        self.select_with(queues, Overrides::default())
    }

    /// Does the same, but selects all queues if none is named.
    ///
    /// # Errors
    /// As [`Session::select`].
    pub fn select_all(&self, queues: &QueueArgs) -> Result<Selection, Failure> {
        let query = QueueQuery { all: true, ..self.query(queues) };
        let env = |name: &str| self.world.text(name);
        Ok(config::select(&query, &self.no_overrides(), &env)?)
    }

    /// Does the same for a verb that only reads: selects all queues if none is named, and reports
    /// errors in the configuration as warnings.
    ///
    /// # Errors
    /// As [`Session::select`], but not for the configuration.
    pub fn select_to_read(&mut self, queues: &QueueArgs) -> Result<Selection, Failure> {
        let Anyway { selection, wrong } = self.select_anyway(queues);
        if let Some(wrong) = wrong {
            let text = format!("warning: {}", Failure::from(wrong).message);
            writeln!(self.streams.err, "{}", escape::lines(&text))?;
        }
        Ok(selection?)
    }

    /// Does the same with flags that override the configuration.
    ///
    /// # Errors
    /// As [`Session::select`].
    pub fn select_with(
        &self,
        queues: &QueueArgs,
        mut overrides: Overrides,
    ) -> Result<Selection, Failure> {
        overrides.config.clone_from(&self.global.config);
        let env = |name: &str| self.world.text(name);
        Ok(config::select(&self.query(queues), &overrides, &env)?)
    }

    /// Does the same for a verb that reports on the configuration itself.
    pub fn select_anyway(&self, queues: &QueueArgs) -> Anyway {
        let query = QueueQuery { all: true, ..self.query(queues) };
        let env = |name: &str| self.world.text(name);
        let mut found = config::select_anyway(&query, &self.no_overrides(), &env);
        if let Ok(selection) = &mut found.selection {
            self.name_queues(queues, selection);
        }
        found
    }

    /// Returns the configuration, even if there are no queues; the default if the file is invalid.
    pub fn file_config(&self, queues: &QueueArgs) -> config::Config {
        let env = |name: &str| self.world.text(name);
        let found = config::find_config(&self.query(queues), &self.no_overrides(), &env);
        found.unwrap_or_default()
    }

    fn no_overrides(&self) -> Overrides {
        Overrides { config: self.global.config.clone(), ..Overrides::default() }
    }

    fn query(&self, queues: &QueueArgs) -> QueueQuery {
        QueueQuery {
            cwd: self.world.cwd.clone(),
            paths: queues.queues.iter().chain(&queues.flags.work_queue).cloned().collect(),
            project: queues.flags.project.clone(),
            names: queues.flags.names.clone(),
            all: false,
        }
    }

    /// Does the same for a verb whose positional arguments are something else.
    ///
    /// # Errors
    /// As [`Session::select`].
    pub fn select_by_flags(&self, flags: &QueueFlags) -> Result<Selection, Failure> {
        self.select(&QueueArgs { queues: Vec::new(), flags: flags.clone() })
    }
}
