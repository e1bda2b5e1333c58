//! Determines from the journals whether attempts of a project ran while one of its queues was
//! edited.

use crate::domain::EventKind;
use crate::store::journal::Moment;
use chrono::{DateTime, FixedOffset};
use std::collections::HashSet;

/// Returns whether an attempt of another queue runs, or ran since the queue with the journal `own`
/// was last written. `others` are the journals of the other queues of its project.
///
/// Only this function compares times of different journals. The result decides only whether a hand
/// edit needs a verb. A wrong clock makes the rule stricter, or as strict as without other queues.
pub(in crate::store) fn others_ran<I: Iterator<Item = Moment>>(
    own: impl Iterator<Item = Moment>,
    mut others: impl Iterator<Item = I>,
) -> bool {
    let since = own.filter_map(|moment| time(&moment)).last();
    others.any(|other| ran(other, since))
}

fn ran(moments: impl Iterator<Item = Moment>, since: Option<DateTime<FixedOffset>>) -> bool {
    let mut running: HashSet<String> = HashSet::new();
    let mut last = None;
    for moment in moments {
        let Some(task) = moment.task.clone() else { continue };
        if moment.event == EventKind::Claimed {
            running.insert(task);
        } else if moment.event.ends_attempt() && running.remove(&task) {
            last = time(&moment).max(last);
        }
    }
    !running.is_empty() || last.is_some() && last >= since
}

fn time(moment: &Moment) -> Option<DateTime<FixedOffset>> {
    DateTime::parse_from_rfc3339(&moment.at).ok()
}
