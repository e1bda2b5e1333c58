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

#[cfg(test)]
pub(in crate::cli) mod tests {
    use super::*;
    use crate::cli::args::{Cli, ColorWhen};
    use crate::cli::failure::FailureKind;
    use crate::cli::streams::tests::pipes;
    use clap::Parser;
    use std::os::unix::ffi::OsStringExt;

    /// Returns the surroundings of a process without a terminal.
    pub(in crate::cli) fn world(cwd: &Path, vars: &[(&str, &str)]) -> World {
        let vars = vars.iter().map(|(name, value)| (name.into(), value.into())).collect();
        World { cwd: cwd.to_owned(), vars, stdin_terminal: false }
    }

    /// Calls `see` with the session of a verb with these global flags. Returns its result, and what
    /// was printed to standard output and error.
    pub(in crate::cli) fn session<T>(
        world: &World,
        flags: &str,
        see: impl FnOnce(&mut Session<'_>) -> T,
    ) -> (T, [String; 2]) {
        let words = ["workloop", "status"].into_iter().chain(flags.split_whitespace());
        let global = Cli::try_parse_from(words).expect("valid flags").global;
        let (mut streams, kept) = pipes(ColorWhen::Never);
        let seen = see(&mut Session::new(&mut streams, world, global));
        (seen, kept.map(|kept| kept.text()))
    }

    fn queues(paths: &[&str]) -> QueueArgs {
        QueueArgs { queues: paths.iter().map(PathBuf::from).collect(), ..QueueArgs::default() }
    }

    /// Returns a folder with empty files.
    fn folder(files: &[&str]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().expect("a folder");
        for file in files {
            let path = dir.path().join(file);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
            std::fs::write(path, "").expect("written");
        }
        dir
    }

    fn shown(selection: Result<Selection, Failure>) -> Result<Vec<String>, String> {
        let names = |selection: Selection| {
            selection.queues.iter().map(|queue| queue.shown.display().to_string()).collect()
        };
        selection.map(names).map_err(|failure| failure.to_string())
    }

    #[test]
    fn an_empty_variable_counts_as_unset() {
        let world = world(Path::new("/"), &[("EMPTY", ""), ("SET", "x"), ("SET", "y")]);
        assert_eq!((world.var("EMPTY"), world.var("NONE")), (None, None));
        assert_eq!(
            (world.var("SET"), world.text("SET")),
            (Some(OsStr::new("x")), Some("x".to_owned()))
        );
        let odd = OsString::from_vec(b"a\xffb".to_vec());
        let world = World { vars: vec![("ODD".into(), odd)], ..world };
        assert_eq!(world.text("ODD").as_deref(), Some("a\u{fffd}b"));
    }

    #[test]
    fn colour_is_unwanted_with_no_color_and_on_a_dumb_terminal() {
        for (vars, wanted) in [
            (&[][..], false),
            (&[("NO_COLOR", "1")], true),
            (&[("NO_COLOR", "")], false),
            (&[("TERM", "dumb")], true),
            (&[("TERM", "xterm")], false),
        ] {
            assert_eq!(world(Path::new("/"), vars).no_color(), wanted, "{vars:?}");
        }
    }

    #[test]
    fn the_environment_is_not_printed() {
        let text = format!("{:?}", world(Path::new("/p"), &[("A_TOKEN", "s3cret")]));
        assert_eq!(text, r#"World { cwd: "/p", .. }"#);
    }

    #[test]
    fn a_verb_prompts_only_on_terminals_and_not_in_automation() {
        for (vars, flags, stdin, stderr, wanted) in [
            (&[][..], "", true, true, true),
            (&[], "", false, true, false),
            (&[], "", true, false, false),
            (&[], "--non-interactive", true, true, false),
            (&[("CI", "true")], "", true, true, false),
            (&[("CI", "TRUE")], "", true, true, false),
            (&[("CI", "1")], "", true, true, true),
            (&[("CI", "false")], "", true, true, true),
        ] {
            let world = World { stdin_terminal: stdin, ..world(Path::new("/"), vars) };
            let (found, _) = session(&world, flags, |session| {
                session.streams.err = crate::cli::Sink::new(Box::new(std::io::sink()), stderr);
                session.interactive()
            });
            assert_eq!(found, wanted, "{vars:?} {flags} {stdin} {stderr}");
        }
    }

    #[test]
    fn a_lock_is_waited_for_half_a_minute_unless_a_flag_says_otherwise() {
        let world = world(Path::new("/work"), &[]);
        for (flags, seconds) in [("", 30), ("--lock-timeout 0", 0), ("--lock-timeout 7", 7)] {
            let (timeout, _) = session(&world, flags, |session| session.lock_timeout());
            assert_eq!(timeout, Duration::from_secs(seconds), "{flags}");
        }
        let (paths, _) = session(&world, "", |session| {
            [Path::new("a"), Path::new("/b")].map(|path| session.absolute(path))
        });
        assert_eq!(paths, [PathBuf::from("/work/a"), PathBuf::from("/b")]);
    }

    #[test]
    fn a_verb_that_writes_needs_one_queue_and_one_that_reads_takes_all() {
        let dir = folder(&["queues/a.json", "tasks/b.json"]);
        let world = world(dir.path(), &[]);
        let none = QueueArgs::default();
        let ((one, all, read), printed) = session(&world, "", |session| {
            let read = session.select_to_read(&none);
            (session.select(&none), session.select_all(&none), read)
        });
        let both = Ok(vec!["queues/a.json".to_owned(), "tasks/b.json".to_owned()]);
        assert_eq!((shown(all), shown(read)), (both.clone(), both));
        let text = "error: failed to choose a queue: there are 2:\n  queues/a.json\n  tasks/b.json\n\
                    hint: name one, or list those to serve under queues in workloop.toml\n";
        assert_eq!(shown(one), Err(text.to_owned()));
        assert_eq!(printed, ["", ""]);
    }

    #[test]
    fn a_queue_is_selected_by_its_path_its_name_or_its_project() {
        let dir = folder(&["queues/a.json", "queues/work_queue_p.json", "other/c.json"]);
        let world = world(dir.path(), &[]);
        let names = |names: &[&str]| QueueFlags {
            names: names.iter().map(|name| (*name).to_owned()).collect(),
            ..QueueFlags::default()
        };
        let project =
            |name: &str| QueueFlags { project: Some(name.to_owned()), ..QueueFlags::default() };
        let by = |flags: QueueFlags| {
            let (found, _) = session(&world, "", |session| session.select_by_flags(&flags));
            shown(found)
        };
        let one = |name: &str| Ok(vec![name.to_owned()]);
        let path = QueueFlags { work_queue: vec!["other/c.json".into()], ..QueueFlags::default() };
        assert_eq!(by(path), one("other/c.json"));
        assert_eq!(by(names(&["a"])), one("queues/a.json"));
        assert_eq!(by(project("p")), one("queues/work_queue_p.json"));
        assert_eq!(by(project("q")), Err("error: there is no project q\n".to_owned()));
        let text = "error: there is no queue b; there are: a, work_queue_p\n";
        assert_eq!(by(names(&["b"])), Err(text.to_owned()));
        let (found, _) = session(&world, "", |session| session.select(&queues(&["queues/a.jsn"])));
        let text = "error: failed to find the queue queues/a.jsn; did you mean queues/a.json?\n";
        assert_eq!(shown(found), Err(text.to_owned()));
        let (found, _) = session(&world, "", |session| session.select(&queues(&["queues"])));
        let text = "error: queues is a folder, not a queue; did you mean queues/a.json?\n";
        assert_eq!(shown(found), Err(text.to_owned()));
        let empty = folder(&[]);
        let world = self::world(empty.path(), &[]);
        let (found, _) = session(&world, "", |session| session.select(&QueueArgs::default()));
        let failure = found.expect_err("there is no queue");
        let text = format!(
            "failed to find a queue: none in queues/ or tasks/ of {}",
            empty.path().display()
        );
        assert_eq!((failure.kind, failure.message), (FailureKind::Usage, text));
        assert_eq!(failure.hints, ["workloop init writes a first queue"]);
    }

    #[test]
    fn a_verb_that_reads_warns_of_a_wrong_configuration_and_one_that_writes_fails() {
        let dir = folder(&["queues/a.json"]);
        let config = "[limits]\nattempts = \"many\"\n[board]\nstyle = \"todo\"\n";
        std::fs::write(dir.path().join("workloop.toml"), config).expect("written");
        let world = world(dir.path(), &[]);
        let none = QueueArgs::default();
        let ((read, write), [_, err]) =
            session(&world, "", |session| (session.select_to_read(&none), session.select(&none)));
        let failure = write.expect_err("refused");
        assert_eq!(failure.kind, FailureKind::Usage);
        assert_eq!(err, format!("warning: {}\n", failure.message));
        let place = format!("{}:2:12: ", dir.path().join("workloop.toml").display());
        assert!(failure.message.contains(&place), "{}", failure.message);
        // The rest of the file is used.
        let (config, _) = (read.expect("selected").config, ());
        assert_eq!(
            config.board.style,
            crate::config::parse(Path::new("/x"), "[board]\nstyle = \"todo\"\n")
                .expect("valid")
                .board
                .style
        );
        let (config, _) = session(&world, "", |session| session.file_config(&none));
        assert_eq!(config.path, None, "an invalid file counts as none");
    }

    #[test]
    fn another_configuration_is_named_by_a_flag_or_a_variable() {
        let dir = folder(&["queues/a.json"]);
        for (file, attempts) in [("workloop.toml", 1), ("flag.toml", 2), ("variable.toml", 3)] {
            let text = format!("[limits]\nattempts = {attempts}\n");
            std::fs::write(dir.path().join(file), text).expect("written");
        }
        let variable = [("WORKLOOP_CONFIG", "variable.toml")];
        for (vars, flags, wanted) in [
            (&[][..], "", 1),
            (&[], "--config flag.toml", 2),
            (&variable, "", 3),
            (&variable, "--config flag.toml", 2),
        ] {
            let world = world(dir.path(), vars);
            let none = QueueArgs::default();
            let (found, _) = session(&world, flags, |session| {
                (session.select(&none).expect("selected").config, session.file_config(&none))
            });
            let found = (found.0.limits.attempts.value, found.1.limits.attempts.value);
            assert_eq!(found, (wanted, wanted), "{vars:?} {flags}");
        }
    }
}
