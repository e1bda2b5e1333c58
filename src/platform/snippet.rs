//! One line of a file with its number, and a caret below one of its columns: how every message
//! about a place in a file shows it.
//!
//! `annotate-snippets` does the layout, which counts in terminal cells. A file may be one line of
//! 64 MiB and hold characters that steer a terminal, so the part to show is cut out and escaped
//! before.

use super::terminal::steers;
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

/// How many characters of a long line are shown.
pub(crate) const WIDTH: usize = 100;

/// More cells than they take, escapes included, so that the line is not cut once more.
const CELLS: usize = 20 * WIDTH;

/// Shows line `number` (from 1), of which `rest` is what follows after `skipped` characters, with a
/// caret below `column` (from 1, in characters of the whole line).
pub(crate) fn snippet(number: u32, rest: &str, skipped: usize, column: u32) -> String {
    let wanted = (column.max(1) as usize - 1).saturating_sub(skipped);
    let mut shown = String::new();
    if skipped > 0 {
        shown.push('…');
    }
    let mut caret = None;
    let mut chars = rest.chars();
    for (n, c) in chars.by_ref().take(WIDTH).enumerate() {
        if n == wanted {
            caret = Some(shown.len());
        }
        push_visible(&mut shown, c);
    }
    let caret = caret.unwrap_or(shown.len());
    if chars.next().is_some() {
        shown.push('…');
    }
    let line = Snippet::source(shown.as_str())
        .line_start(number as usize)
        .annotation(AnnotationKind::Primary.span(caret..caret));
    // The line of the message itself names file, line and column.
    let group = Group::with_level(Level::ERROR).element(line);
    let text = Renderer::plain().term_width(CELLS).render(&[group]);
    text.split_once('\n').map_or_else(String::new, |(_, text)| text.to_owned())
}

/// Appends `c`, or its escape where a terminal would act on it.
fn push_visible(text: &mut String, c: char) {
    if c == '\t' {
        text.push(' ');
    } else if steers(c) {
        text.extend(c.escape_unicode());
    } else {
        text.push(c);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_caret_is_below_the_cell_of_the_column() {
        let cases = [
            ("  \"a\": nul,", 8, "12 |   \"a\": nul,\n   |        ^"),
            ("\t日本🦀x", 5, "12 |  日本🦀x\n   |        ^"),
            ("e\u{301}x", 3, "12 | e\u{301}x\n   |  ^"),
            ("short", 6, "12 | short\n   |      ^"),
            ("short", 90, "12 | short\n   |      ^"),
            ("  ", 0, "12 |   \n   | ^"),
        ];
        for (line, column, expected) in cases {
            assert_eq!(snippet(12, line, 0, column), expected, "{line:?}");
        }
    }

    #[test]
    fn control_and_bidi_characters_are_shown_as_escapes() {
        let text = snippet(1, "a\u{1b}[31m\u{202e}b", 0, 2);
        assert_eq!(text, "1 | a\\u{1b}[31m\\u{202e}b\n  |  ^");
    }

    #[test]
    fn a_long_line_is_shown_in_part() {
        let wide = "字".repeat(300);
        let text = snippet(7, &wide, 200, 251);
        let (shown, caret) = text.split_once('\n').unwrap();
        assert_eq!(shown, format!("7 | …{}…", "字".repeat(100)));
        assert_eq!(caret.trim_end().len(), "  | ".len() + 1 + 2 * 50 + 1);
    }

    proptest::proptest! {
        #[test]
        fn any_line_has_one_caret(line in ".{0,150}", skipped in 0_usize..300, column in 0_u32..500) {
            let text = snippet(3, &line.replace('\n', " "), skipped, column);
            let caret = text.rsplit_once('\n').map(|(_, caret)| caret.trim_end());
            let caret = caret.unwrap_or_default();
            proptest::prop_assert!(caret.starts_with("  | ") && caret.ends_with('^'), "{}", text);
            proptest::prop_assert_eq!(text.lines().count(), 2, "{}", text);
        }
    }
}
