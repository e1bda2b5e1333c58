//! The data of a prompt.

use serde::Serialize;
use serde_json::Value;

/// The data of a prompt. The field names are the variables of the template.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct PromptInput {
    /// The task as it is in the queue, an object.
    pub task: Value,
    /// The title, else the first line of the description.
    pub title: String,
    /// The number of the attempt.
    pub attempt: u32,
    /// The number of the last attempt within the budget.
    pub budget: Option<u32>,
    /// The absolute path of the queue.
    pub queue: String,
    /// The project, if the queue names one.
    pub project: Option<String>,
    /// The project root.
    pub root: String,
    /// The file to which the agent may write its result.
    pub result_file: String,
    /// Complete dependencies, and tasks that notify this one.
    pub dependencies: Vec<DependencyInput>,
    /// The notes of other tasks for this one.
    pub notes: Vec<NoteInput>,
    /// The questions of other tasks to this one.
    pub questions: Vec<NoteInput>,
    /// The answers of a person, or of a task that was asked.
    pub answers: Vec<AnswerInput>,
    /// Whether the agent works in a private tree.
    pub is_private: bool,
    /// The work of an earlier attempt in its tree.
    pub continued: Option<ContinuedInput>,
    /// How the previous attempt failed.
    pub failure: Option<FailureInput>,
    /// Steps that failed before the task began.
    pub untouched: Vec<RedInput>,
    /// The steps that verify the work.
    pub verification: Vec<StepInput>,
    /// The command by which the agent calls this program.
    pub program: String,
    /// How many steps the task lists.
    pub steps: usize,
}

/// A complete dependency.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct DependencyInput {
    /// The id of the task.
    pub id: String,
    /// The title of the task.
    pub title: String,
    /// The summary of its result.
    pub summary: Option<String>,
    /// The artifacts of its result.
    pub artifacts: Vec<String>,
    /// The files that it changed.
    pub files_changed: Vec<String>,
    /// The path of its queue, which contains the full texts.
    pub place: String,
}

/// A note.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct NoteInput {
    /// The id of the task that wrote it.
    pub from: String,
    /// The text of the note.
    pub text: String,
    /// The path of that task's queue, which contains the full text.
    pub place: String,
}

/// An answer.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct AnswerInput {
    /// The question, if it is known.
    pub question: Option<String>,
    /// The text of the answer.
    pub answer: String,
}

/// The work of an earlier attempt in the tree of the agent.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct ContinuedInput {
    /// The number of that attempt.
    pub attempt: u32,
    /// Files with conflict markers, because the branch changed the same lines.
    pub conflicts: Vec<String>,
    /// How the setup of the tree failed with that work, in words.
    pub setup: Option<String>,
}

/// The failure of the previous attempt.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct FailureInput {
    /// The number of that attempt.
    pub attempt: u32,
    /// `agent`, or the step of the verification.
    pub step: String,
    /// What failed and how it ended, in words: `step test: exit status 1`.
    pub outcome: String,
    /// The findings in its change, a sentence each.
    pub findings: Vec<String>,
    /// The output; the prompt shows its head and tail.
    pub output: String,
    /// The path of the full output.
    pub log: String,
    /// Knowledge of people about this error, a sentence each.
    pub known: Vec<String>,
}

/// A step that failed on the tree before the task began.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct RedInput {
    /// The name of the step.
    pub step: String,
    /// How it ended, in words.
    pub outcome: String,
    /// The output; the prompt shows its head and tail.
    pub output: String,
    /// The path of the full output.
    pub log: String,
    /// The tasks that were blocked since the step last passed, if that is known.
    pub left_by: Vec<String>,
}

/// A step of the verification.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct StepInput {
    /// The name of the step.
    pub name: String,
    /// The command as configured.
    pub command: String,
}
