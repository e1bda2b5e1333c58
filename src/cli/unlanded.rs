//! What a person leaves behind by completing a task: the change of its last attempt.

use super::session::Session;
use crate::domain::shell_word;
use crate::project::change_of::{ChangeOf, Found, change_of};
use crate::project::repositories::{Purpose, is_private};
use crate::project::workspaces::task_name;
use crate::project::{Among, Project};
use crate::views::escape;
use std::io::{self, Write};

/// Prints where the changes of these tasks are if they did not land: a person completed them, but
/// only a loop lands. What cannot be determined is left out.
pub(super) fn tell(project: &Project, ids: &[String], session: &mut Session<'_>) -> io::Result<()> {
    if session.global.quiet || !is_private(project.set()) {
        return Ok(());
    }
    for text in ids.iter().filter_map(|id| unlanded(project, id, session)).collect::<Vec<_>>() {
        writeln!(session.streams.err, "{}", escape::line(&text))?;
    }
    Ok(())
}

fn unlanded(project: &Project, id: &str, session: &Session<'_>) -> Option<String> {
    let (set, queues) = (project.set(), project.queues());
    let place = project.resolve(id, Among::Served).ok()?;
    let repository = session.repository_of(set, set.root(place.queue), Purpose::Look).ok()?;
    let own = queues[place.queue].tasks()[place.task].id.as_str();
    let name = task_name(&repository, (set, queues), place.queue, own);
    let found = change_of(&repository, &name, (&queues[place.queue], place.task), None).ok()?;
    let Found::Change(ChangeOf { base, commit, attempt: Some(attempt), landed: false }) = found
    else {
        return None;
    };
    if repository.deltas(&base, &commit, false).ok()?.is_empty() {
        return None;
    }
    let (branch, diff) = (repository.target_name(), set.typed.about("diff", id));
    let commit: String = commit.as_str().chars().take(12).collect();
    Some(format!(
        "{}: the change of attempt {attempt} is not on {branch}: {diff} shows it, git cherry-pick \
         --no-commit {commit} takes it",
        shell_word(id)
    ))
}
