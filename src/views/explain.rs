//! `explain`: the meaning of a reason code, its usual causes, and the next steps.

use super::style::Look;
use crate::domain::ReasonCode;
use serde::Serialize;

/// The explanation of a reason code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Explanation {
    /// Version of this shape.
    pub schema_version: u32,
    /// The code.
    pub code: ReasonCode,
    /// What happened, in one sentence.
    pub meaning: &'static str,
    /// The usual causes, the most frequent first.
    pub causes: &'static [&'static str],
    /// The next commands.
    pub next: &'static [Next],
}

/// A next command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Next {
    /// The command as typed; `ID` is the task.
    pub command: &'static str,
    /// Its purpose.
    pub purpose: &'static str,
}

/// Returns the explanation of `code`.
pub(crate) fn explain(code: ReasonCode) -> Explanation {
    let (_, meaning, causes, next) = TABLE[code as usize];
    Explanation { schema_version: 1, code, meaning, causes, next }
}

impl Explanation {
    /// Renders it for a terminal.
    pub(crate) fn text(&self, look: Look) -> String {
        let head = look.head(self.code.word());
        let mut text = format!("{head}: {}\n\nUsual causes:\n", self.meaning);
        for cause in self.causes {
            text.push_str(&format!("  - {cause}\n"));
        }
        text.push_str("\nWhat to do next:\n");
        let width = self.next.iter().map(|next| next.command.len()).max().unwrap_or(0);
        for Next { command, purpose } in self.next {
            text.push_str(&format!("  {command:width$}  {purpose}\n"));
        }
        text
    }
}

/// Lists all codes, one per line.
pub(crate) fn list() -> String {
    let width = ReasonCode::ALL.iter().map(|code| code.word().len()).max().unwrap_or(0);
    let line = |code: ReasonCode| format!("{:width$}  {}\n", code.word(), explain(code).meaning);
    ReasonCode::ALL.into_iter().map(line).collect()
}

const fn next(command: &'static str, purpose: &'static str) -> Next {
    Next { command, purpose }
}

const WHY: Next = next("workloop why ID", "shows every attempt and what the task holds up");
const LOG: Next = next("workloop log ID", "shows what the agent and the failed step printed");
const RETRY: Next = next("workloop retry ID", "makes the task pending, with a new budget");
const DONE: Next = next("workloop done ID --verify", "completes work of your own, if it passes");
const EDIT: Next = next("workloop edit ID", "makes the task clearer or smaller");
const ANSWER: Next = next("workloop answer ID TEXT", "makes the task pending, with your answer");
const CHECK: Next = next("workloop check", "reports errors, with line and column");
const STATUS: Next = next("workloop status", "shows what runs and what waits for what");
const RUN: Next = next("workloop run", "starts the loop again; it continues where it ended");

/// Meaning, causes and next commands of each code, in the order of the codes.
const TABLE: [(ReasonCode, &str, &[&str], &[Next]); ReasonCode::ALL.len()] = [
    (
        ReasonCode::TestsFailed,
        "A step of the verification failed after the agent had finished.",
        &[
            "the work is incomplete or wrong",
            "the step fails on the untouched tree, too",
            "the step depends on the time, the network or another task",
        ],
        &[LOG, EDIT, RETRY],
    ),
    (
        ReasonCode::ItemsLost,
        "Tests that ran before the attempt do not run any more.",
        &["tests were deleted, skipped or renamed", "the runner stopped before the end"],
        &[
            WHY,
            next("workloop edit ID --test PATH", "declares tests that the task renames or moves"),
            next("workloop edit ID '{\"may_remove_tests\": true}'", "allows it to remove tests"),
            RETRY,
        ],
    ),
    (
        ReasonCode::SteeringChanged,
        "The verdict depends on changes to files that steer the test runner.",
        &["the attempt changed the runner's configuration to make tests pass"],
        &[LOG, RETRY],
    ),
    (
        ReasonCode::ExpectationChanged,
        "The verdict depends on a changed expectation: a test, a snapshot or a fixture.",
        &["the attempt changed what is expected instead of what is done"],
        &[LOG, RETRY],
    ),
    (
        ReasonCode::Tampered,
        "The attempt changed something that judges it: a script that the verification runs, the \
         configuration, or a path under guardrails.protect.",
        &[
            "the agent repaired the check instead of the work",
            "the task asks for a change of that script, which a person has to declare",
        ],
        &[WHY, next("workloop edit ID --file PATH", "lets the task change that file"), RETRY],
    ),
    (
        ReasonCode::NothingChanged,
        "The attempt changed no file, although the task has to change one.",
        &["the work was there already", "the agent only talked about it"],
        &[LOG, DONE, RETRY],
    ),
    (
        ReasonCode::Scope,
        "The attempt changed files outside of those that the task declares.",
        &["the declared files are incomplete", "the agent did more than it was asked for"],
        &[WHY, next("workloop edit ID --scope PATH", "declares what belongs to the task"), RETRY],
    ),
    (
        ReasonCode::StubAdded,
        "The attempt added a placeholder instead of an implementation.",
        &["the task is too large for one attempt"],
        &[LOG, EDIT, RETRY],
    ),
    (
        ReasonCode::Guardrail,
        "A guardrail found something in the change: a test that was switched off, a check that was \
         suppressed, a secret, a file that does not belong there.",
        &[
            "the attempt bypassed a check instead of passing it",
            "the rule does not fit this project",
        ],
        &[WHY, LOG, RETRY],
    ),
    (
        ReasonCode::NoProgress,
        "Attempts in a row made the same change, or failed with the same output.",
        &[
            "the task cannot be done as it is written",
            "the verification can never pass here: a missing tool, a wrong path",
        ],
        &[LOG, EDIT, RETRY],
    ),
    (
        ReasonCode::LeftRed,
        "A blocked task left changes that make the verification fail for other tasks, too.",
        &["several tasks share one directory, and one of them broke what judges all of them"],
        &[next("git status", "shows what was left in the directory"), WHY, RUN],
    ),
    (
        ReasonCode::Timeout,
        "A command ran longer than its limit and was ended.",
        &[
            "the task is too large for one attempt",
            "the command waits for something",
            "the limit is too low",
        ],
        &[LOG, next("workloop edit ID", "makes the task smaller"), RETRY],
    ),
    (
        ReasonCode::Silent,
        "A command printed nothing for longer than its limit and was ended.",
        &["the command waits for something", "it prints only at its end: raise or drop the limit"],
        &[LOG, RETRY],
    ),
    (
        ReasonCode::AgentError,
        "The agent ended with an error, or said that it failed.",
        &["the agent crashed or refused", "its flags are wrong for its version"],
        &[LOG, RETRY],
    ),
    (
        ReasonCode::UsageLimit,
        "The agent's usage limit was reached.",
        &["the account's quota is used up until it is renewed"],
        &[STATUS, next("workloop resume", "tries again now")],
    ),
    (
        ReasonCode::Transient,
        "The agent failed for a reason that usually passes, and is tried again after a pause.",
        &[
            "the service is overloaded or cannot be reached",
            "the agent ends at once: a broken installation",
        ],
        &[LOG, STATUS, RETRY],
    ),
    (
        ReasonCode::Auth,
        "The agent is not logged in.",
        &["its login expired", "the loop does not pass on the variable that holds its key"],
        &[LOG, next("workloop run", "starts the loop again after you logged in")],
    ),
    (
        ReasonCode::CostLimit,
        "A limit of money or tokens was reached.",
        &["the limit of the attempt, the task, the run or the day is used up"],
        &[STATUS, RETRY],
    ),
    (
        ReasonCode::Conflict,
        "The change does not merge with what landed meanwhile.",
        &["two tasks changed the same lines"],
        &[WHY, RETRY],
    ),
    (
        ReasonCode::RevertsOthers,
        "The change would undo what other tasks landed.",
        &["the agent worked from an old state and restored it"],
        &[WHY, RETRY],
    ),
    (
        ReasonCode::CaptureFailed,
        "The workspace of the attempt could not be captured as a change.",
        &["files that cannot be read", "a git directory that was broken or replaced"],
        &[WHY, LOG, RETRY],
    ),
    (
        ReasonCode::SubmoduleChanged,
        "The attempt changed a submodule, which is not landed.",
        &["the work belongs into the submodule's own repository"],
        &[WHY, EDIT, RETRY],
    ),
    (
        ReasonCode::Question,
        "The agent asks a question, and the task waits for the answer.",
        &["the task leaves something open that only a person can decide"],
        &[WHY, ANSWER],
    ),
    (
        ReasonCode::Impossible,
        "The agent says, with evidence, that the task cannot be done.",
        &["the task asks for something that does not exist here"],
        &[WHY, ANSWER, EDIT],
    ),
    (
        ReasonCode::Contradiction,
        "The agent says, with evidence, that the task contradicts something else.",
        &["two tasks, or a task and a test, want different things"],
        &[WHY, ANSWER, EDIT],
    ),
    (
        ReasonCode::Review,
        "The work passed, and a person has to look at it before it counts.",
        &["the task or the configuration asks for a review"],
        &[
            next("workloop diff ID", "shows what it changed"),
            next("workloop approve ID", "lets it count"),
            next("workloop answer ID TEXT", "sends it back with what is wrong"),
        ],
    ),
    (
        ReasonCode::UnknownAgent,
        "The task names an agent that is not configured.",
        &["a typing error in the task", "a missing [agents.NAME] in workloop.toml"],
        &[CHECK, next("workloop edit ID --agent NAME", "names another agent"), RETRY],
    ),
    (
        ReasonCode::UnknownProfile,
        "The task names a verification profile that is not configured.",
        &[
            "a typing error in the task",
            "a missing [[verify]] step with that profile in workloop.toml",
        ],
        &[CHECK, next("workloop edit ID --verify NAME", "names another profile"), RETRY],
    ),
    (
        ReasonCode::Hook,
        "A hook of workloop.toml vetoed. If it prints its own code, that code is used.",
        &[
            "the condition of the hook is not met: its message is in hook-NAME.err in the attempt folder",
            "the hook itself failed: it ended by a signal, ran longer than its timeout, or was not found",
        ],
        &[WHY, RETRY],
    ),
    (
        ReasonCode::BadTask,
        "The task itself cannot be run.",
        &[
            "one of its texts does not fit into a command line, or begins with - where it would be a flag",
            "one of its values has the wrong type",
        ],
        &[WHY, CHECK, EDIT, RETRY],
    ),
    (
        ReasonCode::Budget,
        "The task has used up its attempts.",
        &[
            "each attempt failed",
            "the task was reopened by an edit or by git, with no attempt left",
        ],
        &[LOG, EDIT, RETRY],
    ),
    (
        ReasonCode::Crash,
        "Consecutive attempts were lost: the process that supervised them vanished.",
        &["the machine ran out of memory", "something killed the processes of the loop"],
        &[LOG, WHY, RETRY],
    ),
    (
        ReasonCode::Environment,
        "Something is missing for which no task is to blame: a tool, a folder, a permission.",
        &["a tool is not installed or not on PATH", "the disk is full or read-only"],
        &[CHECK, LOG, RUN],
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_explanation_is_the_meaning_the_causes_and_aligned_commands() {
        assert_eq!(
            explain(ReasonCode::UsageLimit).text(Look::PLAIN),
            "usage_limit: The agent's usage limit was reached.\n\n\
             Usual causes:\n  - the account's quota is used up until it is renewed\n\n\
             What to do next:\n\
             \x20 workloop status  shows what runs and what waits for what\n\
             \x20 workloop resume  tries again now\n"
        );
        let painted = explain(ReasonCode::Auth).text(Look { color: true, width: None });
        assert!(
            painted.starts_with("\u{1b}[1mauth\u{1b}[0m: The agent is not logged in.\n"),
            "{painted}"
        );
    }

    #[test]
    fn the_list_has_a_line_for_each_code_with_its_meaning() {
        let list = list();
        let lines: Vec<&str> = list.lines().collect();
        assert_eq!(lines.len(), ReasonCode::ALL.len());
        for (line, code) in lines.iter().zip(ReasonCode::ALL) {
            let widest = "expectation_changed".len();
            assert_eq!(*line, format!("{:widest$}  {}", code.word(), explain(code).meaning));
        }
    }

    #[test]
    fn the_data_of_an_explanation_has_its_names() {
        let value = serde_json::to_value(explain(ReasonCode::LeftRed)).expect("JSON");
        assert_eq!(value["code"], "left_red");
        assert_eq!(
            value["next"][0],
            serde_json::json!({"command": "git status", "purpose": "shows what was left in the directory"})
        );
        assert_eq!(value["causes"].as_array().map(Vec::len), Some(1));
    }

    #[test]
    fn each_code_has_its_row_with_a_command() {
        for code in ReasonCode::ALL {
            assert_eq!(TABLE[code as usize].0, code);
            let said = explain(code);
            assert!(said.meaning.ends_with('.') && !said.causes.is_empty(), "{code}");
            assert!(said.next.iter().any(|next| next.command.starts_with("workloop ")), "{code}");
        }
    }
}
