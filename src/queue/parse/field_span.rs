//! The positions of a task's fields in its text.

use crate::domain::Field;

/// The position of a known field, relative to the start of its task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FieldSpan {
    pub(crate) field: Field,
    /// The index into the field's spellings.
    pub(crate) spelling: u8,
    /// The offset of the value's first byte.
    pub(crate) start: u32,
    /// The offset after the value.
    pub(crate) end: u32,
}
