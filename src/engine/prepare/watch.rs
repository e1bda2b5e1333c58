//! What an agent must not change during an attempt, and what no command line of it may hold.

use super::super::fixed::Fixed;
use super::super::job::Refusal;
use super::super::tamper::Watch;
use super::Plan;
use crate::domain::{Command, Field, ReasonCode, Text};
use crate::queue::Queue;
use std::path::Path;

impl Plan<'_> {
    /// Why the task cannot be run: a text of it that begins with `-` would be a whole argument, and
    /// the program would take it for a flag. Behind a flag of its own (`--title={title}`) it is one.
    pub(super) fn taken_for_flag(&self) -> Option<Refusal> {
        let agent = self.profile.as_ref().map(|profile| ("agent", &profile.command));
        let steps = self.steps.iter().map(|step| (step.name.as_str(), &step.command));
        agent.into_iter().chain(steps).find_map(|(whose, command)| {
            let Command::List(arguments) = command else { return None };
            arguments.iter().find_map(|argument| {
                let name = argument.strip_prefix('{')?.strip_suffix('}')?;
                let flag = |value: &&String| value.starts_with('-');
                let value = self.value(name)?.iter().find(flag)?.clone();
                let reason = format!(
                    "{name} is {value:?}, which {whose} would take for a flag: change it, or write \
                     \"--{name}={argument}\" in workloop.toml"
                );
                Some(Refusal { code: ReasonCode::BadTask, reason })
            })
        })
    }

    /// What the agent must not change.
    pub(super) fn watch(&self, fixed: &Fixed) -> Watch {
        let set = self.source.set;
        let folder = |path: &Path| path.parent().map(Path::to_owned);
        let homes = [set.config.folder().map(Path::to_owned), folder(set.real(self.place.queue))];
        // What a step says of the task's files says nothing of who judges.
        let words = |command: &Command| match command {
            Command::Shell(line) => Command::Shell(line.clone()),
            Command::List(_) => {
                let without_files = |name: &str| match name {
                    "file" | "files" => Some(Vec::new()),
                    _ => self.value(name),
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
        let own = by_person(self.queue(), self.place.task);
        Watch {
            root: self.root().to_owned(),
            homes: homes.into_iter().flatten().collect(),
            programs: fixed.folders(),
            queues: set.all_real().map(Path::to_owned).collect(),
            commands: self.steps.iter().map(|step| words(&step.command)).collect(),
            owned: if own { self.files() } else { Vec::new() },
            products: self.source.queues.iter().flat_map(product).collect(),
            protect: set.config.protect.clone(),
            config: fixed.config.clone(),
        }
    }
}
