//! Attempts without output for a long time. Each silence is reported once, in the journal and to
//! the person at the terminal. It ends nothing; the agent's `silence` setting does that.

use super::running::{Kind, Running};
use crate::domain::{ClaimToken, Field};
use crate::engine::dispatch::SlotIx;
use crate::queue::Queue;
use crate::views::last_lines::newest;
use crate::views::timing::parsed;
use chrono::{DateTime, Utc};
use std::collections::HashMap;
use std::time::{Duration, Instant};

/// The interval at which the output of attempts is checked.
const LOOK: Duration = Duration::from_secs(5);

/// An attempt that was found to be silent.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Silent {
    pub(super) slot: SlotIx,
    /// How long it has been silent.
    pub(super) lasted: Duration,
}

/// The silences that were reported.
#[derive(Debug, Default)]
pub(super) struct Silence {
    /// By attempt: the start of the silence that was reported last.
    told: HashMap<ClaimToken, DateTime<Utc>>,
    looked: Option<Instant>,
}

impl Silence {
    /// Returns whether it is time to check. The shorter the limit, the more often.
    pub(super) fn is_due(&mut self, now: Instant, limit: Duration) -> bool {
        let every = LOOK.min(limit / 4);
        let due = self.looked.is_none_or(|at| now.saturating_duration_since(at) >= every);
        if due {
            self.looked = Some(now);
        }
        due
    }

    /// Returns the attempts among `running` that have been silent for longer than `limit` and were
    /// not reported yet.
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

/// Returns whether silence of `running` matters. A paused attempt is silent because of the pause,
/// and only attempts have an agent.
fn is_watched(running: &Running) -> bool {
    match running.kind() {
        Kind::Attempt => !running.is_held(),
        Kind::Landing | Kind::SetBack(_) | Kind::Untouched { .. } => false,
    }
}

/// Returns the time of the last sign of life of an attempt: its start, its last output, or its last
/// progress report.
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
