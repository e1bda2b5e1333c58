//! Lists of texts in a task.

use super::view::Sources;
use crate::domain::Field;
use crate::plan::Node;
use serde_json::Value;

impl Sources<'_> {
    /// Returns the texts of a list of a task.
    pub(super) fn texts(&self, node: Node, field: Field) -> Vec<String> {
        let (queue, index) = self.place(node);
        if queue.raw(index, field).is_none() {
            return Vec::new();
        }
        let list = queue.value(index, field);
        let list = list.as_ref().and_then(|list| list.as_array()).into_iter().flatten();
        let text = |text: &Value| Some(self.mask.text(text.as_str()?).into_owned());
        list.filter_map(text).collect()
    }
}
