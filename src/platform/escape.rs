//! The only way for text to reach a terminal: what a terminal would act on is made visible instead.
//!
//! Ids, titles, errors and the output of agents are untrusted. Control characters (and with them
//! OSC and all other sequences), characters that change the writing direction, and separators that
//! break lines become visible; everything else is unchanged.
//!
//! [`line()`] and [`lines`] are for code that assembles text and needs its lines separated.
//! [`Screen`] wraps each handle and escapes what such code forgot.

use super::terminal::steers;
use std::borrow::Cow;

/// Returns `text` as one line: line breaks and tabs become blanks.
pub fn line(text: &str) -> Cow<'_, str> {
    escape(text, &|letter| matches!(letter, '\n' | '\t' | '\r').then_some(" "))
}

/// Returns `text` with its lines: line breaks and tabs stay, a carriage return before a line break
/// is removed.
pub fn lines(text: &str) -> Cow<'_, str> {
    let kept = |letter| match letter {
        '\n' => Some("\n"),
        '\t' => Some("\t"),
        _ => None,
    };
    if text.contains("\r\n") {
        return Cow::Owned(escape(&text.replace("\r\n", "\n"), &kept).into_owned());
    }
    escape(text, &kept)
}

fn escape<'a>(text: &'a str, kept: &dyn Fn(char) -> Option<&'static str>) -> Cow<'a, str> {
    let Some(first) = text.find(steers) else { return Cow::Borrowed(text) };
    let mut safe = String::with_capacity(text.len() + 16);
    safe.push_str(&text[..first]);
    for letter in text[first..].chars() {
        match (kept(letter), letter) {
            (Some(instead), _) => safe.push_str(instead),
            // The Unicode pictures of the control characters: one column wide and easy to
            // distinguish.
            (None, '\0'..='\u{1f}') => {
                safe.extend(char::from_u32(0x2400 + u32::from(letter)));
            }
            (None, '\u{7f}') => safe.push('\u{2421}'),
            (None, letter) if steers(letter) => safe.extend(letter.escape_unicode()),
            (None, letter) => safe.push(letter),
        }
    }
    Cow::Owned(safe)
}

/// The maximum length of an allowed colour sequence, in bytes.
const COLOUR: usize = 16;

/// A filter for a handle: it escapes pieces of text like [`lines`] and lets colours pass if they
/// are wanted.
#[derive(Debug, Default)]
pub struct Screen {
    /// Whether colours pass: the few sequences that the program itself writes.
    pub colors: bool,
    /// The start of a character, line break or colour whose rest is in the next piece.
    held: Vec<u8>,
}

impl Screen {
    /// Returns what can be written now that `bytes` arrived.
    pub fn pass<'a>(&mut self, bytes: &'a [u8]) -> Cow<'a, [u8]> {
        let plain = |byte: &u8| matches!(byte, b' '..=b'~' | b'\n' | b'\t');
        if self.held.is_empty() && bytes.iter().all(plain) {
            return Cow::Borrowed(bytes);
        }
        self.held.extend_from_slice(bytes);
        let sure = self.held.len() - self.unsure();
        let rest = self.held.split_off(sure);
        let whole = std::mem::replace(&mut self.held, rest);
        Cow::Owned(self.safe(&whole))
    }

    /// Returns what was held back, once nothing follows it.
    pub fn rest(&mut self) -> Vec<u8> {
        let rest = std::mem::take(&mut self.held);
        self.safe(&rest)
    }

    fn safe(&self, bytes: &[u8]) -> Vec<u8> {
        let text = String::from_utf8_lossy(bytes);
        let (mut rest, mut safe) = (&*text, Vec::with_capacity(bytes.len()));
        while let Some((start, end)) = self.colour_in(rest) {
            safe.extend_from_slice(lines(&rest[..start]).as_bytes());
            safe.extend_from_slice(&rest.as_bytes()[start..end]);
            rest = &rest[end..];
        }
        safe.extend_from_slice(lines(rest).as_bytes());
        safe
    }

    /// Returns the start and the end of the first colour.
    fn colour_in(&self, text: &str) -> Option<(usize, usize)> {
        let begins = text.match_indices("\u{1b}[").filter(|_| self.colors);
        begins.into_iter().find_map(|(start, begin)| {
            let rest = &text[start + begin.len()..];
            let most = COLOUR - begin.len();
            let length = rest.bytes().take(most).position(|byte| byte == b'm')?;
            is_colour(&rest[..length]).then_some((start, start + begin.len() + length + 1))
        })
    }

    /// Returns how many bytes at the end can only be interpreted with the next piece.
    fn unsure(&self) -> usize {
        if self.held.last() == Some(&b'\r') {
            return 1;
        }
        let last = &self.held[self.held.len().saturating_sub(COLOUR)..];
        let colour = last.iter().rposition(|byte| *byte == 0x1b).map(|at| &last[at..]);
        let begins = |rest: &&[u8]| match rest {
            [_] => true,
            [_, b'[', words @ ..] => {
                words.iter().all(|byte| byte.is_ascii_digit() || *byte == b';')
            }
            _ => false,
        };
        match colour.filter(begins) {
            Some(rest) if self.colors => rest.len(),
            Some(_) | None => unfinished_letter(last),
        }
    }
}

/// Returns whether these are the parameters of a style that the program uses: colours and weights,
/// none of which hides text.
fn is_colour(numbers: &str) -> bool {
    let known =
        |number: &str| matches!(number.parse(), Ok(0..=4 | 22..=24 | 30..=37 | 39 | 90..=97_u8));
    numbers.split(';').all(known)
}

/// Returns how many bytes at the end are the start of a character.
pub fn unfinished_letter(bytes: &[u8]) -> usize {
    let last = &bytes[bytes.len().saturating_sub(4)..];
    let chunk = last.utf8_chunks().last();
    let rest = chunk.map_or(&[][..], |chunk| chunk.invalid());
    match std::str::from_utf8(rest) {
        Err(error) if error.error_len().is_none() => rest.len(),
        Ok(_) | Err(_) => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn screened(colors: bool, pieces: &[&[u8]]) -> String {
        let mut screen = Screen { colors, ..Screen::default() };
        let mut out = Vec::new();
        for piece in pieces {
            out.extend_from_slice(&screen.pass(piece));
        }
        out.extend(screen.rest());
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_screen_lets_colours_pass_and_nothing_else() {
        let text =
            "\u{1b}[1m\u{1b}[31mred\u{1b}[0m \u{1b}[8mhidden\u{1b}[m \u{1b}[2J\u{1b}]0;x\u{7}";
        assert_eq!(
            screened(true, &[text.as_bytes()]),
            "\u{1b}[1m\u{1b}[31mred\u{1b}[0m ␛[8mhidden␛[m ␛[2J␛]0;x␇"
        );
        assert_eq!(screened(false, &[text.as_bytes()]), lines(text));
        assert_eq!(screened(true, &[b"\xffa\x9b31m"]), "\u{fffd}a\u{fffd}31m");
    }

    #[test]
    fn a_screen_waits_for_the_rest_and_not_for_ever() {
        assert_eq!(screened(true, &[b"a\x1b", b"[3", b"2mb", b"\x1b[1"]), "a\u{1b}[32mb␛[1");
        assert_eq!(screened(false, &[b"\xc2", b"\x9b31m\r", b"\nx\r"]), "\\u{9b}31m\nx␍");
        assert!(matches!(Screen::default().pass(b"plain\n"), Cow::Borrowed(_)));
    }

    proptest! {
        #[test]
        fn pieces_come_out_as_the_whole(
            text in "(a|é|𝄞|\r|\n|\u{1b}|\\[|3|1|m|;|\u{9b}|\u{202e}){0,40}",
            cut in 0..40_usize,
            colors: bool,
        ) {
            let bytes = text.as_bytes();
            let (one, two) = bytes.split_at(cut.min(bytes.len()));
            prop_assert_eq!(screened(colors, &[one, two]), screened(colors, &[bytes]));
        }
    }

    #[test]
    fn plain_text_is_not_copied() {
        assert!(matches!(line("Grüße, 世界"), Cow::Borrowed(_)));
        assert!(matches!(lines(""), Cow::Borrowed("")));
    }

    #[test]
    fn what_a_terminal_acts_on_is_shown() {
        assert_eq!(line("a\u{1b}]0;title\u{7}b"), "a␛]0;title␇b");
        assert_eq!(line("safe\u{202e}txt\u{9b}31m"), "safe\\u{202e}txt\\u{9b}31m");
        assert_eq!(line("two\nlines\tand\u{7f}"), "two lines and␡");
    }

    #[test]
    fn lines_stay_lines() {
        assert_eq!(lines("a\r\nb\tc\rd\n"), "a\nb\tc␍d\n");
        assert_eq!(lines("a\r\r\n"), "a␍\n");
    }
}
