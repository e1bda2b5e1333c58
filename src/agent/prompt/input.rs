//! What a prompt is made of, as plain data.

use serde::Serialize;
use serde_json::Value;

/// Everything that a prompt can say; the field names are the variables of the template.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct PromptInput {
    /// The task as it is in the queue, an object.
    pub task: Value,
    /// The title, else the first line of the description.
    pub title: String,
    /// Number of the attempt that gets the prompt.
    pub attempt: u32,
    /// Number of the last attempt that the budget allows.
    pub budget: Option<u32>,
    /// Absolute path of the queue.
    pub queue: String,
    /// The project, where the queue names one.
    pub project: Option<String>,
    /// The project root.
    pub root: String,
    /// Where the agent may write its result.
    pub result_file: String,
    /// Complete dependencies, and tasks that notify this one.
    pub dependencies: Vec<DependencyInput>,
    /// What other tasks noted for this one.
    pub notes: Vec<NoteInput>,
    /// What other tasks ask this one.
    pub questions: Vec<NoteInput>,
    /// Answers of a person, or of a task that was asked.
    pub answers: Vec<AnswerInput>,
    /// Whether the agent works in a tree of its own.
    pub is_private: bool,
    /// What its tree holds of an earlier attempt.
    pub continued: Option<ContinuedInput>,
    /// How the previous attempt failed.
    pub failure: Option<FailureInput>,
    /// Steps that failed before the task began.
    pub untouched: Vec<RedInput>,
    /// The steps that verify the work.
    pub verification: Vec<StepInput>,
    /// How the agent calls this program.
    pub program: String,
    /// How many steps the task lists.
    pub steps: usize,
}

/// A complete dependency.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct DependencyInput {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// The summary of its result.
    pub summary: Option<String>,
    /// The artifacts of its result.
    pub artifacts: Vec<String>,
    /// Files that it changed.
    pub files_changed: Vec<String>,
    /// Where all of it is: its queue.
    pub place: String,
}

/// A note.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct NoteInput {
    /// Id of the task that left it.
    pub from: String,
    /// The note.
    pub text: String,
    /// Where all of it is: the queue of that task.
    pub place: String,
}

/// An answer.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct AnswerInput {
    /// The question, if it is known.
    pub question: Option<String>,
    /// The answer.
    pub answer: String,
}

/// The work of an earlier attempt in the tree of the agent.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ContinuedInput {
    /// Its number.
    pub attempt: u32,
    /// Files that have conflict markers, since the branch changed the same lines.
    pub conflicts: Vec<String>,
    /// How the setup of the tree failed on that work, in words.
    pub setup: Option<String>,
}

/// The failure of the previous attempt.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct FailureInput {
    /// Its number.
    pub attempt: u32,
    /// `agent`, or the step of the verification.
    pub step: String,
    /// What failed and how it ended, in words: `step test: exit status 1`.
    pub outcome: String,
    /// What was found in its change, each in a sentence.
    pub findings: Vec<String>,
    /// Its output; the prompt shows head and tail.
    pub output: String,
    /// Where all of it is.
    pub log: String,
    /// What people know about it, a sentence each.
    pub known: Vec<String>,
}

/// A step that failed on the tree before the task began.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct RedInput {
    /// Its name.
    pub step: String,
    /// How it ended, in words.
    pub outcome: String,
    /// Its output; the prompt shows head and tail.
    pub output: String,
    /// Where all of it is.
    pub log: String,
    /// The tasks that were blocked since it passed, where that is known.
    pub left_by: Vec<String>,
}

/// A step of the verification.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct StepInput {
    /// Its name.
    pub name: String,
    /// Its command as written.
    pub command: String,
}
