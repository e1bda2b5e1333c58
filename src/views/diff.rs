//! `diff`: a change as a list of files and as a patch in colours.

use super::escape;
use super::style::{Look, color};
use crate::workspace::{Delta, DeltaKind};
use anstyle::{AnsiColor, Style};
use serde::Serialize;

/// A change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct DiffView {
    /// Version of this shape.
    pub schema_version: u32,
    /// The task.
    pub id: String,
    /// The path of its queue.
    pub queue: String,
    /// The number of the attempt; `None` for what landed.
    pub attempt: Option<u32>,
    /// Whether this is what landed.
    pub landed: bool,
    /// The commit that the change is based on.
    pub base: String,
    /// The commit with the change.
    pub commit: String,
    /// The files, by path.
    pub files: Vec<FileView>,
}

/// A file of a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct FileView {
    /// Its path from the top of the repository; invalid UTF-8 is replaced.
    pub path: String,
    /// The kind of the change.
    pub change: Kind,
    /// Its earlier path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
}

/// The kind of a change of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    /// The file is new.
    Added,
    /// Its content, file type or mode differs.
    Modified,
    /// The file is gone.
    Removed,
    /// The file was at another path.
    Renamed,
}

impl From<&Delta> for FileView {
    fn from(delta: &Delta) -> Self {
        let (change, from) = match &delta.kind {
            DeltaKind::Added => (Kind::Added, None),
            DeltaKind::Modified => (Kind::Modified, None),
            DeltaKind::Removed => (Kind::Removed, None),
            DeltaKind::Renamed { from } => (Kind::Renamed, Some(from.display().to_string())),
        };
        Self { path: delta.path.display().to_string(), change, from }
    }
}

/// Renders a patch with the usual colours, safe for a terminal.
pub(crate) fn painted(patch: &[u8], look: Look) -> String {
    let mut text = String::new();
    // No line between "diff --git" and the first "@@" belongs to a file, whatever it begins with.
    let mut in_head = true;
    for line in String::from_utf8_lossy(patch).split_inclusive('\n') {
        in_head = line.starts_with("diff --git ") || in_head && !line.starts_with("@@ ");
        let (line, end) = match line.strip_suffix('\n') {
            Some(line) => (line, "\n"),
            None => (line, ""),
        };
        let style = match line.as_bytes().first() {
            _ if in_head => Style::new().bold(),
            Some(b'@') => color(AnsiColor::Cyan),
            Some(b'+') => color(AnsiColor::Green),
            Some(b'-') => color(AnsiColor::Red),
            Some(_) | None => Style::new(),
        };
        let safe = escape::line(line);
        let shown = if style == Style::new() { safe.into_owned() } else { look.paint(style, safe) };
        text.push_str(&shown);
        text.push_str(end);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_a_change_has_its_kind_and_a_moved_one_its_earlier_path() {
        let of = |kind: DeltaKind| {
            let delta = Delta { path: "b/é".into(), kind, old: None, new: None };
            serde_json::to_value(FileView::from(&delta)).expect("JSON")
        };
        let plain = |change: &str| serde_json::json!({"path": "b/é", "change": change});
        assert_eq!(of(DeltaKind::Added), plain("added"));
        assert_eq!(of(DeltaKind::Modified), plain("modified"));
        assert_eq!(of(DeltaKind::Removed), plain("removed"));
        let moved = of(DeltaKind::Renamed { from: "a".into() });
        assert_eq!(moved, serde_json::json!({"path": "b/é", "change": "renamed", "from": "a"}));
    }

    /// A file may contain what looks like the head of a patch, or end without a newline.
    #[test]
    fn the_head_of_a_file_ends_with_its_first_hunk() {
        let look = Look { color: true, width: None };
        let patch = b"diff --git a/x b/x\n-old mode\n@@ -1 +1 @@\n diff\n@@ not a hunk\n\n\\ No newline\ndiff --git a/y b/y\n+x";
        let lines = painted(patch, look);
        let starts: Vec<&str> = lines
            .lines()
            .map(|line| line.split_inclusive('m').next().unwrap_or_default())
            .collect();
        let (bold, cyan) = ("\u{1b}[1m", "\u{1b}[36m");
        assert_eq!(starts[..3], [bold, bold, cyan], "{lines:?}");
        assert_eq!((starts[3], starts[4], starts[5]), (" diff", cyan, ""));
        assert_eq!((starts[6], starts[7], starts[8]), ("\\ No newline", bold, bold));
        assert!(!lines.ends_with('\n'));
        assert_eq!(painted(b"", look), "");
    }

    #[test]
    fn lines_are_painted_by_what_they_are_and_nothing_of_a_file_steers() {
        let patch = b"diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n--- one\n+++ \x1b[31mtwo\n \xff";
        let plain = painted(patch, Look::PLAIN);
        assert_eq!(
            plain,
            "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n--- one\n+++ ␛[31mtwo\n \u{fffd}"
        );
        let painted = painted(patch, Look { color: true, width: None });
        let lines: Vec<&str> = painted.lines().collect();
        assert!(lines[1].starts_with("\u{1b}[1m---") && lines[3].starts_with("\u{1b}[36m@@"));
        assert!(lines[4].starts_with("\u{1b}[31m--- one"));
        assert!(lines[5].starts_with("\u{1b}[32m+++ ␛[31mtwo"));
    }
}
