//! The task fields that the program recognizes, with every spelling that files use for them.

/// A field of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
#[expect(missing_docs, reason = "each name is the field's own word in the format")]
pub enum Field {
    Id,
    Title,
    Description,
    Status,
    Priority,
    Dependencies,
    Requires,
    Needs,
    After,
    Prerequisites,
    Blocks,
    File,
    Files,
    Scope,
    Tests,
    FilesToCreate,
    FilesToRead,
    MayChangeTests,
    MayRemoveTests,
    Contracts,
    Type,
    Agent,
    MaxIterations,
    CompletionPromise,
    RequiresApproval,
    Review,
    EstimatedMinutes,
    EstimatedHours,
    Effort,
    Phase,
    Track,
    Epic,
    Sprint,
    Tags,
    AcceptanceCriteria,
    Deliverables,
    Steps,
    IntegrationPoints,
    Context,
    Deadline,
    Notify,
    Verify,
    NotBefore,
    Parent,
    ChildTasks,
    DiscoveredBy,
    Fingerprint,
    Answers,
    DroppedDependencies,
    Attempts,
    BudgetUsed,
    LastAttempt,
    StartedAt,
    CompletedAt,
    CompletedBy,
    CompletionNote,
    Passes,
    VerificationVerdict,
    FilesActuallyChanged,
    FilesAmbiguous,
    VerificationWarnings,
    Error,
    Claim,
    Change,
    ConflictPaths,
    LandedCommit,
    LandedTree,
    Progress,
    Artifacts,
    ResultSummary,
    NotesFor,
    OpenQuestion,
    EscalatedTo,
    CostUsd,
    Tokens,
    ApprovedBy,
    ApprovedAt,
}

/// What an edit of the file may do to a field while attempts run.
///
/// Agents can write the file as well as people, and the writer of an edit cannot be determined. So
/// an edit that would complete work, widen a permission or extend a budget must be made with a verb
/// instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EditRule {
    /// Every edit is accepted.
    Free,
    /// The program writes the field. An edit is put back unless it sets a state that holds work
    /// back or reopens it.
    Runtime,
    /// Every edit is put back, because the field decides who does or judges the work, on which
    /// paths, or when the work is complete.
    Fixed,
    /// An edit may only reduce the budget.
    Budget,
    /// An edit may require an approval but not drop it.
    Approval,
    /// An edit may add dependencies but not drop them.
    Dependencies,
}

use Field::*;

/// The spellings of every field. The first one is used in files that have none yet.
const SPELLINGS: [(Field, &[&str]); 77] = [
    (Id, &["id"]),
    (Title, &["title"]),
    (Description, &["description"]),
    (Status, &["status", "state", "done", "completed"]),
    (Priority, &["priority"]),
    (Dependencies, &["dependencies", "depends_on", "dependsOn", "blocked_by", "blockedBy"]),
    (Requires, &["requires"]),
    (Needs, &["needs"]),
    (After, &["after"]),
    (Prerequisites, &["prerequisites"]),
    (Blocks, &["blocks"]),
    (File, &["file"]),
    (Files, &["files", "files_to_modify"]),
    (Scope, &["scope"]),
    (Tests, &["tests"]),
    (FilesToCreate, &["files_to_create"]),
    (FilesToRead, &["files_to_read"]),
    (MayChangeTests, &["may_change_tests"]),
    (MayRemoveTests, &["may_remove_tests"]),
    (Contracts, &["contracts", "contract"]),
    (Type, &["type"]),
    (Agent, &["agent", "agent_type"]),
    (MaxIterations, &["max_iterations"]),
    (CompletionPromise, &["completion_promise"]),
    (RequiresApproval, &["requires_approval"]),
    (Review, &["review"]),
    (EstimatedMinutes, &["estimated_minutes"]),
    (EstimatedHours, &["estimated_hours"]),
    (Effort, &["effort"]),
    (Phase, &["phase"]),
    (Track, &["track"]),
    (Epic, &["epic"]),
    (Sprint, &["sprint"]),
    (Tags, &["tags"]),
    (AcceptanceCriteria, &["acceptance_criteria"]),
    (Deliverables, &["deliverables"]),
    (Steps, &["steps"]),
    (IntegrationPoints, &["integration_points"]),
    (Context, &["context"]),
    (Deadline, &["deadline", "due", "due_date", "dueDate"]),
    (Notify, &["notify"]),
    (Verify, &["verify"]),
    (NotBefore, &["not_before", "scheduled_start", "defer_until", "start_after"]),
    (Parent, &["parent"]),
    (ChildTasks, &["child_tasks"]),
    (DiscoveredBy, &["discovered_by"]),
    (Fingerprint, &["fingerprint"]),
    (Answers, &["answers"]),
    (DroppedDependencies, &["dropped_dependencies"]),
    (Attempts, &["attempts", "iterations"]),
    (BudgetUsed, &["budget_used"]),
    (LastAttempt, &["last_attempt"]),
    (StartedAt, &["started_at"]),
    (CompletedAt, &["completed_at"]),
    (CompletedBy, &["completed_by"]),
    (CompletionNote, &["completion_note"]),
    (Passes, &["passes"]),
    (VerificationVerdict, &["verification_verdict"]),
    (FilesActuallyChanged, &["files_actually_changed"]),
    (FilesAmbiguous, &["files_ambiguous"]),
    (VerificationWarnings, &["verification_warnings"]),
    (Error, &["error", "blocked_reason"]),
    (Claim, &["claim"]),
    (Change, &["change"]),
    (ConflictPaths, &["conflict_paths"]),
    (LandedCommit, &["landed_commit"]),
    (LandedTree, &["landed_tree"]),
    (Progress, &["progress"]),
    (Artifacts, &["artifacts"]),
    (ResultSummary, &["result_summary"]),
    (NotesFor, &["notes_for"]),
    (OpenQuestion, &["open_question"]),
    (EscalatedTo, &["escalated_to"]),
    (CostUsd, &["cost_usd"]),
    (Tokens, &["tokens"]),
    (ApprovedBy, &["approved_by"]),
    (ApprovedAt, &["approved_at"]),
];

/// Key lookup uses one bit per field in a `u128`, and a place in a byte next to one flag bit.
const _: () = assert!(SPELLINGS.len() <= 128);

/// A known field whose value cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FieldProblem {
    /// The field.
    pub field: Field,
    /// What the value should be, in words: "must be a list of ids".
    pub expected: &'static str,
}

impl Field {
    /// Fields that name tasks if they contain task ids, but may also contain free text.
    pub const MAY_NAME_TASKS: [Self; 5] = [Requires, Needs, After, Prerequisites, Blocks];

    /// Fields that name tasks which must be complete before this one.
    pub const WAITS_FOR: [Self; 6] = [Dependencies, Requires, Needs, After, Prerequisites, Steps];

    /// Returns every field, in the order in which a new task lists them.
    pub fn all() -> impl Iterator<Item = Self> {
        SPELLINGS.iter().map(|(field, _)| *field)
    }

    /// Returns the accepted keys, preferred one first. If a task has two spellings of a field that
    /// the program writes, the preferred one counts.
    pub fn spellings(self) -> &'static [&'static str] {
        SPELLINGS[self as usize].1
    }

    /// Returns the preferred key.
    pub fn key(self) -> &'static str {
        self.spellings()[0]
    }

    /// Returns the field of a key, if the program recognizes it.
    pub fn from_key(key: &str) -> Option<Self> {
        SPELLINGS.iter().find(|(_, keys)| keys.contains(&key)).map(|(field, _)| *field)
    }

    /// Returns what an edit of the file may do to the field while attempts run.
    pub fn edit_rule(self) -> EditRule {
        match self {
            _ if self.is_runtime() => EditRule::Runtime,
            Type | Agent | Verify | CompletionPromise | File | Files | Scope | Tests
            | FilesToCreate | MayChangeTests | MayRemoveTests | Contracts | Phase | Parent
            | ChildTasks | DiscoveredBy | Answers | Review | ApprovedBy | ApprovedAt => {
                EditRule::Fixed
            }
            MaxIterations => EditRule::Budget,
            RequiresApproval => EditRule::Approval,
            Dependencies | Requires | Needs | After | Prerequisites | Blocks | Steps => {
                EditRule::Dependencies
            }
            Id | Title | Description | Status | Priority | FilesToRead | EstimatedMinutes
            | EstimatedHours | Effort | Track | Epic | Sprint | Tags | AcceptanceCriteria
            | Deliverables | IntegrationPoints | Context | Deadline | Notify | NotBefore
            | Fingerprint | DroppedDependencies | Attempts | BudgetUsed | LastAttempt
            | StartedAt | CompletedAt | Passes | VerificationVerdict | FilesActuallyChanged
            | FilesAmbiguous | VerificationWarnings | Error | Claim | Change | ConflictPaths
            | LandedCommit | LandedTree | Progress | Artifacts | ResultSummary | NotesFor
            | OpenQuestion | EscalatedTo | CostUsd | Tokens | CompletedBy | CompletionNote => {
                EditRule::Free
            }
        }
    }

    /// Returns whether the program writes this field while a task runs. People write all other
    /// fields.
    pub fn is_runtime(self) -> bool {
        matches!(
            self,
            Status
                | Attempts
                | BudgetUsed
                | LastAttempt
                | StartedAt
                | CompletedAt
                | CompletedBy
                | CompletionNote
                | Passes
                | VerificationVerdict
                | FilesActuallyChanged
                | FilesAmbiguous
                | VerificationWarnings
                | Error
                | Claim
                | Change
                | ConflictPaths
                | LandedCommit
                | LandedTree
                | Progress
                | Artifacts
                | ResultSummary
                | NotesFor
                | OpenQuestion
                | EscalatedTo
                | CostUsd
                | Tokens
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_the_order_of_the_enum() {
        for (n, field) in Field::all().enumerate() {
            assert_eq!(field as usize, n, "{field:?}");
            for key in field.spellings() {
                assert_eq!(Field::from_key(key), Some(field), "{key}");
            }
        }
    }

    #[test]
    fn no_edit_of_a_runtime_field_is_free() {
        for field in Field::all() {
            let rule = field.edit_rule();
            assert_eq!(rule == EditRule::Runtime, field.is_runtime(), "{field:?}");
        }
        for (key, rule) in [
            ("status", EditRule::Runtime),
            ("tokens", EditRule::Runtime),
            ("scope", EditRule::Fixed),
            ("approved_at", EditRule::Fixed),
            ("max_iterations", EditRule::Budget),
            ("requires_approval", EditRule::Approval),
            ("steps", EditRule::Dependencies),
            ("title", EditRule::Free),
            ("notify", EditRule::Free),
        ] {
            assert_eq!(Field::from_key(key).map(Field::edit_rule), Some(rule), "{key}");
        }
        assert_eq!(Field::from_key("no_such_key"), None);
        assert_eq!(Field::from_key("dependsOn"), Some(Dependencies));
    }
}
