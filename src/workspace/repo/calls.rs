//! Runs git for our own places: hardened, with a time limit, and with its error output.

use super::super::git::{At, Call, Git};
use super::names::Oid;
use crate::platform::command::{Short, ShortError};
use std::ffi::OsStr;
use std::io;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use thiserror::Error;

/// The time limit of a call that writes no files.
const LIMIT: Duration = Duration::from_secs(30);
/// The time limit of a call that writes or reads a whole tree. A hundred thousand files on a cold
/// or busy disk take minutes, and a call that is ended halfway has to start over. A signal ends it
/// at once.
const LONG: Duration = Duration::from_secs(15 * 60);
/// Commands that read or write as many files as the project has.
const SLOW: [&str; 6] = ["add", "read-tree", "clean", "pack-objects", "update-index", "ls-files"];

/// Why a call of git failed.
#[derive(Debug, Error)]
pub enum GitError {
    /// It could not be started, or did not end.
    #[error("run git {verb}")]
    Run {
        /// The git command.
        verb: String,
        /// The cause.
        source: ShortError,
    },
    /// It refused.
    #[error("git {verb} ended with status {code}: {said}")]
    Failed {
        /// The git command.
        verb: String,
        /// Its exit status.
        code: i32,
        /// The first line of its error output.
        said: String,
    },
    /// Refs cannot be locked for one of our writes.
    #[error("write refs below {}: {source}", .path.display())]
    Refs {
        /// The folder of the lock.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// It printed output that cannot be parsed.
    #[error("git {verb} printed {said:?}, which cannot be parsed")]
    Strange {
        /// The git command.
        verb: String,
        /// The beginning of its output.
        said: String,
    },
}

/// How a call ended.
#[derive(Clone, Debug)]
pub(in super::super) struct Answer {
    pub(in super::super) verb: String,
    pub(in super::super) code: i32,
    pub(in super::super) stdout: Vec<u8>,
    pub(in super::super) stderr: Vec<u8>,
}

impl Answer {
    /// Converts it to an error.
    pub(in super::super) fn failed(&self) -> GitError {
        let said = String::from_utf8_lossy(&self.stderr);
        let said = said.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
        let said = said.trim().trim_start_matches("fatal: ").trim_start_matches("error: ");
        GitError::Failed { verb: self.verb.clone(), code: self.code, said: said.to_owned() }
    }

    /// Converts it to an error, since its output cannot be parsed.
    pub(in super::super) fn strange(&self) -> GitError {
        let said = String::from_utf8_lossy(&self.stdout).chars().take(80).collect();
        GitError::Strange { verb: self.verb.clone(), said }
    }
}

/// Our git, and what its calls keep open.
#[derive(Clone, Debug)]
pub(in super::super) struct Tool {
    git: Git,
    held: Vec<Arc<OwnedFd>>,
    cancelled: Option<Arc<AtomicBool>>,
}

impl Tool {
    pub(in super::super) fn new(git: Git) -> Self {
        Self { git, held: Vec::new(), cancelled: None }
    }

    pub(in super::super) fn git(&self) -> &Git {
        &self.git
    }

    /// Returns a copy whose calls also hold `lock` as long as they run, even if this process is
    /// killed meanwhile.
    pub(in super::super) fn holding(&self, lock: Arc<OwnedFd>) -> Self {
        let held = self.held.iter().cloned().chain([lock]).collect();
        Self { held, ..self.clone() }
    }

    /// Returns a copy whose calls end at once when `cancelled` becomes true; `None` never ends
    /// them.
    pub(in super::super) fn ended_by(&self, cancelled: Option<Arc<AtomicBool>>) -> Self {
        Self { cancelled, ..self.clone() }
    }

    /// Runs a call and returns how it ended, whatever its status.
    pub(in super::super) fn ask<S: AsRef<OsStr>>(
        &self,
        at: &At,
        args: &[S],
        stdin: Vec<u8>,
    ) -> Result<Answer, GitError> {
        let mut call = self.git.call_at(at, args);
        call.stdin = stdin;
        self.run(call)
    }

    /// Runs a call that must succeed, and returns its output.
    pub(in super::super) fn get<S: AsRef<OsStr>>(
        &self,
        at: &At,
        args: &[S],
    ) -> Result<Vec<u8>, GitError> {
        self.put(at, args, Vec::new())
    }

    /// Runs a call with input that must succeed, and returns its output.
    pub(in super::super) fn put<S: AsRef<OsStr>>(
        &self,
        at: &At,
        args: &[S],
        stdin: Vec<u8>,
    ) -> Result<Vec<u8>, GitError> {
        let answer = self.ask(at, args, stdin)?;
        if answer.code == 0 { Ok(answer.stdout) } else { Err(answer.failed()) }
    }

    /// Runs a call and returns the object name that it printed.
    pub(in super::super) fn oid<S: AsRef<OsStr>>(
        &self,
        at: &At,
        args: &[S],
        stdin: Vec<u8>,
    ) -> Result<Oid, GitError> {
        let answer = self.ask(at, args, stdin)?;
        if answer.code != 0 {
            return Err(answer.failed());
        }
        Oid::of(&answer.stdout).ok_or_else(|| answer.strange())
    }

    /// Returns the configuration of the repository and its person.
    pub(in super::super) fn listed(&self, at: &At) -> Result<Vec<u8>, GitError> {
        let answer = self.run(self.git.list_call(at))?;
        if answer.code == 0 { Ok(answer.stdout) } else { Err(answer.failed()) }
    }

    fn run(&self, call: Call) -> Result<Answer, GitError> {
        let words = call.argv.iter().skip(1).filter(|word| *word != "--no-pager");
        let verb = words.map(|word| word.to_string_lossy()).next().unwrap_or_default().into_owned();
        let limit = if SLOW.contains(&verb.as_str()) { LONG } else { LIMIT };
        let short = Short {
            argv: call.argv,
            dir: Some(call.cwd),
            env: call.env,
            stdin: call.stdin,
            limit: Some(limit),
            only_env: true,
            held: self.held.clone(),
            cancelled: self.cancelled.clone(),
        };
        match short.run() {
            Ok(done) => {
                Ok(Answer { verb, code: done.code, stdout: done.stdout, stderr: done.stderr })
            }
            Err(source) => Err(GitError::Run { verb, source }),
        }
    }
}
