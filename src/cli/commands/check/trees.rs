//! Reports the obstacles to private trees, if they are configured.

use super::written::Written;
use crate::cli::session::Session;
use crate::config::Origin;
use crate::project::QueueSet;
use crate::project::hidden;
use crate::project::repositories::{HomeError, Purpose, is_private};
use crate::queue::Position;
use crate::views::check::Findings;
use crate::workspace::{Places, Refusal};

/// Adds a finding for each obstacle, once per reason. Creates nothing.
pub(super) fn of_trees(
    set: &QueueSet,
    file: &Written,
    session: &Session<'_>,
    findings: &mut Findings,
) {
    for idle in set.config.without_effect() {
        let finding = file.finding("no-effect", &idle.value);
        findings.add(match idle.origin {
            Origin::File { line } => file.at(finding, Position { line, column: 1 }),
            Origin::Default | Origin::Environment(_) | Origin::Flag(_) => finding,
        });
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
                        findings.add(file.finding("hidden-folder", &text));
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
            findings.add(file.finding(code, &text));
            said.push(text);
        }
    }
}

fn told(refusal: &Refusal) -> String {
    format!("isolation.mode = \"private\" is not possible: {refusal}. {}", refusal.cure())
}
