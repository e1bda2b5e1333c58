//! Reports the obstacles to private trees, if they are configured.

use crate::cli::session::Session;
use crate::config::{FILE_NAME, Origin};
use crate::project::QueueSet;
use crate::project::hidden;
use crate::project::repositories::{HomeError, Purpose, is_private};
use crate::queue::Position;
use crate::views::check::{FindingView, Findings};
use crate::workspace::{Places, Refusal};
use std::path::Path;

/// Adds a finding for each obstacle, once per reason. Creates nothing.
pub(super) fn of_trees(set: &QueueSet, session: &Session<'_>, findings: &mut Findings) {
    let shown =
        |path: &Path| path.strip_prefix(&session.world.cwd).unwrap_or(path).display().to_string();
    let file = set.config.path.as_deref().map_or_else(|| FILE_NAME.to_owned(), shown);
    for idle in set.config.without_effect() {
        let mut finding = FindingView::placeless("no-effect", &file, &idle.value);
        if let Origin::File { line } = idle.origin {
            finding = finding.at(Position { line, column: 1 }, String::new());
        }
        findings.add(finding);
    }
    if !is_private(set) {
        return;
    }
    let mut said = Vec::new();
    for root in set.roots().filter(|root| root.path.is_dir()) {
        let (code, text) = match session.repository_of(set, &root.path, Purpose::Work) {
            Ok(repository) => {
                for text in hidden::problems(&set.config, &repository, &root.path) {
                    if !said.contains(&text) {
                        findings.add(FindingView::placeless("hidden-folder", &file, &text));
                        said.push(text);
                    }
                }
                let dir = set.config.workspaces.dir.as_deref();
                let Some(inside) = dir.and_then(|dir| Places::inside(&repository, dir)) else {
                    continue;
                };
                let text = format!(
                    "workspaces.dir leads to {}, inside the project: set it to a folder outside",
                    inside.display()
                );
                ("places-inside", text)
            }
            Err(HomeError::NoGit) => ("no-git", "git is not on the PATH: install it".to_owned()),
            Err(HomeError::Refused(refusal)) => (refusal.code(), told(&refusal)),
        };
        if !said.contains(&text) {
            findings.add(FindingView::placeless(code, &file, &text));
            said.push(text);
        }
    }
}

fn told(refusal: &Refusal) -> String {
    format!("isolation.mode = \"private\" is not possible: {refusal}. {}", refusal.cure())
}
