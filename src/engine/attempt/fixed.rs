//! What is fixed for a whole run, whatever agents do meanwhile: the configuration, and the programs
//! of the steps.
//!
//! Programs are looked up when the run begins. Otherwise an agent could put a program into an
//! earlier folder of `PATH`, and it would run as the verification of every later task. For the same
//! reason, steps ignore relative entries of `PATH`, and empty ones, which mean the working
//! directory; the `PATH` that steps get does not contain them.

use super::apart::{Apart, ApartError, Isolated};
use super::tamper::Kept;
use crate::config::{Config, Verification};
use crate::domain::Command;
use crate::platform::ids::Ids;
use crate::platform::programs::{self, absolute_path};
use crate::project::QueueSet;
use crate::workspace::Repository;
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The program that reports which files an attempt changed.
const GIT: &str = "git";

/// The configuration and the programs of a run.
#[derive(Debug, Default)]
pub(crate) struct Fixed {
    /// The configuration file, if there is one, and the variable files that it names.
    pub(super) config: Vec<Arc<Kept>>,
    path: Option<OsString>,
    programs: BTreeMap<String, PathBuf>,
    /// The projects whose agents work in private trees.
    isolated: Vec<Isolated>,
}

impl Fixed {
    /// Reads their present state, with the `PATH` among `vars`.
    pub(crate) fn of(config: &Config, vars: &[(OsString, OsString)]) -> Self {
        let found =
            vars.iter().find(|(name, _)| name == "PATH").map(|(_, value)| value.as_os_str());
        let path = found.map(absolute_path);
        let dirs = path.as_deref().unwrap_or_default();
        let flags = match &config.verification {
            Verification::Flags(steps) => steps.as_slice(),
            Verification::Profiles | Verification::Off => &[],
        };
        let hooks = config.hooks.iter().map(|hook| program(&hook.command));
        let names = config.steps.iter().chain(flags).map(|step| program(&step.command));
        let names = names.chain(hooks);
        // Commands from a queue are run by the shell, too, and the loop itself runs git.
        let programs = names
            .chain(["sh", GIT])
            .filter_map(|name| Some((name.to_owned(), look_up(name, dirs)?)));
        Self { config: Vec::new(), programs: programs.collect(), path, isolated: Vec::new() }
    }

    /// Reads the same for a loop, which also keeps a copy of the configuration file.
    pub(crate) fn of_run(
        config: &Config,
        vars: &[(OsString, OsString)],
        ids: &Arc<dyn Ids>,
    ) -> Self {
        let mut paths: Vec<&Path> = Vec::new();
        for path in config.path.iter().chain(&config.env_files) {
            if !paths.contains(&path.as_path()) {
                paths.push(path);
            }
        }
        let kept = |path: &Path| Kept::new(path, Arc::clone(ids)).map(Arc::new);
        Self { config: paths.into_iter().filter_map(kept).collect(), ..Self::of(config, vars) }
    }

    /// Adds the private trees of the projects of the served queues, if that is configured.
    ///
    /// # Errors
    /// The root and [`ApartError`] if one of them cannot have private trees.
    pub(crate) fn isolated(
        mut self,
        set: &QueueSet,
        vars: &[(OsString, OsString)],
    ) -> Result<Self, (PathBuf, ApartError)> {
        for root in set.roots().map(|root| &root.path) {
            if self.isolated_at(root).is_none() {
                let isolated = Isolated::of(&set.config, root, (self.git(), self.path()), vars);
                let isolated = isolated.map_err(|error| (root.clone(), error))?;
                self.isolated.extend(isolated);
            }
        }
        Ok(self)
    }

    fn isolated_at(&self, root: &Path) -> Option<&Isolated> {
        self.isolated.iter().find(|isolated| isolated.root() == root)
    }

    /// Returns the repository of the project at `root`, if its agents work in private trees.
    pub(crate) fn repository(&self, root: &Path) -> Option<&Repository> {
        self.isolated_at(root).map(Isolated::repository)
    }

    /// Reserves the private trees of an attempt, if it has any. Without an agent there is no
    /// workspace.
    pub(crate) fn apart(
        &self,
        root: &Path,
        queue: &Path,
        has_agent: bool,
    ) -> Result<Option<Apart>, String> {
        let taken = self.isolated_at(root).map(|isolated| isolated.take(queue, has_agent));
        taken.transpose().map_err(|error| error.to_string())
    }

    /// Accepts the present configuration as the one to put back from now on. Call this only while
    /// nothing runs that could have changed it. Returns whether it was changed.
    pub(crate) fn settle_config(&self) -> bool {
        // All files must be settled, not only the first that changed.
        let changed = self.config.iter().filter(|config| config.settle());
        changed.count() > 0
    }

    /// Returns the program `name` as found when the run began, or `name` itself if it was not
    /// found.
    pub(crate) fn program(&self, name: OsString) -> OsString {
        let found = name.to_str().and_then(|name| self.programs.get(name));
        found.map_or(name, |path| path.clone().into_os_string())
    }

    /// Returns the path of git, if it was found when the run began.
    pub(crate) fn git(&self) -> Option<&Path> {
        self.programs.get(GIT).map(PathBuf::as_path)
    }

    /// Returns the `PATH` of steps, if this process has one.
    pub(crate) fn path(&self) -> Option<&OsStr> {
        self.path.as_deref()
    }

    /// Returns the folders of that `PATH`.
    pub(crate) fn folders(&self) -> Vec<PathBuf> {
        std::env::split_paths(self.path.as_deref().unwrap_or_default()).collect()
    }
}

fn program(command: &Command) -> &str {
    match command {
        Command::Shell(_) => "sh",
        Command::List(words) => words.first().map_or("", String::as_str),
    }
}

fn look_up(name: &str, path: &OsStr) -> Option<PathBuf> {
    // A `{placeholder}` is known only later.
    if name.contains('{') { None } else { programs::find(name, path) }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests write what they look at")]
mod tests {
    use super::*;
    use crate::domain::EnvironmentRules;
    use crate::verify::VerifyStep;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;
    use std::time::Duration;

    #[test]
    fn a_program_is_the_one_that_was_there_at_the_start() {
        let dir = tempfile::tempdir().unwrap();
        let put = |name: &str| {
            let path = dir.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, "").unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
            path
        };
        let tool = put("late/tool");
        let config = Config { steps: vec![step("tool")], ..Config::default() };
        let path = format!("bin:{0}/early:{0}/late", dir.path().display());
        let vars = [("PATH".into(), path.into())];
        let fixed = Fixed::of(&config, &vars);
        put("early/tool");
        assert_eq!(fixed.program("tool".into()), tool.as_os_str());
        assert_eq!(fixed.program("other".into()), "other");
        assert_eq!(fixed.program("./tool".into()), "./tool");
        assert_eq!(fixed.folders().len(), 2);
    }

    fn step(program: &str) -> VerifyStep {
        VerifyStep {
            name: "v".into(),
            profile: "default".into(),
            command: Command::List(vec![program.into()]),
            timeout: Duration::MAX,
            environment: EnvironmentRules::default(),
            from_queue: false,
            rules: Arc::default(),
        }
    }

    /// Makes executable files. Returns the folder, which is the `PATH` of the variables.
    fn tools(names: &[&str]) -> (tempfile::TempDir, Vec<(OsString, OsString)>) {
        let dir = tempfile::tempdir().unwrap();
        for name in names {
            fs::write(dir.path().join(name), "").unwrap();
            let mode = fs::Permissions::from_mode(0o755);
            fs::set_permissions(dir.path().join(name), mode).unwrap();
        }
        let vars = vec![("PATH".into(), dir.path().into())];
        (dir, vars)
    }

    #[test]
    fn every_program_that_judges_is_looked_up_and_no_placeholder() {
        let (dir, vars) = tools(&["tool", "flag", "hooked", "sh", "git", "{root}", "agent"]);
        let text = "[hooks]\nbefore_task = [\"hooked\"]\n";
        let hooks = crate::config::parse(&dir.path().join("workloop.toml"), text).unwrap().hooks;
        let config = Config {
            steps: vec![step("tool"), step("{root}")],
            verification: Verification::Flags(vec![step("flag")]),
            hooks,
            ..Config::default()
        };
        let fixed = Fixed::of(&config, &vars);
        let path = |name: &str| dir.path().join(name).into_os_string();
        for name in ["tool", "flag", "hooked", "sh"] {
            assert_eq!(fixed.program(name.into()), path(name), "{name}");
        }
        // An agent is found on its own `PATH`.
        for name in ["{root}", "agent", "./tool", ""] {
            assert_eq!(fixed.program(name.into()), name, "{name}");
        }
        assert_eq!(fixed.git().map(Path::as_os_str), Some(path("git").as_os_str()));
        assert_eq!(
            (fixed.path(), fixed.folders()),
            (Some(dir.path().as_os_str()), vec![dir.path().to_owned()])
        );
        let nothing = Fixed::of(&config, &[]);
        assert_eq!((nothing.git(), nothing.path()), (None, None));
        assert_eq!(nothing.program("tool".into()), "tool");
    }

    #[test]
    fn a_run_keeps_the_configuration_and_each_file_that_it_names_once() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        for name in ["workloop.toml", "a.env", "b.env"] {
            fs::write(at(name), "A=1\n").unwrap();
        }
        let config = Config {
            path: Some(at("workloop.toml")),
            env_files: ["a.env", "b.env", "a.env", "gone.env"].map(at).to_vec(),
            ..Config::default()
        };
        let ids: Arc<dyn Ids> = Arc::new(crate::platform::ids::RandomIds);
        let fixed = Fixed::of_run(&config, &[], &ids);
        assert_eq!(fixed.config.len(), 3);
        assert!(!fixed.settle_config(), "nothing changed");
        // All of them are accepted, not only the first one.
        for name in ["a.env", "b.env"] {
            fs::write(at(name), "A=2\n").unwrap();
        }
        assert!(fixed.settle_config() && !fixed.settle_config());
        assert_eq!(
            Fixed::of(&config, &[]).config.len(),
            0,
            "a command that runs no loop keeps none"
        );
    }

    #[test]
    fn without_private_trees_nothing_is_reserved() {
        let fixed = Fixed::default();
        assert!(fixed.apart(Path::new("/p"), Path::new("/p/q.json"), true).unwrap().is_none());
        assert!(fixed.repository(Path::new("/p")).is_none());
    }
}
