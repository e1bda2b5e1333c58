//! The text of a queue as slices: head, tasks and tail. Only changed parts are owned.

use super::json::object::Splice;
use super::parse::field_span::FieldSpan;
use super::parse::spans::{Member, Outline, TaskSpan};
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

/// The maximum number of changed tasks before the base is rebuilt.
const MAX_OWNED: usize = 512;

/// A stretch of text: part of the base, or owned after a change.
#[derive(Clone, Debug)]
pub(super) enum Part {
    Base(Range<usize>),
    Owned(String),
}

/// A task whose text was changed or added.
#[derive(Clone, Debug)]
pub(super) struct Owned {
    /// The text before an added task; empty for a changed one.
    pub(super) lead: String,
    pub(super) text: String,
    pub(super) fields: Vec<FieldSpan>,
}

/// The text that was read. It is never changed.
#[derive(Debug)]
pub(super) struct Base {
    pub(super) text: String,
    pub(super) spans: Vec<TaskSpan>,
    pub(super) fields: Vec<FieldSpan>,
}

/// The slices of a text.
#[derive(Clone, Debug)]
pub(super) struct Slices {
    pub(super) base: Arc<Base>,
    head: Part,
    tail: Part,
    /// The members, with offsets into head and tail together, as if the list were empty.
    pub(super) members: Vec<Member>,
    /// The index of the task list in `members`. `None` if the list is the whole file.
    pub(super) list: Option<usize>,
    owned: BTreeMap<usize, Owned>,
    tasks: usize,
}

impl Slices {
    pub(super) fn new(text: String, outline: Outline) -> Self {
        let Outline { mut members, list, open, spans, fields, .. } = outline;
        let empty = open + 1;
        let cut = match (spans.first(), spans.last()) {
            (Some(first), Some(last)) => first.start as usize..last.end as usize,
            _ => empty..empty,
        };
        let gone = cut.end - cut.start;
        for member in &mut members {
            for at in [&mut member.key, &mut member.start, &mut member.end] {
                if *at >= cut.end && gone > 0 {
                    *at -= gone;
                }
            }
        }
        let (head, tail) = (Part::Base(0..cut.start), Part::Base(cut.end..text.len()));
        let tasks = spans.len();
        let base = Arc::new(Base { text, spans, fields });
        Self { base, head, tail, members, list, owned: BTreeMap::new(), tasks }
    }

    fn part<'a>(&'a self, part: &'a Part) -> &'a str {
        match part {
            Part::Base(range) => &self.base.text[range.clone()],
            Part::Owned(text) => text,
        }
    }

    pub(super) fn head(&self) -> &str {
        self.part(&self.head)
    }

    pub(super) fn tail(&self) -> &str {
        self.part(&self.tail)
    }

    /// Returns text of head and tail together. The range must not cross the list.
    pub(super) fn top(&self, range: Range<usize>) -> &str {
        let head = self.head();
        if range.start < head.len() {
            head.get(range).unwrap_or_default()
        } else {
            let skip = head.len();
            self.tail().get(range.start - skip..range.end - skip).unwrap_or_default()
        }
    }

    /// Returns the index of the last member with this name, which is the one that counts.
    pub(super) fn member(&self, name: &str) -> Option<usize> {
        self.members.iter().rposition(|m| Member::name(self.top(m.key..m.start)) == name)
    }

    /// Returns the raw value of a top-level member (not of the list).
    pub(super) fn member_value(&self, index: usize) -> &str {
        self.members.get(index).map_or("", |m| self.top(m.start..m.end))
    }

    /// Replaces a range of the head or tail.
    pub(super) fn splice_top(&mut self, range: Range<usize>, with: &str) {
        let head_len = self.head().len();
        let in_head = range.end <= head_len;
        let skip = if in_head { 0 } else { head_len };
        let part = if in_head { &mut self.head } else { &mut self.tail };
        let local = range.start - skip..range.end - skip;
        match part {
            Part::Owned(text) => text.replace_range(local, with),
            Part::Base(whole) => {
                let mut text = self.base.text[whole.clone()].to_owned();
                text.replace_range(local, with);
                *part = Part::Owned(text);
            }
        }
        let gone = range.end - range.start;
        for member in &mut self.members {
            for at in [&mut member.key, &mut member.start, &mut member.end] {
                if *at >= range.end {
                    *at = *at - gone + with.len();
                }
            }
        }
    }

    /// Adds a member before the list. `value` is the range of its value after the insertion.
    pub(super) fn insert_top(&mut self, splice: &Splice, value: Range<usize>) {
        let key = splice.range.start;
        self.splice_top(splice.range.clone(), &splice.with);
        let member = Member { key, start: value.start, end: value.end };
        let list = self.list.unwrap_or(self.members.len());
        self.members.insert(list, member);
        self.list = self.list.map(|list| list + 1);
    }

    /// Inserts `white` before the closing bracket of the list.
    pub(super) fn reclose(&mut self, white: &str) {
        let tail = self.tail();
        let rest = tail.trim_start_matches([' ', '\t', '\r', '\n']);
        let (gone, text) = (tail.len() - rest.len(), format!("{white}{rest}"));
        self.tail = Part::Owned(text);
        let head = self.head().len();
        for member in &mut self.members {
            for at in [&mut member.key, &mut member.start, &mut member.end] {
                if *at > head {
                    *at = *at - gone + white.len();
                }
            }
        }
    }

    /// Returns the number of tasks.
    pub(super) fn len(&self) -> usize {
        self.tasks
    }

    pub(super) fn task(&self, index: usize) -> &str {
        if let Some(owned) = self.owned.get(&index) {
            return &owned.text;
        }
        let span = self.base.spans.get(index);
        span.map_or("", |span| &self.base.text[span.start as usize..span.end as usize])
    }

    pub(super) fn fields(&self, index: usize) -> &[FieldSpan] {
        if let Some(owned) = self.owned.get(&index) {
            return &owned.fields;
        }
        TaskSpan::fields(&self.base.spans, index, &self.base.fields)
    }

    /// Returns the text between the previous task (or the opening bracket) and this one.
    pub(super) fn lead(&self, index: usize) -> &str {
        let spans = &self.base.spans;
        match (index.checked_sub(1).and_then(|n| spans.get(n)), spans.get(index)) {
            (Some(before), Some(this)) => &self.base.text[before.end as usize..this.start as usize],
            (None, Some(_)) => {
                let head = self.head();
                &head[head.trim_end().len()..]
            }
            _ => self.owned.get(&index).map_or("", |owned| &owned.lead),
        }
    }

    /// Sets the text of a task.
    pub(super) fn set_task(&mut self, index: usize, text: String, fields: Vec<FieldSpan>) {
        let lead = self.owned.remove(&index).map(|owned| owned.lead).unwrap_or_default();
        self.owned.insert(index, Owned { lead, text, fields });
        self.bound();
    }

    /// Adds a task at the end of the list.
    pub(super) fn push_task(&mut self, owned: Owned) {
        self.owned.insert(self.tasks, owned);
        self.tasks += 1;
        self.bound();
    }

    /// Makes the current text the base after many changes. So the slices stay few and large, and
    /// the cost of the copy is spread over many changes.
    fn bound(&mut self) {
        if self.owned.len() < MAX_OWNED {
            return;
        }
        let text = self.pieces().concat();
        if u32::try_from(text.len()).is_err() {
            return;
        }
        let mut spans = Vec::with_capacity(self.tasks);
        let mut fields = Vec::with_capacity(self.base.fields.len());
        let old = &self.base.spans;
        let mut at = self.head().len();
        for index in 0..self.tasks {
            if index > 0 || old.is_empty() {
                at += self.lead(index).len();
            }
            let (start, own) = (at, self.fields(index));
            at += self.task(index).len();
            spans.push(TaskSpan::new(start..at, fields.len()));
            fields.extend_from_slice(own);
        }
        let first = spans.first().map_or(at, |span| span.start as usize);
        // White space before the first task of a list that was empty is now part of the head.
        let moved = first - self.head().len();
        let head = self.head().len();
        for member in &mut self.members {
            for offset in [&mut member.key, &mut member.start, &mut member.end] {
                if *offset > head {
                    *offset += moved;
                }
            }
        }
        (self.head, self.tail) = (Part::Base(0..first), Part::Base(at..text.len()));
        self.base = Arc::new(Base { text, spans, fields });
        self.owned.clear();
    }

    /// Returns the whole text in order, in as few and as large slices as possible.
    pub(super) fn pieces(&self) -> Vec<&str> {
        let mut pieces = Pieces { base: &self.base.text, run: 0..0, done: Vec::new() };
        pieces.part(&self.head);
        let spans = &self.base.spans;
        let mut at = spans.first().map_or(0, |span| span.start as usize);
        for (index, owned) in &self.owned {
            if let Some(span) = spans.get(*index) {
                pieces.base(at..span.start as usize);
                at = span.end as usize;
            } else {
                let end = spans.last().map_or(0, |span| span.end as usize);
                pieces.base(at..end);
                at = end;
                pieces.own(&owned.lead);
            }
            pieces.own(&owned.text);
        }
        pieces.base(at..spans.last().map_or(0, |span| span.end as usize));
        pieces.part(&self.tail);
        pieces.flush();
        pieces.done
    }

    /// Returns the byte offset of a task in the current text.
    pub(super) fn offset(&self, index: usize) -> usize {
        let spans = &self.base.spans;
        let first = spans.first().map_or(0, |span| span.start as usize);
        let mut offset = self.head().len();
        let kept = index.min(spans.len());
        if let Some(span) = spans.get(kept) {
            offset += span.start as usize - first;
        } else if let Some(last) = spans.last() {
            offset += last.end as usize - first;
        }
        for (n, owned) in self.owned.range(..index) {
            let before = spans.get(*n).map_or(0, |span| (span.end - span.start) as usize);
            offset = offset + owned.text.len() + owned.lead.len() - before;
        }
        let lead = if index >= spans.len() { self.lead(index).len() } else { 0 };
        offset + lead
    }

    /// Returns the byte offset in the current text of an offset into head and tail together.
    pub(super) fn offset_of_top(&self, offset: usize) -> usize {
        let head = self.head().len();
        if offset < head {
            return offset;
        }
        let whole: usize = self.pieces().iter().map(|piece| piece.len()).sum();
        whole - (head + self.tail().len() - offset)
    }

    /// Returns the text between the brackets of the list.
    pub(super) fn inside_list(&self) -> String {
        let text = self.pieces().concat();
        text[self.head().len()..text.len() - self.tail().len()].to_owned()
    }

    /// Returns whether anything differs from the text that was read.
    pub(super) fn is_changed(&self) -> bool {
        !self.owned.is_empty()
            || matches!(self.head, Part::Owned(_))
            || matches!(self.tail, Part::Owned(_))
    }
}

struct Pieces<'a> {
    base: &'a str,
    run: Range<usize>,
    done: Vec<&'a str>,
}

impl<'a> Pieces<'a> {
    fn base(&mut self, range: Range<usize>) {
        if range.is_empty() {
            return;
        }
        if self.run.end == range.start && !self.run.is_empty() {
            self.run.end = range.end;
        } else {
            self.flush();
            self.run = range;
        }
    }

    fn own(&mut self, text: &'a str) {
        self.flush();
        if !text.is_empty() {
            self.done.push(text);
        }
    }

    fn part(&mut self, part: &'a Part) {
        match part {
            Part::Base(range) => self.base(range.clone()),
            Part::Owned(text) => self.own(text),
        }
    }

    fn flush(&mut self) {
        if !self.run.is_empty() {
            self.done.push(&self.base[self.run.clone()]);
        }
        self.run = 0..0;
    }
}
