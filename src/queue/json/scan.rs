//! A strict RFC 8259 scanner for text that is known to be UTF-8.
//!
//! It only validates and moves forward. Nothing is allocated and no value is built, so that a
//! document of a hundred megabytes is checked in one pass. It accepts exactly what `serde_json`
//! parses into a `Value`: nesting of at most 127, no lone surrogates, no number that overflows a
//! float. So accepted text can be passed to `serde_json` piece by piece later.

use super::kind::{Fault, Kind, What};
use super::plain::plain_end;

/// The maximum nesting depth of arrays and objects.
pub(super) const MAX_DEPTH: u32 = 127;

/// A position in a text, with methods that each move it past one construct.
#[derive(Clone, Copy)]
pub(crate) struct Scanner<'a> {
    bytes: &'a [u8],
    pos: usize,
}

type Scan<T> = Result<T, Fault>;

const COMMA_OR_BRACE: &str = "expected `,` or `}`";
const COMMA_OR_BRACKET: &str = "expected `,` or `]`";
const KEY: &str = "expected a key in double quotes";
const VALUE: &str = "expected a value";

impl<'a> Scanner<'a> {
    /// Creates a scanner at the start of `text`.
    pub(crate) fn new(text: &'a str) -> Self {
        Self { bytes: text.as_bytes(), pos: 0 }
    }

    /// Creates a scanner at byte `pos` of `text`.
    pub(crate) fn at(text: &'a str, pos: usize) -> Self {
        Self { bytes: text.as_bytes(), pos }
    }

    /// Returns the byte offset.
    pub(crate) fn pos(&self) -> usize {
        self.pos
    }

    /// Returns the byte at the position.
    #[inline]
    pub(crate) fn peek(&self) -> Option<u8> {
        self.bytes.get(self.pos).copied()
    }

    /// Moves past one byte.
    #[inline]
    pub(crate) fn bump(&mut self) {
        self.pos += 1;
    }

    /// Moves past `count` bytes that are known to be whole values.
    pub(crate) fn skip(&mut self, count: usize) {
        self.pos += count;
    }

    /// Moves past white space.
    #[inline]
    pub(crate) fn white(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.peek() {
            self.pos += 1;
        }
    }

    /// Returns a fault at the position.
    #[cold]
    pub(crate) fn expected<T>(&self, what: &'static str) -> Scan<T> {
        let what = match (self.peek(), what) {
            (Some(b'/' | b'#'), KEY) => "expected a key in double quotes (JSON has no comments)",
            (Some(b'/' | b'#'), VALUE) => "expected a value (JSON has no comments)",
            (Some(b'/' | b'#'), COMMA_OR_BRACE) => "expected `,` or `}` (JSON has no comments)",
            (Some(b'/' | b'#'), COMMA_OR_BRACKET) => "expected `,` or `]` (JSON has no comments)",
            (_, what) => what,
        };
        Err(Fault {
            at: self.pos,
            what: if self.pos >= self.bytes.len() {
                What::Ended(what)
            } else {
                What::Expected(what)
            },
        })
    }

    #[cold]
    fn fault<T>(&self, at: usize, what: What) -> Scan<T> {
        Err(Fault { at, what })
    }

    /// Moves past one value that is inside `depth` arrays and objects.
    pub(crate) fn value(&mut self, depth: u32) -> Scan<Kind> {
        match self.peek() {
            Some(b'"') => self.string().map(|_| Kind::String),
            Some(b'{') => self.object(depth).map(|()| Kind::Object),
            Some(b'[') => self.array(depth).map(|()| Kind::Array),
            Some(b'-' | b'0'..=b'9') => self.number().map(|()| Kind::Number),
            Some(b't') => self.literal(b"true").map(|()| Kind::Bool),
            Some(b'f') => self.literal(b"false").map(|()| Kind::Bool),
            Some(b'n') => self.literal(b"null").map(|()| Kind::Null),
            Some(b'N' | b'I') => self.expected("expected a value (NaN and Infinity are not JSON)"),
            Some(b'\'') => self.expected("expected a value (strings need double quotes)"),
            _ => self.expected(VALUE),
        }
    }

    /// Moves past `{`, one level deeper than `depth`.
    pub(crate) fn open(&mut self, depth: u32) -> Scan<()> {
        if depth >= MAX_DEPTH {
            return self.fault(self.pos, What::TooDeep);
        }
        self.pos += 1;
        self.white();
        Ok(())
    }

    /// Moves past a key, its colon and the white space around it. Returns the end of the key (after
    /// its closing quote) and whether it contains escapes.
    #[inline]
    pub(crate) fn key(&mut self) -> Scan<(usize, bool)> {
        if self.peek() != Some(b'"') {
            return self.expected(KEY);
        }
        let escaped = self.string()?;
        let end = self.pos;
        self.white();
        if self.peek() != Some(b':') {
            return self.expected("expected `:`");
        }
        self.pos += 1;
        self.white();
        Ok((end, escaped))
    }

    /// Moves past `,` (true) or `}` (false) after a member.
    #[inline]
    pub(crate) fn next_member(&mut self) -> Scan<bool> {
        self.white();
        match self.peek() {
            Some(b',') => {
                self.pos += 1;
                self.white();
                if self.peek() == Some(b'}') {
                    return self.expected("expected a key (there is a comma before `}`)");
                }
                Ok(true)
            }
            Some(b'}') => {
                self.pos += 1;
                Ok(false)
            }
            _ => self.expected(COMMA_OR_BRACE),
        }
    }

    /// Moves past `,` (true) or `]` (false) after an element.
    #[inline]
    pub(crate) fn next_element(&mut self) -> Scan<bool> {
        self.white();
        match self.peek() {
            Some(b',') => {
                self.pos += 1;
                self.white();
                if self.peek() == Some(b']') {
                    return self.expected("expected a value (there is a comma before `]`)");
                }
                Ok(true)
            }
            Some(b']') => {
                self.pos += 1;
                Ok(false)
            }
            _ => self.expected(COMMA_OR_BRACKET),
        }
    }

    fn object(&mut self, depth: u32) -> Scan<()> {
        self.open(depth)?;
        if self.peek() == Some(b'}') {
            self.pos += 1;
            return Ok(());
        }
        loop {
            self.key()?;
            self.value(depth + 1)?;
            if !self.next_member()? {
                return Ok(());
            }
        }
    }

    fn array(&mut self, depth: u32) -> Scan<()> {
        self.open(depth)?;
        if self.peek() == Some(b']') {
            self.pos += 1;
            return Ok(());
        }
        loop {
            self.value(depth + 1)?;
            if !self.next_element()? {
                return Ok(());
            }
        }
    }

    fn literal(&mut self, word: &'static [u8]) -> Scan<()> {
        if self.bytes[self.pos..].starts_with(word) {
            self.pos += word.len();
            return Ok(());
        }
        let same = self.bytes[self.pos..].iter().zip(word).take_while(|(a, b)| a == b).count();
        if self.pos + same == self.bytes.len() {
            self.pos += same;
        }
        self.expected("expected a value (`true`, `false` or `null`)")
    }

    fn digits(&mut self) -> Scan<()> {
        if !matches!(self.peek(), Some(b'0'..=b'9')) {
            return self.expected("expected a digit");
        }
        while let Some(b'0'..=b'9') = self.peek() {
            self.pos += 1;
        }
        Ok(())
    }

    fn number(&mut self) -> Scan<()> {
        let start = self.pos;
        if self.peek() == Some(b'-') {
            self.pos += 1;
        }
        if self.peek() == Some(b'0') {
            self.pos += 1;
            if let Some(b'0'..=b'9') = self.peek() {
                return self.expected("expected no digit (a number has no leading zero)");
            }
        } else {
            self.digits()?;
        }
        if self.peek() == Some(b'.') {
            self.pos += 1;
            self.digits()?;
        }
        let mut large = self.pos - start > 300;
        if let Some(b'e' | b'E') = self.peek() {
            self.pos += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.pos += 1;
            }
            self.digits()?;
            large = true;
        }
        if large && !is_finite(&self.bytes[start..self.pos]) {
            return self.fault(start, What::NumberRange);
        }
        Ok(())
    }

    /// Moves past a string. Returns whether it contains escapes.
    #[inline]
    pub(crate) fn string(&mut self) -> Scan<bool> {
        let start = self.pos;
        self.pos += 1;
        let mut escaped = false;
        loop {
            self.pos = plain_end(self.bytes, self.pos);
            match self.peek() {
                Some(b'"') => {
                    self.pos += 1;
                    return Ok(escaped);
                }
                Some(b'\\') => {
                    escaped = true;
                    self.escape()?;
                }
                Some(_) => {
                    return self.expected(
                        "expected no raw control character in a string (write it as an escape)",
                    );
                }
                None => {
                    return self.fault(start, What::Ended("this string has no closing quote"));
                }
            }
        }
    }

    fn escape(&mut self) -> Scan<()> {
        let start = self.pos;
        self.pos += 1;
        match self.peek() {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => {
                self.pos += 1;
                Ok(())
            }
            Some(b'u') => {
                let first = self.hex()?;
                match first {
                    0xDC00..=0xDFFF => self.lone(start),
                    0xD800..=0xDBFF => {
                        if self.peek() != Some(b'\\') || self.bytes.get(self.pos + 1) != Some(&b'u')
                        {
                            return self.lone(start);
                        }
                        self.pos += 1;
                        match self.hex()? {
                            0xDC00..=0xDFFF => Ok(()),
                            _ => self.lone(start),
                        }
                    }
                    _ => Ok(()),
                }
            }
            _ => self.expected("expected one of \" \\ / b f n r t u after the backslash"),
        }
    }

    #[cold]
    fn lone(&self, start: usize) -> Scan<()> {
        self.fault(start, What::Expected("expected a complete surrogate pair, not half of one"))
    }

    /// Moves past `uXXXX`.
    fn hex(&mut self) -> Scan<u32> {
        self.pos += 1;
        let mut code = 0;
        for _ in 0..4 {
            let digit = self.peek().and_then(|byte| (byte as char).to_digit(16));
            let Some(digit) = digit else {
                return self.expected("expected four hexadecimal digits after \\u");
            };
            code = code * 16 + digit;
            self.pos += 1;
        }
        Ok(code)
    }
}

fn is_finite(number: &[u8]) -> bool {
    let text = std::str::from_utf8(number).unwrap_or_default();
    text.parse::<f64>().is_ok_and(f64::is_finite)
}

/// Checks that `text` is one value with nothing after it.
#[cfg(test)]
pub(crate) fn check(text: &str) -> Result<(), Fault> {
    let mut scanner = Scanner::new(text);
    scanner.white();
    scanner.value(0)?;
    scanner.white();
    if scanner.pos() < text.len() {
        return scanner.expected("expected nothing more");
    }
    Ok(())
}
