//! What a verb gets: its surroundings, and the flags that every verb has.

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

/// What surrounds the process; passed in, so that tests have their own.
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
    /// The process's own surroundings.
    ///
    /// # Errors
    /// When the working directory is gone.
    pub fn current() -> std::io::Result<Self> {
        use std::io::IsTerminal;
        Ok(Self {
            cwd: std::env::current_dir()?,
            vars: std::env::vars_os().collect(),
            stdin_terminal: std::io::stdin().is_terminal(),
        })
    }

    /// A variable, if it is set to something.
    pub fn var(&self, name: &str) -> Option<&OsStr> {
        let set = self.vars.iter().find(|(key, _)| key == name);
        set.map(|(_, value)| value.as_os_str()).filter(|value| !value.is_empty())
    }

    /// The same as text.
    pub fn text(&self, name: &str) -> Option<String> {
        self.var(name).map(|value| value.to_string_lossy().into_owned())
    }

    /// Whether the person or the terminal wants no colour anywhere.
    pub fn no_color(&self) -> bool {
        self.var("NO_COLOR").is_some() || self.var("TERM").is_some_and(|term| term == "dumb")
    }
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Values of the environment may be secrets.
        f.debug_struct("World").field("cwd", &self.cwd).finish_non_exhaustive()
    }
}

/// A verb's surroundings.
pub struct Session<'a> {
    /// The handles.
    pub streams: &'a mut Streams,
    /// The surroundings.
    pub world: &'a World,
    /// The flags of every verb.
    pub global: GlobalArgs,
    /// Whether it was told what is used.
    pub(super) told: Cell<bool>,
}

impl<'a> Session<'a> {
    /// Puts them together; what is to be trusted is trusted from here on.
    pub fn new(streams: &'a mut Streams, world: &'a World, global: GlobalArgs) -> Self {
        let listed = world.var("WORKLOOP_TRUST").map(std::env::split_paths).into_iter().flatten();
        let listed = listed.filter(|path| !path.as_os_str().is_empty());
        for path in listed.chain(global.trust.iter().cloned()) {
            checks::trust(&world.cwd.join(path));
        }
        Self { streams, world, global, told: Cell::new(false) }
    }

    /// Whether the verb may ask a person.
    pub fn interactive(&self) -> bool {
        let ci = self.world.text("CI").is_some_and(|ci| ci.eq_ignore_ascii_case("true"));
        !self.global.non_interactive
            && !ci
            && self.world.stdin_terminal
            && self.streams.err.is_terminal()
    }

    /// How long to wait for a lock.
    pub fn lock_timeout(&self) -> Duration {
        Duration::from_secs(self.global.lock_timeout.unwrap_or(30))
    }

    /// `path` as seen from the working directory.
    pub fn absolute(&self, path: &Path) -> PathBuf {
        self.world.cwd.join(path)
    }

    /// The configuration and the queues that the arguments mean, without further flags.
    ///
    /// # Errors
    /// When no queue, or more than one where only a choice would do, is meant, or the
    /// configuration is refused.
    pub fn select(&self, queues: &QueueArgs) -> Result<Selection, Failure> {
        self.select_with(queues, Overrides::default())
    }

    /// The same, where no choice made means all of them.
    ///
    /// # Errors
    /// As [`Session::select`].
    pub fn select_all(&self, queues: &QueueArgs) -> Result<Selection, Failure> {
        let query = QueueQuery { all: true, ..self.query(queues) };
        let env = |name: &str| self.world.text(name);
        Ok(config::select(&query, &self.no_overrides(), &env)?)
    }

    /// The same for a verb that only looks: no choice made means all of them, and what is wrong in
    /// the configuration is told and does not count.
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

    /// The same for a verb that has more flags which override the configuration.
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

    /// The same for a verb that reports on the configuration itself.
    pub fn select_anyway(&self, queues: &QueueArgs) -> Anyway {
        let query = QueueQuery { all: true, ..self.query(queues) };
        let env = |name: &str| self.world.text(name);
        config::select_anyway(&query, &self.no_overrides(), &env)
    }

    /// What the configuration file says, whether there are queues or not; nothing where it is wrong.
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

    /// The same for a verb whose arguments are something else.
    ///
    /// # Errors
    /// As [`Session::select`].
    pub fn select_by_flags(&self, flags: &QueueFlags) -> Result<Selection, Failure> {
        self.select(&QueueArgs { queues: Vec::new(), flags: flags.clone() })
    }
}
