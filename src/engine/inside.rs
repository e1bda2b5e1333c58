//! Decides whether this process is part of an attempt, and which project that attempt belongs to.
//!
//! A process of an attempt has its supervisor among its ancestors: it either descends from the
//! supervisor or was reparented to it when its parents exited. The supervisor carries the claim
//! tag, so an agent that clears its own environment changes nothing. Processes that an attempt
//! started through a server running elsewhere (tmux, cron, a container, another user) are not
//! found.

use crate::platform::claim_tag::{Carried, ClaimTag};
use crate::platform::fault::{self, Fault};
use crate::platform::scan;
use crate::store::registry::Registry;
use crate::store::{TaskKey, place_of};
use std::path::{Path, PathBuf};

/// The attempts that this process is part of: more than one if a loop runs inside an attempt.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Inside {
    tags: Vec<ClaimTag>,
    root: Option<PathBuf>,
}

/// Returns whether `is` is true of one of the queues registered at `root`. An attempt could take
/// away what is needed to read the registry (`ulimit -n`), so the answer is yes if it cannot be
/// read.
fn any_entered(root: &Path, is: impl Fn(&PathBuf) -> bool) -> bool {
    Registry::of(root).queues().map_or(true, |queues| queues.iter().any(is))
}

impl Inside {
    /// Finds the attempts of this process. `root` is the project root according to its environment.
    /// It counts only inside an attempt, in addition to the registry of queues, which may have been
    /// deleted.
    pub(crate) fn current(root: Option<PathBuf>) -> Self {
        if fault::is(Fault::InsideAllowed) {
            return Self::default();
        }
        let above = scan::carried_above();
        let mut tags: Vec<ClaimTag> = Vec::new();
        for tag in above.iter().flat_map(Carried::tags) {
            if !tags.contains(tag) {
                tags.push(tag.clone());
            }
        }
        Self { tags, root: root.and_then(|root| root.canonicalize().ok()) }
    }

    /// Returns whether this process is part of any attempt.
    pub(crate) fn is_any(&self) -> bool {
        !self.tags.is_empty()
    }

    /// Returns whether the queue with the real path `queue`, of the project at `root`, belongs to
    /// the project of one of the attempts: it is in the same folder as their queue, or their queue
    /// is registered at the same root.
    pub(crate) fn owns(&self, queue: &Path, root: &Path) -> bool {
        self.is_any()
            && (self.lies_with(queue)
                || self.names_root(root)
                || any_entered(root, |other| self.lies_with(other)))
    }

    /// Returns whether a configuration or queue created in the real folder `dir` would apply to the
    /// project of one of the attempts.
    pub(crate) fn is_ruled_from(&self, dir: &Path) -> bool {
        let rules = |queue: &PathBuf| queue.starts_with(dir) && self.lies_with(queue);
        self.is_any()
            && ([dir.to_owned(), dir.join("queues")].iter().any(|d| self.lies_with(&d.join("q")))
                || self.names_root(dir)
                || dir.ancestors().any(|up| any_entered(up, rules)))
    }

    /// Returns whether one of the attempts is for the task `id` of the queue with the real path
    /// `queue`.
    pub(crate) fn is_attempt_of(&self, queue: &Path, id: &str) -> bool {
        let (key, place) = (TaskKey::new(queue, id), place_of(queue));
        self.tags.iter().any(|tag| key.is_tagged(place, tag))
    }

    fn lies_with(&self, queue: &Path) -> bool {
        let (folder, place) = (TaskKey::new(queue, "").folder16, place_of(queue));
        self.tags.iter().any(|tag| tag.is_in(&folder, place))
    }

    fn names_root(&self, root: &Path) -> bool {
        let real = root.canonicalize();
        self.root.is_some() && real.ok() == self.root
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inside(queue: &Path, id: &str) -> Inside {
        let own = TaskKey::new(queue, id).tag(place_of(queue), "");
        let other = ClaimTag::new("0123456789abcdef", None, "0123456789abcdef", "");
        Inside { tags: vec![own, other], root: None }
    }

    #[test]
    fn a_queue_is_own_by_its_folder_and_by_its_root() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path();
        let (own, other) = (root.join("queues/a.json"), root.join("tasks/b.json"));
        let inside = inside(&own, "A");
        assert!(inside.owns(&root.join("queues/new.json"), Path::new("/nowhere")));
        assert!(!inside.owns(&other, root), "nothing says that it is the same project");
        let named = Inside { root: Some(root.to_owned()), ..inside.clone() };
        assert!(named.owns(&other, root));
        Registry::of(root).enter(&own).unwrap();
        assert!(inside.owns(&other, root));
        assert!(!inside.owns(Path::new("/q/b.json"), Path::new("/q")));
        assert!(!Inside::default().owns(&own, root));
    }

    #[test]
    fn only_its_own_task_is_the_attempt_s() {
        let queue = Path::new("/q/a.json");
        let inside = inside(queue, "A");
        assert!(inside.is_attempt_of(queue, "A"));
        assert!(!inside.is_attempt_of(queue, "B"));
        assert!(!inside.is_attempt_of(Path::new("/q/b.json"), "A"));
    }

    #[test]
    fn a_project_is_ruled_from_the_folders_above_its_queues() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path();
        let own = root.join("sub/tasks/a.json");
        let inside = inside(&own, "A");
        assert!(inside.is_ruled_from(&root.join("sub/tasks")));
        assert!(!inside.is_ruled_from(&root.join("sub")), "nobody is entered there");
        Registry::of(root).enter(&own).unwrap();
        for ruled in ["", "sub", "sub/tasks"] {
            assert!(inside.is_ruled_from(&root.join(ruled)), "{ruled}");
        }
        for free in ["target/x", "sub/other"] {
            assert!(!inside.is_ruled_from(&root.join(free)), "{free}");
        }
    }

    #[test]
    fn a_root_is_the_same_whatever_its_path() {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path().canonicalize().unwrap();
        let (real, link) = (dir.join("real"), dir.join("link"));
        std::fs::create_dir(&real).unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        let other = Path::new("/elsewhere/q.json");
        let inside = Inside { root: Some(real.clone()), ..inside(&dir.join("own/q.json"), "A") };
        for root in [&real, &link, &real.join("../link/.")] {
            assert!(inside.owns(other, root) && inside.is_ruled_from(root), "{}", root.display());
        }
        for root in [dir.join("gone"), dir.join("real/gone"), PathBuf::from("/")] {
            assert!(!inside.owns(other, &root), "{}", root.display());
        }
        // Outside of attempts, a root in the environment is that of any shell.
        let shell = Inside { tags: Vec::new(), ..inside.clone() };
        assert!(!shell.is_any() && !shell.owns(other, &real) && !shell.is_ruled_from(&real));
        // Without a root, no path is the root of the project.
        let unknown = Inside { root: None, ..inside };
        assert!(unknown.is_any() && !unknown.owns(other, &dir.join("gone")));
    }

    #[test]
    fn a_queue_is_ruled_from_its_folder_and_from_the_one_above_queues() {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path();
        let inside = inside(&dir.join("p/queues/a.json"), "A");
        for (ruled, is) in [("p/queues", true), ("p", true), ("", false), ("p/queues/x", false)] {
            assert_eq!(inside.is_ruled_from(&dir.join(ruled)), is, "{ruled}");
        }
        assert!(!Inside::default().is_ruled_from(&dir.join("p")));
    }
}
