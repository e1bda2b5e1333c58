//! Breaks lines that are wider than a terminal between words.
//!
//! A terminal breaks them at its last column, in the middle of a word. A line that is a command or
//! a path stays whole, so that it can be copied in one piece.

use super::style::Look;
use crate::platform::cells;

/// The indentation of continuation lines, in cells.
const INDENT: usize = 2;
/// The beginning of a command.
const COMMAND: &str = "workloop ";

/// Folds `text`, which is safe for a terminal and may contain colours, to the width of the terminal
/// if it has one.
pub(crate) fn folded(text: &str, look: Look) -> String {
    let Some(most) = look.width else { return text.to_owned() };
    let mut folded = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let body = line.strip_suffix('\n').unwrap_or(line);
        // There are never fewer bytes than cells.
        if line.len() <= most || width(body) <= most || is_copied(body) {
            folded.push_str(body);
        } else {
            fold(body, most, &mut folded);
        }
        folded.push_str(&line[body.len()..]);
    }
    folded
}

/// Returns whether a line is a command or a path.
pub(super) fn is_copied(line: &str) -> bool {
    let words = line.trim_start();
    words.starts_with(COMMAND) || (words.contains('/') && !words.contains(' '))
}

fn fold(line: &str, most: usize, folded: &mut String) {
    let own = line.len() - line.trim_start_matches(' ').len();
    let indent = " ".repeat((own + INDENT).min(most / 2));
    let mut used = 0;
    let mut gap = String::new();
    let mut words = line.split(' ').peekable();
    while let Some(mut word) = words.next() {
        // Blanks between columns appear as empty words.
        if word.is_empty() {
            gap.push(' ');
            continue;
        }
        // A verb stays on the line of its program.
        let is_program = word.trim_start_matches(['(', '`']) == COMMAND.trim_end();
        let verb = words.peek().filter(|_| is_program).map_or(0, |verb| width(verb) + 1);
        let needed = width(word) + verb;
        if used > 0 && used + gap.len() + needed > most {
            folded.push('\n');
            folded.push_str(&indent);
            used = indent.len();
        } else {
            folded.push_str(&gap);
            used += gap.len();
        }
        while used + width(word) > most {
            let piece = piece(word, most.saturating_sub(used));
            if piece.is_empty() {
                break;
            }
            folded.push_str(piece);
            folded.push('\n');
            folded.push_str(&indent);
            used = indent.len();
            word = &word[piece.len()..];
        }
        folded.push_str(word);
        used += width(word);
        gap = " ".to_owned();
    }
}

/// Returns the longest prefix of a word that fits; a coloured one stays whole.
fn piece(word: &str, most: usize) -> &str {
    if word.contains('\u{1b}') { "" } else { cells::cut(word, most) }
}

/// Returns the width of a text without its colours.
fn width(text: &str) -> usize {
    let mut rest = text;
    let mut width = 0;
    while let Some(at) = rest.find('\u{1b}') {
        width += cells::width(&rest[..at]);
        let end = rest[at..].find('m').map_or(rest.len(), |end| at + end + 1);
        rest = &rest[end..];
    }
    width + cells::width(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(most: usize, text: &str) -> String {
        folded(text, Look { color: false, width: Some(most) })
    }

    #[test]
    fn lines_are_broken_between_words_and_set_in() {
        assert_eq!(at(11, "one two three\n"), "one two\n  three\n");
        assert_eq!(at(13, "one two three\nfour"), "one two three\nfour");
        assert_eq!(at(12, "  A  one two three"), "  A  one two\n    three");
        assert_eq!(folded("one two three", Look::PLAIN), "one two three");
    }

    #[test]
    fn a_word_that_is_wider_than_a_line_is_broken_by_cells() {
        assert_eq!(at(6, "a 日本語日本"), "a\n  日本\n  語日\n  本");
        assert_eq!(at(8, "abcdefghij"), "abcdefgh\n  ij");
    }

    #[test]
    fn colours_take_no_room_and_commands_stay_whole() {
        let red = "\u{1b}[31mred\u{1b}[0m and blue";
        assert_eq!(at(12, red), red);
        assert_eq!(at(8, red), "\u{1b}[31mred\u{1b}[0m and\n  blue");
        let command = "  workloop answer A TEXT --work-queue q.json\n";
        assert_eq!(at(20, command), command);
        assert_eq!(at(20, "a word: workloop status"), "a word:\n  workloop status");
        let path = "     /a/folder/of/an/attempt/agent.out\n";
        assert_eq!(at(20, path), path);
    }
}
