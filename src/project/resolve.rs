//! Resolves ids to tasks, in the same way for every verb.
//!
//! An id refers to the task with this id in the served queues, or else, for verbs that only read,
//! in any loaded queue. `queue:ID` names the queue by its name or by the stem of its file.

use super::queues::QueueSet;
use crate::config::nearest;
use crate::domain::QueueIx;
use crate::queue::Queue;
use crate::store::{Place, StoreError, TaskRef};

/// The queues in which a task is searched for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Among {
    /// The queues that the command serves, for verbs that write.
    Served,
    /// The served queues first, then those to which tasks refer.
    All,
}

/// Returns the task to which `text` refers.
///
/// # Errors
/// Returns [`StoreError::UnknownTask`], [`StoreError::AmbiguousTask`], or
/// [`StoreError::TaskElsewhere`] for a task of a queue that is loaded but not served.
pub(crate) fn resolve(
    set: &QueueSet,
    queues: &[Queue],
    text: &str,
    among: Among,
) -> Result<Place, StoreError> {
    let wider: &[usize] = match among {
        Among::Served => &[set.served()],
        Among::All => &[set.served(), queues.len()],
    };
    let mut found = Vec::new();
    for &end in wider {
        found = with_id(queues, text, |queue| queue.index() < end);
        let mut colons = text.match_indices(':');
        while let Some((at, _)) = colons.next().filter(|_| found.is_empty()) {
            let (name, id) = (&text[..at], &text[at + 1..]);
            found = with_id(queues, id, |queue| {
                queue.index() < end
                    && (set.queue(queue).name() == name || set.queue(queue).stem() == name)
            });
        }
        if !found.is_empty() {
            break;
        }
    }
    match found[..] {
        [place] => Ok(place),
        [] => Err(elsewhere(set, queues, text).unwrap_or_else(|| unknown(set, queues, text))),
        [..] => {
            let references = found.iter().map(|place| in_queue(set, &TaskRef::at(queues, *place)));
            let references = references.collect();
            Err(StoreError::AmbiguousTask { id: text.to_owned(), references })
        }
    }
}

/// Returns a task as people write it: the plain id if it is unique among the loaded queues,
/// otherwise `queue:ID`.
pub(crate) fn reference(set: &QueueSet, queues: &[Queue], task: &TaskRef) -> String {
    match with_id(queues, task.id.as_str(), |_| true)[..] {
        [_] => task.id.to_string(),
        [..] => in_queue(set, task),
    }
}

fn in_queue(set: &QueueSet, TaskRef { queue, id }: &TaskRef) -> String {
    format!("{}:{id}", set.queue(*queue).name())
}

/// Returns the error that no served queue has the task `id`, with the nearest id.
pub(crate) fn unknown(set: &QueueSet, queues: &[Queue], id: &str) -> StoreError {
    let served = &queues[..set.served()];
    let ids = served.iter().flat_map(Queue::tasks).map(|task| task.id.as_str());
    let shown = set.each_served().map(|queue| set.queue(queue).shown().to_string());
    StoreError::UnknownTask {
        id: id.to_owned(),
        queues: shown.collect::<Vec<_>>().join(", "),
        nearest: nearest(id, ids).map(str::to_owned),
    }
}

fn with_id(queues: &[Queue], id: &str, named: impl Fn(QueueIx) -> bool) -> Vec<Place> {
    let queues = QueueIx::each(queues).filter(|(queue, _)| named(*queue));
    let place = |(queue, content): (QueueIx, &Queue)| {
        content.index_of(id).map(|task| Place { queue, task })
    };
    queues.filter_map(place).collect()
}

/// Returns the error that the task is in a queue that is not served.
fn elsewhere(set: &QueueSet, queues: &[Queue], id: &str) -> Option<StoreError> {
    let place = *with_id(queues, id, |queue| !set.serves(queue)).first()?;
    let queue = set.queue(place.queue).shown().to_string();
    Some(StoreError::TaskElsewhere { id: id.to_owned(), queue })
}
