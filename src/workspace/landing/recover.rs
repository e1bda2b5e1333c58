//! Completes or takes back what a landing that was killed left half done, from its entry.

use super::super::merge::Merge;
use super::super::repo::{Checkout, Oid};
use super::checkout::Obstacle;
use super::entry::{Entry, State};
use super::land::{LandError, Landing, Moved};
use super::step::Stop;
use crate::platform::ids::Ids;
use std::path::PathBuf;

/// What became of a landing that was under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recovered {
    /// Nothing was under way.
    Nothing,
    /// It is complete.
    Landed {
        /// The commit.
        commit: Oid,
    },
    /// Somebody committed what lay staged: the target has it.
    Covered {
        /// The target.
        by: Oid,
    },
    /// Somebody else moved the target: all is as before, and the change waits.
    TakenBack,
    /// A person is in the way; the change waits.
    Waits(Obstacle),
}

impl Landing {
    /// Completes or takes back every landing that was under way, one after the other, before anything
    /// else lands. Gives what became of each entry.
    ///
    /// # Errors
    /// As [`Landing::land`].
    pub fn recover(&self, ids: &dyn Ids) -> Result<Vec<(Entry, Recovered)>, LandError> {
        self.recover_until(ids, &mut |_| false)
    }

    /// The same, ended after the step for which `stop` says so.
    ///
    /// # Errors
    /// [`LandError::Stopped`] then.
    pub fn recover_until(
        &self,
        ids: &dyn Ids,
        stop: Stop<'_>,
    ) -> Result<Vec<(Entry, Recovered)>, LandError> {
        let mut done = Vec::new();
        for mut entry in self.entries().all()? {
            let State::Moving { old, new, checkouts } = entry.state.clone() else { continue };
            let under_way = UnderWay { old, new, checkouts };
            let became = self.finish(&mut entry, &under_way, (ids, &mut *stop))?;
            done.push((entry, became));
        }
        Ok(done)
    }

    fn finish(
        &self,
        entry: &mut Entry,
        UnderWay { old, new, checkouts }: &UnderWay,
        (ids, stop): (&dyn Ids, Stop<'_>),
    ) -> Result<Recovered, LandError> {
        let tip = self.repository().tip()?;
        if self.repository().is_ancestor(new, &tip)? {
            self.note(entry, State::Landed { commit: new.clone() }, ids)?;
            return Ok(Recovered::Landed { commit: new.clone() });
        }
        if tip == *old {
            return Ok(match self.move_target(entry, old, new, (ids, &mut *stop))? {
                Moved::Done => Recovered::Landed { commit: new.clone() },
                Moved::Waits(obstacle) => Recovered::Waits(obstacle),
                Moved::Lost => Recovered::TakenBack,
            });
        }
        if let Merge::Clean(tree) = self.merge(old, &tip, new)?
            && tree == self.repository().tree_of(&tip)?
        {
            self.note(entry, State::Covered { by: tip.clone() }, ids)?;
            return Ok(Recovered::Covered { by: tip });
        }
        let target = self.repository().target();
        let mut open: Vec<Checkout> = self.repository().checkouts()?;
        open.retain(|one| checkouts.contains(&one.path) && one.branch.as_deref() == Some(target));
        self.back(&open, old, new, stop)?;
        self.note(entry, State::Waiting, ids)?;
        Ok(Recovered::TakenBack)
    }
}

/// What an entry says was under way.
struct UnderWay {
    old: Oid,
    new: Oid,
    checkouts: Vec<PathBuf>,
}
