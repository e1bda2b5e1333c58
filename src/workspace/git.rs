//! Builds calls of our own git that run no program that an agent may have configured.
//!
//! The configuration and the attributes of a repository name programs: monitors, filters, drivers,
//! hooks, remotes. Each call has an explicit environment, that of the agent without the variables
//! that control git, and settings that override those of the repository. The names of filters are
//! arbitrary: they are read first, by a call that runs nothing, and emptied one by one. What a
//! repository changes between the two calls can still be run, so calls belong under the supervisor
//! of an attempt, like every command.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

/// Variables that every call of git has.
const VARIABLES: [(&str, &str); 12] = [
    // Reading must not take the lock of the index, which an agent may need at the same time.
    ("GIT_OPTIONAL_LOCKS", "0"),
    ("GIT_TERMINAL_PROMPT", "0"),
    // No remote is contacted, of any kind: a missing object stays missing.
    ("GIT_ALLOW_PROTOCOL", ""),
    ("GIT_NO_LAZY_FETCH", "1"),
    ("GIT_NO_REPLACE_OBJECTS", "1"),
    // A file of the repository that gives commits other parents.
    ("GIT_GRAFT_FILE", ""),
    ("GIT_ATTR_NOSYSTEM", "1"),
    ("GIT_TRACE2", "0"),
    ("GIT_TRACE2_EVENT", "0"),
    ("GIT_TRACE2_PERF", "0"),
    ("GIT_PAGER", "cat"),
    ("LC_ALL", "C"),
];

/// Settings that override those of the repository, except for its filters.
const SETTINGS: [(&str, &str); 27] = [
    ("core.fsmonitor", "false"),
    ("core.untrackedCache", "false"),
    ("core.hooksPath", "/dev/null"),
    ("core.attributesFile", "/dev/null"),
    ("core.sshCommand", "false"),
    ("core.gitProxy", "false"),
    ("core.askPass", "false"),
    ("core.pager", "cat"),
    ("core.alternateRefsCommand", "false"),
    ("diff.external", ""),
    ("protocol.allow", "never"),
    ("submodule.recurse", "false"),
    ("status.submoduleSummary", "false"),
    // No git runs in a submodule, with the configuration that it finds there.
    ("diff.ignoreSubmodules", "dirty"),
    ("diff.submodule", "short"),
    // The owner of the repository decides whether its programs may run; none runs here.
    ("safe.directory", "*"),
    // Signatures that are shown are checked by a program.
    ("log.showSignature", "false"),
    ("gpg.program", "false"),
    // The output is parsed, so its format must be fixed.
    ("color.ui", "false"),
    ("core.commentChar", "#"),
    ("trailer.separators", ":"),
    ("i18n.commitEncoding", "UTF-8"),
    ("i18n.logOutputEncoding", "UTF-8"),
    ("log.follow", "false"),
    ("log.mailmap", "false"),
    ("diff.orderFile", "/dev/null"),
    ("diff.relative", "false"),
];

/// The git of one attempt.
#[derive(Clone)]
pub struct Git {
    program: PathBuf,
    env: Vec<(OsString, OsString)>,
}

impl fmt::Debug for Git {
    /// Omits the environment, which contains secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Git").field("program", &self.program).finish_non_exhaustive()
    }
}

/// A call that is ready to start.
#[derive(Clone)]
pub(crate) struct Call {
    /// Program and arguments.
    pub argv: Vec<OsString>,
    /// Its complete environment.
    pub env: Vec<(OsString, OsString)>,
    /// Its working directory: the top of the work tree.
    pub cwd: PathBuf,
    /// Its input; empty for none.
    pub stdin: Vec<u8>,
}

impl fmt::Debug for Call {
    /// Omits the environment, which contains secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call").field("argv", &self.argv).finish_non_exhaustive()
    }
}

/// Runs a call and returns its output; `None` if the call failed.
pub(crate) type Run<'a> = &'a mut dyn FnMut(&Call) -> Option<Vec<u8>>;

/// Settings that depend on the configuration of a repository.
#[derive(Debug, Default)]
pub(super) struct Settings(Vec<(OsString, OsString)>);

impl Git {
    /// Creates the git at `program`, an absolute path, with a `PATH` of fixed folders, and with
    /// those variables of `commands` that do not control git.
    pub fn new(program: &Path, path: Option<&OsStr>, commands: &[(OsString, OsString)]) -> Self {
        let other = |name: &OsStr| {
            let bytes = name.as_encoded_bytes();
            name != "PATH" && !bytes.starts_with(b"GIT_") && !bytes.starts_with(b"LC_")
        };
        let mut env: Vec<(OsString, OsString)> =
            commands.iter().filter(|(name, _)| other(name)).cloned().collect();
        env.extend(path.map(|path| ("PATH".into(), path.into())));
        env.extend(VARIABLES.map(|(name, value)| (name.into(), value.into())));
        Self { program: program.to_owned(), env }
    }

    /// Returns the settings that switch off the filters that the repository at `top` configures;
    /// `None` if its configuration cannot be read.
    pub(super) fn settings(&self, top: &Path, run: Run<'_>) -> Option<Settings> {
        // Includes the person's own configuration: files that it ignores globally are not the
        // agent's. Reading runs nothing.
        let call = self.prepared(top, Vec::new(), &["config", "--list", "-z"]);
        Some(settings_of(&run(&call)?))
    }

    /// Builds a call in the work tree whose top is `top`, which contains the `.git`.
    pub(super) fn call(&self, top: &Path, settings: &Settings, args: &[&str]) -> Call {
        self.prepared(top, configured(settings), args)
    }

    fn prepared(&self, top: &Path, more: Vec<(OsString, OsString)>, args: &[&str]) -> Call {
        let mut env = self.env.clone();
        env.extend(more);
        // Set explicitly, so that the repository's own setting of its work tree does not count.
        env.push(("GIT_DIR".into(), top.join(".git").into()));
        env.push(("GIT_WORK_TREE".into(), top.into()));
        let start = [self.program.as_os_str(), OsStr::new("--no-pager")];
        let argv = start.into_iter().chain(args.iter().map(OsStr::new));
        let argv = argv.map(OsStr::to_owned).collect();
        Call { argv, env, cwd: top.to_owned(), stdin: Vec::new() }
    }

    /// Builds a call with the caller's location and arguments; only the fixed settings are added.
    pub(super) fn call_at<S: AsRef<OsStr>>(&self, at: &At, args: &[S]) -> Call {
        let settings = Settings(at.settings.clone());
        let mut env = self.env.clone();
        env.extend(configured(&settings));
        env.extend(at.vars.iter().cloned());
        let start = [self.program.as_os_str(), OsStr::new("--no-pager")];
        let argv = start.into_iter().chain(args.iter().map(AsRef::as_ref));
        let argv = argv.map(OsStr::to_owned).collect();
        Call { argv, env, cwd: at.cwd.clone(), stdin: Vec::new() }
    }

    /// Builds the call that lists the configuration of the repository at `git_dir` and of its
    /// person, as `key LF value NUL`.
    pub(super) fn list_call(&self, at: &At) -> Call {
        let mut env = self.env.clone();
        env.extend(at.vars.iter().cloned());
        env.extend([
            ("GIT_CONFIG_COUNT".into(), "1".into()),
            ("GIT_CONFIG_KEY_0".into(), "safe.directory".into()),
            ("GIT_CONFIG_VALUE_0".into(), "*".into()),
        ]);
        let argv = [self.program.as_os_str(), OsStr::new("config"), OsStr::new("--list")];
        let argv = argv.into_iter().chain([OsStr::new("-z")]).map(OsStr::to_owned).collect();
        Call { argv, env, cwd: at.cwd.clone(), stdin: Vec::new() }
    }

    /// Returns whether `program` is on the `PATH` of the calls.
    pub(super) fn finds(&self, program: &str) -> bool {
        let path = self.env.iter().find(|(name, _)| name == "PATH").map(|(_, path)| path);
        let dirs = path.map(std::env::split_paths).into_iter().flatten();
        dirs.into_iter().any(|dir| dir.join(program).is_file())
    }
}

/// The repository, work tree and index of a call, each explicit: git searches for none of them.
#[derive(Clone, Debug)]
pub(super) struct At {
    vars: Vec<(OsString, OsString)>,
    settings: Vec<(OsString, OsString)>,
    cwd: PathBuf,
}

impl At {
    /// The repository whose git directory is `git_dir`.
    pub(super) fn git_dir(git_dir: &Path) -> Self {
        let vars = vec![("GIT_DIR".into(), git_dir.into())];
        Self { vars, settings: Vec::new(), cwd: git_dir.to_owned() }
    }

    /// Sets the work tree, where the call runs.
    pub(super) fn work_tree(mut self, work_tree: &Path) -> Self {
        work_tree.clone_into(&mut self.cwd);
        self.var("GIT_WORK_TREE", work_tree)
    }

    /// Adds a variable.
    pub(super) fn var(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.vars.push((name.into(), value.as_ref().into()));
        self
    }

    /// Adds a setting that overrides the repository.
    pub(super) fn set(mut self, key: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.settings.push((key.as_ref().into(), value.as_ref().into()));
        self
    }

    /// Adds settings that empty the filters in a list of `key LF value NUL`.
    pub(super) fn without_filters(mut self, list: &[u8]) -> Self {
        // A filter for whole files (`process`) that is set to an empty program makes git ignore the
        // filters for single files, which the person may have. It is therefore emptied only if it
        // is configured.
        let names: BTreeSet<&[u8]> = list.split(|byte| *byte == 0).filter_map(key_of).collect();
        let is_named = |key: &OsString| names.contains(key.as_encoded_bytes());
        let emptied = settings_of(list).0.into_iter();
        let emptied = emptied
            .filter(|(key, _)| !key.as_encoded_bytes().ends_with(b".process") || is_named(key));
        self.settings.extend(emptied);
        self
    }
}

/// Returns the variables for `settings`, the fixed settings, and the configuration files that
/// count.
fn configured(settings: &Settings) -> Vec<(OsString, OsString)> {
    let mut env: Vec<(OsString, OsString)> = vec![
        ("GIT_CONFIG_NOSYSTEM".into(), "1".into()),
        ("GIT_CONFIG_GLOBAL".into(), "/dev/null".into()),
    ];
    let fixed = SETTINGS.map(|(key, value)| (key.into(), value.into()));
    let mut count = 0;
    // Uses variables, since a key on the command line cannot contain a "=".
    for (number, (key, value)) in fixed.iter().chain(&settings.0).enumerate() {
        env.push((format!("GIT_CONFIG_KEY_{number}").into(), key.clone()));
        env.push((format!("GIT_CONFIG_VALUE_{number}").into(), value.clone()));
        count = number + 1;
    }
    env.push(("GIT_CONFIG_COUNT".into(), count.to_string().into()));
    env
}

/// Returns the key of an entry `key LF value`.
fn key_of(entry: &[u8]) -> Option<&[u8]> {
    entry.split(|byte| *byte == b'\n').next()
}

/// Returns the settings that empty each filter in a list of `key LF value NUL`, and the file of
/// globally ignored paths.
fn settings_of(list: &[u8]) -> Settings {
    let (mut filters, mut excludes) = (BTreeSet::new(), None);
    for entry in list.split(|byte| *byte == 0) {
        let mut parts = entry.splitn(2, |byte| *byte == b'\n');
        let (key, value) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        if key == b"core.excludesfile" {
            excludes = Some(OsString::from_vec(value.to_vec()));
        }
        let end = key.iter().rposition(|byte| *byte == b'.').filter(|end| *end > b"filter".len());
        if let Some(end) = end.filter(|_| key.starts_with(b"filter.")) {
            filters.insert(&key[..end]);
        }
    }
    let mut settings: Vec<(OsString, OsString)> = Vec::new();
    for filter in filters {
        for (last, value) in [("clean", ""), ("smudge", ""), ("process", ""), ("required", "false")]
        {
            let key = [filter, b".", last.as_bytes()].concat();
            settings.push((OsString::from_vec(key), value.into()));
        }
    }
    settings.extend(excludes.map(|file| ("core.excludesFile".into(), file)));
    Settings(settings)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value<'a>(env: &'a [(OsString, OsString)], name: &str) -> Option<&'a OsStr> {
        let mut found = env.iter().filter(|(key, _)| key == name);
        let first = found.next().map(|(_, value)| value.as_os_str());
        assert!(found.next().is_none(), "{name} twice");
        first
    }

    #[test]
    fn nothing_that_steers_git_gets_through() {
        let outside = [
            ("PATH", "/bin:.:rel"),
            ("HOME", "/h"),
            ("GIT_DIR", "/evil"),
            ("GIT_EXTERNAL_DIFF", "/evil"),
            ("GIT_CONFIG_COUNT", "1"),
            ("GIT_CONFIG_PARAMETERS", "'core.fsmonitor=/evil'"),
            ("LC_MESSAGES", "de_DE"),
        ];
        let outside = outside.map(|(name, value)| (name.into(), value.into()));
        let git = Git::new(Path::new("/usr/bin/git"), Some(OsStr::new("/bin")), &outside);
        let call = git.call(Path::new("/r"), &Settings::default(), &["status", "-z"]);
        assert_eq!(call.argv, ["/usr/bin/git", "--no-pager", "status", "-z"]);
        assert_eq!(call.cwd, Path::new("/r"));
        let has = |name| value(&call.env, name).map(|value| value.to_string_lossy().into_owned());
        assert_eq!(has("PATH").as_deref(), Some("/bin"));
        assert_eq!(has("HOME").as_deref(), Some("/h"));
        assert_eq!(has("GIT_DIR").as_deref(), Some("/r/.git"));
        assert_eq!(has("GIT_CONFIG_COUNT").as_deref(), Some("27"));
        assert_eq!(has("GIT_CONFIG_KEY_0").as_deref(), Some("core.fsmonitor"));
        assert_eq!(has("GIT_CONFIG_KEY_27"), None);
        assert!(call.env.iter().all(|(_, value)| !value.to_string_lossy().contains("evil")));
        assert_eq!((has("LC_MESSAGES"), has("LC_ALL").as_deref()), (None, Some("C")));
    }

    #[test]
    fn filters_are_emptied_by_their_names() {
        let list = b"filter.a.b=c.clean\nx y\0filter.z.process\nx\0filter.z.clean\n\
            x\0filter.lone\nx\0core.excludesfile\n~/ignored\0core.bare\0";
        let all: Vec<String> = settings_of(list)
            .0
            .iter()
            .map(|(key, value)| format!("{}={}", key.to_string_lossy(), value.to_string_lossy()))
            .collect();
        assert_eq!(
            all,
            [
                "filter.a.b=c.clean=",
                "filter.a.b=c.smudge=",
                "filter.a.b=c.process=",
                "filter.a.b=c.required=false",
                "filter.z.clean=",
                "filter.z.smudge=",
                "filter.z.process=",
                "filter.z.required=false",
                "core.excludesFile=~/ignored",
            ]
        );
    }
}
