//! The environment of the loops of a round: a reader that watches, a person who edits, the judge's
//! log.

use super::{Hostile, Round};
use crate::chance::Chance;
use crate::processes::lacks;
use crate::sandbox::{Sandbox, holds_within};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// The shared state of the threads of a round.
pub(super) struct Field<'a> {
    pub(super) sandbox: &'a Sandbox,
    pub(super) oracle: PathBuf,
    pub(super) round: &'a Round,
    pub(super) over: AtomicBool,
    pub(super) done: AtomicBool,
    pub(super) reads: AtomicUsize,
    pub(super) at_once: AtomicUsize,
    pub(super) broken: Mutex<Vec<String>>,
    pub(super) edits: Mutex<Vec<String>>,
}

impl Field<'_> {
    pub(super) fn breaks(&self, what: String) {
        let mut broken = self.broken.lock().expect("no panic while it is held");
        if broken.len() < 20 {
            broken.push(what);
        }
    }

    /// Reads the queue repeatedly and logs each task when it is first seen complete.
    pub(super) fn watch(&self) {
        let log = OpenOptions::new().append(true).create(true).open(self.oracle.join("log"));
        let mut log = log.expect("a log");
        let mut complete = BTreeSet::new();
        let mut seen = None;
        while !self.over.load(Ordering::Relaxed) {
            std::thread::park_timeout(Duration::from_millis(2));
            // Reading the same text again shows nothing, and would take a processor.
            let now = fs::metadata(self.sandbox.path("q.json")).ok();
            let now = now.map(|now| (now.ino(), now.len(), now.mtime(), now.mtime_nsec()));
            if now.is_some() && now == seen {
                continue;
            }
            seen = now;
            let read = fs::read(self.sandbox.path("q.json"));
            let parsed = read.ok().and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok());
            let Some(queue) = parsed else {
                // git and a careless person write the file in place.
                if self.round.hostile != Hostile::Checkout {
                    self.breaks("a reader saw half a file".to_owned());
                }
                continue;
            };
            self.reads.fetch_add(1, Ordering::Relaxed);
            let tasks = queue["tasks"].as_array().cloned().unwrap_or_default();
            let with = |status: &str| tasks.iter().filter(|task| task["status"] == status).count();
            if queue["summary"]["complete"].as_u64().is_some_and(|n| n != with("complete") as u64) {
                self.breaks("a reader saw a summary that is not true".to_owned());
            }
            self.at_once.fetch_max(with("in_progress"), Ordering::Relaxed);
            self.done.store(with("complete") == tasks.len(), Ordering::Relaxed);
            let now: BTreeSet<String> = tasks
                .iter()
                .filter(|task| task["status"] == "complete")
                .filter_map(|task| task["id"].as_str().map(str::to_owned))
                .collect();
            for id in now.difference(&complete) {
                drop(log.write_all(format!("complete {id}\n").as_bytes()));
            }
            let sets_back = self.round.hostile == Hostile::Checkout || self.round.careless;
            if !sets_back && let Some(id) = complete.difference(&now).next() {
                self.breaks(format!("{id} was complete, and then was not"));
            }
            complete.extend(now);
        }
    }

    /// Repairs what a git that is killed during a checkout leaves: no file, or half of one, and its
    /// lock.
    pub(super) fn repair(&self) {
        let whole = || {
            let read = fs::read(self.sandbox.path("q.json"));
            read.is_ok_and(|bytes| serde_json::from_slice::<Value>(&bytes).is_ok())
        };
        if self.round.hostile != Hostile::Checkout {
            return;
        }
        if !holds_within(Duration::from_millis(300), whole) {
            self.sandbox.shell("rm -f .git/index.lock q.json; git checkout -q .");
        }
    }

    /// Edits like a person: with the lock of the folder, and sometimes without.
    pub(super) fn edit(&self, mut chance: Chance) {
        let mut number = 0;
        if lacks("jq") {
            return;
        }
        while !self.over.load(Ordering::Relaxed) {
            number += 1;
            let locked = !(self.round.careless && chance.below(3) == 0);
            let key = format!("edit_{number}");
            let script = format!(
                "jq '.{key} = {number}' q.json >.edit-{number} && mv .edit-{number} q.json"
            );
            let script = if locked {
                format!("flock . sh -c \"{}\"", script.replace('"', "\\\""))
            } else {
                script
            };
            let kept = locked && !self.round.careless && self.round.hostile != Hostile::Checkout;
            if self.sandbox.shell(&script) && kept {
                self.edits.lock().expect("no panic while it is held").push(key);
            }
            let end = Instant::now() + Duration::from_millis(100 + chance.below(300) as u64);
            holds_within(end - Instant::now(), || self.over.load(Ordering::Relaxed));
        }
    }
}

pub(super) fn lines(path: &Path) -> Vec<String> {
    fs::read_to_string(path).unwrap_or_default().lines().map(str::to_owned).collect()
}
