//! The items with which a verification without an agent is compared.

use super::super::apart::Apart;
use super::super::begun::Begun;
use super::super::end::{End, environment};
use super::super::tamper::{Guard, Memory};
use super::super::with::OnStage;
use super::Progress;
use crate::platform::fault::{self, Fault};
use crate::workspace::{Oid, Wanted};

impl Progress<'_> {
    /// Finds the items from before the work that a gate, or a verification of a task, is about.
    /// With private trees, that is the parent of the first commit that landed; in the project
    /// itself, what the first attempt found. If they are not known, each failure counts.
    pub(super) fn base_of_begun(
        &mut self,
        earlier: &Memory,
        on_stage: OnStage<'_>,
    ) -> Result<(), End> {
        let job = self.job;
        let (Some(steps), Some(begun), None) = (&job.items, &job.begun, &job.agent) else {
            return Ok(());
        };
        let Some(apart) = &job.apart else {
            let Some((state, key)) = &begun.first else { return Ok(()) };
            let known = self.commands.known_items();
            self.items.base =
                known.began(key, steps).or_else(|| self.noted_base((state, key), steps, u32::MAX));
            return Ok(());
        };
        // The commits may be gone because a person rewrote the history.
        let Some(base) = begun_at(apart, begun) else { return Ok(()) };
        let (tip, _) = apart.target().map_err(|error| environment(error.to_string()))?;
        let base = if fault::is(Fault::GateForgives) { tip.clone() } else { base };
        // The judging files are taken from the tree that is checked out.
        self.base_at(&base, on_stage)?;
        self.judge_at(&Wanted::commit(tip))?;
        self.commands.guard(Guard::take(&job.watch, earlier));
        Ok(())
    }
}

/// Returns the commit before the first one of `begun` that landed, if git knows it.
pub(super) fn begun_at(apart: &Apart, begun: &Begun) -> Option<Oid> {
    before(apart, begun.landed.first()?)
}

/// Returns the same for the earliest landing that git knows: a person may have rewritten the
/// history.
pub(super) fn known_since(apart: &Apart, begun: &Begun) -> Option<Oid> {
    begun.landed.iter().find_map(|landed| before(apart, landed))
}

fn before(apart: &Apart, landed: &[String]) -> Option<Oid> {
    let repository = apart.repository();
    let now = |text: &String| repository.landed_as(&Oid::parse(text)?).ok()?;
    let landed: Vec<Oid> = landed.iter().map(now).collect::<Option<_>>()?;
    let first = repository.first_of(&landed).ok()??;
    repository.parent_of(&first).ok()
}
