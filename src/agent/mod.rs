//! Agents: what runs, what it is told, what it may see, and what it says at the end.
//!
//! What an agent says decides nothing; verification does.

mod environment;
mod feedback;
mod profile;
mod prompt;
mod result;
mod share;

pub use environment::{Environment, Given, NUL_SHOWN, Policy, TaskVariables, Why, Withheld};
pub use feedback::{FEEDBACK_BYTES, bound, bound_file, clean, cut};
pub use profile::{AgentProfile, DEFAULT_GRACE, DEFAULT_TIMEOUT};
pub use prompt::{
    AnswerInput, ContinuedInput, DependencyInput, FailureInput, NoteInput, PromptError,
    PromptInput, PromptTemplate, RedInput, StepInput,
};
pub use result::{
    AgentResult, RESULT_BYTES, ResultReading, ResultStatus, has_promise, parse_result, read_result,
};
