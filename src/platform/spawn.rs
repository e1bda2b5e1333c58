//! Starting the two kinds of long-lived processes: supervisors, and the commands under them.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// A command with everything it is given; nothing else of ours reaches it.
#[derive(Debug)]
pub struct Start<'a> {
    /// Program and arguments.
    pub argv: &'a [OsString],
    /// Where it runs.
    pub dir: &'a Path,
    /// Its whole environment.
    pub env: &'a [(OsString, OsString)],
    /// What it reads.
    pub stdin: OwnedFd,
    /// Where it prints.
    pub stdout: OwnedFd,
    /// Where it complains.
    pub stderr: OwnedFd,
}

/// Starts a command in a session of its own and gives its number; the caller waits for it.
#[expect(unsafe_code, reason = "a new session is begun between fork and exec")]
pub fn in_own_session(start: Start<'_>) -> io::Result<u32> {
    let program = start.argv.first().ok_or(io::ErrorKind::InvalidInput)?;
    let mut command = new_command(program);
    command.args(start.argv.iter().skip(1)).current_dir(start.dir).env_clear();
    command.envs(start.env.iter().map(|(name, value)| (name, value)));
    command.stdin(start.stdin).stdout(start.stdout).stderr(start.stderr);
    // SAFETY: the closure runs between fork and exec and makes one system call: it takes no lock,
    // allocates nothing and touches no memory that another thread could have left half-changed.
    unsafe { command.pre_exec(|| Ok(rustix::process::setsid().map(drop)?)) };
    Ok(command.spawn()?.id())
}

/// Starts our own program as a helper with `argument`, and `stdin` given to it.
///
/// No code runs between fork and exec, so that the system's fast way of starting can be used.
pub fn helper(
    exe: &Path,
    argument: &str,
    env: &[(OsString, OsString)],
    stdin: OwnedFd,
) -> io::Result<Child> {
    let mut command = new_command(exe.as_os_str());
    command.arg(argument).env_clear().envs(env.iter().map(|(name, value)| (name, value)));
    command.stdin(stdin).stdout(Stdio::null()).stderr(Stdio::null()).spawn()
}

#[expect(clippy::disallowed_methods, reason = "this is the place where processes start")]
fn new_command(program: &OsStr) -> Command {
    Command::new(program)
}
