//! What agents and verification see of the environment: an allow-list, plus `WORKLOOP_*`.
//!
//! Values may be secrets: they are never printed, not even by `Debug`.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::Path;

/// Variables that every command gets; `*` at the end stands for anything.
const ALLOWED: [&str; 64] = [
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "LANG",
    "LANGUAGE",
    "LC_*",
    "TERM",
    "COLORTERM",
    "NO_COLOR",
    "CI",
    "TMPDIR",
    "TZ",
    "XDG_*",
    "DBUS_SESSION_BUS_ADDRESS",
    "SSH_AUTH_SOCK",
    "SSH_AGENT_PID",
    "GPG_TTY",
    "GNUPGHOME",
    "GIT_AUTHOR_*",
    "GIT_COMMITTER_*",
    "GIT_SSH*",
    "GIT_CONFIG_*",
    "SSL_CERT_*",
    "NODE_EXTRA_CA_CERTS",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "all_proxy",
    "no_proxy",
    "ANTHROPIC_*",
    "CLAUDE_*",
    "OPENAI_*",
    "CODEX_*",
    "GEMINI_*",
    "GOOGLE_*",
    "AWS_*",
    "AZURE_*",
    "CARGO_*",
    "RUSTUP_*",
    "RUSTFLAGS",
    "NODE_*",
    "NPM_CONFIG_*",
    "npm_config_*",
    "NVM_*",
    "PNPM_HOME",
    "PYTHON*",
    "VIRTUAL_ENV",
    "CONDA_*",
    "UV_*",
    "PIP_*",
    "JAVA_HOME",
    "GRADLE_*",
    "GOPATH",
    "GOROOT",
    "GOFLAGS",
    "GOPROXY",
    "NIX_*",
];

/// What is shown in the place of a NUL, which neither a variable nor an argument can hold.
pub const NUL_SHOWN: &str = "\u{2400}";

/// The complete environment of a command.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Environment(BTreeMap<OsString, OsString>);

impl Environment {
    /// Those of `vars` that the list allows or `extra` names. No `WORKLOOP_*` of the outside is
    /// among them: what a command is told of its task is not what a loop around this one was told.
    pub fn allowed(vars: &[(OsString, OsString)], extra: &[&[String]]) -> Self {
        let extra = || extra.iter().copied().flatten().map(String::as_str);
        let is_allowed = |name: &OsStr| {
            let name = name.as_encoded_bytes();
            !name.starts_with(b"WORKLOOP_")
                && ALLOWED.iter().copied().chain(extra()).any(|pattern| matches(pattern, name))
        };
        Self(vars.iter().filter(|(name, _)| is_allowed(name)).cloned().collect())
    }

    /// Sets a variable.
    pub fn set(&mut self, name: impl Into<OsString>, value: impl Into<OsString>) {
        self.0.insert(name.into(), value.into());
    }

    /// The value of a variable.
    pub fn get(&self, name: &str) -> Option<&OsStr> {
        self.0.get(OsStr::new(name)).map(OsString::as_os_str)
    }

    /// All variables, sorted by name.
    pub fn vars(&self) -> impl Iterator<Item = (&OsStr, &OsStr)> {
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

fn matches(pattern: &str, name: &[u8]) -> bool {
    // Two environments are made for each attempt, of thousands of comparisons each.
    if pattern.as_bytes().first() != name.first() && pattern != "*" {
        return false;
    }
    match pattern.strip_suffix('*') {
        Some(prefix) => name.starts_with(prefix.as_bytes()),
        None => name == pattern.as_bytes(),
    }
}

/// What a command is told of its task by `WORKLOOP_*` variables.
#[derive(Clone, Copy, Debug)]
pub struct TaskVariables<'a> {
    /// Id of the task.
    pub task_id: &'a str,
    /// Absolute path of the queue.
    pub queue: &'a Path,
    /// The project, where the queue names one.
    pub project: Option<&'a str>,
    /// Number of the attempt.
    pub attempt: u32,
    /// The worker.
    pub worker: &'a str,
    /// The task as JSON.
    pub task_file: &'a Path,
    /// The prompt.
    pub prompt_file: &'a Path,
    /// Where the agent may write its result.
    pub result_file: &'a Path,
    /// The folder of the attempt.
    pub attempt_dir: &'a Path,
    /// The project root, which is the working directory.
    pub root: &'a Path,
    /// Paths of changed files, one a line; for verification only.
    pub changed_files: Option<&'a Path>,
}

impl TaskVariables<'_> {
    /// Sets the variables.
    pub fn set_in(&self, environment: &mut Environment) {
        // The system takes no NUL; an id with one must not stop the whole run.
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

    fn vars(names: &[&str]) -> Vec<(OsString, OsString)> {
        names.iter().map(|name| (OsString::from(name), OsString::from("secret"))).collect()
    }

    #[test]
    fn only_what_is_allowed_gets_through() {
        let outside = vars(&["PATH", "LC_ALL", "PATHOLOGY", "DB_PASSWORD", "X_TOKEN", "X_Y", "LS"]);
        let environment = Environment::allowed(&outside, &[]);
        let names: Vec<_> = environment.vars().map(|(name, _)| name).collect();
        assert_eq!(names, ["LC_ALL", "PATH"]);
        let extra = ["X_*".to_owned(), "DB_PASSWORD".to_owned()];
        let environment = Environment::allowed(&outside, &[&extra[..1], &extra[1..]]);
        assert_eq!(environment.vars().count(), 5);
    }

    #[test]
    fn nothing_of_a_loop_around_this_one_gets_through() {
        let outside = vars(&["WORKLOOP_TASK_ID", "WORKLOOP_CLAIM"]);
        assert_eq!(Environment::allowed(&outside, &[&["*".to_owned()]]), Environment::default());
    }

    #[test]
    fn debug_hides_values() {
        let environment = Environment::allowed(&vars(&["PATH"]), &[]);
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
