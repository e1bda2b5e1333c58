//! What must not change while steps judge: the files that they name, the configuration, and
//! protected files.

use super::fixed::Fixed;
use super::subject::Subject;
use super::tamper::Watch;
use crate::config::IsolationMode;
use crate::domain::{Command, Field, Text};
use crate::platform::fault::{self, Fault};
use crate::project::QueueSet;
use crate::queue::Queue;
use crate::verify::VerifyStep;
use serde_json::Value;
use std::path::Path;

/// Returns what must not change while `steps` judge what `subject` is about.
pub(crate) fn watch(
    set: &QueueSet,
    queues: &[Queue],
    steps: &[VerifyStep],
    subject: &Subject<'_>,
    fixed: &Fixed,
) -> Watch {
    let folder = |path: &Path| path.parent().map(Path::to_owned);
    let homes = [set.config.folder().map(Path::to_owned), folder(subject.queue)];
    // A step's arguments that name the task's files do not name judging files.
    let words = |command: &Command| match command {
        Command::Shell(line) => Command::Shell(line.clone()),
        Command::List(_) => {
            let without_files = |name: &str| match name {
                "file" | "files" => Some(Vec::new()),
                _ => subject.value(name),
            };
            let words = command.expand(&without_files).into_iter();
            Command::List(words.map(|word| word.to_string_lossy().into_owned()).collect())
        }
    };
    let by_person = |queue: &Queue, at: usize| queue.raw(at, Field::DiscoveredBy).is_none();
    let product = |queue: &'_ Queue| -> Vec<String> {
        let tasks = queue.tasks().iter().enumerate();
        let tasks = tasks.filter(|(_, task)| !task.files().is_empty());
        let tasks = tasks.filter(|(at, _)| by_person(queue, *at));
        tasks.flat_map(|(_, task)| task.files().iter().map(Text::to_string)).collect()
    };
    let own = subject.task.filter(|(queue, at)| by_person(queue, *at));
    let allows = |(queue, at): (&Queue, usize)| {
        queue.value(at, Field::MayChangeTests) == Some(Value::Bool(true))
    };
    let is_own = |command: &Command| steps.iter().any(|step| step.command == *command);
    let all = set.config.steps.iter().map(|step| &step.command);
    let others = all.filter(|command| !is_own(command)).map(words);
    let folder_of = |step: &'_ VerifyStep| step.rules.step.cwd.clone();
    Watch {
        root: subject.root.clone().into_owned(),
        homes: homes.into_iter().flatten().collect(),
        programs: fixed.folders(),
        queues: set.all_real().map(Path::to_owned).collect(),
        commands: steps.iter().map(|step| words(&step.command)).collect(),
        others: if fault::is(Fault::OthersUnguarded) { Vec::new() } else { others.collect() },
        is_shared: set.config.isolation.mode.value == IsolationMode::Shared,
        folders: steps.iter().filter_map(folder_of).map(|path| subject.root.join(path)).collect(),
        may_change_tests: own.is_some_and(allows),
        owned: if own.is_some() { subject.files() } else { Vec::new() },
        products: queues.iter().flat_map(product).collect(),
        protect: set.config.protect.clone(),
        config: fixed.config.clone(),
    }
}
