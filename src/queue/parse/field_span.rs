//! Where the fields of a task are in its text.

use crate::domain::Field;

/// Where a known field is, relative to the start of its task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FieldSpan {
    pub(crate) field: Field,
    /// Index into the field's spellings.
    pub(crate) spelling: u8,
    /// The value's first byte.
    pub(crate) start: u32,
    /// The byte behind the value.
    pub(crate) end: u32,
}
