//! Determines the working directory of a queue's agents and verification.

use super::find;
use super::model::Config;
use super::paths::resolve;
use super::places::{FOLDERS, real_folder};
use super::queues::SelectedQueue;
use std::path::{Path, PathBuf};

/// The working directory of a queue's agents and verification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProjectRoot {
    /// The absolute path.
    pub path: PathBuf,
    /// Whether it is created if it does not exist.
    pub create: bool,
}

impl Config {
    /// Returns the project root of a queue: `root` of its project's section or of the file, or else
    /// the folder of the file, or else the top of the git work tree that contains the queue, or
    /// else the folder of the queue, or the one above it if that is a folder of queues. `project`
    /// is the project name in the queue.
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

/// Returns the project of a folder of queues, because agents must not work among the queues.
fn project_of(folder: &Path) -> &Path {
    let holds_queues = folder.file_name().is_some_and(|name| FOLDERS.iter().any(|f| *f == name));
    let above = folder.parent().filter(|above| holds_queues && above.parent().is_some());
    above.unwrap_or(folder)
}
