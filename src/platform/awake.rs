//! Keeps the machine from sleeping, if the system has a program for that.
//!
//! The program prevents sleep while the command that it is given runs: a `cat` whose input only
//! this process has open. When this process dies, in any way, `cat` ends and the machine may sleep.

use super::files::open;
use super::programs;
use super::spawn::{Leader, Start, in_own_session};
use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};

/// The name of the program, and its arguments.
#[cfg(target_os = "macos")]
const CALL: (&str, &[&str]) = ("caffeinate", &["-i", "cat"]);
#[cfg(not(target_os = "macos"))]
const CALL: (&str, &[&str]) = (
    "systemd-inhibit",
    &["--what=sleep:idle", "--mode=block", "--who=workloop", "--why=agents run", "cat"],
);

/// Without these, the Linux program has no service to contact and would only print an error.
#[cfg(not(target_os = "macos"))]
const NEEDED: &[&str] = &["/run/systemd/system", "/run/dbus/system_bus_socket"];
#[cfg(target_os = "macos")]
const NEEDED: &[&str] = &[];

/// Returns the program that keeps this machine awake, found in the folders of `path`; `None` if
/// there is none.
pub(crate) fn program(path: &OsStr) -> Option<PathBuf> {
    let has_needed = NEEDED.iter().all(|needed| Path::new(needed).exists());
    has_needed.then(|| programs::find(CALL.0, &programs::absolute_path(path)))?
}

/// Keeps the machine awake until it is dropped.
#[derive(Debug)]
pub(crate) struct Awake {
    _leader: Leader,
    /// Closing it ends the program.
    _input: io::PipeWriter,
}

impl Awake {
    /// Starts `program` with the environment `env`, in its own session, so that it cannot ask for a
    /// password on the terminal of this process.
    ///
    /// # Errors
    /// When it cannot be started.
    pub(crate) fn hold(program: &Path, env: &[(OsString, OsString)]) -> io::Result<Self> {
        let (reader, writer) = io::pipe()?;
        let name = std::iter::once(program.as_os_str().to_owned());
        let argv: Vec<OsString> = name.chain(CALL.1.iter().map(OsString::from)).collect();
        let leader = in_own_session(Start {
            argv: &argv,
            dir: Path::new("/"),
            env,
            stdin: reader.into(),
            stdout: open::null()?.into(),
            stderr: open::null()?.into(),
        })?;
        Ok(Self { _leader: leader, _input: writer })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;
    use std::time::{Duration, Instant};

    fn wait_for(what: impl Fn() -> bool) {
        let deadline = Instant::now() + Duration::from_secs(20);
        while !what() {
            assert!(Instant::now() < deadline, "it did not happen");
            std::thread::yield_now();
        }
    }

    #[test]
    fn the_program_runs_until_nobody_holds_it() {
        let dir = tempfile::tempdir().unwrap();
        let (begun, over) = (dir.path().join("begun"), dir.path().join("over"));
        // Like the real program: it runs the command at the end of its arguments.
        let script = format!(
            "#!/bin/sh\ntouch {}\nfor last; do :; done\n\"$last\"\ntouch {}\n",
            begun.display(),
            over.display()
        );
        let program = dir.path().join("inhibit");
        std::fs::write(&program, script).unwrap();
        std::fs::set_permissions(&program, PermissionsExt::from_mode(0o755)).unwrap();
        let path = vec![(OsString::from("PATH"), std::env::var_os("PATH").unwrap())];
        let awake = Awake::hold(&program, &path).unwrap();
        wait_for(|| begun.exists());
        assert!(!over.exists());
        drop(awake);
        wait_for(|| over.exists());
    }
}
