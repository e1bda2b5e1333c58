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

pub use environment::{Environment, Given, NUL_SHOWN, Policy, TaskVariables, Why, Withheld};
pub use feedback::{FEEDBACK_BYTES, bound, bound_file, clean, cut};
pub use installed::{Installed, installed, logged_in, on_path, presets, probe};
pub use presets::{
    ARGS, Adapter, Call, Ended, Knows, Means, OwnText, PROMPT, Permission, adapter, named, read_run,
};
pub use profile::{AgentProfile, DEFAULT_GRACE, DEFAULT_TIMEOUT, Tool};
pub use prompt::{
    AnswerInput, ContinuedInput, DependencyInput, FailureInput, NoteInput, PromptError,
    PromptInput, PromptTemplate, RedInput, StepInput,
};
pub use result::{
    AgentResult, RESULT_BYTES, ResultReading, ResultStatus, has_promise, parse_result, read_result,
};
