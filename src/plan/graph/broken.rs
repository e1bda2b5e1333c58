//! Describes broken references in words.

use super::nearest::Hints;
use super::node::{Broken, BrokenKind};
use super::task_graph::Graph;
use crate::domain::Field;

/// Describes a broken reference.
pub(crate) fn broken_text(graph: &Graph, broken: &Broken, hints: &Hints) -> String {
    let text = &broken.text;
    match &broken.why {
        BrokenKind::Itself => format!("{text} -> {text}"),
        BrokenKind::Words => format!("{text} is not a task"),
        BrokenKind::Unknown if broken.field == Field::Phase => {
            format!("phase {text}, which is not in `phases`")
        }
        BrokenKind::Unknown => {
            let hint = hints.nearest(graph, broken.node, text);
            let hint = hint.map_or_else(String::new, |near| {
                format!(" (did you mean {}?)", graph.reference(near))
            });
            format!("{text}: no loaded queue has such a task{hint}")
        }
        BrokenKind::Ambiguous(nodes) => {
            let names: Vec<String> = nodes.iter().map(|&node| graph.reference(node)).collect();
            format!("{text}: may be {}", names.join(" or "))
        }
    }
}
