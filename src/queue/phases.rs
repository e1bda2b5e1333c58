//! The phases of a queue: their entries, the profiles that they choose, and how edits of them are put
//! back.

use super::document::Queue;
use super::json::object::members;
use super::json::values::{elements, unquote};
use super::parse::dialect;
use super::parse::position::Position;
use crate::domain::{Phase, PhaseProfiles, Text};
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
    fn names(self, phase: &Phase) -> &[Text] {
        match self {
            Self::Gate => &phase.gate,
            Self::Verify => &phase.verify,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Gate => "gate",
            Self::Verify => VERIFY,
        }
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

    /// Returns the position of the profile `name` in the entry of a phase.
    pub fn locate_in_phase(&self, phase: &str, key: PhaseKey, name: &str) -> Option<Position> {
        let list = self.slices.members.get(self.slices.member(PHASES)?)?;
        let raw = self.slices.top(list.start..list.end);
        let names = |entry: &&str| {
            let found = dialect::phase(entry);
            found.is_some_and(|it| it.phase == phase && key.names(&it).iter().any(|n| n == name))
        };
        let entry = elements(raw).find(names)?;
        let value = members(entry).filter(|member| member.name == key.word()).last()?;
        let value = &entry[value.start..value.end];
        let all = elements(value).chain([value]);
        let found = all.into_iter().find(|text| text.starts_with('"') && unquote(text) == name);
        // Both are slices of the same text, so the distance is the offset.
        let inside = found.unwrap_or(value).as_ptr() as usize - raw.as_ptr() as usize;
        Some(self.snapshot().position(self.slices.offset_of_top(list.start + inside)))
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
