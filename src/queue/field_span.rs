//! Where the fields of a task stand in its text.

use crate::domain::Field;

/// Where a known field stands, relative to the start of its task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FieldSpan {
    pub(super) field: Field,
    /// Index into the field's spellings.
    pub(super) spelling: u8,
    /// The value's first byte.
    pub(super) start: u32,
    /// The byte behind the value.
    pub(super) end: u32,
}
