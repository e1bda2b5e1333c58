//! The environment of agents and verification: the variables that the rules pass, and `WORKLOOP_*`.
//!
//! Values may be secrets: they are never printed, not even by `Debug`.

mod logins;
mod policy;
mod secret;

pub(super) use logins::logins as login_variables;
pub(crate) use policy::{Given, Policy, Why, Withheld};
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::Path;

/// Replaces NUL, which neither a variable nor an argument can contain.
pub(crate) const NUL_SHOWN: &str = "\u{2400}";

/// The complete environment of a command.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Environment(BTreeMap<OsString, OsString>);

impl Environment {
    /// Sets a variable.
    pub(crate) fn set(&mut self, name: impl Into<OsString>, value: impl Into<OsString>) {
        self.0.insert(name.into(), value.into());
    }

    /// Returns the value of a variable.
    pub(crate) fn get(&self, name: &str) -> Option<&OsStr> {
        self.0.get(OsStr::new(name)).map(OsString::as_os_str)
    }

    /// Iterates over all variables, sorted by name.
    pub(crate) fn vars(&self) -> impl Iterator<Item = (&OsStr, &OsStr)> {
        self.0.iter().map(|(name, value)| (name.as_os_str(), value.as_os_str()))
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl IntoIterator for Environment {
    type Item = (OsString, OsString);
    type IntoIter = std::collections::btree_map::IntoIter<OsString, OsString>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

/// The `WORKLOOP_*` variables that describe the task to a command.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TaskVariables<'a> {
    /// The id of the task.
    pub task_id: &'a str,
    /// The absolute path of the queue.
    pub queue: &'a Path,
    /// The project, if the queue names one.
    pub project: Option<&'a str>,
    /// The number of the attempt.
    pub attempt: u32,
    /// The id of the worker.
    pub worker: &'a str,
    /// The file with the task as JSON.
    pub task_file: &'a Path,
    /// The file with the prompt.
    pub prompt_file: &'a Path,
    /// The file to which the agent may write its result.
    pub result_file: &'a Path,
    /// The folder of the attempt.
    pub attempt_dir: &'a Path,
    /// The project root, which is the working directory.
    pub root: &'a Path,
    /// A file with the paths of changed files, one per line; for verification only.
    pub changed_files: Option<&'a Path>,
}

impl TaskVariables<'_> {
    /// Sets the variables in `environment`.
    pub(crate) fn set_in(&self, environment: &mut Environment) {
        // The system rejects NUL in a variable; an id with one must not stop the whole run.
        environment.set("WORKLOOP_TASK_ID", self.task_id.replace('\0', NUL_SHOWN));
        environment.set("WORKLOOP_QUEUE", self.queue);
        environment
            .set("WORKLOOP_PROJECT", self.project.unwrap_or_default().replace('\0', NUL_SHOWN));
        environment.set("WORKLOOP_ATTEMPT", self.attempt.to_string());
        environment.set("WORKLOOP_WORKER", self.worker);
        environment.set("WORKLOOP_TASK_FILE", self.task_file);
        environment.set("WORKLOOP_PROMPT_FILE", self.prompt_file);
        environment.set("WORKLOOP_RESULT_FILE", self.result_file);
        environment.set("WORKLOOP_ATTEMPT_DIR", self.attempt_dir);
        environment.set("WORKLOOP_ROOT", self.root);
        if let Some(changed) = self.changed_files {
            environment.set("WORKLOOP_CHANGED_FILES", changed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_hides_values() {
        let mut environment = Environment::default();
        environment.set("PATH", "secret");
        assert_eq!(format!("{environment:?}"), "{\"PATH\"}");
    }

    #[test]
    fn a_command_is_told_of_its_task() {
        let path = Path::new("/a");
        let variables = TaskVariables {
            task_id: "T 1",
            queue: path,
            project: None,
            attempt: 3,
            worker: "h:1:00000000",
            task_file: path,
            prompt_file: path,
            result_file: path,
            attempt_dir: path,
            root: path,
            changed_files: None,
        };
        let mut environment = Environment::default();
        variables.set_in(&mut environment);
        assert_eq!(environment.vars().count(), 10);
        assert_eq!(environment.get("WORKLOOP_ATTEMPT"), Some(OsStr::new("3")));
        TaskVariables { changed_files: Some(path), ..variables }.set_in(&mut environment);
        assert_eq!(environment.vars().count(), 11);
    }
}
