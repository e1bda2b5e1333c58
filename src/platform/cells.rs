//! The width of text on a terminal in cells: a CJK character or an emoji takes two cells, a
//! combining mark none (Unicode Standard Annex #11, implemented by the crate `unicode-width`).

use unicode_width::UnicodeWidthStr;

/// Returns the width of `text` in cells; `text` must be safe for a terminal.
pub fn width(text: &str) -> usize {
    text.width()
}

/// Returns the longest prefix of `text` that is at most `most` cells wide.
pub fn cut(text: &str, most: usize) -> &str {
    let mut end = 0;
    for (at, letter) in text.char_indices() {
        let next = at + letter.len_utf8();
        // Measure the whole prefix: joined characters are narrower together.
        if width(&text[..next]) <= most {
            end = next;
        } else if width(letter.encode_utf8(&mut [0; 4])) > 0 {
            break;
        }
    }
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_counted_not_letters() {
        for (text, cells) in
            [("", 0), ("äö", 2), ("e\u{301}", 1), ("日本", 4), ("🦀", 2), ("a🦀b", 4)]
        {
            assert_eq!(width(text), cells, "{text}");
        }
    }

    #[test]
    fn nothing_is_cut_in_half() {
        assert_eq!(cut("日本語", 5), "日本");
        assert_eq!(cut("e\u{301}e\u{301}x", 2), "e\u{301}e\u{301}");
        assert_eq!(cut("ab", 9), "ab");
        assert_eq!(cut("🦀", 1), "");
        assert_eq!(cut("", 0), "");
    }
}
