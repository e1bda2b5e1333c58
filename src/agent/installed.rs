//! Finds out which agents are installed on this machine, and whether they are logged in.
//!
//! Except for [`probe`], this causes no cost: programs are only run with `--version`, and a login
//! is detected by a variable or a file.

use super::environment::login_variables;
use super::presets::{Adapter, Call, Ended, Knows, PROMPT, adapter, read_run};
use crate::domain::{AgentRun, Command, Outcome, Preset};
use crate::platform::clock::Clock;
use crate::platform::command::{Short, ShortError};
use crate::platform::{open, programs};
use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long a program may take to print its version.
const VERSION_LIMIT: Duration = Duration::from_secs(10);
/// How long a dry call may take.
const PROBE_LIMIT: Duration = Duration::from_secs(120);
/// The prompt of a dry call.
const PROBE_PROMPT: &str = "Reply with the one word ready. Change nothing.";

/// The state of one preset on this machine.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Installed {
    /// The preset.
    pub preset: Preset,
    /// The path of its program; `None` if it is not installed.
    pub path: Option<PathBuf>,
    /// The version that it prints.
    pub version: Option<String>,
    /// Whether it is logged in; `None` if that cannot be determined without a call.
    pub logged_in: Option<bool>,
    /// The data that its output contains.
    pub knows: &'static [Knows],
}

/// Iterates over the presets that have a program.
pub(crate) fn presets() -> impl Iterator<Item = &'static Adapter> {
    let all = Preset::ALL.into_iter().map(adapter);
    all.filter(|adapter| !adapter.program.is_empty())
}

/// Returns the presets whose programs are on `path`, in order of preference.
pub(crate) fn on_path(path: &OsStr) -> Vec<&'static Adapter> {
    presets().filter(|adapter| programs::find(adapter.program, path).is_some()).collect()
}

/// Returns the state of each preset, given the environment `vars`.
pub(crate) fn installed(vars: &[(OsString, OsString)]) -> Vec<Installed> {
    let path = var(vars, "PATH").unwrap_or_default();
    std::thread::scope(|scope| {
        let asked: Vec<_> =
            presets().map(|adapter| scope.spawn(move || one(adapter, path, vars))).collect();
        asked.into_iter().filter_map(|one| one.join().ok()).collect()
    })
}

fn one(adapter: &Adapter, path: &OsStr, vars: &[(OsString, OsString)]) -> Installed {
    let found = programs::find(adapter.program, path);
    Installed {
        preset: adapter.preset,
        version: found.as_deref().and_then(version),
        logged_in: found.as_ref().and_then(|_| logged_in(adapter, vars)),
        path: found,
        knows: adapter.knows,
    }
}

/// Returns the first line that the program prints for `--version`.
fn version(program: &Path) -> Option<String> {
    let argv = [program.as_os_str(), OsStr::new("--version")].map(OsStr::to_owned).to_vec();
    let asked = Short { argv, limit: Some(VERSION_LIMIT), ..Short::default() }.run().ok()?;
    let text = String::from_utf8_lossy(&asked.stdout).into_owned();
    let line = text.lines().map(str::trim).find(|line| !line.is_empty())?;
    (asked.code == 0).then(|| line.chars().take(80).collect())
}

/// Returns whether an agent is logged in, by a variable or a file; `None` if that is unknown.
pub(crate) fn logged_in(adapter: &Adapter, vars: &[(OsString, OsString)]) -> Option<bool> {
    let program = Command::List(vec![adapter.program.to_owned()]);
    let is_set = |name: &&str| var(vars, name).is_some_and(|value| !value.is_empty());
    if login_variables(&program).iter().any(is_set) {
        return Some(true);
    }
    let credentials = adapter.credentials?;
    let home = var(vars, "HOME").map(|home| Path::new(home).join(credentials.folder));
    let folder = var(vars, credentials.variable).map(PathBuf::from).or(home)?;
    let there = folder.join(credentials.file).is_file();
    // On other systems the credentials may be in a keychain.
    (there || cfg!(target_os = "linux")).then_some(there)
}

/// Calls the tool in the folder `tmp` with a prompt that changes nothing.
///
/// # Errors
/// Returns why it could not be called, in words.
pub(crate) fn probe(adapter: &Adapter, tmp: &Path, clock: &dyn Clock) -> Result<AgentRun, String> {
    let put = |name: &str, bytes: &[u8]| {
        let path = tmp.join(name);
        let written = open::anew(&path).and_then(|mut file| file.write_all(bytes));
        written
            .map(|()| path)
            .map_err(|error| format!("failed to write in {}: {error}", tmp.display()))
    };
    let prompt_file = put("prompt.md", PROBE_PROMPT.as_bytes())?;
    let value =
        |name: &str| (name == "prompt_file").then(|| vec![prompt_file.display().to_string()]);
    let mut argv = adapter.command(&Call::default(), &[]).expand(&value);
    for argument in argv.iter_mut().filter(|argument| **argument == PROMPT) {
        *argument = OsString::from(PROBE_PROMPT);
    }
    let call = Short {
        argv,
        dir: Some(tmp.to_owned()),
        stdin: PROBE_PROMPT.as_bytes().to_vec(),
        limit: Some(PROBE_LIMIT),
        ..Short::default()
    };
    let (outcome, stdout, stderr) = match call.run() {
        Ok(ended) => (Outcome::Exited { code: ended.code }, ended.stdout, ended.stderr),
        Err(ShortError::TimedOut { .. }) => {
            (Outcome::TimedOut { seconds: PROBE_LIMIT.as_secs() }, Vec::new(), Vec::new())
        }
        Err(error @ (ShortError::Io { .. } | ShortError::Cancelled { .. })) => {
            return Err(format!("failed to {error}"));
        }
    };
    let (stdout, stderr) = (put("out", &stdout)?, put("err", &stderr)?);
    let ended = Ended {
        stdout: &stdout,
        stderr: &stderr,
        prompt: PROBE_PROMPT,
        outcome: &outcome,
        ok_exit_codes: &BTreeSet::from([0]),
        own: &[],
    };
    Ok(read_run(adapter, ended, clock.now()))
}

fn var<'v>(vars: &'v [(OsString, OsString)], name: &str) -> Option<&'v OsStr> {
    vars.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_os_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_is_told_by_a_variable_or_a_file() {
        let home = tempfile::tempdir().expect("a folder");
        let vars = |more: &[(&str, &str)]| {
            let mut vars = vec![("HOME".into(), home.path().as_os_str().to_owned())];
            vars.extend(more.iter().map(|(name, value)| (name.into(), value.into())));
            vars
        };
        let claude = adapter(Preset::Claude);
        assert_eq!(logged_in(claude, &vars(&[])), cfg!(target_os = "linux").then_some(false));
        assert_ne!(logged_in(claude, &vars(&[("OPENAI_API_KEY", "k")])), Some(true));
        assert_eq!(logged_in(claude, &vars(&[("ANTHROPIC_API_KEY", "k")])), Some(true));
        assert_eq!(logged_in(adapter(Preset::Cursor), &vars(&[])), None);
        let folder = home.path().join("elsewhere");
        std::fs::create_dir(&folder).expect("made");
        std::fs::File::create(folder.join("auth.json")).expect("made");
        let codex = vars(&[("CODEX_HOME", &folder.display().to_string())]);
        assert_eq!(logged_in(adapter(Preset::Codex), &codex), Some(true));
    }
}
