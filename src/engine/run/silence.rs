//! Attempts that say nothing for long: told once for each silence, in the journal and to the person at
//! the terminal. Nothing is ended for it; `silence` of an agent does that.

use super::running::{Kind, Running};
use crate::domain::{ClaimToken, Field};
use crate::engine::dispatch::SlotIx;
use crate::queue::Queue;
use crate::views::last_lines::newest;
use crate::views::timing::parsed;
use chrono::{DateTime, Utc};
use std::collections::HashMap;
use std::time::{Duration, Instant};

/// How often it is looked at what attempts print.
const LOOK: Duration = Duration::from_secs(5);

/// An attempt that was found to say nothing.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Silent {
    /// Its slot.
    pub(super) slot: SlotIx,
    /// For so long.
    pub(super) lasted: Duration,
}

/// Which silences were told.
#[derive(Debug, Default)]
pub(super) struct Silence {
    /// By attempt: since when it said nothing.
    told: HashMap<ClaimToken, DateTime<Utc>>,
    looked: Option<Instant>,
}

impl Silence {
    /// Whether it is time to look; the shorter the limit, the sooner.
    pub(super) fn is_due(&mut self, now: Instant, limit: Duration) -> bool {
        let every = LOOK.min(limit / 4);
        let due = self.looked.is_none_or(|at| now.saturating_duration_since(at) >= every);
        if due {
            self.looked = Some(now);
        }
        due
    }

    /// The attempts among `running` that have said nothing for longer than `limit` and were not told.
    pub(super) fn found<'r>(
        &mut self,
        running: impl Iterator<Item = (SlotIx, &'r Running)>,
        queues: &[Queue],
        (now, limit): (DateTime<Utc>, Duration),
    ) -> Vec<Silent> {
        let mut found = Vec::new();
        let mut alive = Vec::new();
        for (slot, running) in running.filter(|(_, running)| is_watched(running)) {
            alive.push(running.token().clone());
            let Some(since) = last_sign(running, &queues[running.queue()]) else { continue };
            let lasted = (now - since).to_std().unwrap_or_default();
            let is_told = self.told.get(running.token()) == Some(&since);
            if lasted >= limit && !is_told {
                self.told.insert(running.token().clone(), since);
                found.push(Silent { slot, lasted });
            }
        }
        self.told.retain(|token, _| alive.contains(token));
        found
    }
}

/// What is paused says nothing because it is paused, and a verification of the tree is no child.
fn is_watched(running: &Running) -> bool {
    match running.kind() {
        Kind::Attempt => !running.is_held(),
        Kind::Landing | Kind::SetBack(_) | Kind::Untouched { .. } => false,
    }
}

/// When an attempt gave its last sign of life: it began, printed something, or said how far it is.
fn last_sign(running: &Running, queue: &Queue) -> Option<DateTime<Utc>> {
    let task = queue.index_of(running.id())?;
    let said = queue.value(task, Field::Progress);
    let said = said.as_ref().and_then(|said| parsed(said.get("at")?.as_str()?));
    let begun = queue.tasks()[task].claim().and_then(|claim| parsed(&claim.since));
    let printed = newest(running.folder()).map(|newest| DateTime::<Utc>::from(newest.at));
    [said, begun, printed].into_iter().flatten().max()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_limit_is_looked_at_often() {
        let mut silence = Silence::default();
        let start = Instant::now();
        let limit = Duration::from_secs(4);
        assert!(silence.is_due(start, limit) && !silence.is_due(start, limit));
        assert!(silence.is_due(start + Duration::from_secs(1), limit));
        let long = Duration::from_secs(1800);
        assert!(!silence.is_due(start + Duration::from_secs(5), long));
        assert!(silence.is_due(start + Duration::from_secs(6), long));
    }
}
