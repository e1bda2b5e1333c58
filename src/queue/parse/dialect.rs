//! Reads tasks as people write them: every spelling of a key, every form of a value.
//!
//! If a field that the program acts on cannot be read, the result is a `FieldProblem`. A task
//! with a problem is never run, and nothing unreadable counts as satisfied.

use super::field_span::FieldSpan;
use super::forms;
use super::home::{self, Home};
use super::lists::{push, push_all, push_texts, references, without_doubles};
use super::steps;
use crate::domain::{Approval, Detail, Field, Phase, Status, Task, TaskId, Text, Texts, Verdict};
use crate::queue::json::kind::Kind;
use crate::queue::json::values;

/// Reads the task `id` whose fields are at `spans` in `text`.
pub(crate) fn read(id: TaskId, text: &str, spans: &[FieldSpan]) -> Task {
    let details = spans.iter().filter(|span| Detail::is_of(span.field)).count();
    let task = Task::with_room(id, details);
    let mut reader = Reader { task, ranks: [u8::MAX; RANKED], approved: false };
    if let Some((home, span)) = Home::find(text, spans) {
        reader.state(home, &text[span.start as usize..span.end as usize]);
    }
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

/// The number of fields with one value and several spellings, of which the preferred one counts.
const RANKED: usize = 3;

struct Reader {
    task: Task,
    /// The spelling of the value read so far.
    ranks: [u8; RANKED],
    approved: bool,
}

impl Reader {
    /// Reads a value that is not null.
    #[expect(clippy::too_many_lines, reason = "one arm per field; the match is exhaustive")]
    fn field(&mut self, span: &FieldSpan, raw: &str) {
        let ranked = [Field::Agent, Field::Attempts, Field::NotBefore]
            .iter()
            .position(|field| *field == span.field);
        if ranked.is_some_and(|slot| !self.takes(slot, span)) {
            return;
        }
        let task = &mut self.task;
        match span.field {
            Field::Priority => task.priority = forms::priority(raw),
            Field::Dependencies => self.ids(span.field, raw),
            Field::Requires
            | Field::Needs
            | Field::After
            | Field::Prerequisites
            | Field::Blocks => {
                let list = references(raw);
                self.task.set_list(span.field, list);
            }
            Field::Steps => {
                let list = steps::named(raw);
                self.task.set_list(span.field, list);
            }
            Field::File | Field::Files => {
                let problem = self.texts(Field::Files, raw);
                self.problem(problem, span.field, "must be a path or a list of paths");
            }
            Field::FilesToCreate => {
                // The task also owns the files that it creates.
                let problem = self.texts(span.field, raw) | self.texts(Field::Files, raw);
                self.problem(problem, span.field, "must be a path or a list of paths");
            }
            Field::MayChangeTests | Field::MayRemoveTests => {
                let bad = Kind::of(raw) != Kind::Bool;
                self.problem(bad, span.field, "must be true or false");
            }
            Field::Contracts => {
                let bad = push_texts(&mut Texts::new(), raw);
                self.problem(bad, span.field, "must be a name or a list of names");
            }
            Field::Scope => {
                let problem = self.texts(span.field, raw);
                self.problem(problem, span.field, "must be a path or a list of paths and globs");
            }
            // A value of another shape is a key of the file's own.
            Field::ConflictPaths => _ = self.texts(span.field, raw),
            Field::EscalatedTo => {
                self.task.set_text(span.field, values::string(raw).unwrap_or_default());
            }
            Field::Parent if Kind::of(raw) == Kind::Number && forms::id(raw).is_some() => {
                task.set_text(span.field, raw);
            }
            Field::Type | Field::Agent | Field::Parent => self.text(span.field, raw),
            Field::Phase => {
                let bad = self.name(span.field, raw) && raw != "\"\"";
                self.problem(bad, span.field, "must be a name or a number");
            }
            Field::Track | Field::Epic => _ = self.name(span.field, raw),
            Field::Tags | Field::Notify => _ = self.texts(span.field, raw),
            Field::RequiresApproval => self.approval(raw),
            Field::Review => {
                let bad = !matches!(raw, "true" | "false" | "null");
                self.set(span.field, (raw == "true").then_some(Detail::Flag(span.field)));
                self.problem(bad, span.field, "must be true or false");
            }
            Field::Answers => {
                let teaches = raw.contains("\"match\"");
                self.set(span.field, teaches.then_some(Detail::Flag(span.field)));
            }
            Field::ApprovedAt => self.approved = values::string(raw).is_some_and(|t| !t.is_empty()),
            Field::NotBefore => {
                let time = forms::time(raw);
                self.set(span.field, time.map(Detail::NotBefore));
                self.problem(
                    time.is_none(),
                    span.field,
                    "must be a time such as 2026-01-19T14:35:45Z",
                );
            }
            Field::ChildTasks => self.ids(span.field, raw),
            Field::Attempts => self.attempts(raw),
            Field::MaxIterations | Field::BudgetUsed => {
                let count = values::count(raw);
                self.set(span.field, count.map(|count| Detail::Count(span.field, count)));
                self.problem(count.is_none(), span.field, COUNT);
            }
            Field::Passes => task.passes = raw.parse().ok(),
            Field::VerificationVerdict => {
                task.verdict = values::string(raw).and_then(|word| Verdict::from_word(&word));
            }
            // A value of another shape is a key of the file's own.
            Field::Change => {
                let change = serde_json::from_str(raw).ok().map(Detail::Change);
                self.set(span.field, change);
            }
            Field::Claim => {
                let claim = serde_json::from_str(raw).ok().map(Detail::Claim);
                let bad = claim.is_none();
                self.set(span.field, claim);
                self.problem(bad, span.field, "must be an object with worker, attempt and since");
            }
            Field::EstimatedMinutes => {
                self.set(span.field, forms::minutes(raw).map(Detail::Minutes));
            }
            Field::EstimatedHours => {
                let hours = forms::hours(raw).map(|(low, high)| Detail::Hours(low, high));
                self.set(span.field, hours);
            }
            Field::Effort => self.set(span.field, forms::effort(raw).map(Detail::Effort)),
            Field::Verify => {
                let problem = self.texts(span.field, raw);
                let expected = "must be the name of a profile or a list of names";
                self.problem(problem, span.field, expected);
            }
            // The place of the state was determined before.
            Field::Status
            | Field::Id
            | Field::Title
            | Field::Description
            | Field::Tests
            | Field::FilesToRead
            | Field::CompletionPromise
            | Field::AcceptanceCriteria
            | Field::Deliverables
            | Field::IntegrationPoints
            | Field::Context
            | Field::Deadline
            | Field::Sprint
            | Field::DiscoveredBy
            | Field::Fingerprint
            | Field::DroppedDependencies
            | Field::LastAttempt
            | Field::StartedAt
            | Field::CompletedAt
            | Field::CompletedBy
            | Field::CompletionNote
            | Field::FilesActuallyChanged
            | Field::FilesAmbiguous
            | Field::VerificationWarnings
            | Field::Error
            | Field::LandedCommit
            | Field::LandedTree
            | Field::Progress
            | Field::Artifacts
            | Field::ResultSummary
            | Field::NotesFor
            | Field::OpenQuestion
            | Field::CostUsd
            | Field::Tokens
            | Field::ApprovedBy => {}
        }
    }

    /// Returns whether this spelling takes precedence over the one read so far.
    fn takes(&mut self, slot: usize, span: &FieldSpan) -> bool {
        let better = span.spelling < self.ranks[slot];
        if better {
            self.ranks[slot] = span.spelling;
            self.task.forgive(span.field);
        }
        better
    }

    fn problem(&mut self, bad: bool, field: Field, expected: &'static str) {
        if bad {
            self.task.set(Detail::Problem(field, expected));
        }
    }

    fn state(&mut self, home: Home, raw: &str) {
        if home.is_flag() {
            self.task.status = home::of_flag(raw == "true");
            return;
        }
        let word = values::string(raw);
        self.task.status = word.as_deref().map_or(Status::Unknown, Status::from_word);
        self.problem(word.is_none(), Field::Status, "must be a word such as `pending`");
    }

    fn set(&mut self, field: Field, detail: Option<Detail>) {
        match detail {
            Some(detail) => self.task.set(detail),
            None => self.task.unset(field),
        }
    }

    /// Adds ids. An element that is neither a string nor a whole number is kept as its JSON text,
    /// which is not an id and therefore never counts as satisfied.
    fn ids(&mut self, field: Field, raw: &str) {
        let mut list = self.task.take_list(field);
        let number = Kind::of(raw) == Kind::Number && forms::id(raw).is_some();
        if number {
            push(&mut list, raw);
        }
        let problem = !number
            && push_all(&mut list, raw, |list, element| {
                push(list, element);
                false
            });
        self.task.set_list(field, without_doubles(list));
        self.problem(problem, field, "must be a list of ids");
    }

    /// Adds strings. Returns true if there is anything else.
    fn texts(&mut self, field: Field, raw: &str) -> bool {
        let mut list = self.task.take_list(field);
        let problem = push_texts(&mut list, raw);
        self.task.set_list(field, without_doubles(list));
        problem
    }

    fn approval(&mut self, raw: &str) {
        let needed = match Kind::of(raw) {
            Kind::Null => false,
            Kind::Bool => raw == "true",
            Kind::Array => values::elements(raw).next().is_some(),
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

    /// Reads a name. Returns true if the value is anything else.
    fn name(&mut self, field: Field, raw: &str) -> bool {
        let name = forms::name(raw);
        let bad = name.is_none();
        self.set(field, name.map(|name| Detail::Text(field, name)));
        bad
    }

    /// Reads a string. An empty one counts as none.
    fn text(&mut self, field: Field, raw: &str) {
        let text = values::string(raw);
        let bad = text.is_none();
        self.task.set_text(field, text.unwrap_or_default());
        self.problem(bad, field, "must be a string");
    }
}

const COUNT: &str = "must be a whole number, 0 or more";

/// Reads an entry of `phases`. Returns `None` for an invalid one.
pub(crate) fn phase(raw: &str) -> Option<Phase> {
    let mut phase = Phase::default();
    if let Some(name) = forms::name(raw) {
        phase.phase = name;
        return Some(phase);
    }
    for member in crate::queue::json::object::members(raw) {
        let value = &raw[member.start..member.end];
        match &*member.name {
            "phase" => phase.phase = forms::name(value).unwrap_or_default(),
            "id" if phase.phase.is_empty() => {
                phase.phase = forms::name(value).unwrap_or_default();
            }
            "name" => phase.name = values::string(value).map(Text::from).unwrap_or_default(),
            "barrier" => phase.barrier = value == "true",
            "gate" => phase.gate = profiles(value),
            "verify" => phase.verify = profiles(value),
            key if Field::Dependencies.spellings().contains(&key) => {
                phase.depends_on.extend(references(value));
            }
            _ => {}
        }
    }
    (!phase.phase.is_empty()).then_some(phase)
}

/// Reads the names of profiles: a text or a list of texts.
fn profiles(value: &str) -> Texts {
    let mut names = Texts::default();
    push_texts(&mut names, value);
    without_doubles(names)
}
