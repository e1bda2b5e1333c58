//! Targets that somebody else moves while a run has private trees.

use super::Work;
use crate::workspace::Oid;
use std::collections::BTreeSet;
use std::path::PathBuf;

impl Work {
    /// Forgets what is known about the tree of a target that a person moved, so that it is judged
    /// before the next attempt. Landings move it too, but what lands was judged.
    pub(super) fn look_at_targets(&mut self) {
        let set = self.project.set();
        if !set.config.limits.untouched.value {
            return;
        }
        let roots: BTreeSet<PathBuf> = set.roots().map(|root| root.path.clone()).collect();
        for root in roots {
            let Some(repository) = self.fixed.repository(&root) else { continue };
            // A target that cannot be read is reported by the attempt that needs it.
            let Ok(tip) = repository.tip() else { continue };
            let moved = |before: &Oid| !repository.only_landed_since(before, &tip).unwrap_or(false);
            let before = self.targets.insert(root.clone(), tip.clone());
            if before.is_some_and(|before| before != tip && moved(&before)) {
                self.dispatcher.trees_mut().untouched_mut().forget_at(&root);
            }
        }
    }
}
