//! Reads how the agent of an attempt ended, by its adapter, and what that means for the attempt.

use super::commands::Commands;
use super::end::{End, failed_code, one_line};
use super::job::{AgentCommand, Job};
use crate::agent::{AgentResult, Ended, PROMPT, adapter, read_run};
use crate::domain::{AgentOutcome, AgentRun, Outcome, ReasonCode, Tokens, Verdict};
use crate::store::attempts::{AGENT_ERR, AGENT_OUT};
use std::ffi::OsString;
use std::path::Path;

/// The system accepts at most 128 KiB as one argument, including the zero byte.
const ARGUMENT_BYTES: usize = 128 * 1024 - 1;

/// Inserts the prompt where a tool takes it as an argument. If it is too long, the argument tells
/// the agent to read the file.
pub(super) fn put_prompt(argv: &mut [OsString], prompt: &str, file: &Path) {
    for argument in argv.iter_mut().filter(|argument| **argument == PROMPT) {
        *argument = match prompt.len() <= ARGUMENT_BYTES {
            true => OsString::from(prompt),
            false => {
                let file = file.display();
                OsString::from(format!("Read the file {file} and do what it says."))
            }
        };
    }
}

/// Returns how the agent ended, with its texts masked.
pub(super) fn understood(
    job: &Job,
    agent: &AgentCommand,
    outcome: &Outcome,
    commands: &Commands<'_>,
) -> AgentRun {
    let ended = Ended {
        stdout: &job.folder.file(AGENT_OUT),
        stderr: &job.folder.file(AGENT_ERR),
        prompt: commands.prompt(),
        outcome,
        ok_exit_codes: &agent.ok_exit_codes,
        own: &agent.tool.texts,
    };
    let mut run = read_run(adapter(agent.tool.preset), ended, commands.clock().now());
    run.message = run.message.map(|text| job.mask.text(&text).into_owned());
    run
}

/// Adds the cost from the agent's result if its tool does not report it: a person's own wrapper may
/// know it.
pub(super) fn complete(run: Option<&mut AgentRun>, result: &AgentResult) {
    let Some(run) = run else { return };
    run.cost_usd = run.cost_usd.or(result.cost_usd);
    let all = |total| Tokens { total, ..Tokens::default() };
    run.tokens = run.tokens.or(result.tokens.map(all));
}

/// Returns the end of an attempt whose agent did not finish, in the agent's own words.
pub(super) fn end(run: &AgentRun, agent: &AgentCommand, outcome: &Outcome) -> Option<End> {
    let told = |verdict, code| {
        let said = run.message.as_deref().map(one_line).unwrap_or_default();
        let said = if said.is_empty() { String::new() } else { format!(": {said}") };
        let name = &agent.profile;
        let how = match &run.outcome {
            AgentOutcome::UsageLimit { .. } | AgentOutcome::Transient => {
                format!("agent {name}: {}{said}", run.outcome)
            }
            AgentOutcome::Auth => {
                let login = adapter(run.preset).login;
                let how = if login.is_empty() {
                    String::new()
                } else {
                    format!("; log in with: {login}")
                };
                format!("agent {name}: not logged in{said}{how}")
            }
            AgentOutcome::Ok
            | AgentOutcome::AgentError
            | AgentOutcome::TurnLimit
            | AgentOutcome::CostLimit
            | AgentOutcome::Killed
            | AgentOutcome::NoResult => format!("agent: {outcome}: {}{said}", run.outcome),
        };
        Some(End { outcome: outcome.clone(), verdict, reason: Some(how), code: Some(code) })
    };
    let fail = Some(Verdict::Fail);
    match &run.outcome {
        AgentOutcome::Ok => None,
        AgentOutcome::UsageLimit { .. } => told(None, ReasonCode::UsageLimit),
        AgentOutcome::Transient => told(None, ReasonCode::Transient),
        AgentOutcome::Auth => told(None, ReasonCode::Auth),
        AgentOutcome::TurnLimit => told(fail, ReasonCode::AgentError),
        AgentOutcome::CostLimit => told(fail, ReasonCode::CostLimit),
        // The outcome of the process is all that is known.
        AgentOutcome::AgentError | AgentOutcome::Killed
            if !outcome.is_success() && run.message.is_none() =>
        {
            None
        }
        AgentOutcome::Killed => told(fail, failed_code(outcome, ReasonCode::AgentError)),
        AgentOutcome::AgentError | AgentOutcome::NoResult => told(fail, ReasonCode::AgentError),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prompt_is_one_argument_while_it_fits() {
        let file = Path::new("/a/prompt.md");
        let argv = |prompt: &str| {
            let mut argv = ["x", PROMPT, "{prompt}s"].map(OsString::from).to_vec();
            put_prompt(&mut argv, prompt, file);
            argv
        };
        assert_eq!(argv("do it"), ["x", "do it", "{prompt}s"]);
        assert_eq!(
            argv(&"a".repeat(200_000))[1],
            "Read the file /a/prompt.md and do what it says."
        );
    }
}
