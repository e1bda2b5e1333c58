//! Removes terminal control sequences from text.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;

/// Control sequences, titles and the like, and carriage returns at the ends of lines.
static STEERS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let sequence = "\u{1b}\\[[0-?]*[ -/]*[@-~]|\u{1b}\\][^\u{7}\u{1b}\n]*(?:\u{7}|\u{1b}\\\\)";
    Regex::new(&format!("{sequence}|\u{1b}[()][0-9A-B]|\r$|\r\n")).ok()
});

/// Returns `text` without control sequences.
pub(super) fn plain(text: &str) -> String {
    if !text.contains(['\u{1b}', '\r']) {
        return text.to_owned();
    }
    let replaced = STEERS.as_ref().map_or(Cow::Borrowed(text), |steers| {
        steers.replace_all(
            text,
            |found: &regex::Captures<'_>| {
                if found[0].ends_with('\n') { "\n" } else { "" }
            },
        )
    });
    replaced.into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_and_links_go() {
        let text = "\u{1b}[1m\u{1b}[31mred\u{1b}[0m \u{1b}]8;;http://x\u{7}a\u{1b}]8;;\u{7}b\r\nc";
        assert_eq!(plain(text), "red ab\nc");
        assert_eq!(plain("plain"), "plain");
    }
}
