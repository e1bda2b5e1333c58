//! A project in a folder of its own, in which whole command lines run in this process.
//!
//! The folder is `DIR` in all texts. The environment has only a place for backups and a `PATH` that
//! leads to `DIR/bin`, so that no program is found unless a test provides it.

use super::super::World;
pub(super) use super::ran::Ran;
use super::ran::call_for;
use crate::platform::clock::{Clock, SystemClock};
use crate::platform::host::Host;
use crate::platform::ids::CountingIds;
use crate::platform::{quick_dir, test_shell};
use crate::store::attempts::{AttemptFolder, VERDICT_FILE};
use crate::store::{Backups, JudgeFiles, StateDir, TaskKey};
use chrono::{SecondsFormat, TimeDelta};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::{Duration, SystemTime};

/// Returns the time so many minutes ago, as queues and journals contain it.
pub(super) fn ago(minutes: i64) -> String {
    let at = SystemClock.now() - TimeDelta::minutes(minutes);
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// Replaces all times of a text by `TIME`.
pub(super) fn timeless(text: &str) -> String {
    static TIME: LazyLock<regex::Regex> = LazyLock::new(|| {
        let time = r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?Z?";
        regex::Regex::new(time).expect("a valid expression")
    });
    TIME.replace_all(text, "TIME").into_owned()
}

/// Returns the report of an attempt at A that passed, with `changes`.
pub(super) fn report(changes: Value) -> String {
    let step = |kind: &str, name: &str, millis: u32, log: &str| {
        json!({"kind": kind, "name": name, "outcome": {"kind": "exited", "code": 0},
               "millis": millis, "log": log})
    };
    let mut report = json!({
        "v": 1, "task": "A", "attempt": 1, "worker": "host:7:0000000a",
        "started_at": "2026-01-19T10:00:00.000Z", "ended_at": "2026-01-19T10:02:05.000Z",
        "outcome": {"kind": "exited", "code": 0}, "verdict": "PASS", "reason": null,
        "steps": [
            step("agent", "agent", 65_000, "agent.out"),
            step("verify", "unit", 1_500, "verify-1.out"),
        ],
        "files_changed": ["src/a.rs"],
    });
    merge(&mut report, changes);
    report.to_string()
}

fn merge(value: &mut Value, changes: Value) {
    let Value::Object(changes) = changes else { panic!("{changes} is no object") };
    for (key, change) in changes {
        value[key.as_str()] = change;
    }
}

/// Returns the claim of a worker of another machine, of which nothing is known here.
pub(super) fn elsewhere(attempt: u32) -> Value {
    json!({"worker": "elsewhere:4711:0badcafe", "attempt": attempt, "host": "00000000",
           "boot": "00000000", "start": 1, "since": "2020-01-19T14:35:45Z"})
}

/// Returns the claim of a worker of this machine that is gone.
pub(super) fn gone(attempt: u32) -> Value {
    let mut claim = elsewhere(attempt);
    claim["host"] = json!(Host::current().id);
    claim
}

/// A configuration with an agent and a step.
pub(super) const COMPLETE: &str =
    "[agents.default]\nrun = [\"agent\"]\n[[verify]]\nname = \"unit\"\nrun = [\"unit\"]\n";

/// A project.
pub(super) struct Sandbox {
    _folder: tempfile::TempDir,
    root: PathBuf,
    vars: Vec<(OsString, OsString)>,
    at_terminal: bool,
}

impl Sandbox {
    /// Creates an empty folder. Backups are kept beside it.
    pub(super) fn empty() -> Self {
        let folder = quick_dir();
        let root = folder.path().canonicalize().expect("a path").join("p");
        fs::create_dir(&root).expect("a folder");
        let state = root.with_file_name("state").into_os_string();
        let vars = vec![("XDG_STATE_HOME".into(), state), ("PATH".into(), root.join("bin").into())];
        Self { _folder: folder, root, vars, at_terminal: false }
    }

    /// Creates a folder with the queue `queues/q.json` of these tasks.
    pub(super) fn new(tasks: Value) -> Self {
        Self::empty().queue("q", tasks)
    }

    /// Creates a folder in which nothing that a run needs is missing: these tasks, and
    /// [`COMPLETE`] with its programs.
    pub(super) fn complete(tasks: Value) -> Self {
        Self::new(tasks).program("agent", "").program("unit", "").config(COMPLETE)
    }

    /// Adds a queue of these tasks in the folder `queues`.
    pub(super) fn queue(self, name: &str, tasks: Value) -> Self {
        let text = format!("{:#}\n", json!({"project": "demo", "tasks": tasks}));
        self.file(&format!("queues/{name}.json"), &text)
    }

    /// Writes `workloop.toml`.
    pub(super) fn config(self, text: &str) -> Self {
        self.file("workloop.toml", text)
    }

    /// Writes a file.
    pub(super) fn file(self, name: &str, text: &str) -> Self {
        self.put(name, text);
        self
    }

    /// Writes a file, as a person or an agent does while a verb is not running.
    pub(super) fn put(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("written");
    }

    /// Writes a file that was saved a while ago: a queue that cannot be read is waited for while it
    /// may still be being saved.
    pub(super) fn saved(self, name: &str, text: &str) -> Self {
        let sandbox = self.file(name, text);
        let file = fs::File::options().write(true).open(sandbox.path(name)).expect("there");
        file.set_modified(SystemTime::now() - Duration::from_secs(3600)).expect("set");
        sandbox
    }

    /// Sets a variable of the environment.
    pub(super) fn var(mut self, name: &str, value: &str) -> Self {
        self.vars.retain(|(other, _)| other != name);
        let value = value.replace("DIR", self.root.to_str().expect("text"));
        self.vars.push((name.into(), value.into()));
        self
    }

    /// Lets verbs prompt, with this editor. What they ask is read from the test's own input, so that
    /// no test may answer.
    pub(super) fn editor(self, command: &str) -> Self {
        Self { at_terminal: true, ..self.var("EDITOR", command) }
    }

    /// Removes a variable of the environment.
    pub(super) fn without(mut self, name: &str) -> Self {
        self.vars.retain(|(other, _)| other != name);
        self
    }

    /// Puts a shell script on the `PATH`, which has nothing else.
    pub(super) fn program(self, name: &str, script: &str) -> Self {
        let file = format!("bin/{name}");
        let sandbox = self.file(&file, &format!("#!/bin/sh\n{script}\n"));
        let mode = fs::Permissions::from_mode(0o755);
        fs::set_permissions(sandbox.path(&file), mode).expect("a program");
        sandbox
    }

    /// Writes the journal. What an event does not say is added: it is about `q.json`, and an event
    /// comes a minute after the one before.
    pub(super) fn journal(self, events: &[Value]) -> Self {
        let line = |(number, event): (usize, &Value)| {
            let mut line = json!({
                "v": 1, "seq": number + 1, "at": format!("2026-01-19T10:{number:02}:00.000Z"),
                "event": "claimed", "queue": "q.json",
            });
            merge(&mut line, event.clone());
            format!("{line}\n")
        };
        let text: String = events.iter().enumerate().map(line).collect();
        self.file("queues/.workloop/events.jsonl", &text)
    }

    /// Writes files of an attempt at a task of `q.json`.
    pub(super) fn attempt(self, id: &str, number: u32, files: &[(&str, &str)]) -> Self {
        let queue = self.path("queues/q.json");
        let (state, key) = (StateDir::beside(&queue), TaskKey::new(&queue, id));
        let folder = AttemptFolder::new(&state, &key, number);
        folder.create().expect("a folder");
        for (name, text) in files {
            folder.put(name, text.as_bytes()).expect("written");
        }
        self
    }

    /// Writes the report of an attempt at a task of `q.json`, as [`report`] makes it.
    pub(super) fn reported(self, id: &str, number: u32, mut changes: Value) -> Self {
        merge(&mut changes, json!({"task": id, "attempt": number}));
        self.attempt(id, number, &[(VERDICT_FILE, &report(changes))])
    }

    /// Records that an attempt at a task of `q.json` removed a file that judges, in a project whose
    /// configuration is in its top folder.
    pub(super) fn tampered(self, id: &str, file: &str) -> Self {
        let queue = self.path("queues/q.json");
        let var = |name: &str| self.vars.iter().find(|(key, _)| key == name);
        let backups = Backups::find(|name| var(name).map(|(_, value)| value.as_os_str()));
        let state = StateDir::beside(&queue).backed_up(backups.ok().as_ref());
        let key = TaskKey::new(&queue, id);
        let left = json!({
            "path": file, "part": "whole", "before": {"content": {"hash": [1, 2]}},
            "after": {"content": "absent"}, "attempt": 1, "is_seen": true,
        });
        let record = json!({
            "task": id, "is_task": true, "place": "queues/.workloop", "id16": key.id16, "attempt": 1,
            "at": "2026-01-19T10:00:00Z", "left": [left],
        });
        let name = JudgeFiles::name(&self.root, &state, &key);
        let put = JudgeFiles::of(&self.root, &state).put(&name, &record, &CountingIds::default());
        put.expect("written");
        self
    }

    /// Returns the path of a file.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    /// Returns the content of a file.
    pub(super) fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).expect(name)
    }

    /// Returns the fields of a task of `q.json`.
    pub(super) fn task(&self, id: &str) -> Map<String, Value> {
        let queue: Value = serde_json::from_str(&self.text("queues/q.json")).expect("JSON");
        let tasks = queue["tasks"].as_array().expect("tasks");
        let task = tasks.iter().find(|task| task["id"] == id).expect(id);
        task.as_object().expect("a task").clone()
    }

    /// Returns the events of the journal, without numbers, times and hashes.
    pub(super) fn events(&self) -> Vec<Value> {
        let text = self.text("queues/.workloop/events.jsonl");
        let event = |line: &str| {
            let mut event: Map<String, Value> = serde_json::from_str(line).expect("an event");
            event.retain(|key, _| !["v", "seq", "at"].contains(&key.as_str()));
            if let Some(Value::Object(data)) = event.get_mut("data") {
                let hashes = ["was", "is", "before", "after", "file"];
                data.retain(|key, _| !hashes.contains(&key.as_str()));
            }
            Value::Object(event)
        };
        text.lines().map(event).collect()
    }

    /// Runs a command line. A word in single quotes may contain spaces.
    pub(super) fn run(&self, line: &str) -> Ran {
        self.run_in("", line)
    }

    /// Runs a command line in a folder below.
    pub(super) fn run_in(&self, folder: &str, line: &str) -> Ran {
        self.run_for(false, folder, line)
    }

    /// Runs a verb that follows something, for a reader that goes away after what is there at first.
    pub(super) fn follows(&self, line: &str) -> Ran {
        self.run_for(true, "", line)
    }

    fn run_for(&self, leaves: bool, folder: &str, line: &str) -> Ran {
        let mut words: Vec<&str> = Vec::new();
        for (number, part) in line.split('\'').enumerate() {
            match number % 2 {
                0 => words.extend(part.split_whitespace()),
                _ => words.push(part),
            }
        }
        // Without a slash at the end.
        let cwd = self.path(folder).components().collect();
        let world = World { cwd, vars: self.vars.clone(), stdin_terminal: self.at_terminal };
        let Ran { exit, out, err } = call_for(leaves, &words, &world);
        Ran { exit, out: self.masked(&out), err: self.masked(&err) }
    }

    /// Replaces the path of the folder by `DIR`.
    pub(super) fn masked(&self, text: &str) -> String {
        text.replace(self.root.to_str().expect("text"), "DIR")
    }

    /// Runs a command line that must fail with exactly this status and text, and write nothing.
    #[track_caller]
    pub(super) fn refuses(&self, line: &str, exit: u8, text: &str) {
        let before = self.files();
        let ran = self.run(line);
        let wanted = Ran { exit, out: String::new(), err: text.to_owned() };
        assert_eq!(ran, wanted, "{line}");
        assert_eq!(self.files(), before, "{line} wrote something");
    }

    /// Runs a verb that only reads.
    #[track_caller]
    pub(super) fn reads(&self, line: &str) -> Ran {
        let before = self.files();
        let ran = self.run(line);
        assert_eq!(self.files(), before, "{line} wrote something");
        ran
    }

    /// Returns all files with their contents, and folders.
    fn files(&self) -> BTreeMap<PathBuf, Option<Vec<u8>>> {
        fn add(folder: &Path, all: &mut BTreeMap<PathBuf, Option<Vec<u8>>>) {
            for entry in fs::read_dir(folder).expect("a folder") {
                let path = entry.expect("an entry").path();
                if path.is_dir() {
                    all.insert(path.clone(), None);
                    add(&path, all);
                } else {
                    let bytes = fs::read(&path).expect("a file");
                    all.insert(path, Some(bytes));
                }
            }
        }
        let mut all = BTreeMap::new();
        add(&self.root, &mut all);
        all
    }

    /// Makes it a git repository with one commit of all files, and puts git on the `PATH`.
    pub(super) fn git(self) -> Self {
        let path = std::env::var("PATH").expect("a PATH");
        let sandbox = self.var("PATH", &path).var("HOME", "/nonexistent");
        sandbox.sh("git init -q -b main . && git config user.email t@example.org && \
             git config user.name t && git add -A . && git commit -q --allow-empty -m first");
        sandbox
    }

    /// Keeps an attempt at a task that adds a line to the file `a.txt`, as a loop with private trees
    /// does. Returns its base and its commit.
    pub(super) fn keep(&self, id: &str, number: u32, line: &str) -> (String, String) {
        let script = format!(
            "git reset -q --hard; printf '{line}\\n' >>a.txt; git add a.txt
             change=$(git commit-tree -p HEAD -m attempt $(git write-tree)); git reset -q --hard
             git update-ref refs/workloop/attempts/{id}/{number} $change
             git rev-parse HEAD $change"
        );
        let names = self.sh(&script);
        let (base, change) = names.split_once('\n').expect("two commits");
        (base.to_owned(), change.to_owned())
    }

    /// Puts a kept attempt among the changes that wait to land, as a loop of another machine did.
    pub(super) fn enter(&self, id: &str, number: u32, (base, change): &(String, String)) {
        let entry = json!({
            "version": 1,
            "whose": {"queue": self.path("queues/q.json"), "part": id, "attempt": number,
                      "worker": "elsewhere:4711:0badcafe", "since": 1_768_816_800},
            "work": {"base": base, "change": change, "judged": [], "declared": []},
            "message": {"task": id, "title": "Walls\u{1b}", "summary": "", "attempt": number,
                        "verdict": "pass", "receipt": "r"},
            "state": "waiting",
        });
        self.put(&format!(".git/workloop/landing/{id}-{number}.json"), &entry.to_string());
    }

    /// Runs a shell script in the project; returns what it prints.
    #[track_caller]
    pub(super) fn sh(&self, script: &str) -> String {
        let date = "2026-01-19T10:00:00Z";
        let dates = [("GIT_AUTHOR_DATE", date), ("GIT_COMMITTER_DATE", date)];
        test_shell::sh(&self.root, script, &dates)
    }
}
