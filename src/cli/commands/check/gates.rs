//! Finds scripts of gates that tasks may change: nothing in their names shows that they judge.

use super::written::Written;
use crate::cli::read::Snapshot;
use crate::domain::{Command, QueueIx, Status};
use crate::engine::named_by;
use crate::guardrails::{covers, is_check, steering};
use crate::views::check::Findings;
use std::collections::BTreeSet;
use std::path::Path;

/// The extensions of scripts; a file without one may be one, too.
const SCRIPTS: [&str; 8] = ["sh", "bash", "zsh", "py", "js", "mjs", "pl", "rb"];
/// Folders of the product: what a gate runs there is probably the work.
const PRODUCT: [&str; 3] = ["src", "lib", "app"];

/// Reports the scripts that steps of open gates name, that no task declares, and that are neither
/// protected nor look like checks.
pub(super) fn of_gates(snapshot: &Snapshot<'_>, file: &Written, findings: &mut Findings) {
    let (set, queues) = (snapshot.set, snapshot.queues);
    let config = &set.config;
    let Some(home) = config.folder() else { return };
    let mut named = BTreeSet::new();
    for ix in QueueIx::first(set.served()) {
        let tasks = queues[ix].tasks().iter();
        let gates = tasks.filter(|task| task.is_gate() && task.status != Status::Complete);
        let phases = queues[ix].phase_profiles();
        let steps = gates.filter_map(|gate| config.profiles_for(gate, phases).ok()).flatten();
        let commands: Vec<Command> = steps.map(|step| step.command).collect();
        if !commands.is_empty() {
            named.extend(named_by(set.root(ix), home, commands));
        }
    }
    let declares = |path: &str| {
        let tasks = queues.iter().flat_map(|queue| queue.tasks());
        // Tasks may declare very many files.
        tasks.flat_map(|task| task.files()).any(|glob| covers(glob, path))
    };
    let is_free = |path: &String| {
        let extension = Path::new(path).extension().and_then(|extension| extension.to_str());
        let may_be_script = extension.is_none_or(|extension| SCRIPTS.contains(&extension));
        let first = path.split('/').next().unwrap_or_default();
        let is_protected = config.protect.iter().any(|glob| covers(glob, path));
        may_be_script
            && !PRODUCT.contains(&first)
            && !is_protected
            && !is_check(path)
            && steering(path).is_none()
            && !declares(path)
    };
    for path in named.iter().filter(|path| is_free(path)) {
        let text = format!(
            "a gate runs {path}, and nothing in its name shows that it judges, so that tasks may \
             change it: add it to guardrails.protect, or to the files of the task that has to \
             change it"
        );
        findings.add(file.finding("unguarded-script", text));
    }
}
