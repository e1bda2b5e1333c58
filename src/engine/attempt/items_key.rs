//! The key under which items are stored: the steps that report them, and the tools that those run.

use super::job::Judge;
use super::untouched::ProfileKey;
use crate::verify::VerifyStep;
use sha2::{Digest, Sha256};
use std::fs;
use std::path::Path;

/// Returns the key of the steps that report items, including the tools that they run: items of
/// different tools are not compared. `None` if no step reports items.
pub(crate) fn items_key(root: &Path, steps: &[VerifyStep], judge: &Judge) -> Option<String> {
    let Judge::Steps(ready) = judge else { return None };
    let reports = |step: &&VerifyStep| step.rules.step.has_items();
    let configured: Vec<VerifyStep> = steps.iter().filter(reports).cloned().collect();
    if configured.is_empty() {
        return None;
    }
    let mut hash = Sha256::new();
    for step in ready.iter().filter(|step| step.rules.step.has_items()) {
        hash.update(format!("{:?}", step.argv));
        let program = step.argv.first().and_then(|program| fs::metadata(program).ok());
        hash.update(format!("{:?}", program.map(|meta| (meta.len(), meta.modified().ok()))));
        let path = step.env.iter().find(|(name, _)| name == "PATH");
        hash.update(format!("{:?}", path.map(|(_, value)| value)));
    }
    let tools: String = hash.finalize().iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    Some(format!("{}-{tools}", ProfileKey::new(root, &configured).steps))
}
