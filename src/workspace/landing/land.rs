//! Lands a change: decides what is to land, and moves the target to it.

use super::super::change::Delta;
use super::super::git::At;
use super::super::merge::{Merge, merge_at};
use super::super::repo::{Checkout, GitError, Oid, RefMove, Repository, Stamp};
use super::checkout::{Obstacle, Switch};
use super::entry::{Entries, Entry, EntryError, Keeps, State};
use super::error::{LandError, TRIES};
use super::reverts::{Reverted, reverts_others};
use super::step::{Step, Stop};
use crate::platform::both::both;
use crate::platform::fault::{self, Fault};
use crate::platform::ids::Ids;
use crate::platform::lock::DirLock;
use std::cell::RefCell;
use std::os::fd::AsFd;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// How often a commit is made again whose objects were collected as garbage.
const LOST: u32 = 10;
/// How long to wait for the lock of a person's index.
const INDEX_WAIT: Duration = Duration::from_secs(10);

/// The result of a landing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Landed {
    /// The target is at the commit.
    Done {
        /// The commit on the target.
        commit: Oid,
    },
    /// The target has all of it already.
    Covered {
        /// The commit of the target.
        by: Oid,
    },
    /// It merges with what landed meanwhile, and the result was not judged yet.
    Judge {
        /// The commit to judge.
        commit: Oid,
        /// Its tree, for `Work::judged` if it passes.
        tree: Oid,
        /// The target that it is based on.
        onto: Oid,
    },
    /// It does not merge: it goes back to an agent on the new base, with the partial merge.
    Conflict {
        /// The new base.
        onto: Oid,
        /// The files, with markers.
        files: Oid,
        /// The paths that have them.
        paths: Vec<PathBuf>,
    },
    /// It would undo what others landed.
    RevertsOthers(Vec<Reverted>),
    /// A person has to do something first; the change waits.
    Waits(Obstacle),
}

/// The right to land in a repository: its landing lock, held until this is dropped.
#[derive(Debug)]
pub struct Landing {
    repository: Repository,
    /// Ignores signals, for changes that others see: an interruption would leave a person with half
    /// of them.
    steady: Repository,
    entries: Entries,
    at: At,
    pub(super) index_wait: Duration,
    /// The work trees to check again after the landing.
    pub(super) late: RefCell<Option<Late>>,
    _lock: DirLock,
}

/// A commit that may land, and its differences to the target.
struct Ready {
    commit: Oid,
    deltas: Vec<Delta>,
}

/// A move of the target, and the differences between its two ends.
pub(super) struct Way<'a> {
    pub(super) old: &'a Oid,
    pub(super) new: &'a Oid,
    pub(super) deltas: Vec<Delta>,
}

/// The work trees to check again after the landing lock is released.
#[derive(Debug)]
pub(super) struct Late {
    /// Work trees in which the target was not checked out when it moved.
    pub(super) others: Vec<Checkout>,
    /// The commit of the target before it moved.
    pub(super) old: Oid,
}

/// The result of moving the target.
pub(super) enum Moved {
    /// It is at the new commit.
    Done,
    /// Another process moved it.
    Lost,
    /// A person's checkout is in the way.
    Waits(Obstacle),
}

impl Landing {
    /// Takes the landing lock of `repository`, waiting at most `limit` (for ever without one).
    /// Calls of git hold it as long as they run, even if this process is killed meanwhile.
    ///
    /// # Errors
    /// If the lock is not available, or its folder cannot be created.
    pub fn begin(
        repository: &Repository,
        limit: Option<Duration>,
        on_wait: crate::platform::lock::OnWait<'_>,
    ) -> Result<Self, LandError> {
        let entries = Entries::of(repository)?;
        let folder = repository.common().join("workloop");
        let lock = DirLock::acquire(&folder, limit, on_wait)?;
        let io = |source| LandError::Io { path: folder.clone(), source };
        let held = lock.dir().as_fd().try_clone_to_owned().map_err(io)?;
        let repository = repository.holding(Arc::new(held));
        let at = repository.plain(&folder.join("landing-git")).map_err(io)?;
        let steady = repository.to_its_end();
        let late = RefCell::default();
        Ok(Self { repository, steady, entries, at, index_wait: INDEX_WAIT, late, _lock: lock })
    }

    /// Sets how long to wait for the lock of a person's index.
    #[must_use]
    pub fn waiting(self, index_wait: Duration) -> Self {
        Self { index_wait, ..self }
    }

    /// Returns the entries of the repository.
    pub fn entries(&self) -> &Entries {
        &self.entries
    }

    pub(super) fn repository(&self) -> &Repository {
        &self.repository
    }

    /// Merges what `change` did since `base` onto `target`.
    ///
    /// # Errors
    /// If git fails.
    pub fn merge(&self, base: &Oid, target: &Oid, change: &Oid) -> Result<Merge, GitError> {
        merge_at(&self.repository, &self.at, base, target, change)
    }

    /// Lands the change of `entry`, as far as possible, and updates the state of `entry`.
    ///
    /// # Errors
    /// [`LandError`]; the entry says where it stopped.
    pub fn land(&self, entry: &mut Entry, ids: &dyn Ids) -> Result<Landed, LandError> {
        self.land_until(entry, ids, &mut |_| false)
    }

    /// Does the same as [`Landing::land`], but ends after the step for which `stop` returns true.
    ///
    /// # Errors
    /// [`LandError::Stopped`] then.
    pub fn land_until(
        &self,
        entry: &mut Entry,
        ids: &dyn Ids,
        stop: Stop<'_>,
    ) -> Result<Landed, LandError> {
        let mut lost = 0;
        for _ in 0..TRIES {
            let tips = self.repository.tips(&entry.work.change)?;
            let tip = tips[0].clone();
            let ready = match self.ready(entry, tips) {
                Ok(Ok(ready)) => ready,
                Ok(Err(landed)) => {
                    if let Landed::Covered { by } = &landed {
                        entry.state = State::Covered { by: by.clone() };
                        self.entries.note(entry, ids)?;
                    }
                    return Ok(landed);
                }
                // Objects that no ref keeps yet may have been collected between two calls.
                Err(LandError::Git(GitError::Failed { .. }) | LandError::Incomplete { .. })
                    if lost < LOST =>
                {
                    lost += 1;
                    continue;
                }
                Err(error) => return Err(error),
            };
            let Ready { commit, deltas } = ready;
            let way = Way { old: &tip, new: &commit, deltas };
            match self.move_target(entry, way, (ids, &mut *stop))? {
                Moved::Done => return Ok(Landed::Done { commit }),
                Moved::Waits(obstacle) => return Ok(Landed::Waits(obstacle)),
                Moved::Lost => {}
            }
        }
        Err(LandError::Restless { target: self.repository.target().to_owned() })
    }

    /// Returns the commit that may land on `tip`, or the reason why none may.
    fn ready(
        &self,
        entry: &Entry,
        [tip, tip_tree, own]: [Oid; 3],
    ) -> Result<Result<Ready, Landed>, LandError> {
        let (work, tip) = (&entry.work, &tip);
        let tree = if *tip == work.base {
            own
        } else {
            match self.merge(&work.base, tip, &work.change)? {
                Merge::Clean(tree) => tree,
                // No ref keeps the merge: the attempt that resolves it merges again, onto the
                // target of that time.
                Merge::Conflict { tree, paths } => {
                    return Ok(Err(Landed::Conflict { onto: tip.clone(), files: tree, paths }));
                }
            }
        };
        if tree == tip_tree {
            return Ok(Err(Landed::Covered { by: tip.clone() }));
        }
        let repository = &self.repository;
        let differs = || {
            let deltas = repository.deltas(tip, &tree, false)?;
            let task = &entry.message.task;
            let reverted = reverts_others(repository, work, (tip, &tree, &deltas), task)?;
            Ok::<_, GitError>((deltas, reverted))
        };
        let (differs, commit) = both(&differs, || self.made(entry, &tree, tip));
        let (commit, (deltas, reverted)) = (commit?, differs?);
        if !reverted.is_empty() {
            return Ok(Err(Landed::RevertsOthers(reverted)));
        }
        if work.judged.contains(&tree) || fault::is(Fault::UnjudgedLands) {
            Ok(Ok(Ready { commit, deltas }))
        } else {
            Ok(Err(Landed::Judge { commit, tree, onto: tip.clone() }))
        }
    }

    /// Returns the commit of a change with `tree` on `tip`, kept by a ref and checked.
    fn made(&self, entry: &Entry, tree: &Oid, tip: &Oid) -> Result<Oid, LandError> {
        // Kept at once: until then a person's collection may remove what the merge has just made.
        // One that begins later sees the ref, and one that is running is waited for.
        let commit = self.kept(entry, tree, tip)?;
        self.repository.put_ref(&entry.ref_of(Keeps::Merge), &commit)?;
        self.repository.outlast_collection();
        self.repository.outlast_prune();
        // What lands must be what was judged: checked once more, on the commit itself.
        match self.repository.brings(tip, &commit, tree)? {
            Some(true) => Ok(commit),
            Some(false) => Err(LandError::OtherTree { commit, judged: tree.clone() }),
            None if fault::is(Fault::ObjectsBelieved) => Ok(commit),
            None => Err(LandError::Incomplete { commit }),
        }
    }

    /// Returns the commit of a change with `tree` on `tip`; it is the same whenever it is made.
    pub(super) fn kept(&self, entry: &Entry, tree: &Oid, tip: &Oid) -> Result<Oid, GitError> {
        let date = Stamp(entry.whose.since);
        self.repository.commit(tree, tip, &entry.message.text(), date)
    }

    /// Moves the target: first the checkouts are updated, then the target moves. On failure, all
    /// are restored.
    pub(super) fn move_target(
        &self,
        entry: &mut Entry,
        Way { old, new, deltas }: Way<'_>,
        (ids, stop): (&dyn Ids, Stop<'_>),
    ) -> Result<Moved, LandError> {
        let target = self.repository.target();
        let checkouts = self.repository.checkouts()?;
        for one in &checkouts {
            if let Some(what) = one.under_way(target) {
                let obstacle = Obstacle::UnderWay { checkout: one.path.clone(), what };
                self.note(entry, State::Waiting, ids)?;
                return Ok(Moved::Waits(obstacle));
            }
        }
        let (checkouts, others): (Vec<Checkout>, Vec<Checkout>) =
            checkouts.into_iter().partition(|one| one.branch.as_deref() == Some(target));
        let paths = checkouts.iter().map(|one| one.path.clone()).collect();
        let moving = State::Moving { old: old.clone(), new: new.clone(), checkouts: paths };
        self.note(entry, moving, ids)?;
        pass(stop, Step::Intent)?;
        let early = fault::is(Fault::RefFirst) && self.move_ref(entry, old, new)?;
        let switch = self.switch(deltas);
        for (number, one) in checkouts.iter().enumerate() {
            if let Some(obstacle) = switch.bring(one, old, new)? {
                self.back(&checkouts[..number], new, old, stop)?;
                self.note(entry, State::Waiting, ids)?;
                return Ok(Moved::Waits(obstacle));
            }
            pass(stop, Step::Checkout)?;
        }
        if !early && !self.move_ref(entry, old, new)? {
            let tip = self.repository.tip()?;
            self.back(&checkouts, new, &tip, stop)?;
            self.note(entry, State::Waiting, ids)?;
            return Ok(Moved::Lost);
        }
        pass(stop, Step::Target)?;
        self.catch_up(&others, old)?;
        *self.late.borrow_mut() = (!others.is_empty()).then(|| Late { others, old: old.clone() });
        self.note(entry, State::Landed { commit: new.clone() }, ids)?;
        pass(stop, Step::Noted)?;
        Ok(Moved::Done)
    }

    /// Moves the target if it is still at `old`; returns whether it was.
    fn move_ref(&self, entry: &Entry, old: &Oid, new: &Oid) -> Result<bool, GitError> {
        let name = self.repository.target().to_owned();
        if fault::is(Fault::TargetOverwritten) {
            return self.steady.put_ref(&name, new).map(|()| true);
        }
        let step = RefMove { name, from: Some(old.clone()), to: Some(new.clone()) };
        self.steady.move_refs(&[step], &format!("workloop: land {}", entry.whose.part))
    }

    /// Takes `new` out of checkouts that have it already: they get the files of `tip`, where the
    /// target is now. A person may have committed there in between, including what was staged for
    /// the landing: the old files would undo it with the next commit. A checkout that was edited
    /// meanwhile keeps the new files, staged, so nothing of the person is lost.
    pub(super) fn back(
        &self,
        checkouts: &[Checkout],
        new: &Oid,
        tip: &Oid,
        stop: Stop<'_>,
    ) -> Result<(), LandError> {
        if checkouts.is_empty() {
            return Ok(());
        }
        let switch = self.switch(self.deltas(new, tip)?);
        for one in checkouts {
            switch.bring(one, new, tip)?;
            pass(stop, Step::Back)?;
        }
        Ok(())
    }

    pub(super) fn note(
        &self,
        entry: &mut Entry,
        state: State,
        ids: &dyn Ids,
    ) -> Result<(), EntryError> {
        if entry.state == state {
            return Ok(());
        }
        entry.state = state;
        self.entries.note(entry, ids)
    }

    /// Returns the differences between two commits.
    pub(super) fn deltas(&self, from: &Oid, to: &Oid) -> Result<Vec<Delta>, GitError> {
        self.steady.deltas(from, to, false)
    }

    /// Returns the switch that updates checkouts between two commits with these differences.
    pub(super) fn switch(&self, deltas: Vec<Delta>) -> Switch<'_> {
        Switch { repository: &self.steady, deltas, wait: self.index_wait }
    }
}

pub(super) fn pass(stop: Stop<'_>, step: Step) -> Result<(), LandError> {
    if stop(step) { Err(LandError::Stopped(step)) } else { Ok(()) }
}
