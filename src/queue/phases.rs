//! The phases of a queue: their entries, the profiles that they choose, and how edits of them are put
//! back.

use super::document::Queue;
use super::json::object::members;
use super::json::values::{elements, unquote};
use super::parse::dialect;
use super::parse::position::Position;
use crate::domain::{Phase, PhaseProfiles};
use serde_json::Value;
use std::sync::OnceLock;

/// The key of the list of phases.
const PHASES: &str = "phases";
/// The key of the profiles that a phase chooses for its tasks.
const VERIFY: &str = "verify";

/// A key of a phase that names verification profiles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PhaseKey {
    /// The profiles between the phases.
    Gate,
    /// The profiles of its tasks.
    Verify,
}

impl PhaseKey {
    fn word(self) -> &'static str {
        match self {
            Self::Gate => "gate",
            Self::Verify => VERIFY,
        }
    }
}

/// An entry of `phases`.
pub struct PhaseEntry<'q> {
    /// Its meaning.
    pub phase: Phase,
    queue: &'q Queue,
    text: &'q str,
    /// Its offset in the text around the tasks.
    start: usize,
}

impl PhaseEntry<'_> {
    /// Returns the position of the profile `name` under a key, or else of the value of the key.
    pub fn locate(&self, key: PhaseKey, name: &str) -> Position {
        let value = members(self.text).filter(|member| member.name == key.word()).last();
        let value = value.map_or(self.text, |value| &self.text[value.start..value.end]);
        let mut all = elements(value).chain([value]);
        let found = all.find(|text| text.starts_with('"') && unquote(text) == name);
        let inside = found.unwrap_or(value).as_ptr() as usize - self.text.as_ptr() as usize;
        let offset = self.queue.slices.offset_of_top(self.start + inside);
        self.queue.snapshot().position(offset)
    }
}

/// What was done about edited phases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PhasesBack {
    /// They are as they were.
    PutBack,
    /// They are new, and no longer choose how tasks are verified.
    Unverified,
}

impl Queue {
    /// Returns the entries of `phases` that can be read.
    pub fn phases(&self) -> &[Phase] {
        &self.phases
    }

    /// Returns the verification profiles that the phases choose for their tasks.
    pub fn phase_profiles(&self) -> &PhaseProfiles {
        &self.phase_profiles
    }

    /// Passes the entries of `phases` to `see`, in file order. They are not collected, because a file
    /// may have very many.
    pub fn each_phase(&self, see: &mut dyn FnMut(&PhaseEntry<'_>)) {
        let list = self.slices.member(PHASES).and_then(|at| self.slices.members.get(at));
        let Some(list) = list else { return };
        let raw = self.slices.top(list.start..list.end);
        for text in elements(raw) {
            let Some(phase) = dialect::phase(text) else { continue };
            // Both are slices of the same text, so the distance is the offset.
            let start = list.start + (text.as_ptr() as usize - raw.as_ptr() as usize);
            see(&PhaseEntry { phase, queue: self, text, start });
        }
    }

    /// Undoes an edit of the phases of `recorded` that an agent may have made: they are written as
    /// they were. If there were none, the new ones stay, but choose no verification.
    pub fn put_back_phases(&mut self, recorded: &Self) -> Option<PhasesBack> {
        if self.phases == recorded.phases {
            return None;
        }
        if recorded.phases().is_empty() {
            return self.unset_verify().then_some(PhasesBack::Unverified);
        }
        let was = recorded.slices.member(PHASES).map(|at| recorded.slices.member_value(at));
        let value = was.and_then(|raw| serde_json::from_str::<Value>(raw).ok())?;
        if self.slices.list.is_none() {
            self.put_back_around(recorded)?;
        } else if self.slices.member(PHASES).is_some() {
            self.edit_top(PHASES, |now| {
                *now = value;
                Some(())
            });
        } else {
            self.create_top(PHASES, &value);
        }
        self.phases_changed();
        Some(PhasesBack::PutBack)
    }

    /// Removes `verify` from all phases. Returns whether any had it.
    fn unset_verify(&mut self) -> bool {
        if self.phases.iter().all(|phase| phase.verify.is_empty()) {
            return false;
        }
        self.edit_top(PHASES, |list| {
            for phase in list.as_array_mut()?.iter_mut().filter_map(Value::as_object_mut) {
                phase.shift_remove(VERIFY);
            }
            Some(())
        });
        self.phases_changed();
        true
    }

    /// Writes the text around the tasks as it is in `recorded`: a file that is only a list has no
    /// place for phases.
    fn put_back_around(&mut self, recorded: &Self) -> Option<()> {
        let (head, tail) = (recorded.slices.head(), recorded.slices.tail());
        let text = format!("{head}{}{tail}", self.slices.inside_list());
        let made = Self::parse(&self.path, text.into_bytes()).ok()?;
        let revision = self.revision + 1;
        *self = made;
        self.revision = revision;
        Some(())
    }

    fn phases_changed(&mut self) {
        self.read_top();
        self.structure = OnceLock::new();
    }
}
