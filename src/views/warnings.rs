//! The warnings of a verification that passed, as stored in the task.

use super::mask::Mask;
use crate::domain::{Field, Status};
use crate::queue::Queue;
use serde_json::Value;

/// Returns the warnings of a complete task.
pub(super) fn of(queue: &Queue, index: usize, mask: &Mask) -> Vec<String> {
    if queue.tasks()[index].status != Status::Complete {
        return Vec::new();
    }
    let list = queue.value(index, Field::VerificationWarnings);
    let list = list.as_ref().and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let texts = list.iter().filter_map(Value::as_str);
    texts.map(|text| mask.text(text).into_owned()).collect()
}
