//! Completes or reverts a landing that was killed halfway, using its entry.

use super::super::merge::Merge;
use super::super::repo::{Checkout, Oid};
use super::checkout::Obstacle;
use super::entry::{Entry, State, Work};
use super::error::LandError;
use super::land::{Landing, Moved, Way};
use super::step::Stop;
use crate::platform::ids::Ids;
use std::path::PathBuf;

/// The result of recovering a landing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recovered {
    /// No landing was in progress.
    Nothing,
    /// The landing is complete.
    Landed { commit: Oid },
    /// A person committed what was staged: the target has it.
    Covered {
        /// The commit of the target.
        by: Oid,
    },
    /// Another process moved the target: the checkouts are restored, and the change waits.
    TakenBack,
    /// A person's checkout is in the way; the change waits.
    Waits(Obstacle),
}

impl Landing {
    /// Completes or reverts every landing that was in progress, one after the other, before
    /// anything else lands. Returns the result for each entry.
    ///
    /// # Errors
    /// As [`Landing::land`].
    pub fn recover(&self, ids: &dyn Ids) -> Result<Vec<(Entry, Recovered)>, LandError> {
        self.recover_until(ids, &mut |_| false)
    }

    /// Does the same as [`Landing::recover`], but ends after the step for which `stop` returns
    /// true.
    ///
    /// # Errors
    /// [`LandError::Stopped`] then.
    pub fn recover_until(
        &self,
        ids: &dyn Ids,
        stop: Stop<'_>,
    ) -> Result<Vec<(Entry, Recovered)>, LandError> {
        self.repository().end_killed_writes()?;
        self.entries().sweep()?;
        let mut done = Vec::new();
        for mut entry in self.entries().all()? {
            match entry.state.clone() {
                State::Waiting => {}
                State::Moving { old, new, checkouts } => {
                    let under_way = UnderWay { old, new, checkouts };
                    let became = self.finish(&mut entry, &under_way, (ids, &mut *stop))?;
                    done.push((entry, became));
                }
                // The statement of another process is trusted if the target agrees.
                State::Landed { .. } | State::Covered { .. } if self.entries().is_ours(&entry) => {}
                State::Landed { commit } => {
                    if !self.is_landing_of(&entry, &commit)? {
                        self.note(&mut entry, State::Waiting, ids)?;
                        done.push((entry, Recovered::TakenBack));
                    }
                }
                State::Covered { by } => {
                    let tip = self.repository().tip()?;
                    let is_there = self.repository().is_ancestor(&by, &tip)?;
                    if !(is_there && self.has_all(&by, &entry.work.base, &entry.work.change)?) {
                        self.note(&mut entry, State::Waiting, ids)?;
                        done.push((entry, Recovered::TakenBack));
                    }
                }
            }
        }
        Ok(done)
    }

    /// Makes the commit that was to land if a person collected garbage meanwhile. No ref kept it,
    /// and made again it is the same.
    fn make_again(&self, entry: &Entry, old: &Oid, new: &Oid) -> Result<(), LandError> {
        let repository = self.repository();
        let Work { base, change, .. } = &entry.work;
        if repository.is_whole(old, new)? {
            return Ok(());
        }
        let tree = if old == base {
            repository.tree_of(change)?
        } else {
            match self.merge(base, old, change)? {
                Merge::Clean(tree) | Merge::Conflict { tree, .. } => tree,
            }
        };
        self.kept(entry, &tree, old)?;
        Ok(())
    }

    /// Returns whether `commit` is on the target, and is the one that landing this entry makes.
    fn is_landing_of(&self, entry: &Entry, commit: &Oid) -> Result<bool, LandError> {
        let repository = self.repository();
        let tip = repository.tip()?;
        let is_there = repository.ref_at(&format!("{commit}^{{commit}}"))?.is_some();
        if !(is_there && repository.is_ancestor(commit, &tip)?) {
            return Ok(false);
        }
        let parent = repository.ref_at(&format!("{commit}^"))?;
        let Some(parent) = parent else { return Ok(false) };
        Ok(self.kept(entry, &repository.tree_of(commit)?, &parent)? == *commit)
    }

    /// Returns whether `commit` has all that `change` did since `base`.
    fn has_all(&self, commit: &Oid, base: &Oid, change: &Oid) -> Result<bool, LandError> {
        let merged = self.merge(base, commit, change)?;
        Ok(merged == Merge::Clean(self.repository().tree_of(commit)?))
    }

    fn finish(
        &self,
        entry: &mut Entry,
        UnderWay { old, new, checkouts }: &UnderWay,
        (ids, stop): (&dyn Ids, Stop<'_>),
    ) -> Result<Recovered, LandError> {
        let tip = self.repository().tip()?;
        self.make_again(entry, old, new)?;
        if self.is_landing_of(entry, new)? {
            // Further work trees may have checked the target out while it moved.
            let mut others = self.repository().checkouts()?;
            others.retain(|one| !checkouts.contains(&one.path));
            self.catch_up(&others, old)?;
            self.note(entry, State::Landed { commit: new.clone() }, ids)?;
            return Ok(Recovered::Landed { commit: new.clone() });
        }
        let Some(tree) = self.repository().ref_at(&format!("{new}^{{tree}}"))? else {
            // The commit is not what this entry makes and does not exist, so the landing had no
            // effect.
            self.note(entry, State::Waiting, ids)?;
            return Ok(Recovered::TakenBack);
        };
        let is_judged = tip == *old && entry.work.judged.contains(&tree);
        if is_judged && self.repository().brings(old, new, &tree)? == Some(true) {
            let way = Way { old, new, deltas: self.deltas(old, new)? };
            return Ok(match self.move_target(entry, way, (ids, &mut *stop))? {
                Moved::Done => Recovered::Landed { commit: new.clone() },
                Moved::Waits(obstacle) => Recovered::Waits(obstacle),
                Moved::Lost => Recovered::TakenBack,
            });
        }
        if tip != *old && self.has_all(&tip, &entry.work.base, &entry.work.change)? {
            self.note(entry, State::Covered { by: tip.clone() }, ids)?;
            return Ok(Recovered::Covered { by: tip });
        }
        let target = self.repository().target();
        let mut open: Vec<Checkout> = Vec::new();
        // No checkout is moved to a commit that was never on the target.
        if self.repository().is_ancestor(old, &tip)? {
            open = self.repository().checkouts()?;
        }
        open.retain(|one| checkouts.contains(&one.path) && one.branch.as_deref() == Some(target));
        self.back(&open, new, &tip, stop)?;
        self.note(entry, State::Waiting, ids)?;
        Ok(Recovered::TakenBack)
    }
}

/// The landing that an entry records as in progress.
struct UnderWay {
    old: Oid,
    new: Oid,
    checkouts: Vec<PathBuf>,
}
