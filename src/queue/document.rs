//! The queue as a value: its text in slices, with the typed data of every task.

use super::counts::Counts;
use super::json::object::members;
use super::json::style::Style;
use super::json::values::{self, unquote};
use super::parse::dialect;
use super::parse::field_span::FieldSpan;
use super::parse::home::{Home, fits_flag};
use super::parse::ids::Ids;
use super::parse::outline::outline;
use super::parse::position::Position;
use super::parse::refused::{MAX_BYTES, Reason, Refused};
use super::parse::words::Words;
use super::place::Snapshot;
use super::structure;
use super::text::Slices;
use crate::domain::{Field, Phase, PhaseProfiles, Status, Task};
use crate::platform::utf8::Content;
use serde_json::{Map, Value};
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use xxhash_rust::xxh3::Xxh3;

/// The format version of the queue files that are written.
pub const QUEUE_VERSION: u64 = 1;

/// A queue file: its exact bytes and its meaning.
///
/// A change touches only the bytes of what changed. Cloning shares the text. The first change to a
/// clone copies the typed tasks.
#[derive(Clone, Debug)]
pub struct Queue {
    pub(super) path: PathBuf,
    pub(super) slices: Slices,
    pub(super) tasks: Arc<Vec<Task>>,
    pub(super) ids: Arc<Ids>,
    pub(super) words: Words,
    pub(super) counts: Counts,
    pub(super) phases: Arc<Vec<Phase>>,
    pub(super) phase_profiles: Arc<PhaseProfiles>,
    project: Option<String>,
    pub(super) revision: u64,
    /// The revision at which the summary and the timestamp were last updated.
    pub(super) refreshed: u64,
    pub(super) style: OnceLock<Arc<Style>>,
    pub(super) ascii: OnceLock<bool>,
    pub(super) structure: OnceLock<u64>,
    pub(super) snapshot: OnceLock<Arc<Snapshot>>,
}

impl Queue {
    /// Parses the content of a file. `path` is used only in messages.
    ///
    /// # Errors
    /// Returns [`Refused`], with line and column, if the content is not a queue.
    pub fn parse(path: &Path, content: impl Into<Content>) -> Result<Self, Refused> {
        let text = decode(content.into()).map_err(|(reason, bytes)| reason.refuse(path, &bytes))?;
        let refuse = |reason: Reason| reason.refuse(path, text.as_bytes());
        let mut outline = outline(&text, None).map_err(refuse)?;
        let tasks = std::mem::take(&mut outline.tasks);
        let ids = Ids::build(tasks.len(), |index| tasks[index].id.as_str())
            .map_err(|twice| refuse(outline.duplicate(&text, &twice)))?;
        let words = std::mem::take(&mut outline.words);
        let mut queue = Self {
            path: path.to_owned(),
            slices: Slices::new(text, outline),
            tasks: Arc::new(tasks),
            ids: Arc::new(ids),
            words,
            counts: Counts::default(),
            phases: Arc::default(),
            phase_profiles: Arc::default(),
            project: None,
            revision: 0,
            refreshed: 0,
            style: OnceLock::new(),
            ascii: OnceLock::new(),
            structure: OnceLock::new(),
            snapshot: OnceLock::new(),
        };
        queue.read_top();
        queue.count();
        Ok(queue)
    }

    pub(super) fn read_top(&mut self) {
        let value = |name| self.slices.member(name).map(|at| self.slices.member_value(at));
        self.project = value("project").and_then(values::string).map(|text| text.into_owned());
        let entries = || value("phases").into_iter().flat_map(values::elements);
        // Counted first, because a list that grows by doubling takes up to twice its entries.
        let mut phases = Vec::with_capacity(entries().count());
        phases.extend(entries().filter_map(dialect::phase));
        self.phase_profiles = Arc::new(PhaseProfiles::of(&phases));
        self.phases = Arc::new(phases);
    }

    pub(super) fn count(&mut self) {
        self.counts = Counts { total: self.tasks.len(), ..Counts::default() };
        for task in self.tasks.iter() {
            if let Some(slot) = self.counts.slot(task.status) {
                *slot += 1;
            }
        }
    }

    /// Returns the text to write, in a few large slices.
    pub fn pieces(&self) -> impl Iterator<Item = &[u8]> {
        self.slices.pieces().into_iter().map(str::as_bytes)
    }

    /// Returns the hash of the text to write, as 16 hex digits (XXH3).
    pub fn text_hash(&self) -> String {
        let mut hash = Xxh3::new();
        self.pieces().for_each(|piece| hash.update(piece));
        format!("{:016x}", hash.digest())
    }

    /// Returns the text to write as one buffer.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.slices.pieces().concat().into_bytes()
    }

    /// Returns the path of the file, as it was given.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns `project`.
    pub fn project(&self) -> Option<&str> {
        self.project.as_deref()
    }

    /// Returns `workloop_format`, the format version that the file requires; 1 if the key is
    /// missing.
    pub fn format_version(&self) -> u64 {
        let raw = self.slices.member("workloop_format").map(|at| self.slices.member_value(at));
        raw.and_then(|raw| raw.parse().ok()).unwrap_or(QUEUE_VERSION)
    }

    /// Returns the tasks in file order.
    pub fn tasks(&self) -> &[Task] {
        &self.tasks
    }

    /// Returns the index of the task with this id.
    pub fn index_of(&self, id: &str) -> Option<usize> {
        self.ids.find(id, &self.tasks)
    }

    /// Returns the JSON text of a task. Returns an empty text for an invalid index.
    pub fn task_text(&self, index: usize) -> &str {
        self.slices.task(index)
    }

    /// Returns the JSON text of the value under `key` of a task, whether or not the key is known.
    pub fn member(&self, index: usize, key: &str) -> Option<&str> {
        let text = self.task_text(index);
        let member = members(text).filter(|member| member.name == key).last()?;
        text.get(member.start..member.end)
    }

    /// Returns the keys of a task, each once, in file order.
    pub fn keys(&self, index: usize) -> Vec<String> {
        let mut seen = HashSet::new();
        let names = members(self.task_text(index)).map(|member| member.name.into_owned());
        names.filter(|name| seen.insert(name.clone())).collect()
    }

    /// Returns the JSON text of a field's value, including `null`, from the spelling that counts.
    pub fn raw(&self, index: usize, field: Field) -> Option<&str> {
        if field == Field::Status {
            return self.state_text(index);
        }
        let spans = self.slices.fields(index).iter().filter(|span| span.field == field);
        let span = spans.min_by_key(|span| span.spelling)?;
        Some(self.span_text(index, span))
    }

    fn span_text(&self, index: usize, span: &FieldSpan) -> &str {
        &self.slices.task(index)[span.start as usize..span.end as usize]
    }

    /// Returns the JSON text of the first spelling whose value is not null.
    pub(super) fn present(&self, index: usize, field: Field) -> Option<&str> {
        if field == Field::Status {
            return self.state_text(index);
        }
        let spans = self.slices.fields(index).iter().filter(|span| span.field == field);
        let given = spans.filter(|span| self.span_text(index, span) != "null");
        given.min_by_key(|span| span.spelling).map(|span| self.span_text(index, span))
    }

    /// Returns the place where a task stores its state.
    pub(super) fn home(&self, index: usize) -> Option<(Home, &FieldSpan)> {
        Home::find(self.slices.task(index), self.slices.fields(index))
    }

    /// Returns the key under which a task stores its state: `status`, or another one in files
    /// without it.
    pub fn state_key(&self, index: usize) -> Option<&'static str> {
        self.home(index).map(|(home, _)| home.key())
    }

    /// Returns the value of that key, unless the key is `passes`, which is a field of its own.
    fn state_text(&self, index: usize) -> Option<&str> {
        let (_, span) = self.home(index).filter(|(home, _)| *home != Home::Passes)?;
        Some(self.span_text(index, span))
    }

    /// Returns a field's value. Returns `None` if the field is absent or null. A state that is
    /// stored as a flag is returned as the format's own status word.
    pub fn value(&self, index: usize, field: Field) -> Option<Value> {
        if field == Field::Status && self.home(index)?.0.is_flag() {
            return Some(Value::from(self.tasks.get(index)?.status.word()));
        }
        serde_json::from_str(self.present(index, field)?).ok()
    }

    /// Returns a field's value if it is a string.
    pub fn text(&self, index: usize, field: Field) -> Option<String> {
        values::string(self.present(index, field)?).map(|text| text.into_owned())
    }

    /// Returns the title, or else the first line of the description, or else the id.
    pub fn title(&self, index: usize) -> String {
        let filled = |text: &String| !text.trim().is_empty();
        if let Some(title) = self.text(index, Field::Title).filter(filled) {
            return title;
        }
        let description = self.text(index, Field::Description).unwrap_or_default();
        let line = description.lines().map(str::trim).find(|line| !line.is_empty());
        match (line, self.tasks.get(index)) {
            (Some(line), _) => line.to_owned(),
            (None, Some(task)) => task.id.to_string(),
            (None, None) => String::new(),
        }
    }

    /// Returns the key under which a task has `field`, or under which it would be added in this
    /// file.
    pub fn key_for(&self, index: Option<usize>, field: Field) -> &'static str {
        let of = |n: usize| self.slices.fields(n).iter().filter(move |span| span.field == field);
        let own = index.and_then(|n| of(n).min_by_key(|span| span.spelling));
        let used = || (0..self.slices.len()).rev().find_map(|n| of(n).next());
        let span = own.or_else(used).map_or(0, |span| usize::from(span.spelling));
        field.spellings().get(span).copied().unwrap_or(field.key())
    }

    /// Returns the number of tasks in each state, counted from the tasks.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// Returns this file's word for a state: the one it uses most, or else the format's own.
    pub fn status_word(&self, status: Status) -> String {
        self.words.status(status).unwrap_or(status.word()).to_owned()
    }

    /// Returns the key and value that give a new task of this file that state.
    pub fn state_member(&self, status: Status) -> (&'static str, Value) {
        let home = self.words.home();
        if home.is_flag() && fits_flag(status) {
            (home.key(), Value::from(status == Status::Complete))
        } else {
            let home = if home.is_flag() { Home::Status } else { home };
            (home.key(), Value::from(self.status_word(status)))
        }
    }

    /// Returns whether a task from elsewhere already has a state.
    pub fn says_state(task: &Map<String, Value>) -> bool {
        let says = |home: &Home| task.get(home.key()).is_some_and(|v| home.takes(&v.to_string()));
        Home::ALL.iter().any(says)
    }

    /// Returns a number that increases with every change to this value.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// Returns a hash of everything that a plan depends on. It is the same for two versions of a
    /// file that differ only in runtime fields.
    pub fn structure(&self) -> u64 {
        *self.structure.get_or_init(|| structure::hash(&self.tasks, &self.phases))
    }

    /// Returns the line and column of a task, of one of its fields, or of an element of a field's
    /// list.
    pub fn locate(&self, index: usize, field: Option<Field>, element: Option<&str>) -> Position {
        let inside = field.and_then(|field| self.offset_in_task(index, field, element));
        self.snapshot().position(self.slices.offset(index) + inside.unwrap_or(0))
    }

    fn offset_in_task(&self, index: usize, field: Field, element: Option<&str>) -> Option<usize> {
        let spans = self.slices.fields(index).iter().filter(|span| span.field == field);
        let mut spans: Vec<&FieldSpan> = spans.collect();
        spans.sort_by_key(|span| span.spelling);
        let text = self.slices.task(index);
        for span in &spans {
            let raw = self.span_text(index, span);
            let means = |raw: &&str| {
                element.is_some_and(|want| {
                    *raw == want || raw.starts_with('"') && unquote(raw) == want
                })
            };
            let whole = std::iter::once(raw);
            if let Some(found) = values::elements(raw).chain(whole).find(means) {
                // Both are slices of the same text, so the distance is the offset.
                return Some(found.as_ptr() as usize - text.as_ptr() as usize);
            }
        }
        spans.first().map(|span| span.start as usize)
    }

    /// Returns the line at a position with a caret under the column, ready to print. Returns an
    /// empty text for a blank line or an invalid position.
    pub fn excerpt(&self, position: Position) -> String {
        self.snapshot().excerpt(position)
    }

    pub(super) fn snapshot(&self) -> &Snapshot {
        self.snapshot.get_or_init(|| {
            let own = self.slices.is_changed().then(|| self.slices.pieces().concat());
            Arc::new(Snapshot::new(Arc::clone(&self.slices.base), own))
        })
    }

    pub(super) fn changed(&mut self) {
        self.revision += 1;
        self.snapshot = OnceLock::new();
    }
}

/// Returns the text of an empty queue for `project`.
pub fn new_queue_text(project: &str) -> String {
    let project = Value::from(project);
    let counts = ["total", "pending", "in_progress", "blocked", "complete", "parked"];
    let counts = counts.map(|name| format!("    \"{name}\": 0")).join(",\n");
    format!(
        "{{\n  \"project\": {project},\n  \"summary\": {{\n{counts}\n  }},\n  \"tasks\": []\n}}\n"
    )
}

pub(super) fn decode(content: Content) -> Result<String, (Reason, Vec<u8>)> {
    let size = content.as_bytes().len();
    if size > MAX_BYTES {
        let megabytes = size / (1024 * 1024);
        let text = format!("the file is {megabytes} MiB; files over 256 MiB are not read");
        return Err((Reason::new(0, "too-large", text), Vec::new()));
    }
    let decoded = match content {
        Content::Text(text) => Ok(text),
        Content::Bytes(bytes) => String::from_utf8(bytes),
    };
    match decoded {
        Ok(text) if text.starts_with('\u{feff}') => {
            let reason = "the file starts with a byte order mark; save it as UTF-8 without one";
            Err((Reason::new(0, "byte-order-mark", reason), text.into_bytes()))
        }
        Ok(text) => Ok(text),
        Err(error) => {
            let at = error.utf8_error().valid_up_to();
            let bytes = error.into_bytes();
            let wide = bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff");
            let text = if wide {
                "the file is UTF-16; save it as UTF-8"
            } else {
                "this byte is not UTF-8; save the file as UTF-8"
            };
            Err((Reason::new(at, "encoding", text), bytes))
        }
    }
}
