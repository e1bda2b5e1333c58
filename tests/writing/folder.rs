//! A temporary folder with a queue, and runs of the program in it.

use serde_json::Value;
use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A queue with unusual formatting; no line contains parts of two tasks.
pub(crate) const QUEUE: &str = r#"{
   "project":"mill",  "weight": 1.50, "big": 10000000000000000000001,
   "summary": {"total": 7, "complete": 1, "blocked": 2, "pending": 2, "archived": 0},
   "features": [
    { "id": "W-001", "title": "Dig", "status": "todo", "passes": false,
      "tags": [ "a",   "b" ], "x": 7e242, "attempts": 0 },
    { "id": "W-002", "title": "Build \u00e9", "status": "blocked",
      "attempts": 3, "depends_on": ["W-001", "W-003"], "error": "question: which stone?" },
    { "id": "W-003", "title": "Paint", "status": "todo",
      "requires_approval": ["colour"] },
    { "id": "W-004", "title": "Open", "status": "done", "attempts": 2, "passes": true,
      "verification_verdict": "PASS", "completed_at": "2026-01-01T00:00:00Z" },
    { "id": "W-005", "title": "Party", "status": "icebox" },
    { "id": "W-006", "title": "Rest", "status": "running", "attempts": 1,
      "claim": {"worker": "far:12:0badcafe", "attempt": 1, "since": "2026-01-01T00:00:00Z",
        "host": "00000000", "boot": "00000000", "start": 1} },
    { "id": "W-007", "title": "Plant", "status": "blocked", "blocked_reason": "rain" }
   ],
   "after": [1,2 ,3] }"#;

pub(crate) struct Folder(TempDir);

#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) status: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Folder {
    /// Creates a folder with `queue` as `q.json`.
    pub(crate) fn with(queue: &str) -> Self {
        let folder = Self(tempfile::tempdir().expect("a folder"));
        folder.put("q.json", queue);
        folder
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn put(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).expect("written");
    }

    pub(crate) fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).expect("readable")
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text("q.json")).expect("JSON at every moment")
    }

    /// Returns the task with this id.
    #[track_caller]
    pub(crate) fn task(&self, id: &str) -> Value {
        let queue = self.json();
        let list = queue["features"].as_array().or(queue["tasks"].as_array()).expect("a list");
        list.iter().find(|task| task["id"] == id).expect("such a task").clone()
    }

    /// Returns the events of the journal.
    pub(crate) fn events(&self) -> Vec<Value> {
        let text = fs::read_to_string(self.path(".workloop/events.jsonl")).unwrap_or_default();
        text.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect()
    }

    /// Returns the event names of a task.
    pub(crate) fn events_of(&self, id: &str) -> Vec<String> {
        let events = self.events();
        let own = events.iter().filter(|event| event["task"] == id);
        own.map(|event| event["event"].as_str().unwrap_or_default().to_owned()).collect()
    }

    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_workloop"));
        command.args(words).current_dir(self.0.path()).env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("NO_COLOR", "1");
        command.env("XDG_STATE_HOME", self.path("state"));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs the program on `q.json`.
    pub(crate) fn run(&self, words: &[&str]) -> Ran {
        let words = [words, &["--work-queue", "q.json"]].concat();
        ended(self.command(&words).output().expect("it starts"))
    }

    /// Runs the program on `q.json` with `input` on stdin.
    pub(crate) fn run_with(&self, words: &[&str], input: &str) -> Ran {
        let words = [words, &["--work-queue", "q.json"]].concat();
        ended(feed(self.command(&words), input).wait_with_output().expect("it ends"))
    }

    /// Asserts that `words` end with status 2 and leave the queue as it is.
    #[track_caller]
    pub(crate) fn refuses(&self, words: &[&str]) -> Ran {
        let before = self.text("q.json");
        let ran = self.run(words);
        assert_eq!(ran.status, 2, "{words:?}: {ran:?}");
        assert_eq!(self.text("q.json"), before, "{words:?}");
        ran
    }
}

/// Starts a command with `input` on its stdin.
pub(crate) fn feed(mut command: Command, input: &str) -> Child {
    let mut child = command.stdin(Stdio::piped()).spawn().expect("it starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    // The program may refuse before it has read everything.
    drop(stdin.write_all(input.as_bytes()));
    child
}

pub(crate) fn ended(output: Output) -> Ran {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let status = output.status.code().unwrap_or(-1);
    Ran { status, out: text(&output.stdout), err: text(&output.stderr) }
}

impl Ran {
    #[track_caller]
    pub(crate) fn works(self) -> Self {
        assert_eq!(self.status, 0, "{self:?}");
        self
    }

    #[track_caller]
    pub(crate) fn says(self, text: &str) -> Self {
        assert!(self.err.contains(text) || self.out.contains(text), "{text:?} in {self:?}");
        self
    }
}

/// Waits until a condition holds, and panics after a deadline.
#[track_caller]
pub(crate) fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(60);
    while !condition() {
        assert!(Instant::now() < end, "timed out waiting until {what}");
        std::thread::park_timeout(Duration::from_millis(5));
    }
}
