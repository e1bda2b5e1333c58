//! The queue as a value: its text in slices, and the typed reading of every task.

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
use crate::domain::{Field, Phase, Status, Task};
use crate::platform::utf8::Content;
use serde_json::{Map, Value};
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use xxhash_rust::xxh3::Xxh3;

/// Format version of the queue files that are written.
pub const QUEUE_VERSION: u64 = 1;

/// A queue file: everything that is in it, byte for byte, and what it means.
///
/// A change touches the bytes of what changed and no others. Cloning shares the text; the first
/// change of a clone copies the typed tasks.
#[derive(Clone, Debug)]
pub struct Queue {
    pub(super) path: PathBuf,
    pub(super) slices: Slices,
    pub(super) tasks: Arc<Vec<Task>>,
    pub(super) ids: Arc<Ids>,
    pub(super) words: Words,
    pub(super) counts: Counts,
    pub(super) phases: Arc<Vec<Phase>>,
    project: Option<String>,
    pub(super) revision: u64,
    /// The revision of which the summary and the time stamp are true.
    pub(super) refreshed: u64,
    pub(super) style: OnceLock<Arc<Style>>,
    pub(super) ascii: OnceLock<bool>,
    pub(super) structure: OnceLock<u64>,
    pub(super) snapshot: OnceLock<Arc<Snapshot>>,
}

impl Queue {
    /// Reads what a file holds; `path` is in messages only.
    ///
    /// # Errors
    /// [`Refused`], with line and column, for what is no queue.
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
        let phases = value("phases").into_iter().flat_map(values::elements);
        self.phases = Arc::new(phases.filter_map(dialect::phase).collect());
    }

    pub(super) fn count(&mut self) {
        self.counts = Counts { total: self.tasks.len(), ..Counts::default() };
        for task in self.tasks.iter() {
            if let Some(slot) = self.counts.slot(task.status) {
                *slot += 1;
            }
        }
    }

    /// The text to write, in few large slices.
    pub fn pieces(&self) -> impl Iterator<Item = &[u8]> {
        self.slices.pieces().into_iter().map(str::as_bytes)
    }

    /// Hash of the text to write, in 16 hex digits (XXH3).
    pub fn text_hash(&self) -> String {
        let mut hash = Xxh3::new();
        self.pieces().for_each(|piece| hash.update(piece));
        format!("{:016x}", hash.digest())
    }

    /// The text to write, copied together.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.slices.pieces().concat().into_bytes()
    }

    /// The file, as it was named.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// `project`.
    pub fn project(&self) -> Option<&str> {
        self.project.as_deref()
    }

    /// `workloop_format`: the format version that the file needs; 1 where it says nothing.
    pub fn format_version(&self) -> u64 {
        let raw = self.slices.member("workloop_format").map(|at| self.slices.member_value(at));
        raw.and_then(|raw| raw.parse().ok()).unwrap_or(QUEUE_VERSION)
    }

    /// `phases`, those that can be read.
    pub fn phases(&self) -> &[Phase] {
        &self.phases
    }

    /// The tasks in file order.
    pub fn tasks(&self) -> &[Task] {
        &self.tasks
    }

    /// The index of the task with this id.
    pub fn index_of(&self, id: &str) -> Option<usize> {
        self.ids.find(id, &self.tasks)
    }

    /// The JSON text of a task; empty for an index that is none.
    pub fn task_text(&self, index: usize) -> &str {
        self.slices.task(index)
    }

    /// The JSON text of the value that a task has under `key`, known or not.
    pub fn member(&self, index: usize, key: &str) -> Option<&str> {
        let text = self.task_text(index);
        let member = members(text).filter(|member| member.name == key).last()?;
        text.get(member.start..member.end)
    }

    /// The keys of a task, each once, in file order.
    pub fn keys(&self, index: usize) -> Vec<String> {
        let mut seen = HashSet::new();
        let names = members(self.task_text(index)).map(|member| member.name.into_owned());
        names.filter(|name| seen.insert(name.clone())).collect()
    }

    /// The JSON text of a field's value, `null` included, in the spelling that counts.
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

    /// The JSON text of the first spelling whose value is not null.
    pub(super) fn present(&self, index: usize, field: Field) -> Option<&str> {
        if field == Field::Status {
            return self.state_text(index);
        }
        let spans = self.slices.fields(index).iter().filter(|span| span.field == field);
        let given = spans.filter(|span| self.span_text(index, span) != "null");
        given.min_by_key(|span| span.spelling).map(|span| self.span_text(index, span))
    }

    /// Where a task gives its state.
    pub(super) fn home(&self, index: usize) -> Option<(Home, &FieldSpan)> {
        Home::find(self.slices.task(index), self.slices.fields(index))
    }

    /// The key under which a task gives its state: `status`, or the one that a file without it
    /// has.
    pub fn state_key(&self, index: usize) -> Option<&'static str> {
        self.home(index).map(|(home, _)| home.key())
    }

    /// The value of that key, unless it is `passes`, which is a field of its own.
    fn state_text(&self, index: usize) -> Option<&str> {
        let (_, span) = self.home(index).filter(|(home, _)| *home != Home::Passes)?;
        Some(self.span_text(index, span))
    }

    /// A field's value; `None` for an absent one and for null. A state that is a flag is told in
    /// the format's own word.
    pub fn value(&self, index: usize, field: Field) -> Option<Value> {
        if field == Field::Status && self.home(index)?.0.is_flag() {
            return Some(Value::from(self.tasks.get(index)?.status.word()));
        }
        serde_json::from_str(self.present(index, field)?).ok()
    }

    /// A field's value where it is a string.
    pub fn text(&self, index: usize, field: Field) -> Option<String> {
        values::string(self.present(index, field)?).map(|text| text.into_owned())
    }

    /// The title, else the first line of the description, else the id.
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

    /// The key under which a task has `field`, or would get it in this file.
    pub fn key_for(&self, index: Option<usize>, field: Field) -> &'static str {
        let of = |n: usize| self.slices.fields(n).iter().filter(move |span| span.field == field);
        let own = index.and_then(|n| of(n).min_by_key(|span| span.spelling));
        let used = || (0..self.slices.len()).rev().find_map(|n| of(n).next());
        let span = own.or_else(used).map_or(0, |span| usize::from(span.spelling));
        field.spellings().get(span).copied().unwrap_or(field.key())
    }

    /// How many tasks are in each state, counted from the tasks.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// The word for a state in this file: the one it uses most, else the format's own.
    pub fn status_word(&self, status: Status) -> String {
        self.words.status(status).unwrap_or(status.word()).to_owned()
    }

    /// The key and the value by which a new task of this file says that it is in that state.
    pub fn state_member(&self, status: Status) -> (&'static str, Value) {
        let home = self.words.home();
        if home.is_flag() && fits_flag(status) {
            (home.key(), Value::from(status == Status::Complete))
        } else {
            let home = if home.is_flag() { Home::Status } else { home };
            (home.key(), Value::from(self.status_word(status)))
        }
    }

    /// Whether a task from elsewhere already gives its state.
    pub fn says_state(task: &Map<String, Value>) -> bool {
        let says = |home: &Home| task.get(home.key()).is_some_and(|v| home.takes(&v.to_string()));
        Home::ALL.iter().any(says)
    }

    /// Rises with every change made to this value.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// A hash of everything that a plan is made of; the same for two readings of a file between
    /// which only runtime fields changed.
    pub fn structure(&self) -> u64 {
        *self.structure.get_or_init(|| structure::hash(&self.tasks, &self.phases))
    }

    /// Line and column of a task, of one of its fields, or of an element of a field's list.
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
                // Both are slices of the same text, so that the distance is the offset.
                return Some(found.as_ptr() as usize - text.as_ptr() as usize);
            }
        }
        spans.first().map(|span| span.start as usize)
    }

    /// The line of a place with a mark under the column, ready to be printed; empty for a place
    /// that is none, and for a blank line.
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

/// An empty queue for `project`.
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
        let text = format!("the file has {megabytes} MiB; more than 256 MiB is not read");
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
