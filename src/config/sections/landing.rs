//! `[landing]`: how verified work gets to its branch.

use super::super::reader::{Section, word};
use super::super::trees::{CommitMode, Isolation, IsolationMode, LandingMode, LandingRules};

/// Keys that are reserved for later versions.
const ABSENT: [&str; 7] =
    ["on_blocked", "batch", "every_commit", "push", "sign", "template", "resolve"];

/// Why private trees need commits.
pub(in super::super) const NO_COMMIT: &str = "commit = \"none\" contradicts isolation.mode = \"private\", where work lands as commits; \
     mode = \"off\" lands nothing";

/// Reads the section.
pub(in super::super) fn read(section: &Section<'_>, isolation: &Isolation) -> LandingRules {
    let modes = [("off", LandingMode::Off), ("branch", LandingMode::Branch)];
    let commits = [("task", CommitMode::Task), ("none", CommitMode::None)];
    let rules = LandingRules {
        mode: word(section, "mode", &modes),
        commit: word(section, "commit", &commits),
        conflicts: section.number("conflicts", 0).unwrap_or(LandingRules::default().conflicts),
    };
    if let (IsolationMode::Private, Some(CommitMode::None)) =
        (*isolation.mode, rules.commit.as_deref())
    {
        let span = section.spanned_text("commit").map(|(_, span)| span);
        section.reader.report(span.unwrap_or_else(|| section.span.clone()), NO_COMMIT);
    }
    section.close(&ABSENT);
    rules
}
