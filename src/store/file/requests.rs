//! Requests from people to running loops, made through files in the state folder: stop and pause.
//!
//! Only a regular file is a request. Anything else with such a name is ignored and reported.

use crate::platform::open;
use crate::store::StateDir;
use crate::store::control::{Asked, Request};
use crate::store::records::requests::{date, file};
use crate::store::records::workers::Registration;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Reads the requests about one queue.
#[derive(Debug)]
pub(super) struct Requests {
    state: StateDir,
    name: String,
    since: SystemTime,
}

impl Requests {
    /// Creates a reader of requests about the queue `name`. A stop request older than `entry` was
    /// not meant for this loop and is removed, unless another loop may still have to read it.
    pub(super) fn new(state: &StateDir, name: &str, entry: &Registration) -> Self {
        let requests = Self { state: state.clone(), name: name.to_owned(), since: entry.since() };
        for path in requests.files(Request::Stop) {
            if date(&path).is_some() && !requests.is_newer(&path) && !entry.has_company() {
                drop(fs::remove_file(path));
            }
        }
        requests
    }

    /// Returns the current requests.
    pub(super) fn look(&self) -> Asked {
        Asked {
            stop: self.files(Request::Stop).iter().any(|path| self.is_newer(path)),
            pause: self.files(Request::Pause).iter().filter_map(|path| date(path)).max(),
        }
    }

    /// Describes files that have the name of a request but are not one.
    pub(super) fn strays(&self) -> Vec<String> {
        let all = Request::ALL.into_iter().flat_map(|request| self.files(request));
        let strays = all.filter_map(|path| open::obstacle(&path));
        strays.map(|stray| format!("not a request, ignored: {stray}")).collect()
    }

    fn files(&self, request: Request) -> [PathBuf; 2] {
        [Some(self.name.as_str()), None].map(|name| file(&self.state, request, name))
    }

    fn is_newer(&self, path: &Path) -> bool {
        date(path).is_some_and(|time| time >= self.since)
    }
}
