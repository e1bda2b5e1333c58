//! JSON for scripts: one object on one line, without control characters for a terminal.
//!
//! JSON itself escapes the control characters below the blank. The others (C1, and those that
//! change the direction of writing) may be in a string unescaped, and people also look at JSON.

use crate::platform::terminal;
use serde::{Serialize, Serializer};
use serde_json::ser::Formatter;
use std::borrow::Cow;
use std::io::{self, Write};

/// Returns `value` with a newline.
///
/// # Errors
/// If it cannot be written as JSON, which happens for no view of this program.
pub fn object(value: &impl Serialize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    write(value, &mut bytes)?;
    Ok(bytes)
}

/// Writes `value` piece by piece: a view of a large queue is never in memory as a whole.
///
/// # Errors
/// If `out` cannot be written.
pub fn write(value: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    let mut out = io::BufWriter::with_capacity(64 << 10, out);
    value.serialize(&mut serde_json::Serializer::with_formatter(&mut out, Inert))?;
    out.write_all(b"\n")?;
    out.flush()
}

/// A list whose items are created while they are written, each from its key.
pub struct Made<'a, K, T> {
    /// The keys of the items.
    pub keys: Vec<K>,
    /// Creates an item.
    pub make: Box<dyn Fn(&K) -> T + 'a>,
}

impl<K, T> Made<'_, K, T> {
    /// Creates the items one after the other.
    pub fn iter(&self) -> impl Iterator<Item = T> + '_ {
        self.keys.iter().map(|key| (self.make)(key))
    }
}

impl<K, T: Serialize> Serialize for Made<'_, K, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

/// Escapes the characters in JSON text that a terminal would interpret; the parsed value is the
/// same.
pub fn inert(json: &str) -> Cow<'_, str> {
    if !json.contains(steers) {
        return Cow::Borrowed(json);
    }
    // Outside a string, JSON contains no such character.
    let mut safe = Vec::with_capacity(json.len() + 16);
    let written = Inert.write_string_fragment(&mut safe, json);
    // Writing to a vector cannot fail, and the result is valid text.
    drop(written);
    Cow::Owned(String::from_utf8(safe).unwrap_or_default())
}

fn steers(letter: char) -> bool {
    !letter.is_ascii_whitespace() && terminal::steers(letter)
}

/// Writes terminal control characters as `\u` escapes.
struct Inert;

impl Formatter for Inert {
    fn write_string_fragment<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let mut rest = fragment;
        while let Some((at, letter)) = rest.char_indices().find(|(_, letter)| steers(*letter)) {
            writer.write_all(&rest.as_bytes()[..at])?;
            for unit in letter.encode_utf16(&mut [0; 2]) {
                write!(writer, "\\u{unit:04x}")?;
            }
            rest = &rest[at + letter.len_utf8()..];
        }
        writer.write_all(rest.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_acts_on_is_escaped_and_reads_the_same() {
        let text = "a\u{9b}31m\u{202e}\u{7f}\u{e0001}\u{1b}é\n";
        let bytes = object(&text).expect("JSON");
        let shown = String::from_utf8(bytes.clone()).expect("text");
        assert_eq!(shown, "\"a\\u009b31m\\u202e\\u007f\\udb40\\udc01\\u001bé\\n\"\n");
        assert_eq!(serde_json::from_slice::<String>(&bytes).expect("JSON"), text);
        assert_eq!(inert("{\"a\u{9b}\": 1}\n"), "{\"a\\u009b\": 1}\n");
        assert!(matches!(inert("{\"a\": \"é\"}"), Cow::Borrowed(_)));
    }
}
