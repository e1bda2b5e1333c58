//! Prepares outputs and notes for a prompt: long texts are cut to their head and tail (the
//! beginning shows what ran, the end what failed), and terminal control sequences are removed.

use crate::platform::escape;
use crate::platform::open::{self, Links};
use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{self, Read, Seek, SeekFrom};
use std::iter::Peekable;
use std::path::Path;
use std::str::Chars;

/// How much output of a failed attempt goes into the next prompt, in bytes.
pub(crate) const FEEDBACK_BYTES: usize = 16 * 1024;

/// Bounds `text` to `limit` bytes: a longer text is cut to its head (a quarter of the limit) and
/// its tail (the rest), at line breaks if possible and never inside a character. The note in
/// between counts towards the limit.
pub fn bound(text: &str, limit: usize) -> String {
    if text.len() <= limit {
        return text.to_owned();
    }
    let room = limit.saturating_sub(NOTE_ROOM);
    let head = head_of(text, room / 4);
    let tail = tail_of(text, room - room / 4);
    joined(head, tail, text.len() - head.len() - tail.len(), limit)
}

/// Reads a log bounded in the same way, without reading the middle. Invalid UTF-8 is replaced.
///
/// # Errors
/// Fails if the file cannot be read.
pub fn bound_file(path: &Path, limit: usize) -> io::Result<String> {
    let mut file = open::reading(path, Links::Refuse)?;
    let length = usize::try_from(file.metadata()?.len()).unwrap_or(usize::MAX);
    if length <= limit {
        let mut bytes = Vec::with_capacity(length);
        file.take(limit as u64).read_to_end(&mut bytes)?;
        return Ok(bound(&String::from_utf8_lossy(&bytes), limit));
    }
    let room = limit.saturating_sub(NOTE_ROOM);
    let (head_room, tail_room) = (room / 4, room - room / 4);
    let mut head = Vec::with_capacity(head_room);
    (&file).take(head_room as u64).read_to_end(&mut head)?;
    file.seek(SeekFrom::End(-i64::try_from(tail_room).unwrap_or(i64::MAX)))?;
    let mut tail = Vec::with_capacity(tail_room);
    file.take(tail_room as u64).read_to_end(&mut tail)?;
    let (head, tail) = (String::from_utf8_lossy(&head), String::from_utf8_lossy(&tail));
    let (head, tail) = (head_of(&head, head_room), tail_of(&tail, tail_room));
    Ok(joined(head, tail, length.saturating_sub(head.len() + tail.len()), limit))
}

/// Cleans `text` for a prompt: removes terminal control sequences, turns carriage returns into line
/// breaks, and makes all other control characters and direction marks visible.
///
/// Otherwise an agent would read the sequences as text, and a terminal that shows the prompt would
/// interpret them.
pub(crate) fn clean(text: &str) -> Cow<'_, str> {
    if !text.contains(['\u{1b}', '\u{9b}', '\u{9d}', '\u{90}', '\r']) {
        return escape::lines(text);
    }
    let mut plain = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\u{1b}' => after_escape(&mut letters),
            '\u{9b}' => after_control(&mut letters),
            '\u{90}' | '\u{9d}' => after_string(&mut letters),
            '\r' => {
                plain.push('\n');
                letters.next_if_eq(&'\n');
            }
            other => plain.push(other),
        }
    }
    Cow::Owned(escape::lines(&plain).into_owned())
}

/// The remaining characters.
type Letters<'a> = Peekable<Chars<'a>>;

/// Skips the rest of a sequence that began with ESC.
fn after_escape(letters: &mut Letters<'_>) {
    match letters.peek() {
        Some('[') => {
            letters.next();
            after_control(letters);
        }
        Some(']' | 'P' | 'X' | '^' | '_') => {
            letters.next();
            after_string(letters);
        }
        Some(_) | None => {
            while letters.next_if(|letter| matches!(letter, ' '..='/')).is_some() {}
            letters.next_if(|letter| matches!(letter, '0'..='~'));
        }
    }
}

/// Skips the parameters and the final letter of a control sequence.
fn after_control(letters: &mut Letters<'_>) {
    while letters.next_if(|letter| matches!(letter, ' '..='?')).is_some() {}
    letters.next_if(|letter| matches!(letter, '@'..='~'));
}

/// Skips a title or another string. An unterminated string ends at the end of the line.
fn after_string(letters: &mut Letters<'_>) {
    while let Some(letter) = letters.next_if(|letter| *letter != '\n') {
        match letter {
            '\u{7}' | '\u{9c}' => return,
            '\u{1b}' => {
                letters.next_if_eq(&'\\');
                return;
            }
            _ => {}
        }
    }
}

/// Cuts `text` to `limit` bytes, between two characters. Returns whether it was longer.
pub(crate) fn cut(text: &mut String, limit: usize) -> bool {
    let long = text.len() > limit;
    if long {
        text.truncate(floor(text, limit));
    }
    long
}

/// The space reserved for the note between head and tail, in bytes.
const NOTE_ROOM: usize = 64;

fn joined(head: &str, tail: &str, left_out: usize, limit: usize) -> String {
    let mut text = head.trim_end_matches('\n').to_owned();
    let note = format!("\n[… {left_out} bytes left out …]\n");
    if text.len() + note.len() + tail.len() > limit {
        return tail.to_owned();
    }
    text.push_str(&note);
    // Writing to a string cannot fail.
    let _: std::fmt::Result = text.write_str(tail);
    text
}

/// Returns at most `room` bytes from the start, up to a line break if at least half of them remain.
fn head_of(text: &str, room: usize) -> &str {
    let end = floor(text, room.min(text.len()));
    let cut = &text[..end];
    match cut.rfind('\n') {
        Some(newline) if newline >= room / 2 => &cut[..=newline],
        _ => cut,
    }
}

/// Returns at most `room` bytes up to the end, from a line break if at least half of them remain.
fn tail_of(text: &str, room: usize) -> &str {
    let mut start = text.len().saturating_sub(room);
    while !text.is_char_boundary(start) {
        start += 1;
    }
    let cut = &text[start..];
    match cut.find('\n') {
        Some(newline) if start > 0 && newline < room / 2 => &cut[newline + 1..],
        _ => cut,
    }
}

fn floor(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::fs::File;

    #[test]
    fn short_text_stays() {
        assert_eq!(bound("a\nb", 3), "a\nb");
    }

    #[test]
    fn long_text_keeps_head_and_tail_at_lines() {
        let lines: String = (0..1000).map(|n| format!("line {n}\n")).collect();
        let text = bound(&lines, 400);
        assert!(text.len() <= 400, "{}", text.len());
        assert!(text.starts_with("line 0\n"), "{text}");
        assert!(text.ends_with("line 999\n"), "{text}");
        assert!(text.contains("bytes left out"), "{text}");
        assert!(text.lines().all(|line| line.starts_with("line ") || line.starts_with("[…")));
    }

    #[test]
    fn a_file_is_bounded_like_its_text() {
        let dir = tempfile::tempdir().expect("dir");
        let path = dir.path().join("log");
        let mut bytes = "x€\n".repeat(50_000).into_bytes();
        bytes.extend(b"\xff\xfe end\n");
        std::io::Write::write_all(&mut File::create(&path).expect("file"), &bytes).expect("write");
        let text = bound_file(&path, FEEDBACK_BYTES).expect("read");
        assert!(text.len() <= FEEDBACK_BYTES + 16, "{}", text.len());
        assert!(text.ends_with(" end\n"));
        assert!(bound_file(&dir.path().join("none"), 10).is_err());
    }

    #[test]
    fn nothing_that_steers_a_terminal_enters_a_prompt() {
        for (raw, cleaned) in [
            ("\u{1b}[1;31mred\u{1b}[0m\u{1b}(B \u{9b}2Jx", "red x"),
            ("a\u{1b}]0;title\u{7}b\u{1b}]8;;http://x\u{1b}\\link\u{1b}]8;;\u{1b}\\", "ablink"),
            ("open \u{1b}]0;title\nnext \u{1b}[", "open \nnext "),
            ("10 %\r20 %\r\ndone\r", "10 %\n20 %\ndone\n"),
            ("a\0b\u{8}\u{202e}c\u{85}\tü\n", "a␀b␈\\u{202e}c\\u{85}\tü\n"),
        ] {
            assert_eq!(clean(raw), cleaned);
            assert_eq!(clean(cleaned), cleaned);
        }
        assert!(matches!(clean("plain text"), Cow::Borrowed(_)));
    }

    proptest! {
        #[test]
        fn what_is_clean_has_no_control_character(text: String) {
            let cleaned = clean(&text);
            prop_assert!(!cleaned.contains(|c: char| c.is_control() && !matches!(c, '\n' | '\t')));
            prop_assert_eq!(clean(&cleaned), &*cleaned);
        }

        #[test]
        fn no_text_is_too_long_or_cut_inside_a_character(text in "(a|€|\n|𝄞){0,400}", limit in 0..300_usize) {
            let bounded = bound(&text, limit);
            prop_assert!(bounded.len() <= limit.max(text.len().min(limit)));
        }
    }
}
