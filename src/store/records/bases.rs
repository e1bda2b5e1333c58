//! The items found on the trees that work started from, by project:
//! `.workloop/trees/items-<steps>-<tree>.json` beside its root. They save another run on the same
//! tree.
//!
//! The process that finds items writes them. If the folder vanishes, they are determined again.

use crate::domain::{ItemId, ItemMap, ItemState, StepItems};
use crate::platform::atomic_file;
use crate::platform::dir::Dir;
use crate::platform::ids::Ids;
use crate::platform::read_file;
use crate::store::state::{STATE_DIR, StateDir};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The maximum number of bytes read from a file; files written by this program are smaller.
const MOST: u64 = 64 << 20;
/// The number of trees that are remembered for the same steps.
const KEPT: usize = 16;

/// The items of the trees of one project.
#[derive(Clone, Debug)]
pub struct Bases {
    state: StateDir,
}

/// The content of one file.
#[derive(Debug, Serialize, Deserialize)]
struct Content {
    /// The name of the tree; the file name contains only a hash of it.
    tree: String,
    steps: Vec<Step>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Step {
    step: String,
    items: Vec<(String, String, ItemState)>,
}

impl Bases {
    /// The items of the project at `root`.
    pub fn of(root: &Path) -> Self {
        Self { state: StateDir::beside(&root.join(STATE_DIR)) }
    }

    fn dir(&self) -> PathBuf {
        self.state.root().join("trees")
    }

    /// Returns the items that `steps` found on the tree `name`.
    pub fn get(&self, steps: &str, name: &str) -> Option<StepItems> {
        let dir = Dir::open(&self.dir()).ok()?;
        let read = read_file::read(&dir, file_name(steps, name).as_ref(), MOST).ok()?;
        let content: Content = serde_json::from_slice(read.content.as_bytes()).ok()?;
        let item = |(file, name, state)| (ItemId { file, name }, state);
        let step = |Step { step, items }| (step, items.into_iter().map(item).collect());
        (content.tree == name).then(|| content.steps.into_iter().map(step).collect())
    }

    /// Stores the items that `steps` found on the tree `name`.
    ///
    /// # Errors
    /// Any I/O error.
    pub fn put(&self, steps: &str, name: &str, items: &StepItems, ids: &dyn Ids) -> io::Result<()> {
        let item = |(id, state): (&ItemId, &ItemState)| (id.file.clone(), id.name.clone(), *state);
        let step = |(step, items): (&String, &ItemMap)| Step {
            step: step.clone(),
            items: items.iter().map(item).collect(),
        };
        let content = Content { tree: name.to_owned(), steps: items.iter().map(step).collect() };
        let mut text = serde_json::to_vec(&content)?;
        text.push(b'\n');
        self.state.with(&self.dir(), || {
            let dir = Dir::open(&self.dir())?;
            let file = file_name(steps, name);
            atomic_file::replace_unsynced(&dir, file.as_ref(), [text.as_slice()], ids)
        })?;
        self.prune(steps)
    }

    /// Removes the oldest files beyond the number that is kept.
    fn prune(&self, steps: &str) -> io::Result<()> {
        let begin = format!("items-{steps}-");
        let mut all = Vec::new();
        for entry in fs::read_dir(self.dir())? {
            let entry = entry?;
            if entry.file_name().to_string_lossy().starts_with(&begin) {
                all.push((entry.metadata()?.modified()?, entry.path()));
            }
        }
        all.sort();
        let surplus = all.len().saturating_sub(KEPT);
        all.into_iter().take(surplus).try_for_each(|(_, path)| fs::remove_file(path))
    }
}

fn file_name(steps: &str, tree: &str) -> String {
    let hash = Sha256::digest(tree);
    let hash: String = hash.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    format!("items-{steps}-{hash}.json")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::ids::CountingIds;

    #[test]
    fn items_come_back_for_the_same_tree_and_no_other() {
        let root = tempfile::tempdir().unwrap();
        let (bases, ids) = (Bases::of(root.path()), CountingIds::default());
        let items = [(ItemId::new("a.py", "t[1]"), ItemState::Failed)].into();
        let found: StepItems = [("test".to_owned(), items)].into();
        assert_eq!(bases.get("s", "tree"), None);
        bases.put("s", "tree", &found, &ids).unwrap();
        assert_eq!(bases.get("s", "tree"), Some(found.clone()));
        assert_eq!((bases.get("s", "other"), bases.get("r", "tree")), (None, None));
        for number in 0..KEPT + 4 {
            bases.put("s", &number.to_string(), &found, &ids).unwrap();
        }
        let files = fs::read_dir(root.path().join(STATE_DIR).join("trees")).unwrap().count();
        assert_eq!(files, KEPT);
    }
}
