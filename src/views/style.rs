//! The layout of text: colour, width, columns, counts in words.

use super::escape;
use crate::plan::{State, duration_text};
use crate::platform::cells;
use anstyle::{AnsiColor, Style};
use std::fmt::Display;

/// The abilities of the output: colours, and columns.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    /// Whether to use colours.
    pub color: bool,
    /// The cells of a line; `None` if lines may have any length.
    pub width: Option<usize>,
}

impl Look {
    /// No colours, and lines of any length.
    pub const PLAIN: Self = Self { color: false, width: None };

    /// Returns `text` in `style` if colours are used.
    pub fn paint(self, style: Style, text: impl Display) -> String {
        if self.color { format!("{style}{text}{style:#}") } else { text.to_string() }
    }

    /// Returns `text` as a heading.
    pub fn head(self, text: impl Display) -> String {
        self.paint(Style::new().bold(), text)
    }
}

/// Returns a style with a terminal colour.
pub fn color(color: AnsiColor) -> Style {
    Style::new().fg_color(Some(color.into()))
}

/// Returns the colour of a state.
pub fn of_state(state: State) -> Style {
    match state {
        State::Ready => color(AnsiColor::Green),
        State::Waiting => Style::new(),
        State::InProgress => color(AnsiColor::Cyan),
        State::Complete => Style::new().dimmed(),
        State::Blocked => color(AnsiColor::Red),
        State::Parked => color(AnsiColor::Yellow),
    }
}

/// Returns the colour of a question: a person is to answer, and nothing failed.
pub fn asking() -> Style {
    color(AnsiColor::Yellow).bold()
}

/// Returns `text` on one line, safe for a terminal, cut to `most` cells.
pub fn fitted(text: &str, most: usize) -> String {
    let safe = escape::line(text);
    if cells::width(&safe) <= most {
        return safe.into_owned();
    }
    format!("{}…", cells::cut(&safe, most.saturating_sub(1)).trim_end())
}

/// Returns `text` padded with blanks to `width` cells.
pub fn padded(text: &str, width: usize) -> String {
    format!("{text}{}", " ".repeat(width.saturating_sub(cells::width(text))))
}

/// Formats a number with its noun, such as `1 task` or `2 tasks`.
pub fn count(number: usize, one: &str, many: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {many}") }
}

/// Formats an amount of data, such as `3.4 MB`.
pub fn size(bytes: u64) -> String {
    let tenths = |unit: u64| format!("{}.{}", bytes / unit, bytes % unit / (unit / 10));
    match bytes {
        0..1_000_000 => format!("{} kB", tenths(1_000)),
        1_000_000..1_000_000_000 => format!("{} MB", tenths(1_000_000)),
        _ => format!("{} GB", tenths(1_000_000_000)),
    }
}

/// Formats a measured time: short ones in tenths of a second, those below a minute in seconds.
pub fn took(millis: i64) -> String {
    let millis = u64::try_from(millis).unwrap_or(0);
    match millis {
        0..10_000 => format!("{}.{} s", millis / 1000, millis % 1000 / 100),
        10_000..60_000 => format!("{} s", millis / 1000),
        _ => duration_text((millis + 500) / 1000),
    }
}

/// Formats `A`, `A and B`, `A, B and C`, with at most `most` names.
pub fn listed(names: &[impl AsRef<str>], most: usize) -> String {
    let mut shown: Vec<String> =
        names.iter().take(most).map(|name| escape::line(name.as_ref()).into_owned()).collect();
    if names.len() > most {
        shown.push(format!("{} more", names.len() - most));
    }
    match shown.split_last() {
        None => String::new(),
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
    }
}

/// Appends `words` after `head`, wrapped at the width and indented below the first of them.
pub fn wrap(
    text: &mut String,
    head: &str,
    words: impl IntoIterator<Item = String>,
    gap: &str,
    look: Look,
) {
    let indent = cells::width(head);
    let most = look.width.unwrap_or(100).max(indent + 20);
    text.push_str(head);
    let mut used = indent;
    let mut words = words.into_iter().enumerate().peekable();
    while let Some((n, word)) = words.next() {
        let needed = cells::width(&word) + if n == 0 { 0 } else { cells::width(gap) };
        // What is visible of the gap stays at the end of the line.
        let end = if words.peek().is_some() { cells::width(gap.trim_end()) } else { 0 };
        if n > 0 && used + needed + end > most {
            text.push_str(gap.trim_end());
            text.push('\n');
            text.push_str(&" ".repeat(indent));
            used = indent;
        } else if n > 0 {
            text.push_str(gap);
        }
        text.push_str(&word);
        used += needed;
    }
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_and_times_have_the_unit_that_fits() {
        for (bytes, wanted) in [
            (0, "0.0 kB"),
            (99, "0.0 kB"),
            (100, "0.1 kB"),
            (999_999, "999.9 kB"),
            (1_000_000, "1.0 MB"),
            (999_999_999, "999.9 MB"),
            (1_000_000_000, "1.0 GB"),
            (u64::MAX, "18446744073.7 GB"),
        ] {
            assert_eq!(size(bytes), wanted);
        }
        for (millis, wanted) in [
            (-5, "0.0 s"),
            (0, "0.0 s"),
            (99, "0.0 s"),
            (9_999, "9.9 s"),
            (10_000, "10 s"),
            (59_999, "59 s"),
            (60_000, "1 min"),
            (5_400_000, "1 h 30 min"),
        ] {
            assert_eq!(took(millis), wanted);
        }
        assert_eq!(
            (count(0, "task", "tasks"), count(1, "task", "tasks")),
            ("0 tasks".to_owned(), "1 task".to_owned())
        );
    }

    #[test]
    fn colours_are_only_where_they_are_wanted() {
        let red = color(AnsiColor::Red);
        assert_eq!(Look::PLAIN.paint(red, "x"), "x");
        assert_eq!(Look { color: true, width: None }.paint(red, "x"), "\u{1b}[31mx\u{1b}[0m");
        assert_eq!(Look { color: true, width: None }.head("x"), "\u{1b}[1mx\u{1b}[0m");
    }

    #[test]
    fn words_are_wrapped_at_a_hundred_cells_if_there_is_no_width() {
        let wrapped = |words: usize, width: Option<usize>, head: &str| {
            let mut text = String::new();
            wrap(
                &mut text,
                head,
                vec!["日本".to_owned(); words],
                ", ",
                Look { color: false, width },
            );
            text.lines().map(cells::width).collect::<Vec<_>>()
        };
        assert_eq!(wrapped(0, None, "head: "), [6]);
        // Each word but the first takes six cells; the gap at the end of a line is one cell.
        assert_eq!(wrapped(17, None, ""), [100]);
        assert_eq!(wrapped(18, None, ""), [95, 10]);
        assert_eq!(wrapped(4, Some(10), "  x "), [21, 8], "twenty cells are always there");
    }

    #[test]
    fn names_are_listed_as_people_do() {
        let names = ["A", "B", "C", "D"].map(str::to_owned);
        assert_eq!(listed(&names[..1], 3), "A");
        assert_eq!(listed(&names[..2], 3), "A and B");
        assert_eq!(listed(&names, 2), "A, B and 2 more");
    }

    #[test]
    fn text_is_cut_by_cells() {
        assert_eq!(fitted("äöüäöü", 4), "äöü…");
        assert_eq!(fitted("日本語", 4), "日…");
        assert_eq!(padded("日本", 5), "日本 ");
        assert_eq!(fitted("a\u{1b}b", 9), "a␛b");
    }

    #[test]
    fn words_are_wrapped_under_the_first() {
        let words: Vec<String> = (10..22).map(|n| format!("w{n}")).collect();
        let mut text = String::new();
        wrap(&mut text, "  1  ", words, "  ", Look { color: false, width: Some(25) });
        assert_eq!(text.lines().next(), Some("  1  w10  w11  w12  w13"));
        assert_eq!(text.lines().nth(1), Some("     w14  w15  w16  w17"));
    }
}
