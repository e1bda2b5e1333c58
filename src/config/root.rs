//! The working directory of a queue's agents and verification.

use super::find;
use super::model::Config;
use super::paths::resolve;
use super::places::{FOLDERS, real_folder};
use super::queues::SelectedQueue;
use std::path::{Path, PathBuf};

/// The working directory of a queue's agents and verification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProjectRoot {
    /// Absolute.
    pub path: PathBuf,
    /// It is made when absent.
    pub create: bool,
}

impl Config {
    /// The project root of a queue: `root` of its project's section or of the file, else the
    /// folder of the file, else the top of the git work tree that holds the queue, else the
    /// queue's folder, or the one above where that is a folder of queues. `project` is the name
    /// that is in the queue.
    pub fn root_for(&self, queue: &SelectedQueue, project: Option<&str>) -> ProjectRoot {
        let section = queue.project.as_deref().or(project).and_then(|p| self.projects.get(p));
        if let Some((section, root)) = section.and_then(|s| Some((s, s.root.as_ref()?))) {
            return ProjectRoot { path: root.clone(), create: section.create_root };
        }
        if let Some(root) = &self.root {
            return ProjectRoot { path: root.clone(), create: self.create_root };
        }
        let path = match self.folder() {
            Some(folder) => resolve(folder, "."),
            None => {
                let folder = real_folder(&queue.path);
                find::git_top(&folder).unwrap_or_else(|| project_of(&folder)).to_owned()
            }
        };
        ProjectRoot { path, create: false }
    }
}

/// The project of a folder with queues: agents are not to work among them.
fn project_of(folder: &Path) -> &Path {
    let holds_queues = folder.file_name().is_some_and(|name| FOLDERS.iter().any(|f| *f == name));
    let above = folder.parent().filter(|above| holds_queues && above.parent().is_some());
    above.unwrap_or(folder)
}
