//! `[board]`: the file that shows all tasks, and its layout.

use super::super::board::{BoardRules, BoardStyle};
use super::super::reader::{Section, word};
use std::path::{Component, Path};

/// Reads the section of a file in `folder`.
pub(in super::super) fn read(section: &Section<'_>, folder: &Path) -> BoardRules {
    let styles = [
        ("kanban", BoardStyle::Kanban),
        ("progress", BoardStyle::Progress),
        ("todo", BoardStyle::Todo),
    ];
    let style = word(section, "style", &styles).map(|style| style.value).unwrap_or_default();
    let path = section.spanned_text("path").and_then(|(text, span)| {
        let why = refusal(&text);
        if let Some(why) = why {
            section.reader.report(span, format!("path {why}"));
        }
        why.is_none().then(|| folder.join(text))
    });
    section.close(&[]);
    BoardRules { path, style }
}

/// Returns why a board cannot be written to this path. The board is rewritten every time, so the
/// previous content of the file is lost.
fn refusal(text: &str) -> Option<&'static str> {
    let path = Path::new(text);
    let is_inside = path.components().all(|part| matches!(part, Component::Normal(_)));
    let parts: Vec<&str> = path.iter().filter_map(|part| part.to_str()).collect();
    if text.trim().is_empty() || !is_inside || text.ends_with('/') {
        return Some("must be a file in the folder of workloop.toml or below it");
    }
    if parts.iter().any(|part| matches!(*part, ".git" | ".workloop")) {
        return Some("must not be in .git or .workloop");
    }
    let is_text = path.extension().is_some_and(|end| end == "md" || end == "markdown");
    (!is_text).then_some("must end in .md: a board is Markdown and overwrites the file each time")
}

#[cfg(test)]
mod tests {
    use super::refusal;

    #[test]
    fn a_board_takes_the_place_of_nothing_else() {
        for good in ["BOARD.md", "docs/board.markdown", "a b.md"] {
            assert_eq!(refusal(good), None, "{good}");
        }
        for bad in [
            "",
            "/tmp/b.md",
            "../b.md",
            "a/../b.md",
            "./b.md",
            "docs/",
            "q.json",
            "workloop.toml",
            ".git/b.md",
            "x/.workloop/b.md",
            "README",
        ] {
            assert!(refusal(bad).is_some(), "{bad}");
        }
    }
}
