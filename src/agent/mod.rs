//! Agents: the command, the prompt, the environment, and the result that an agent reports.
//!
//! What an agent reports never decides whether a task is complete; only verification does.

mod environment;
mod feedback;
mod installed;
mod presets;
mod profile;
mod prompt;
mod result;
mod share;

pub(crate) use environment::{Given, NUL_SHOWN, Policy, TaskVariables, Why, Withheld};
pub(crate) use feedback::{FEEDBACK_BYTES, clean, cut};
pub use feedback::{bound, bound_file};
#[cfg(test)]
pub(crate) use installed::presets;
pub(crate) use installed::{Installed, installed, logged_in, on_path, probe};
pub(crate) use presets::{
    ARGS, Adapter, Ended, Knows, Means, OwnText, PROMPT, Permission, adapter, named, read_run,
};
pub(crate) use profile::{AgentProfile, DEFAULT_GRACE, DEFAULT_TIMEOUT, Tool};
pub(crate) use prompt::{
    AnswerInput, ContinuedInput, DependencyInput, FailureInput, NoteInput, PromptError,
    PromptInput, PromptTemplate, RedInput, StepInput,
};
pub(crate) use result::{AgentResult, ResultStatus};
pub use result::{has_promise, parse_result, read_result};

#[cfg(test)]
mod tests;
