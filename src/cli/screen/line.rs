//! A line of the screen: time, event, task, title and message, fitted to the width of the terminal
//! in cells. A pipe gets the full line.

use crate::platform::cells;
use crate::views::style::{Look, fitted, padded, wrap};
use anstyle::Style;

/// The width before the id, in cells: the time, the head, and a space after each.
const BEFORE: usize = 18;
/// The width of the head, in cells.
const HEAD: usize = 8;
/// The maximum width of an id on a terminal, in cells.
const ID: usize = 32;
/// The minimum width of a title, in cells; a narrower one is left out.
const TITLE: usize = 8;

/// A line about a task.
#[derive(Clone, Debug, Default)]
pub(super) struct Line<'a> {
    /// The time of day.
    pub(super) time: String,
    /// The event in one word, and its style.
    pub(super) head: (&'a str, Style),
    /// The id of the task.
    pub(super) id: &'a str,
    /// The title of the task, cut to the available width.
    pub(super) title: &'a str,
    /// Facts in brackets after the title; may be empty.
    pub(super) facts: String,
    /// The message; may be empty.
    pub(super) more: &'a str,
}

impl Line<'_> {
    /// Returns the line, or several lines if it does not fit into one.
    pub(super) fn text(&self, look: Look) -> String {
        let Self { time, head: (head, style), id, title, facts, more } = self;
        let head = padded(head, HEAD);
        let begin = format!("{time} {} ", look.paint(*style, head));
        let facts = if facts.is_empty() { String::new() } else { format!(" ({facts})") };
        let Some(width) = look.width else {
            let words = [fitted(id, usize::MAX), fitted(title, usize::MAX)].join("  ");
            let more = fitted(more, usize::MAX);
            return format!("{begin}{}{facts}  {more}", words.trim_end()).trim_end().to_owned();
        };
        let id = fitted(id, ID.min(width.saturating_sub(BEFORE)));
        let more = fitted(more, usize::MAX);
        let needed = BEFORE + cells::width(&id) + cells::width(&facts);
        let told = if more.is_empty() { 0 } else { cells::width(&more) + 2 };
        let room = |used: usize| width.saturating_sub(used + 2);
        // The title is cut to make room for the message; if that is not enough, the message goes
        // below.
        let beside = needed + told <= width;
        let room = if beside { room(needed + told) } else { room(needed) };
        let title = if room < TITLE { String::new() } else { fitted(title, room) };
        let gap = if title.is_empty() { "" } else { "  " };
        let mut text = format!("{begin}{id}{gap}{title}{facts}");
        if beside && !more.is_empty() {
            text = format!("{text}  {more}");
        } else if !more.is_empty() {
            text.push('\n');
            let words = words(&more, width.saturating_sub(BEFORE));
            wrap(&mut text, &" ".repeat(BEFORE), words, " ", look);
        }
        text.trim_end().to_owned()
    }
}

/// Returns a line without a task, wrapped if it is too wide.
pub(super) fn plain(time: &str, (head, style): (&str, Style), text: &str, look: Look) -> String {
    let begin = format!("{time} {} ", look.paint(style, padded(head, HEAD)));
    let text = fitted(text, usize::MAX);
    let Some(width) = look.width else {
        return format!("{begin}{text}").trim_end().to_owned();
    };
    let mut lines = String::new();
    let words = words(&text, width.saturating_sub(BEFORE));
    wrap(&mut lines, &" ".repeat(BEFORE), words, " ", look);
    format!("{begin}{}", lines.trim_start()).trim_end().to_owned()
}

/// Splits a text into words. Words wider than `most` are split into pieces.
fn words(text: &str, most: usize) -> Vec<String> {
    let mut words = Vec::new();
    for mut word in text.split(' ') {
        while cells::width(word) > most {
            let piece = cells::cut(word, most);
            if piece.is_empty() {
                break;
            }
            words.push(piece.to_owned());
            word = &word[piece.len()..];
        }
        words.push(word.to_owned());
    }
    words
}

/// Returns an indented line below another one, such as output of a step.
pub(super) fn below(text: &str, look: Look) -> String {
    let most = look.width.map_or(usize::MAX, |width| width.saturating_sub(BEFORE));
    format!("{}{}", " ".repeat(BEFORE), fitted(text, most))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOSTILE: [&str; 5] = [
        "Lay the floor of the house, and the tiles of the roof above it",
        "\u{1b}]0;title\u{7}\u{1b}[2J\u{202e}evil\u{2066}\nsecond line\tof it",
        "日本語の長い題名がここにありますので切らなければなりません",
        "🦀👩‍👩‍👧‍👦🏳️‍🌈 e\u{301}e\u{301}e\u{301} family of emoji and marks",
        "שלום עולם مرحبا بالعالم",
    ];

    fn line<'a>(title: &'a str, more: &'a str) -> Line<'a> {
        let (time, head) = ("20:41:09".to_owned(), ("FAIL", Style::new()));
        Line { time, head, id: "B-12", title, facts: "12 s, attempt 1 of 5".to_owned(), more }
    }

    #[test]
    fn no_line_is_wider_than_the_terminal_and_nothing_steers_it() {
        let long = "step test: exit status 1; the tree was red at this step before the task began; \
                    to be tried again";
        for width in 60..=200 {
            for title in HOSTILE {
                for more in ["", "step test: exit status 1", long, title] {
                    fits(title, more, width);
                }
            }
        }
    }

    #[track_caller]
    fn fits(title: &str, more: &str, width: usize) {
        let text = line(title, more).text(Look { color: false, width: Some(width) });
        for line in text.lines() {
            assert!(cells::width(line) <= width, "{width}: {line}");
            assert!(!line.contains(crate::platform::terminal::steers), "{line}");
        }
        let first = text.lines().next().unwrap_or_default();
        assert!(first.contains("FAIL     B-12") && first.contains("1 of 5"), "{text}");
    }

    #[test]
    fn a_pipe_gets_the_line_whole() {
        let text = line("Walls", "step test: exit status 1; to be tried again").text(Look::PLAIN);
        let expected = "20:41:09 FAIL     B-12  Walls (12 s, attempt 1 of 5)  step test: exit status 1; \
                        to be tried again";
        assert_eq!(text, expected);
        assert_eq!(line("", "").text(Look::PLAIN), "20:41:09 FAIL     B-12 (12 s, attempt 1 of 5)");
    }

    #[test]
    fn what_is_said_goes_below_where_it_does_not_fit() {
        let look = Look { color: false, width: Some(60) };
        let text = line("Walls of the house", "step test: exit status 1").text(look);
        let expected = "20:41:09 FAIL     B-12  Walls of the… (12 s, attempt 1 of 5)\n                  \
                        step test: exit status 1";
        assert_eq!(text, expected);
    }

    fn at(width: usize) -> Look {
        Look { color: false, width: Some(width) }
    }

    #[test]
    fn a_title_that_would_be_cut_to_nothing_is_left_out() {
        let text = |width| line("Walls of the house", "").text(at(width));
        let facts = "(12 s, attempt 1 of 5)";
        // Eight cells are the least.
        assert_eq!(text(55), format!("20:41:09 FAIL     B-12  Walls o… {facts}"));
        assert_eq!(text(54), format!("20:41:09 FAIL     B-12 {facts}"));
        assert_eq!(text(65), format!("20:41:09 FAIL     B-12  Walls of the house {facts}"));
    }

    #[test]
    fn an_id_is_cut_only_on_a_terminal() {
        let id = "a-very-long-id-that-nobody-can-type-in-full";
        let line = |look| Line { id, ..line("", "") }.text(look);
        assert!(line(Look::PLAIN).contains(id));
        assert!(line(at(200)).contains(" a-very-long-id-that-nobody-can-… ("), "{}", line(at(200)));
    }

    #[test]
    fn a_line_without_a_task_is_wrapped_below_its_first_word() {
        let head = ("wait", Style::new());
        let text = "for A and\tB, which\nare claimed elsewhere by another loop of this project";
        let whole = "12:00:00 wait     for A and B, which are claimed elsewhere by another loop of this \
                     project";
        assert_eq!(plain("12:00:00", head, text, Look::PLAIN), whole);
        let wrapped = "12:00:00 wait     for A and B, which are\n                  claimed elsewhere by\n\
                       \u{20}                 another loop of this\n                  project";
        assert_eq!(plain("12:00:00", head, text, at(40)), wrapped);
        assert_eq!(plain("12:00:00", head, "", at(40)), "12:00:00 wait");
        assert_eq!(plain("12:00:00", head, "", Look::PLAIN), "12:00:00 wait");
    }

    #[test]
    fn a_word_that_is_wider_than_the_line_is_broken_by_cells() {
        assert_eq!(words("a 日本語日本 bc", 4), ["a", "日本", "語日", "本", "bc"]);
        assert_eq!(words("abcdef", 3), ["abc", "def"]);
        assert_eq!(words("abc", 3), ["abc"]);
        assert_eq!(words("", 3), [""]);
        // A letter that does not fit at all stays whole.
        assert_eq!(words("日本", 1), ["日本"]);
        assert_eq!(words("ab", 0), ["ab"]);
    }

    #[test]
    fn a_line_below_another_one_is_set_in_and_cut() {
        let indent = " ".repeat(18);
        assert_eq!(below("| red\u{7}", Look::PLAIN), format!("{indent}| red␇"));
        assert_eq!(below("| 0123456789", at(28)), format!("{indent}| 0123456…"));
        assert_eq!(below("| 01234567", at(28)), format!("{indent}| 01234567"));
    }

    #[test]
    fn only_the_head_is_coloured() {
        let green = crate::views::style::color(anstyle::AnsiColor::Green);
        let look = Look { color: true, width: Some(100) };
        let text = Line { head: ("PASS", green), ..line("Walls", "") }.text(look);
        assert_eq!(text, "20:41:09 \u{1b}[32mPASS    \u{1b}[0m B-12  Walls (12 s, attempt 1 of 5)");
        let text = plain("20:41:09", ("stop", green), "asked", look);
        assert_eq!(text, "20:41:09 \u{1b}[32mstop    \u{1b}[0m asked");
    }
}
