//! Escapes text of tasks in Markdown, so that it is shown exactly as written.
//!
//! Ids, titles and reasons come from anywhere. None of them may begin a heading, a list, a link or
//! HTML, end a cell of a table, or change the direction of a line.

use super::escape;

/// Characters that have a meaning in the middle of a line.
const MEANS: &str = "\\`*[]<>|&~";

/// Returns `text` on one line, as Markdown that shows exactly this text.
pub(crate) fn inline(text: &str) -> String {
    let safe = escape::line(text);
    let letters: Vec<char> = safe.trim().chars().collect();
    let mut shown = String::with_capacity(safe.len() + 8);
    for (at, &letter) in letters.iter().enumerate() {
        let beside = |at: Option<usize>| at.and_then(|at| letters.get(at)).copied();
        let is_word = |letter: Option<char>| letter.is_some_and(char::is_alphanumeric);
        let means = match letter {
            // Between letters it is an ordinary character: `snake_case`.
            '_' => !(is_word(beside(at.checked_sub(1))) && is_word(beside(Some(at + 1)))),
            // A heading may end with it.
            '#' => letters[at..].iter().all(|rest| *rest == '#'),
            _ => MEANS.contains(letter),
        };
        if means {
            shown.push('\\');
        }
        shown.push(letter);
    }
    shown
}

/// Returns a fence of backticks that nothing in `text` ends.
pub(crate) fn fence(text: &str) -> String {
    let ticks = |line: &str| line.trim_start().bytes().take_while(|byte| *byte == b'`').count();
    "`".repeat(text.lines().map(ticks).max().unwrap_or(0).max(2) + 1)
}

/// Returns a row of a table.
pub(crate) fn row<T: AsRef<str>>(cells: impl IntoIterator<Item = T>) -> String {
    let mut row = String::from("|");
    for cell in cells {
        row.push(' ');
        row.push_str(cell.as_ref());
        row.push_str(" |");
    }
    row.push('\n');
    row
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_title_is_markup() {
        let cases = [
            ("snake_case stays", "snake_case stays"),
            ("_so_ *this*", "\\_so\\_ \\*this\\*"),
            ("a | b <b>&amp;", "a \\| b \\<b\\>\\&amp;"),
            ("[x](javascript:y) `z`", "\\[x\\](javascript:y) \\`z\\`"),
            ("one\n# two\t", "one # two"),
            ("C# and ##", "C# and \\#\\#"),
            ("\u{202e}back\u{1b}[0m", "\\\\u{202e}back␛\\[0m"),
            ("日本語 🦀", "日本語 🦀"),
        ];
        for (text, expected) in cases {
            assert_eq!(inline(text), expected);
        }
    }

    #[test]
    fn a_fence_is_longer_than_any_inside() {
        assert_eq!(fence("a\n````\nb"), "`````");
        assert_eq!(fence("plain"), "```");
        assert_eq!(row(["a", "b"]), "| a | b |\n");
    }
}
