//! Presets: how each tool is called, what its output means, and what is known of it.
//!
//! One small file an adapter. What an adapter says of a run is for pauses, money and people; whether
//! the work is done is never its business.

mod adapter;
mod aider;
mod amp;
mod claude;
mod codex;
mod command;
mod copilot;
mod cursor;
mod gemini;
mod opencode;
mod read;
mod reset;
mod texts;
mod told;

pub use adapter::{ARGS, Adapter, Call, Knows, PROMPT, Permission};
pub use read::{Ended, read_run};

use crate::domain::Preset;

/// The adapter of a preset.
pub fn adapter(preset: Preset) -> &'static Adapter {
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

/// The tool that `text` is the name of: of its preset, or of its program.
pub fn named(text: &str) -> Option<&'static Adapter> {
    let all = Preset::ALL.into_iter().map(adapter).filter(|one| !one.program.is_empty());
    all.into_iter().find(|one| text == one.program || text == one.preset.word())
}

#[cfg(test)]
mod tests;
