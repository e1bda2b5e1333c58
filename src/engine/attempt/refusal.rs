//! Why a task cannot be run as it is: its texts cannot be put on a command line.

use super::job::{AgentCommand, Judge, Refusal};
use super::subject::Subject;
use crate::agent::AgentProfile;
use crate::domain::{Command, ReasonCode};
use crate::verify::VerifyStep;
use std::ffi::OsString;

/// Returns the refusal of a task if one of its texts puts a NUL into an argument.
pub(super) fn holds_nul(agent: Option<&AgentCommand>, judge: &Judge) -> Option<Refusal> {
    let steps = match judge {
        Judge::Steps(steps) => steps.as_slice(),
        Judge::Nobody => &[],
    };
    let mut commands = agent.map(|agent| &agent.command).into_iter().chain(steps);
    let nul = |word: &OsString| word.as_encoded_bytes().contains(&0);
    let name = commands.find(|command| command.argv.iter().any(nul)).map(|found| &found.name)?;
    let reason = format!("an argument of {name} would contain a NUL, which no command line can");
    Some(Refusal { code: ReasonCode::BadTask, reason })
}

/// Returns the refusal of a task if one of its texts begins with `-` and would be a whole argument,
/// which the program would parse as a flag. As the value of a flag (`--title={title}`) it is
/// allowed.
pub(super) fn taken_for_flag(
    subject: &Subject<'_>,
    profile: Option<&AgentProfile>,
    steps: &[VerifyStep],
) -> Option<Refusal> {
    let agent = profile.map(|profile| ("agent", &profile.command));
    let steps = steps.iter().map(|step| (step.name.as_str(), &step.command));
    agent.into_iter().chain(steps).find_map(|(whose, command)| {
        let Command::List(arguments) = command else { return None };
        arguments.iter().find_map(|argument| {
            let name = argument.strip_prefix('{')?.strip_suffix('}')?;
            let flag = |value: &&String| value.starts_with('-');
            let value = subject.value(name)?.iter().find(flag)?.clone();
            let reason = format!(
                "{name} is {value:?}, which {whose} would parse as a flag: change it, or write \
                 \"--{name}={argument}\" in workloop.toml"
            );
            Some(Refusal { code: ReasonCode::BadTask, reason })
        })
    })
}
