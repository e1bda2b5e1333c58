//! Commands that could be started in this run. If one of them cannot be started later, an attempt
//! removed it, and the environment is not to blame.

use super::known_items::KnownItems;
use super::tamper::TamperedFiles;
use crate::domain::{Command, Outcome};
use crate::supervisor::{CommandSpec, Ended, Unstarted};
use std::collections::HashSet;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// The commands of a run that were started, or found before it began; shared by its slots.
#[derive(Debug, Default)]
pub(crate) struct KnownCommands(Mutex<HashSet<(PathBuf, Command)>>, KnownItems, TamperedFiles);

/// The meaning of the end of a command.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// The outcome as reported.
    Plain(Outcome),
    /// The command existed in this run and is gone. It failed with the exit status that a shell
    /// would return, for this reason.
    Removed(Outcome, String),
    /// The task's arguments do not fit into a command line.
    TooLong(String),
}

impl KnownCommands {
    /// Returns the known items of trees.
    pub(super) fn items(&self) -> &KnownItems {
        &self.1
    }

    /// Returns the judging files that attempts changed, as far as this run knows.
    pub(super) fn tampered(&self) -> &TamperedFiles {
        &self.2
    }

    /// Records that `command` can be started in the project at `root`.
    pub(super) fn note(&self, root: &Path, command: &Command) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = (root.to_owned(), command.clone());
        if !known.contains(&entry) {
            known.insert(entry);
        }
    }

    fn has(&self, root: &Path, command: &Command) -> bool {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.contains(&(root.to_owned(), command.clone()))
    }

    /// Interprets the end of `command`, and records the command if it was started.
    pub(super) fn understand(
        &self,
        root: &Path,
        command: &Command,
        spec: &CommandSpec,
        ended: Ended,
    ) -> Meaning {
        match (ended.outcome, ended.unstarted) {
            (Outcome::FailedToStart { reason }, Some(Unstarted::TooLong))
                if is_of_the_task(spec) =>
            {
                Meaning::TooLong(reason)
            }
            (Outcome::FailedToStart { reason }, Some(Unstarted::Missing))
                if self.has(root, command) =>
            {
                Meaning::Removed(Outcome::Exited { code: NOT_FOUND }, reason)
            }
            (Outcome::Exited { code: code @ (NOT_EXECUTABLE | NOT_FOUND) }, _)
                if matches!(command, Command::Shell(_)) && !self.has(root, command) =>
            {
                let why = if code == NOT_FOUND {
                    "127: a command in it was not found"
                } else {
                    "126: a command in it cannot be executed"
                };
                let reason = format!("exit status {why}");
                Meaning::Plain(Outcome::FailedToStart { reason })
            }
            (outcome, _) => {
                if was_started(&outcome) {
                    self.note(root, command);
                }
                Meaning::Plain(outcome)
            }
        }
    }
}

/// The exit statuses by which a shell reports that it could not start a command.
const NOT_EXECUTABLE: i32 = 126;
const NOT_FOUND: i32 = 127;

/// Returns whether most of the arguments and variables of a command come from its task.
fn is_of_the_task(spec: &CommandSpec) -> bool {
    let own = |name: &OsStr| name.as_encoded_bytes().starts_with(b"WORKLOOP_");
    let (mut task, mut others) = (spec.argv.iter().map(|word| word.len()).sum::<usize>(), 0);
    for (name, value) in &spec.env {
        *(if own(name) { &mut task } else { &mut others }) += value.len();
    }
    task > others
}

fn was_started(outcome: &Outcome) -> bool {
    match outcome {
        Outcome::Exited { .. }
        | Outcome::Signaled { .. }
        | Outcome::TimedOut { .. }
        | Outcome::Silent { .. } => true,
        Outcome::FailedToStart { .. } | Outcome::Interrupted | Outcome::Lost => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn ended(outcome: Outcome, unstarted: Option<Unstarted>) -> Ended {
        Ended { outcome, unstarted, millis: 1, printed: 0, leftovers: false, output_error: None }
    }

    fn spec(argument: &str) -> CommandSpec {
        CommandSpec {
            argv: vec![argument.into()],
            cwd: "/p".into(),
            env: vec![("PATH".into(), "0123456789".into())],
            stdin: None,
            stdout: "/p/out".into(),
            stderr: None,
            timeout: Duration::ZERO,
            silence: None,
            grace: Duration::ZERO,
            cap: 0,
        }
    }

    fn exits(code: i32) -> Ended {
        ended(Outcome::Exited { code }, None)
    }

    #[test]
    fn only_the_first_127_of_a_run_is_the_surroundings_fault() {
        let (known, root) = (KnownCommands::default(), Path::new("/p"));
        let command = Command::Shell("npm test".to_owned());
        for code in [126, 127] {
            let meaning = known.understand(root, &command, &spec(""), exits(code));
            assert!(
                matches!(meaning, Meaning::Plain(Outcome::FailedToStart { .. })),
                "{meaning:?}"
            );
        }
        let failed = Meaning::Plain(Outcome::Exited { code: 1 });
        assert_eq!(known.understand(root, &command, &spec(""), exits(1)), failed);
        let gone = Meaning::Plain(Outcome::Exited { code: 127 });
        assert_eq!(known.understand(root, &command, &spec(""), exits(127)), gone);
        let elsewhere = known.understand(Path::new("/q"), &command, &spec(""), exits(127));
        assert!(matches!(elsewhere, Meaning::Plain(Outcome::FailedToStart { .. })));
    }

    #[test]
    fn a_listed_program_that_was_found_before_was_removed() {
        let (known, root) = (KnownCommands::default(), Path::new("/p"));
        let command = Command::List(vec!["./check.sh".to_owned()]);
        let fails =
            |unstarted| ended(Outcome::FailedToStart { reason: "why".to_owned() }, Some(unstarted));
        let plain = Meaning::Plain(Outcome::FailedToStart { reason: "why".to_owned() });
        assert_eq!(known.understand(root, &command, &spec(""), fails(Unstarted::Missing)), plain);
        known.note(root, &command);
        let removed = Meaning::Removed(Outcome::Exited { code: 127 }, "why".to_owned());
        assert_eq!(known.understand(root, &command, &spec(""), fails(Unstarted::Missing)), removed);
        assert_eq!(known.understand(root, &command, &spec(""), fails(Unstarted::Other)), plain);
        // If the loop's own environment is too long, no task is to blame.
        let too_long =
            |argument| known.understand(root, &command, &spec(argument), fails(Unstarted::TooLong));
        assert_eq!(too_long("longer than PATH"), Meaning::TooLong("why".to_owned()));
        assert_eq!(too_long("short"), plain);
        // The exit status of a program says nothing about the environment, unlike that of a shell.
        let exit = Meaning::Plain(Outcome::Exited { code: 127 });
        assert_eq!(
            KnownCommands::default().understand(root, &command, &spec(""), exits(127)),
            exit
        );
    }
}
