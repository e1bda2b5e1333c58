//! Presets: how each tool is called, and how its output is interpreted. One file per adapter.
//!
//! The data that an adapter extracts is used for pauses, costs and reports. It never decides
//! whether the work is done.

mod adapter;
mod aider;
mod amp;
mod claude;
mod codes;
mod codex;
mod command;
mod copilot;
mod cursor;
mod gemini;
mod opencode;
mod own;
mod phrases;
mod read;
mod reset;
mod spans;
mod texts;
mod told;
mod zones;

pub(crate) use adapter::{ARGS, Adapter, Call, Knows, PROMPT, Permission};
pub(crate) use own::{Means, OwnText};
pub(crate) use read::{Ended, read_run};

use crate::domain::Preset;

/// Returns the adapter of a preset.
pub(crate) fn adapter(preset: Preset) -> &'static Adapter {
    match preset {
        Preset::Claude => &claude::ADAPTER,
        Preset::Codex => &codex::ADAPTER,
        Preset::Gemini => &gemini::ADAPTER,
        Preset::Opencode => &opencode::ADAPTER,
        Preset::Cursor => &cursor::ADAPTER,
        Preset::Copilot => &copilot::ADAPTER,
        Preset::Amp => &amp::ADAPTER,
        Preset::Aider => &aider::ADAPTER,
        Preset::Command => &command::ADAPTER,
    }
}

/// Returns the tool whose preset or program has the name `text`.
pub(crate) fn named(text: &str) -> Option<&'static Adapter> {
    let all = Preset::ALL.into_iter().map(adapter).filter(|one| !one.program.is_empty());
    all.into_iter().find(|one| text == one.program || text == one.preset.word())
}

#[cfg(test)]
mod tests;
