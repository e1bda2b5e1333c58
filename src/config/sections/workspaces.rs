//! `[workspaces]`: where private trees are, and which ignored files they contain.

use super::super::paths::resolve;
use super::super::reader::{Section, word};
use super::super::trees::{RetryFrom, WorkspaceRules};
use crate::workspace::{Objects, SetupRules, TreeRules};
use std::ops::Range;
use std::path::{Component, Path, PathBuf};

/// Reads the section. Paths are relative to `folder`, the folder of the file.
pub(in super::super) fn read(section: &Section<'_>, folder: &Path) -> WorkspaceRules {
    let default = WorkspaceRules::default();
    let objects = [("borrowed", Objects::Borrowed), ("own", Objects::Own)];
    let retry_from = [("last", RetryFrom::Last), ("base", RetryFrom::Base)];
    let rules = WorkspaceRules {
        dir: section.text("dir").map(|dir| resolve(folder, &dir.value)),
        tree: TreeRules {
            setup: SetupRules {
                commands: checked(section, "setup", "commands", &|text| !text.trim().is_empty()),
                inputs: checked(section, "setup_inputs", FROM_THE_TOP, &is_inside),
            },
            copy: paths(section, "copy"),
            link: paths(section, "link"),
            keep: checked(
                section,
                "keep",
                "patterns as in a .gitignore, without \"!\"",
                &is_pattern,
            ),
            objects: word(section, "objects", &objects).map_or(Objects::Borrowed, |word| *word),
        },
        retry_from: word(section, "retry_from", &retry_from).unwrap_or(default.retry_from),
    };
    section.close(&[]);
    rules
}

const FROM_THE_TOP: &str = "paths relative to the top of the repository";

fn paths(section: &Section<'_>, key: &'static str) -> Vec<PathBuf> {
    let is_path = |text: &str| is_inside(text) && !is_git(text);
    let texts = checked(section, key, FROM_THE_TOP, &is_path);
    texts.iter().map(|text| PathBuf::from(text.trim_end_matches('/'))).collect()
}

fn checked(
    section: &Section<'_>,
    key: &'static str,
    what: &str,
    is_right: &dyn Fn(&str) -> bool,
) -> Vec<String> {
    let texts: Vec<(String, Range<usize>)> = section.spanned_texts(key);
    for (text, span) in &texts {
        if !is_right(text) {
            section.reader.report(span.clone(), format!("{key} must be {what}"));
        }
    }
    texts.into_iter().map(|(text, _)| text).collect()
}

/// Returns whether a path stays in the tree to which it is relative.
fn is_inside(text: &str) -> bool {
    let mut parts = Path::new(text).components();
    !text.trim().is_empty() && parts.all(|part| matches!(part, Component::Normal(_)))
}

/// Returns whether a path leads into the repository's own data.
fn is_git(text: &str) -> bool {
    Path::new(text).components().any(|part| part.as_os_str().eq_ignore_ascii_case(".git"))
}

fn is_pattern(text: &str) -> bool {
    !text.trim().is_empty() && !text.starts_with('!') && !text.contains(['\n', '\0'])
}
