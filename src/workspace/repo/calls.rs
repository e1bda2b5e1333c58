//! Runs calls of git for places of our own: hardened, with an end, and with what it complained.

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

/// How long a call may take that writes no files.
const LIMIT: Duration = Duration::from_secs(30);
/// How long a call may take that writes a whole tree, or reads it: a hundred thousand files on a cold or
/// a busy disk take minutes, and a call that is ended half way has to begin anew. A signal ends it at once.
const LONG: Duration = Duration::from_secs(15 * 60);
/// Commands that read or write as many files as the project has.
const SLOW: [&str; 6] = ["add", "read-tree", "clean", "pack-objects", "update-index", "ls-files"];

/// Why git did not do what it was asked.
#[derive(Debug, Error)]
pub enum GitError {
    /// It could not be started, or did not end.
    #[error("ask git {verb}")]
    Run {
        /// Its command.
        verb: String,
        /// Why.
        source: ShortError,
    },
    /// It refused.
    #[error("git {verb} ended with status {code}: {said}")]
    Failed {
        /// Its command.
        verb: String,
        /// Its exit status.
        code: i32,
        /// The first line of its complaint.
        said: String,
    },
    /// Refs cannot be locked for a write of ours.
    #[error("write refs below {}: {source}", .path.display())]
    Refs {
        /// The folder of the lock.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It printed what we do not understand.
    #[error("git {verb} printed {said:?}, which is not understood")]
    Strange {
        /// Its command.
        verb: String,
        /// What it printed, its begin.
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
    /// As the error that it is.
    pub(in super::super) fn failed(&self) -> GitError {
        let said = String::from_utf8_lossy(&self.stderr);
        let said = said.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
        let said = said.trim().trim_start_matches("fatal: ").trim_start_matches("error: ");
        GitError::Failed { verb: self.verb.clone(), code: self.code, said: said.to_owned() }
    }

    /// As an error, since what it printed is not understood.
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

    /// The same whose calls hold `lock` too as long as they run, also when we are killed meanwhile.
    pub(in super::super) fn holding(&self, lock: Arc<OwnedFd>) -> Self {
        let held = self.held.iter().cloned().chain([lock]).collect();
        Self { held, ..self.clone() }
    }

    /// The same whose calls end at once when `cancelled` becomes true, or none.
    pub(in super::super) fn ended_by(&self, cancelled: Option<Arc<AtomicBool>>) -> Self {
        Self { cancelled, ..self.clone() }
    }

    /// How a call ended, whatever its status.
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

    /// What a call printed that must end well.
    pub(in super::super) fn get<S: AsRef<OsStr>>(
        &self,
        at: &At,
        args: &[S],
    ) -> Result<Vec<u8>, GitError> {
        self.put(at, args, Vec::new())
    }

    /// The same of a call that reads something.
    pub(in super::super) fn put<S: AsRef<OsStr>>(
        &self,
        at: &At,
        args: &[S],
        stdin: Vec<u8>,
    ) -> Result<Vec<u8>, GitError> {
        let answer = self.ask(at, args, stdin)?;
        if answer.code == 0 { Ok(answer.stdout) } else { Err(answer.failed()) }
    }

    /// The name of an object that a call printed.
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

    /// What the repository and its person configure.
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
