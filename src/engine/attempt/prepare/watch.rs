//! What an agent must not change during an attempt, and what no command line of it may hold.

use super::super::fixed::Fixed;
use super::super::job::Refusal;
use super::super::tamper::Watch;
use super::super::watch::watch;
use super::{Plan, Source};
use crate::domain::{Command, ReasonCode};

impl Plan<'_> {
    /// Why the task cannot be run: a text of it that begins with `-` would be a whole argument, and
    /// the program would take it for a flag. Behind a flag of its own (`--title={title}`) it is one.
    pub(super) fn taken_for_flag(&self) -> Option<Refusal> {
        let agent = self.profile.as_ref().map(|profile| ("agent", &profile.command));
        let steps = self.steps.iter().map(|step| (step.name.as_str(), &step.command));
        let subject = self.subject();
        agent.into_iter().chain(steps).find_map(|(whose, command)| {
            let Command::List(arguments) = command else { return None };
            arguments.iter().find_map(|argument| {
                let name = argument.strip_prefix('{')?.strip_suffix('}')?;
                let flag = |value: &&String| value.starts_with('-');
                let value = subject.value(name)?.iter().find(flag)?.clone();
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
        let Source { set, queues, .. } = self.source;
        watch(set, queues, &self.steps, &self.subject(), fixed)
    }
}
