//! Variables that a command did not get: listed by name in the folder of the attempt, and in the
//! reason of a failure that they may have caused.

use super::job::{Job, Judge, Ready};
use crate::agent::{FEEDBACK_BYTES, bound_file};
use crate::domain::{AttemptReport, StepKind, StepReport, Verdict, mentions};
use crate::store::attempts::AGENT_ERR;
use serde_json::json;

/// How many names a reason lists.
const MOST: usize = 5;

/// Returns the content of `env.json`: what the agent gets, or the first step if there is no agent.
pub(super) fn listed(job: &Job) -> String {
    let command = commands(job).next();
    let passed: Vec<_> = command
        .into_iter()
        .flat_map(|command| &command.env)
        .map(|(name, _)| name.to_string_lossy())
        .filter(|name| !name.starts_with("WORKLOOP_"))
        .collect();
    let withheld = command.into_iter().flat_map(|command| &command.withheld);
    let withheld: Vec<&str> = withheld.map(|withheld| withheld.name.as_str()).collect();
    format!("{:#}\n", json!({"passed": passed, "withheld": withheld}))
}

/// Returns a hint for a failure: the variables that its command or its output names and that it did
/// not get.
pub(super) fn hint(job: &Job, report: &AttemptReport) -> Option<String> {
    let is_failed = report.verdict == Some(Verdict::Fail) && !report.is_refused();
    let step = report.steps.last().filter(|_| is_failed)?;
    let command = commands(job).find(|command| is_of(command, step))?;
    if command.withheld.is_empty() {
        return None;
    }
    let read = |name: &str| bound_file(&job.folder.file(name), FEEDBACK_BYTES).unwrap_or_default();
    let mut text = format!("{}\n{}", command.configured, read(&step.log));
    if step.kind == StepKind::Agent {
        text.push_str(&read(AGENT_ERR));
    }
    let named = command.withheld.iter().filter(|withheld| mentions(&text, &withheld.name));
    let named: Vec<_> = named.take(MOST).collect();
    let first = &named.first()?.name;
    let each = named.iter().map(|withheld| format!("{} ({})", withheld.name, withheld.why));
    Some(format!(
        "not passed to it: {}; if it needs that, pass = [\"{first}\"] under [environment]",
        each.collect::<Vec<_>>().join(", ")
    ))
}

fn is_of(command: &Ready, step: &StepReport) -> bool {
    command.kind == step.kind && command.name == step.name
}

fn commands(job: &Job) -> impl Iterator<Item = &Ready> {
    let steps = match &job.judge {
        Judge::Steps(steps) => steps.as_slice(),
        Judge::Nobody => &[],
    };
    job.agent.as_ref().map(|agent| &agent.command).into_iter().chain(steps)
}
