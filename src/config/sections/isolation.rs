//! `[isolation]`: whether agents share a tree, and the branch on which verified work lands.

use super::super::reader::{Section, word};
use super::super::trees::{Isolation, IsolationMode};

/// Reads the section.
pub(in super::super) fn read(section: &Section<'_>) -> Isolation {
    let default = Isolation::default();
    let mode = word(section, "mode", &IsolationMode::WORDS).unwrap_or(default.mode);
    let target = section.spanned_text("target");
    if let Some((name, span)) = &target
        && !is_branch(name)
    {
        section.reader.report(span.clone(), "target must be the name of a branch");
    }
    section.close(&[]);
    Isolation { mode, target: target.map(|(name, _)| name) }
}

/// Returns whether the form of `name` is allowed for a git branch.
fn is_branch(name: &str) -> bool {
    let strange = |c: char| c.is_control() || c.is_whitespace() || "~^:?*[\\".contains(c);
    let part = |part: &str| {
        !part.is_empty()
            && !part.starts_with('.')
            && !part.ends_with('.')
            && !part.ends_with(".lock")
    };
    !name.starts_with('-')
        && !name.contains(strange)
        && !name.contains("..")
        && !name.contains("@{")
        && name.split('/').all(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_branches_are_told_from_what_git_refuses() {
        for name in ["main", "release/1.2", "feature-x_y"] {
            assert!(is_branch(name), "{name}");
        }
        for name in
            ["", "-d", "a b", "a..b", "a/", ".a", "a.lock", "HEAD~1", "a@{1}", "a//b", "x\n"]
        {
            assert!(!is_branch(name), "{name}");
        }
    }
}
