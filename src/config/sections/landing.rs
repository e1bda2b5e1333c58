//! `[landing]`: how verified work gets to its branch.

use super::super::reader::{Section, word};
use super::super::trees::{CommitMode, LandingMode, LandingRules};

/// Keys that later versions know.
const ABSENT: [&str; 7] =
    ["on_blocked", "batch", "every_commit", "push", "sign", "template", "resolve"];

/// Reads the section.
pub(in super::super) fn read(section: &Section<'_>) -> LandingRules {
    let modes = [("off", LandingMode::Off), ("branch", LandingMode::Branch)];
    let commits = [("task", CommitMode::Task), ("none", CommitMode::None)];
    let rules = LandingRules {
        mode: word(section, "mode", &modes),
        commit: word(section, "commit", &commits),
        conflicts: section.number("conflicts", 0).unwrap_or(LandingRules::default().conflicts),
    };
    section.close(&ABSENT);
    rules
}
