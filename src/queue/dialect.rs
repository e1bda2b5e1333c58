//! Reads a task as people write it: every spelling of a key, every form of a value.
//!
//! What cannot be read of a field that the program acts on becomes a [`FieldProblem`]: a task
//! with one is never run, and nothing unreadable ever counts as satisfied.

use super::field_span::FieldSpan;
use super::kind::Kind;
use super::values;
use crate::domain::{Approval, Field, FieldProblem, Status, Task, TaskId, Verdict};

/// Reads the task `id` whose fields stand at `spans` in `text`.
pub(super) fn read(id: TaskId, text: &str, spans: &[FieldSpan]) -> Task {
    let mut reader = Reader { task: Task::new(id), ranks: [u8::MAX; RANKED], approved: false };
    for span in spans {
        let raw = &text[span.start as usize..span.end as usize];
        if Kind::of(raw) != Kind::Null {
            reader.field(span, raw);
        }
    }
    if reader.approved && reader.task.approval == Approval::Required {
        reader.task.approval = Approval::Given;
    }
    reader.task
}

/// Fields with one value and several spellings, of which the preferred one counts.
const RANKED: usize = 2;

struct Reader {
    task: Task,
    /// Spelling of the value taken so far.
    ranks: [u8; RANKED],
    approved: bool,
}

impl Reader {
    /// Takes a value that is not null.
    #[expect(clippy::too_many_lines, reason = "one arm a field; the compiler keeps it complete")]
    fn field(&mut self, span: &FieldSpan, raw: &str) {
        let ranked = [Field::Agent, Field::Attempts].iter().position(|field| *field == span.field);
        if ranked.is_some_and(|slot| !self.takes(slot, span)) {
            return;
        }
        let task = &mut self.task;
        match span.field {
            Field::Status => self.status(raw),
            Field::Priority => task.priority = values::priority(raw),
            Field::Dependencies => self.dependencies(raw),
            Field::File | Field::Files => {
                let problem = push_texts(&mut task.files, raw);
                self.problem(problem, span.field, "must be a path or a list of paths");
            }
            Field::Scope => {
                let problem = push_texts(&mut task.scope, raw);
                self.problem(problem, span.field, "must be a path or a list of paths and globs");
            }
            Field::Type => self.text(span.field, raw, |task| &mut task.kind),
            Field::Agent => self.text(span.field, raw, |task| &mut task.agent),
            Field::Phase => {
                task.phase = values::name(raw);
                let bad = task.phase.is_none() && raw != "\"\"";
                self.problem(bad, span.field, "must be a name or a number");
            }
            Field::Track => task.track = values::name(raw),
            Field::Epic => task.epic = values::name(raw),
            Field::Tags => _ = push_texts(&mut task.tags, raw),
            Field::RequiresApproval => self.approval(raw),
            Field::ApprovedAt => self.approved = values::string(raw).is_some_and(|t| !t.is_empty()),
            Field::NotBefore => {
                task.not_before = values::time(raw);
                let bad = task.not_before.is_none();
                self.problem(bad, span.field, "must be an RFC 3339 time");
            }
            Field::Parent => self.text(span.field, raw, |task| &mut task.parent),
            Field::ChildTasks => {
                let problem = push_ids(&mut task.children, raw);
                self.problem(problem, span.field, "must be a list of ids");
            }
            Field::Attempts => self.attempts(raw),
            Field::MaxIterations => self.count(span.field, raw, |task| &mut task.max_iterations),
            Field::BudgetUsed => self.count(span.field, raw, |task| &mut task.budget_used),
            Field::Passes => task.passes = raw.parse().ok(),
            Field::VerificationVerdict => {
                task.verdict = values::string(raw).and_then(|word| Verdict::from_word(&word));
            }
            Field::Claim => {
                task.claim = serde_json::from_str(raw).ok();
                let bad = task.claim.is_none();
                self.problem(bad, span.field, "must be an object with worker, attempt and since");
            }
            Field::EstimatedMinutes => task.estimate.minutes = values::minutes(raw),
            Field::EstimatedHours => task.estimate.hours = values::hours(raw),
            Field::Effort => task.estimate.effort = values::effort(raw),
            Field::Verify => {
                let problem = push_texts(&mut task.verify, raw);
                self.problem(
                    problem,
                    span.field,
                    "must be the name of a profile or a list of names",
                );
            }
            Field::Notify => _ = push_texts(&mut task.notify, raw),
            Field::Id
            | Field::Title
            | Field::Description
            | Field::Tests
            | Field::CompletionPromise
            | Field::AcceptanceCriteria
            | Field::Deliverables
            | Field::IntegrationPoints
            | Field::Context
            | Field::Deadline
            | Field::DiscoveredBy
            | Field::Fingerprint
            | Field::Answers
            | Field::DroppedDependencies
            | Field::LastAttempt
            | Field::StartedAt
            | Field::CompletedAt
            | Field::FilesActuallyChanged
            | Field::Error
            | Field::Progress
            | Field::Artifacts
            | Field::ResultSummary
            | Field::NotesFor
            | Field::ApprovedBy => {}
        }
    }

    /// Whether this spelling counts more than the one taken so far.
    fn takes(&mut self, slot: usize, span: &FieldSpan) -> bool {
        let better = span.spelling < self.ranks[slot];
        if better {
            self.ranks[slot] = span.spelling;
            self.task.problems.retain(|problem| problem.field != span.field);
        }
        better
    }

    fn problem(&mut self, bad: bool, field: Field, expected: &'static str) {
        if bad {
            self.task.problems.push(FieldProblem { field, expected });
        }
    }

    fn status(&mut self, raw: &str) {
        let word = values::string(raw);
        self.task.status = word.as_deref().map_or(Status::Unknown, Status::from_word);
        self.problem(word.is_none(), Field::Status, "must be a word such as `pending`");
    }

    fn dependencies(&mut self, raw: &str) {
        let problem = push_ids(&mut self.task.dependencies, raw);
        self.problem(problem, Field::Dependencies, "must be a list of ids");
    }

    fn approval(&mut self, raw: &str) {
        let needed = match Kind::of(raw) {
            Kind::Null => false,
            Kind::Bool => raw == "true",
            Kind::Array => !values::elements(raw).is_empty(),
            Kind::String => raw != "\"\"",
            Kind::Number | Kind::Object => {
                self.problem(true, Field::RequiresApproval, "must be true, false or a list");
                true
            }
        };
        self.task.approval = if needed { Approval::Required } else { Approval::NotRequired };
    }

    fn attempts(&mut self, raw: &str) {
        let count = values::count(raw);
        self.task.attempts = count.unwrap_or(0);
        self.problem(count.is_none(), Field::Attempts, COUNT);
    }

    fn count(&mut self, field: Field, raw: &str, slot: fn(&mut Task) -> &mut Option<u32>) {
        let count = values::count(raw);
        *slot(&mut self.task) = count;
        self.problem(count.is_none(), field, COUNT);
    }

    /// A text; the empty one counts as none.
    fn text(&mut self, field: Field, raw: &str, slot: fn(&mut Task) -> &mut Option<String>) {
        let text = values::string(raw);
        let bad = text.is_none();
        *slot(&mut self.task) = text.filter(|t| !t.is_empty()).map(|t| t.into_owned());
        self.problem(bad, field, "must be a string");
    }
}

const COUNT: &str = "must be a whole number, 0 or more";

/// Appends a text or a list of texts, without doubles; true when there is anything else.
fn push_texts(list: &mut Vec<String>, raw: &str) -> bool {
    push_all(list, raw, |_, _| true)
}

/// Appends an id or a list of ids. An element that is no text is kept as its JSON text, which is
/// no id: so it never counts as satisfied.
fn push_ids(list: &mut Vec<String>, raw: &str) -> bool {
    push_all(list, raw, |list, element| {
        push_new(list, element);
        false
    })
}

fn push_all(
    list: &mut Vec<String>,
    raw: &str,
    mut other: impl FnMut(&mut Vec<String>, &str) -> bool,
) -> bool {
    if let Some(text) = values::string(raw) {
        if !text.is_empty() {
            push_new(list, &text);
        }
        return false;
    }
    if Kind::of(raw) != Kind::Array {
        return true;
    }
    let mut problem = false;
    for element in values::elements(raw) {
        match values::string(element) {
            Some(text) => push_new(list, &text),
            None => problem |= other(list, element),
        }
    }
    problem
}

fn push_new(list: &mut Vec<String>, text: &str) {
    if !list.iter().any(|have| have == text) {
        list.push(text.to_owned());
    }
}

/// Reads an entry of `phases`; `None` for what is none.
pub(super) fn phase(raw: &str) -> Option<crate::domain::Phase> {
    let mut phase = crate::domain::Phase::default();
    if let Some(name) = values::name(raw) {
        phase.phase = name;
        return Some(phase);
    }
    for member in super::object::members(raw) {
        let value = &raw[member.start..member.end];
        match &*member.name {
            "phase" => phase.phase = values::name(value).unwrap_or_default(),
            "name" => phase.name = values::string(value).map(std::borrow::Cow::into_owned),
            "barrier" => phase.barrier = value == "true",
            "gate" => {
                phase.gate.clear();
                push_texts(&mut phase.gate, value);
            }
            _ => {}
        }
    }
    (!phase.phase.is_empty()).then_some(phase)
}
