//! The messages between loop and supervisor: one JSON value per line, over a socket.

use super::os_text;
use crate::domain::Outcome;
use serde::{Deserialize, Serialize};
use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// A command to run under a supervisor.
#[derive(Clone, Serialize, Deserialize)]
pub struct CommandSpec {
    /// Program and arguments.
    #[serde(with = "os_text")]
    pub argv: Vec<OsString>,
    /// The working directory.
    #[serde(with = "os_text")]
    pub cwd: PathBuf,
    /// Its whole environment, except for the claim tags.
    #[serde(with = "os_text")]
    pub env: Vec<(OsString, OsString)>,
    /// The file for its standard input; `/dev/null` if `None`.
    #[serde(with = "os_text")]
    pub stdin: Option<PathBuf>,
    /// The file for its standard output, which is overwritten.
    #[serde(with = "os_text")]
    pub stdout: PathBuf,
    /// The file for its standard error; the same as `stdout` if `None`.
    #[serde(with = "os_text")]
    pub stderr: Option<PathBuf>,
    /// How long it may run, excluding pauses.
    pub timeout: Duration,
    /// How long it may print nothing, excluding pauses.
    pub silence: Option<Duration>,
    /// How long it has between TERM and KILL.
    pub grace: Duration,
    /// How many bytes of each stream are kept: the first and the last part.
    pub cap: u64,
}

impl CommandSpec {
    /// The default cap of a stream, in bytes.
    pub const CAP: u64 = 64 << 20;
}

impl fmt::Debug for CommandSpec {
    /// Leaves out the environment, which contains secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CommandSpec")
            .field("argv", &self.argv)
            .field("cwd", &self.cwd)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

/// How a command ended; nothing of it runs any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// How its first process ended, or why it was ended.
    pub outcome: Outcome,
    /// Why it could not be started, if that is so.
    #[serde(default)]
    pub unstarted: Option<Unstarted>,
    /// Milliseconds from its start to the end of its first process.
    pub millis: u64,
    /// How many bytes it printed on both streams, kept or not.
    pub printed: u64,
    /// Whether it left processes behind that had to be ended.
    pub leftovers: bool,
    /// Why output is missing, if some is: the disk was full, the file could not be created.
    pub output_error: Option<String>,
}

/// Why a command could not be started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unstarted {
    /// Its program does not exist or is not executable.
    Missing,
    /// Its arguments and its environment exceed the limit of the system.
    TooLong,
    /// Any other reason.
    Other,
}

impl Ended {
    /// The end of a command that never ran.
    pub(super) fn never(outcome: Outcome, unstarted: Option<Unstarted>) -> Self {
        Self { outcome, unstarted, millis: 0, printed: 0, leftovers: false, output_error: None }
    }
}

/// A message from the loop to the supervisor.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub(super) enum Request {
    /// Hold the claim whose locked file comes with this message, instead of the previous one.
    Hold {
        /// The claim tags to carry from now on.
        tags: String,
    },
    /// Start the command.
    Run {
        /// The command to start.
        command: Box<CommandSpec>,
    },
    /// End what runs: TERM, grace, KILL; start nothing more.
    Term,
    /// Kill what runs; start nothing more.
    Kill,
    /// Stop what runs, and its timers.
    Pause {
        /// Returned in the answer.
        number: u64,
    },
    /// Continue what was stopped.
    Resume,
}

/// A message from the supervisor to the loop.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub(super) enum Reply {
    /// The supervisor reads requests.
    Ready {
        /// Its process id.
        pid: u32,
        /// Its start time.
        start: u64,
    },
    /// The supervisor holds the claim that it was last given, and no other.
    Holds,
    /// The command runs.
    Started {
        /// The id of its first process, its session and its group.
        pid: u32,
        /// The start time of that process.
        start: u64,
    },
    /// Nothing of the command runs, and nothing is started until it is continued.
    Paused {
        /// The number of the request.
        number: u64,
    },
    /// The command has ended, with everything that it started.
    Ended {
        /// How it ended.
        ended: Ended,
    },
}

/// Returns `message` as one line.
pub(super) fn line(message: &impl Serialize) -> Vec<u8> {
    // This fails only for a map with keys that are not strings, or a failing `Serialize`.
    let mut bytes = serde_json::to_vec(message).unwrap_or_default();
    bytes.push(b'\n');
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::ffi::OsStringExt;

    /// Loop and supervisor may be of two versions for a moment: the names are fixed.
    #[test]
    fn requests_have_their_names() {
        for (request, wanted) in [
            (Request::Hold { tags: "t".to_owned() }, "{\"do\":\"hold\",\"tags\":\"t\"}\n"),
            (Request::Term, "{\"do\":\"term\"}\n"),
            (Request::Kill, "{\"do\":\"kill\"}\n"),
            (
                Request::Pause { number: u64::MAX },
                "{\"do\":\"pause\",\"number\":18446744073709551615}\n",
            ),
            (Request::Resume, "{\"do\":\"resume\"}\n"),
        ] {
            assert_eq!(String::from_utf8(line(&request)).expect("text"), wanted);
        }
        for (cause, word) in [
            (Unstarted::Missing, "missing"),
            (Unstarted::TooLong, "too_long"),
            (Unstarted::Other, "other"),
        ] {
            assert_eq!(serde_json::to_value(cause).expect("JSON"), word);
        }
    }

    #[test]
    fn an_end_without_a_cause_is_that_of_an_earlier_version() {
        let text = r#"{"outcome":{"kind":"exited","code":0},"millis":5,"printed":6,"leftovers":false,"output_error":null}"#;
        let ended: Ended = serde_json::from_str(text).expect("an end");
        let first =
            Ended { millis: 5, printed: 6, ..Ended::never(Outcome::Exited { code: 0 }, None) };
        assert_eq!(ended, first);
    }

    #[test]
    fn a_command_is_printed_without_its_environment() {
        let spec = CommandSpec {
            argv: vec!["true".into()],
            cwd: "/tmp".into(),
            env: vec![("KEY".into(), "hunter22".into())],
            stdin: None,
            stdout: "/o".into(),
            stderr: None,
            timeout: Duration::from_secs(7),
            silence: None,
            grace: Duration::ZERO,
            cap: 1,
        };
        let text = format!("{spec:?}");
        assert_eq!(text, "CommandSpec { argv: [\"true\"], cwd: \"/tmp\", timeout: 7s, .. }");
    }

    #[test]
    fn text_that_is_not_utf8_arrives_as_it_was_sent() {
        let odd = OsString::from_vec(b"a\xff".to_vec());
        let sent = CommandSpec {
            argv: vec!["true".into(), odd.clone()],
            cwd: "/tmp".into(),
            env: vec![("NAME".into(), odd.clone())],
            stdin: None,
            stdout: PathBuf::from(&odd),
            stderr: Some(odd.into()),
            timeout: Duration::from_millis(1500),
            silence: None,
            grace: Duration::ZERO,
            cap: CommandSpec::CAP,
        };
        let bytes = line(&sent);
        let text = std::str::from_utf8(&bytes).expect("JSON is UTF-8");
        assert!(text.starts_with(r#"{"argv":["true",[97,255]],"cwd":"/tmp","#), "{text}");
        let came: CommandSpec = serde_json::from_slice(&bytes).expect("a command");
        assert_eq!((came.argv, came.cwd, came.env), (sent.argv, sent.cwd, sent.env));
        let files = (came.stdin, came.stdout, came.stderr);
        assert_eq!(files, (sent.stdin, sent.stdout, sent.stderr));
    }
}
