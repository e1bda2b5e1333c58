//! The one way of texts to a terminal: what the terminal would act on is shown instead.
//!
//! Ids, titles, errors and the output of agents come from anywhere. Control characters (so OSC
//! and all other sequences), characters that turn the direction of writing, and separators that
//! break lines become visible; everything else stays as it is.

use crate::platform::terminal::steers;
use std::borrow::Cow;

/// `text` on one line: line breaks and tabs become blanks.
pub fn line(text: &str) -> Cow<'_, str> {
    escape(text, &|letter| matches!(letter, '\n' | '\t' | '\r').then_some(" "))
}

/// `text` with its lines: line breaks and tabs stay, a carriage return before a break goes.
pub fn lines(text: &str) -> Cow<'_, str> {
    if text.contains("\r\n") {
        return Cow::Owned(lines(&text.replace("\r\n", "\n")).into_owned());
    }
    escape(text, &|letter| match letter {
        '\n' => Some("\n"),
        '\t' => Some("\t"),
        _ => None,
    })
}

fn escape<'a>(text: &'a str, kept: &dyn Fn(char) -> Option<&'static str>) -> Cow<'a, str> {
    let Some(first) = text.find(steers) else { return Cow::Borrowed(text) };
    let mut safe = String::with_capacity(text.len() + 16);
    safe.push_str(&text[..first]);
    for letter in text[first..].chars() {
        match (kept(letter), letter) {
            (Some(instead), _) => safe.push_str(instead),
            // The pictures of the control characters: one column, and easily told apart.
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

#[cfg(test)]
mod tests {
    use super::*;

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
    }
}
