//! The style of a file (line endings, indent, spacing, one-line or multi-line lists, escapes), and
//! writers for new values in that style.

use super::kind::Kind;
use super::object::members;
use super::scan::Scanner;
use serde_json::Value;
use std::sync::OnceLock;

/// The style of a whole file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Style {
    /// `\n` or `\r\n`.
    pub(crate) newline: &'static str,
    /// One level of indent.
    pub(crate) unit: String,
    /// The text between key and value.
    pub(crate) colon: String,
    /// Whether members are on separate lines.
    pub(crate) multi_line: bool,
}

/// The layout of a list or an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    /// Whether every element is on a separate line.
    pub(crate) multi_line: bool,
    /// Whether there are spaces inside the brackets of a one-line list or object.
    pub(super) pad: bool,
    /// Whether there is a space after commas.
    pub(crate) blank: bool,
}

impl Style {
    /// Returns the style of `head`, the text before the first task closed with `]}`, and of that
    /// task.
    pub(crate) fn of(head: &str, task: Option<&str>) -> Self {
        let ends = |text: &str| text.find('\n').map(|at| text[..at].ends_with('\r'));
        let windows = ends(head).or_else(|| task.and_then(ends));
        let newline = if windows == Some(true) { "\r\n" } else { "\n" };
        let first = members(head).next();
        let first = first.as_ref();
        let top_colon = first.map(|entry| &head[entry.key_end..entry.start]);
        let top_indent = first.and_then(|entry| line_indent(&head[..entry.key]));
        let Some(task) = task else {
            let colon = top_colon.unwrap_or(": ").to_owned();
            let unit = top_indent.unwrap_or("  ").to_owned();
            return Self { newline, unit, colon, multi_line: top_indent.is_some() };
        };
        let inner = members(task).next();
        let colon = inner.as_ref().map_or(": ", |entry| &task[entry.key_end..entry.start]);
        let inner_indent = inner.as_ref().and_then(|entry| line_indent(&task[..entry.key]));
        let list = head.strip_suffix("]}").unwrap_or(head);
        let own = line_indent(list).unwrap_or_default();
        let step = inner_indent.and_then(|indent| indent.strip_prefix(own));
        let unit = step.filter(|step| !step.is_empty()).or(top_indent).unwrap_or("  ");
        let colon = if colon.contains('\n') { ": " } else { colon };
        Self {
            newline,
            unit: unit.to_owned(),
            colon: colon.to_owned(),
            multi_line: inner_indent.is_some(),
        }
    }

    /// Returns the layout to use if the file shows none.
    pub(crate) fn shape(&self) -> Shape {
        let blank = self.colon.ends_with([' ', '\t']);
        Shape { multi_line: self.multi_line, pad: false, blank }
    }
}

/// Returns the white space between the last line break of `text` and its end. Returns `None` if
/// there is no line break or other text after it.
pub(crate) fn line_indent(text: &str) -> Option<&str> {
    let line = &text[text.rfind('\n')? + 1..];
    line.bytes().all(|b| b == b' ' || b == b'\t').then_some(line)
}

impl Shape {
    /// Returns the layout of a list or object. Returns `None` for an empty one and for other
    /// values. Properties that it does not show are taken from `default`.
    pub(crate) fn of(raw: &str, default: Self) -> Option<Self> {
        let kind = Kind::of(raw);
        if kind != Kind::Array && kind != Kind::Object {
            return None;
        }
        let mut scanner = Scanner::new(raw);
        scanner.bump();
        scanner.white();
        let first = scanner.pos();
        if matches!(scanner.peek(), Some(b']' | b'}')) {
            return None;
        }
        let lead = &raw[1..first];
        if kind == Kind::Object {
            scanner.key().ok()?;
        }
        scanner.value(0).ok()?;
        scanner.white();
        let blank = match scanner.peek() {
            Some(b',') => {
                let behind = raw.as_bytes().get(scanner.pos() + 1);
                behind.is_some_and(u8::is_ascii_whitespace)
            }
            _ => default.blank,
        };
        Some(Self { multi_line: lead.contains('\n'), pad: !lead.is_empty(), blank })
    }
}

/// Writes new values.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Writer<'a> {
    pub(crate) style: &'a Style,
    /// Whether non-ASCII characters are written as `\u` escapes.
    pub(crate) escapes: Escapes<'a>,
    pub(crate) list: Shape,
    pub(crate) object: Shape,
}

impl Writer<'_> {
    /// Renders `value` as it is written after a key on a line with this indent.
    pub(crate) fn value(&self, value: &Value, indent: &str) -> String {
        let mut out = String::new();
        self.push(&mut out, value, indent);
        out
    }

    /// Renders a key with its quotes.
    pub(crate) fn key(&self, key: &str) -> String {
        let mut out = String::new();
        self.push_text(&mut out, key);
        out
    }

    /// Returns this writer for a place where everything is on one line.
    pub(crate) fn on_one_line(self) -> Self {
        let flat = |shape: Shape| Shape {
            multi_line: false,
            pad: shape.pad && !shape.multi_line,
            ..shape
        };
        Self { list: flat(self.list), object: flat(self.object), ..self }
    }

    fn push(&self, out: &mut String, value: &Value, indent: &str) {
        match value {
            Value::String(text) => self.push_text(out, text),
            Value::Array(list) if list.is_empty() => out.push_str("[]"),
            Value::Object(map) if map.is_empty() => out.push_str("{}"),
            Value::Array(list) => {
                self.push_all(out, (self.list, "[", "]"), indent, list.iter().map(|v| (None, v)));
            }
            Value::Object(map) => {
                let items = map.iter().map(|(key, value)| (Some(key.as_str()), value));
                self.push_all(out, (self.object, "{", "}"), indent, items);
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => out.push_str(&value.to_string()),
        }
    }

    fn push_all<'v>(
        &self,
        out: &mut String,
        (shape, open, close): (Shape, &str, &str),
        indent: &str,
        items: impl Iterator<Item = (Option<&'v str>, &'v Value)>,
    ) {
        let deeper = format!("{indent}{}", self.style.unit);
        let line = |indent: &str| format!("{}{indent}", self.style.newline);
        let (before, between, after) = if shape.multi_line {
            (line(&deeper), format!(",{}", line(&deeper)), line(indent))
        } else {
            let pad = if shape.pad { " " } else { "" };
            (pad.to_owned(), (if shape.blank { ", " } else { "," }).to_owned(), pad.to_owned())
        };
        let inner = if shape.multi_line { *self } else { self.on_one_line() };
        out.push_str(open);
        for (n, (key, value)) in items.enumerate() {
            out.push_str(if n == 0 { &before } else { &between });
            if let Some(key) = key {
                self.push_text(out, key);
                out.push_str(&self.style.colon);
            }
            inner.push(out, value, &deeper);
        }
        out.push_str(&after);
        out.push_str(close);
    }

    fn push_text(&self, out: &mut String, text: &str) {
        let plain = Value::from(text).to_string();
        if plain.is_ascii() || !self.escapes.only() {
            out.push_str(&plain);
            return;
        }
        for c in plain.chars() {
            if c.is_ascii() {
                out.push(c);
                continue;
            }
            for unit in c.encode_utf16(&mut [0; 2]) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
}

/// Whether a file writes all non-ASCII characters as escapes. Determined when it first matters.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Escapes<'a> {
    pub(crate) text: &'a str,
    pub(crate) known: &'a OnceLock<bool>,
}

/// The number of bytes of a file that are examined for its style.
const SAMPLE: usize = 4 * 1024 * 1024;

impl Escapes<'_> {
    fn only(self) -> bool {
        *self.known.get_or_init(|| {
            let sample = &self.text.as_bytes()[..self.text.len().min(SAMPLE)];
            let code = |at: usize| {
                let hex = sample.get(at + 2..at + 6).map(String::from_utf8_lossy);
                hex.and_then(|hex| u32::from_str_radix(&hex, 16).ok())
            };
            let escapes = sample.windows(2).enumerate().filter(|(_, pair)| pair == b"\\u");
            sample.is_ascii() && escapes.map(|(at, _)| code(at)).any(|c| c > Some(0x7f))
        })
    }
}

/// Returns whether two values are equal, comparing numbers by value and objects in any order.
pub(crate) fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(x), Value::Number(y)) => {
            x == y || (x.is_f64() || y.is_f64()) && x.as_f64() == y.as_f64()
        }
        (Value::Array(x), Value::Array(y)) => {
            x.len() == y.len() && x.iter().zip(y).all(|(x, y)| same(x, y))
        }
        (Value::Object(x), Value::Object(y)) => {
            x.len() == y.len()
                && x.iter().all(|(key, value)| y.get(key).is_some_and(|other| same(value, other)))
        }
        _ => a == b,
    }
}
